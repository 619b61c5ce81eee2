//! What stops an import of files, and a database from being taken over.

use super::{SQLX, failed, half_applied, outcome_of, project};
use crate::on_both;

/// What stops an import of files: nothing is written. Arguments, more files, the code and a phrase.
#[test]
fn folders_that_are_refused() {
    for (line, files, code, phrase) in [
        (
            "import",
            &[][..],
            "error[unknown-tool]",
            "the crate has no folder migrations",
        ),
        (
            "import sqlx nowhere",
            &[],
            "error[unknown-tool]",
            "there is no folder nowhere",
        ),
        (
            "import sqlxx",
            SQLX,
            "error[unknown-tool]",
            "did you mean `sqlx`?",
        ),
        (
            "import rails",
            SQLX,
            "error[unknown-tool]",
            "the tools are sqlx, diesel",
        ),
        (
            "import",
            &[("migrations/a.txt", "")],
            "error[unknown-tool]",
            "migrations has no migrations of a tool",
        ),
        (
            "import",
            &[
                ("migrations/1_a.sql", "SELECT 1;"),
                ("migrations/2_b/up.sql", "SELECT 1;"),
            ],
            "error[unknown-tool]",
            "`cargo alembic import sqlx migrations` or `cargo alembic import diesel migrations`",
        ),
        (
            "import --dialect sqlite",
            &[
                ("migrations/1_a.sql", "SELECT 1;"),
                ("migrations/01_b.sql", "SELECT 1;"),
            ],
            "error[not-imported]",
            "migrations/1_a.sql: version 1 is that of 01_b.sql, too",
        ),
        (
            "import --dialect sqlite",
            &[("migrations/1_a.sql", "SELECT 1;\nSELECT 'x;\n")],
            "error[not-imported]",
            "migrations/1_a.sql:2: string literal is never closed",
        ),
        (
            "import flyway --dialect sqlite",
            &[("migrations/V1__A.java", "class A {}")],
            "error[not-imported]",
            "migrations/V1__A.java: is a migration, but not in SQL",
        ),
        (
            "import --dialect sqlite",
            &[
                ("migrations/mysql/README.md", ""),
                (
                    "migrations/postgresql/2024-01-02-030405_a/up.sql",
                    "SELECT 1;",
                ),
                ("migrations/sqlite/2024-01-02-030405_a/up.sql", "SELECT 1;"),
            ],
            "error[unknown-tool]",
            "`cargo alembic import diesel migrations/postgresql` or \
             `cargo alembic import diesel migrations/sqlite`",
        ),
        (
            "import diesel --dialect sqlite",
            &[("migrations/sqlite/2024-01-02-030405_a/up.sql", "SELECT 1;")],
            "error[not-imported]",
            "folders below it have migrations: `cargo alembic import diesel migrations/sqlite`",
        ),
        (
            "import refinery --dialect sqlite",
            &[
                ("migrations/app/V1__a.sql", "SELECT 1;"),
                ("migrations/events/V1__b.sql", "SELECT 1;"),
            ],
            "error[not-imported]",
            "if the folders below are histories of their own, import them one by one",
        ),
        (
            "import refinery --dialect sqlite",
            &[("migrations/1_a.sql", "SELECT 1;")],
            "error[not-imported]",
            "the files look like migrations of sqlx: `cargo alembic import sqlx migrations`",
        ),
        (
            "import refinery --dialect sqlite",
            &[("migrations/a.txt", "")],
            "error[not-imported]",
            "name a folder with migrations of refinery",
        ),
        (
            "import goose --dialect postgres",
            &[
                ("migrations/1_a.sql", "-- +goose Up\nSELECT 1;"),
                ("migrations/2_b.go", "package b"),
                ("migrations/3_c.go", "package c"),
            ],
            "error[not-imported]: migrations/2_b.go: is a migration, but not in SQL\n |\n \
             = note: the same is true of migrations/3_c.go",
            "write the SQL that it executes",
        ),
        (
            "import --dialect sqlite",
            &[(
                "migrations/1_a.sql",
                "CREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n IF TRUE THEN\n  RETURN 1;\n END IF;\n\
                 END; $$ LANGUAGE plpgsql;\n",
            )],
            "migrations/1_a.sql:5: `END IF` cannot be taken out",
            "or name its dialect with `--dialect`",
        ),
        (
            "import --dialect sqlite",
            &[(
                "migrations/1_a.sql",
                "-- migrate:up\nSELECT 1;\n-- migrate:down\n-- migrate:up\nSELECT 2;\n",
            )],
            "migrations/1_a.sql: has several lines `-- migrate:up`",
            "divide the file into several",
        ),
        (
            "import --dialect sqlite",
            &[(
                "migrations/1_a.sql",
                "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n-- +goose Down\nSELECT 3;\n",
            )],
            "migrations/1_a.sql: has several lines `-- +goose Down`",
            "divide the file into several",
        ),
        (
            "import --dialect sqlite --into migrations",
            SQLX,
            "",
            "migrations already exists and is not empty",
        ),
        (
            "import",
            SQLX,
            "",
            "name it with `--dialect sqlite` or `--dialect postgres`",
        ),
        ("import --database", SQLX, "", "has no migrations"),
    ] {
        let project = project(files);
        let (outcome, changes) = outcome_of(&project, line);
        let outcome = failed(outcome);
        assert!(outcome.stderr.contains(code), "{line}: {outcome}");
        assert!(outcome.stderr.contains(phrase), "{line}: {outcome}");
        assert_eq!(changes, Vec::<String>::new(), "{line}");
    }
}

