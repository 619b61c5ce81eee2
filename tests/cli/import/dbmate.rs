//! Databases that dbmate itself has brought half way.

use std::path::Path;
use std::process::Command;

use alembic_history::Dialect;
use alembic_tests::{Database, Project};

use super::{Files, failed, project};
use crate::{on_both, program_of};

const FILES: Files = &[
    (
        "db/migrations/20240101000000_create_account.sql",
        "-- migrate:up\nCREATE TABLE account (id INTEGER PRIMARY KEY);\n\n\
         -- migrate:down\nDROP TABLE account;\n",
    ),
    (
        "db/migrations/20240102000000_create_orders.sql",
        "-- migrate:up\n\
         CREATE TABLE orders (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account (id));\n\
         INSERT INTO account VALUES (1);\nINSERT INTO orders VALUES (1, 1);\n\n\
         -- migrate:down\nDROP TABLE orders;\nDELETE FROM account;\n",
    ),
    (
        "db/migrations/20240103000000_vacuum.sql",
        "-- migrate:up transaction:false\nVACUUM;\n\n-- migrate:down\nSELECT 1;\n",
    ),
    (
        "db/migrations/20240104000000_add_email.sql",
        "-- migrate:up\nALTER TABLE account ADD COLUMN email TEXT;\n\n\
         -- migrate:down\nALTER TABLE account DROP COLUMN email;\n",
    ),
];

/// Has dbmate apply files.
fn migrate(program: &Path, database: &Database, files: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let name = Path::new(path).file_name().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let url = match database.dialect() {
        Dialect::Sqlite => format!("sqlite:{}", database.path().display()),
        Dialect::Postgres => format!("{}?sslmode=disable", database.url()),
    };
    let output = Command::new(program)
        .args(["--url", &url, "--no-dump-schema", "--migrations-dir"])
        .arg(folder.path())
        .arg("migrate")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// Returns a crate with the imported revisions, and its database.
fn imported(dialect: Dialect) -> (Project, Database) {
    let project = project(FILES).on(dialect);
    let line = format!("import dbmate --dialect {dialect} --into revisions");
    project.run(&line).success();
    let database = project.database("shop.db");
    project.configure(&format!("url = \"{}\"", database.url()));
    (project, database)
}

const RECORD: &str = "SELECT version FROM schema_migrations ORDER BY version";

#[test]
#[ignore = "needs dbmate: `cargo xtask handover` installs it"]
fn half_of_dbmate_is_taken_over() {
    let program = program_of("DBMATE");
    on_both(|dialect| {
        let (project, database) = imported(dialect);
        migrate(&program, &database, &FILES[..2]);
        let before = database.query(RECORD);
        let refused = failed(project.run("upgrade"));
        assert!(
            refused.stderr.contains("take the database over with"),
            "{refused}"
        );
        project.run("import --database --strict").success();
        let upgraded = project.run("upgrade").success();
        let ran = upgraded.stderr.matches("Running upgrade").count();
        assert_eq!(ran, 2, "{upgraded}");

        let whole = Database::new(dialect);
        migrate(&program, &whole, FILES);
        for table in ["account", "orders"] {
            let rows = format!("SELECT * FROM {table}");
            assert_eq!(database.query(&rows), whole.query(&rows), "{table}");
        }
        assert_eq!(database.tables(), whole.tables());
        project.run("downgrade base").success();
        assert_eq!(database.tables(), ["schema_migrations"]);
        assert_eq!(database.query(RECORD), before);
    });
}

/// dbmate applies what is older than the last one, too, so that there may be holes.
#[test]
#[ignore = "needs dbmate: `cargo xtask handover` installs it"]
fn a_hole_in_the_record_of_dbmate_is_named() {
    let program = program_of("DBMATE");
    on_both(|dialect| {
        let (project, database) = imported(dialect);
        migrate(&program, &database, &[FILES[0], FILES[2]]);
        let refused = failed(project.run("import --database"));
        assert!(refused.stderr.contains("error[tool-holes]"), "{refused}");
        assert!(refused.stderr.contains("20240102000000"), "{refused}");
        assert_eq!(database.tables(), ["account", "schema_migrations"]);
    });
}
