//! What the configuration files of tools say: where the migrations are, and what is recorded of them.

use alembic_history::Dialect;

use super::{Files, SQLX, failed, half_applied, outcome_of, project};
use crate::on_both;

/// The migrations of sqlx in another folder.
const ELSEWHERE: Files = &[
    ("db/changes/1_create_account.up.sql", SQLX[0].1),
    ("db/changes/1_create_account.down.sql", SQLX[1].1),
    ("db/changes/2_create_orders.up.sql", SQLX[2].1),
    ("db/changes/2_create_orders.down.sql", SQLX[3].1),
];

/// SHA-384 of `CREATE TABLE account` without its blanks, as `sha384sum` has it.
const WITHOUT_BLANKS: &str = "0003c3ff48aa759bf576631c52464554078afdba889405efd68e206cdb3e22cd0e58d79ec4f7fa96b77b49e4e1fbbb91";

#[test]
fn sqlx_toml_counts_for_files_and_databases() {
    on_both(|dialect| {
        let table = match dialect {
            Dialect::Sqlite => "applied",
            Dialect::Postgres => "audit.applied",
        };
        let project = project(ELSEWHERE).on(dialect);
        let config = format!(
            "[migrate]\nmigrations-dir = \"db/changes\"\ntable-name = \"{table}\"\n\
             ignored-chars = [\" \"]\ncreate-schemas = [\"audit\"]\n"
        );
        project.write("sqlx.toml", &config);
        project
            .run(&format!("import --dialect {dialect}"))
            .success();
        let database = project.database("shop.db");
        project.configure(&format!("url = \"{}\"", database.url()));
        assert!(
            project
                .read("Cargo.toml")
                .contains("exclude = [\"applied\"]")
        );

        let (sql, at) = half_applied("sqlx", dialect);
        let sql = sql.replace("_sqlx_migrations", table).replace(
            "TRUE, ''",
            &match dialect {
                Dialect::Sqlite => format!("TRUE, x'{WITHOUT_BLANKS}'"),
                Dialect::Postgres => format!("TRUE, '\\x{WITHOUT_BLANKS}'"),
            },
        );
        if dialect == Dialect::Postgres {
            database.execute("CREATE SCHEMA audit");
        }
        database.execute(&sql);
        project.run("import --database --strict").success();
        assert_eq!(database.versions(), [at]);
        project.run("upgrade").success();
        project.run("verify").success();

        // In an empty database, the schema is created as sqlx does it.
        let empty = alembic_tests::Database::new(dialect);
        project
            .run(&format!("upgrade --url {}", empty.url()))
            .success();
        if dialect == Dialect::Postgres {
            let schemas = "SELECT nspname FROM pg_namespace WHERE nspname = 'audit'";
            assert_eq!(empty.query(schemas), ["audit"]);
        }
    });
}

#[test]
fn without_sqlx_toml_the_table_is_named() {
    let project = project(SQLX);
    project.run("import --url sqlite://shop.db").success();
    let database = project.database("shop.db");
    let (sql, at) = half_applied("sqlx", Dialect::Sqlite);
    database.execute(&sql.replace("_sqlx_migrations", "applied"));
    let refused = failed(project.run("import --database"));
    assert!(refused.stderr.contains("--table <table>"), "{refused}");
    project.run("import --database --table applied").success();
    assert_eq!(database.versions(), [at]);
}

#[test]
fn diesel_toml_names_the_folder() {
    const FILES: Files = &[
        (
            "diesel.toml",
            "[print_schema]\nfile = \"src/schema.rs\"\n[migrations_directory]\ndir = \"db/diesel\"\n",
        ),
        (
            "db/diesel/2024-01-02-030405_create_account/up.sql",
            "CREATE TABLE account (id INTEGER PRIMARY KEY);",
        ),
        (
            "db/diesel/2024-01-02-030405_create_account/down.sql",
            "DROP TABLE account;",
        ),
        // Not diesel's own.
        ("migrations/1_a.sql", "SELECT 1;"),
    ];
    for line in ["import", "import diesel"] {
        let project = project(FILES);
        let imported = project.run(&format!("{line} --dialect sqlite")).success();
        assert!(
            imported
                .stdout
                .contains("imported from diesel: db/diesel -> "),
            "{imported}"
        );
    }
    // A folder that is named comes first.
    let project = project(FILES);
    let imported = project
        .run("import sqlx migrations --dialect sqlite")
        .success();
    assert!(
        imported.stdout.contains("from sqlx: migrations -> "),
        "{imported}"
    );
}

#[test]
fn configuration_that_cannot_be_followed_is_refused() {
    for (file, text, code, phrase) in [
        (
            "sqlx.toml",
            "[migrate]\ntable_name = 'applied'",
            "error[tool-configuration]",
            "sqlx.toml: the import does not know the key `migrate.table_name`",
        ),
        (
            "sqlx.toml",
            "[migrate]\nignored-chars = ['\\r\\n']",
            "error[tool-configuration]",
            "sqlx.toml: `migrate.ignored-chars` is not a list of single characters",
        ),
        (
            "sqlx.toml",
            "migrations-dir",
            "error[tool-configuration]",
            "sqlx.toml: is not TOML",
        ),
        (
            "sqlx.toml",
            "[migrate]\nmigrations-dir = 'elsewhere'",
            "error[unknown-tool]",
            "there is no folder elsewhere, which sqlx.toml names",
        ),
        (
            "diesel.toml",
            "migrations_directory = 'elsewhere'",
            "error[tool-configuration]",
            "diesel.toml: `migrations_directory` is not a table",
        ),
        (
            "diesel.toml",
            "migrations_directory.dir = \"\\u001b[31melsewhere\"",
            "error[unknown-tool]",
            "there is no folder ␛[31melsewhere, which diesel.toml names",
        ),
    ] {
        let project = project(SQLX);
        project.write(file, text);
        let (outcome, changes) = outcome_of(&project, "import --dialect sqlite");
        let outcome = failed(outcome);
        assert!(outcome.stderr.contains(code), "{text}: {outcome}");
        assert!(outcome.stderr.contains(phrase), "{text}: {outcome}");
        assert_eq!(changes, Vec::<String>::new(), "{text}");
    }
}