/// What stops a database from being taken over: nothing is stamped. What is done to the half-way database
/// of sqlx, arguments, the code and a phrase; without a code, it is taken over.
#[test]
fn databases_that_are_refused() {
    let row = |version: i64, success: &str| {
        format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES ({version}, 'x', {success}, '', 1);"
        )
    };
    let rows = [
        (
            String::new(),
            "",
            "",
            "revision 1 was imported from another 0001_create_account.up.sql",
        ),
        (
            String::new(),
            "--strict",
            "error[tool-checksum]",
            "ran another file here than the one that revision 1 was imported from",
        ),
        (
            row(2, "FALSE"),
            "",
            "error[tool-unfinished]",
            "not finished version 2",
        ),
        (
            row(20_240_102_030_405, "TRUE"),
            "",
            "error[tool-holes]",
            "has not applied 2, although 20240102030405 above is applied",
        ),
        (
            row(7, "TRUE") + &row(8, "TRUE"),
            "",
            "error[tool-unknown-rows]",
            "--ignore 7 --ignore 8",
        ),
        (
            row(7, "TRUE") + &row(8, "TRUE"),
            "--ignore 7 --ignore 8",
            "",
            "stamp  -> 1",
        ),
        (
            "ALTER TABLE _sqlx_migrations RENAME TO app_migrations;".to_owned(),
            "",
            "error[tool-table]",
            "the database has no table _sqlx_migrations of sqlx",
        ),
        (
            "ALTER TABLE _sqlx_migrations RENAME TO app_migrations;".to_owned(),
            "--table app_migrations",
            "",
            "as app_migrations of sqlx says",
        ),
        (
            "CREATE TABLE other (version INTEGER);".to_owned(),
            "--table other",
            "error[tool-table]",
            "it has no column success, checksum",
        ),
        (
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);\
             INSERT INTO alembic_version VALUES ('2');"
                .to_owned(),
            "",
            "error[already-tracked]",
            "at 2, which is not what _sqlx_migrations says",
        ),
        (
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);\
             INSERT INTO alembic_version VALUES ('1');"
                .to_owned(),
            "",
            "",
            "1 applied",
        ),
    ];
    on_both(|dialect| {
        for (sql, arguments, code, phrase) in &rows {
            let project = project(SQLX).on(dialect);
            project
                .run(&format!("import --dialect {dialect}"))
                .success();
            let database = project.database("shop.db");
            project.configure(&format!("url = \"{}\"", database.url()));
            database.execute(&half_applied("sqlx", dialect).0);
            if !sql.is_empty() {
                database.execute(sql);
            }
            let before = database.dump();
            let outcome = project.run(&format!("import --database {arguments}"));
            assert!(
                outcome.stderr.contains(phrase),
                "{sql} {arguments}: {outcome}"
            );
            if code.is_empty() {
                assert_eq!(outcome.success().status, 0);
                assert_eq!(database.versions(), ["1"]);
            } else {
                assert!(failed(outcome).stderr.contains(code), "{sql}");
                assert_eq!(database.dump(), before, "{sql}");
            }
        }
    });
}

/// refinery refuses to run what is below an applied migration, whatever it is told.
#[test]
fn a_hole_that_the_tool_does_not_fill() {
    const FILES: super::Files = &[
        ("migrations/V1__a.sql", "CREATE TABLE a (id INTEGER);"),
        ("migrations/V2__b.sql", "CREATE TABLE b (id INTEGER);"),
    ];
    let project = project(FILES);
    project
        .run("import refinery --url sqlite://shop.db")
        .success();
    project.database("shop.db").execute(
        "CREATE TABLE refinery_schema_history (version INTEGER PRIMARY KEY, name VARCHAR(255), \
         applied_on VARCHAR(255), checksum VARCHAR(255));\n\
         INSERT INTO refinery_schema_history VALUES (2, 'b', '2024-01-01T00:00:00Z', '7');",
    );
    let outcome = failed(project.run("import --database --url sqlite://shop.db"));
    let stderr = outcome.stderr;
    assert!(
        stderr.contains("error[tool-holes]: refinery has not applied V1"),
        "{stderr}"
    );
    assert!(
        stderr.contains("refinery does not apply them any more: execute their SQL"),
        "{stderr}"
    );
}
