//! Folders of each tool.

use alembic_history::Dialect;
use insta::assert_snapshot;

use super::{configured, folder, imported, shown};
use crate::{Detection, Tool, ToolConfig, detect};

use Dialect::{Postgres, Sqlite};

#[test]
fn sqlx() {
    let files = [
        (
            "0001_create_users.up.sql",
            "-- Users\nCREATE TABLE users (id INT);\n",
        ),
        ("0001_create_users.down.sql", "DROP TABLE users;"),
        (
            "0002_rename.sql",
            "BEGIN;\nALTER TABLE users RENAME TO people;\nCOMMIT;\n",
        ),
        (
            "0010_index.sql",
            "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON people (id);",
        ),
        (
            "0011_outside.up.sql",
            "-- no-transaction because of VACUUM\nVACUUM;\nBEGIN; -- here\nDELETE FROM people;\nCOMMIT;\nVACUUM;\n",
        ),
        (
            "0011_outside.down.sql",
            "-- Add down migration script here\n",
        ),
        ("0012_nothing.sql", "/* nothing\n   yet */\n"),
        (
            "0013_lock.up.sql",
            "DELETE FROM _sqlx_migrations WHERE version = 1; -- _sqlx_migrations\n",
        ),
        ("0013_lock.down.sql", "ROLLBACK;"),
        ("0014_lone.down.sql", "SELECT 1;"),
        ("README.md", "Hello"),
        ("seeds/0001_users.sql", "INSERT INTO users VALUES (1);"),
    ];
    assert_snapshot!(shown(&imported(Tool::Sqlx, &files, Postgres)));
}

#[test]
fn diesel() {
    let files = [
        (
            "00000000000000_diesel_initial_setup/up.sql",
            "CREATE FUNCTION f() RETURNS int AS $$ BEGIN; RETURN 1; END; $$ LANGUAGE plpgsql;",
        ),
        (
            "00000000000000_diesel_initial_setup/down.sql",
            "DROP FUNCTION f();",
        ),
        (
            "2024-01-02-030405_add_users/up.sql",
            "CREATE TABLE users (id INT);",
        ),
        ("2024-01-02-030405_add_users/down.sql", "-- nothing"),
        (
            "2024-02-02-030405-0000_index/up.sql",
            "CREATE INDEX CONCURRENTLY i ON users (id);",
        ),
        (
            "2024-02-02-030405-0000_index/down.sql",
            "DROP INDEX CONCURRENTLY i;",
        ),
        (
            "2024-02-02-030405-0000_index/metadata.toml",
            "run_in_transaction = false\n",
        ),
        ("2024-03-02-030405_default/up.sql", "SELECT 1;"),
        ("2024-03-02-030405_default/metadata.toml", "# nothing\n"),
        ("2024-04-02-030405_broken/up.sql", "SELECT 1;"),
        (
            "2024-04-02-030405_broken/metadata.toml",
            "run_in_transaction = = false\n",
        ),
        ("2024-05-02-030405_only_down/down.sql", "SELECT 1;"),
        ("data_oauth_github.sql", "SELECT 1;"),
    ];
    assert_snapshot!(shown(&imported(Tool::Diesel, &files, Postgres)));
}

#[test]
fn refinery() {
    let files = [
        ("V1__initial.sql", "CREATE TABLE a (id INTEGER);"),
        ("below/V10__later.sql", "CREATE TABLE c (id INTEGER);"),
        ("U4__late_one.sql", "CREATE TABLE b (id INTEGER);"),
        ("V11__with space.sql", "SELECT 1;"),
        ("mod.rs", "mod a;"),
    ];
    assert_snapshot!(shown(&imported(Tool::Refinery, &files, Sqlite)));
}

#[test]
fn dbmate() {
    let files = [
        (
            "20240101000000_users.sql",
            "-- Users\n-- migrate:up\nCREATE TABLE users (id INTEGER);\n\n-- migrate:down\nDROP TABLE users;\n",
        ),
        (
            "20240102000000_wal.sql",
            "-- migrate:up transaction:false\nPRAGMA journal_mode = WAL;\n-- migrate:down transaction:false\nPRAGMA journal_mode = DELETE;\n",
        ),
        ("20240103000000_one_way.sql", "\n-- migrate:up\nSELECT 1;\n"),
        ("schema.sql", "CREATE TABLE users (id INTEGER);"),
    ];
    assert_snapshot!(shown(&imported(Tool::Dbmate, &files, Sqlite)));
}

#[test]
fn goose() {
    let files = [
        (
            "00001_users.sql",
            "-- +goose Up\n-- Users\nCREATE TABLE users (id INT);\n-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS int AS $$ BEGIN RETURN 1; END; $$ LANGUAGE plpgsql;\n-- +goose StatementEnd\n\n-- +goose Down\nDROP FUNCTION f();\nDROP TABLE users;\n",
        ),
        (
            "00002_index.sql",
            "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON users (id);\n-- +goose Down\n",
        ),
        (
            "00005_env.sql",
            "-- +goose Up\n-- +goose ENVSUB ON\nCREATE ROLE ${NAME};\n",
        ),
        ("00006_test_test.go", "package migrations"),
    ];
    assert_snapshot!(shown(&imported(Tool::Goose, &files, Postgres)));
}

#[test]
fn flyway() {
    let files = [
        ("V1__Base_schema.sql", "CREATE TABLE ${schema}.a (id INT);"),
        ("V1.10__Later.sql", "SELECT 1;"),
        ("V1_2__Index.sql", "CREATE INDEX CONCURRENTLY i ON a (id);"),
        ("U1.2__Index.sql", "DROP INDEX i;"),
        ("U9__None.sql", "DROP INDEX i;"),
        ("V2__Enum.sql", "ALTER TYPE mood ADD VALUE 'ok';"),
        ("V2__Enum.sql.conf", "executeInTransaction=false\n"),
        ("R__all_views.sql", "CREATE OR REPLACE VIEW v AS SELECT 1;"),
        ("afterMigrate.sql", "SELECT 1;"),
        ("B3__Baseline.sql", "SELECT 1;"),
    ];
    assert_snapshot!(shown(&imported(Tool::Flyway, &files, Postgres)));
}

/// What keeps a folder from being imported: a tool, files, and what is said.
#[test]
fn folders_that_cannot_be_imported() {
    for (tool, files, expected) in [
        (
            Tool::Sqlx,
            &[("x_a.sql", "SELECT 1;")][..],
            "x_a.sql: its name does not begin with a version",
        ),
        (
            Tool::Sqlx,
            &[("01_a.sql", "SELECT 1;"), ("1_b.sql", "SELECT 1;")],
            "1_b.sql: version 1 is that of 01_a.sql, too",
        ),
        (
            Tool::Sqlx,
            &[("1_a.sql", "SELECT 'x")],
            "1_a.sql:1: string literal is never closed",
        ),
        (
            Tool::Sqlx,
            &[("1_a.sql", "SELECT 1;\nROLLBACK;")],
            "1_a.sql:2: `ROLLBACK` cannot be taken out without changing what the file does",
        ),
        (
            Tool::Sqlx,
            &[("1_a.sql", "SELECT '\n-- alembic: downgrade\n';")],
            "1_a.sql:",
        ),
        (
            Tool::Sqlx,
            &[("1_a.sql", "SELECT 1;\n<<<<<<< ours\n")],
            "1_a.sql: ",
        ),
        (
            Tool::Sqlx,
            &[("a.md", "")],
            "the folder has no migrations of sqlx",
        ),
        (
            Tool::Diesel,
            &[
                ("2024-01_a/up.sql", "SELECT 1;"),
                ("202401_b/up.sql", "SELECT 1;"),
            ],
            "202401_b/up.sql: version 202401 is that of 2024-01_a, too",
        ),
        (
            Tool::Refinery,
            &[("V1__a.rs", "fn a() {}")],
            "V1__a.rs: is a migration in Rust that returns its SQL",
        ),
        (
            Tool::Refinery,
            &[("V1.2__a.sql", "SELECT 1;")],
            "V1.2__a.sql: its name does not begin with a version",
        ),
        (
            Tool::Dbmate,
            &[("1_a.sql", "SELECT 1;")],
            "1_a.sql: has no line `-- migrate:up`",
        ),
        (
            Tool::Dbmate,
            &[("1_a.sql", "SELECT 1;\n-- migrate:up\n")],
            "1_a.sql: has a statement before the first `-- migrate:up`, which nothing runs",
        ),
        (
            Tool::Goose,
            &[("1_a.go", "package a")],
            "1_a.go: is a migration, but not in SQL",
        ),
        (
            Tool::Goose,
            &[("1_a.sql", "SELECT 1;")],
            "1_a.sql: has no line `-- +goose Up`",
        ),
        (
            Tool::Flyway,
            &[
                ("V1__a.sql", "SELECT 1;"),
                ("below/V1.0__b.sql", "SELECT 1;"),
            ],
            "below/V1.0__b.sql: version 1.0 is that of V1__a.sql, too",
        ),
        (
            Tool::Flyway,
            &[("V1__A.java", "")],
            "V1__A.java: is a migration, but not in SQL",
        ),
    ] {
        let imported = imported(tool, files, Sqlite);
        let shown = shown(&imported);
        let error = format!("Error: {expected}");
        assert!(shown.contains(&error), "{tool}, {files:?}: {shown}");
    }
}

#[test]
fn text_that_is_not_utf_8() {
    for (tool, path) in [
        (Tool::Sqlx, "1_a.sql"),
        (Tool::Diesel, "1_a/up.sql"),
        (Tool::Refinery, "V1__a.sql"),
        (Tool::Dbmate, "1_a.sql"),
        (Tool::Goose, "1_a.sql"),
        (Tool::Flyway, "V1__a.sql"),
    ] {
        let mut folder = folder(&[(path, "")]);
        folder.files[0].content = vec![b'a', 0xff];
        let imported = crate::import((tool, &ToolConfig::default()), &folder, Sqlite, |_| {
            String::new()
        });
        assert_eq!(
            shown(&imported),
            format!("Error: {path}: is not UTF-8 text\n")
        );
    }
}

#[test]
fn folders_show_their_tool() {
    let several = |tools: &[Tool]| Err(tools.to_vec());
    for (files, expected) in [
        (&[("1_a.sql", "SELECT 1;")][..], Ok(Some(Tool::Sqlx))),
        (
            &[("1_a.up.sql", ""), ("1_a.down.sql", "")],
            Ok(Some(Tool::Sqlx)),
        ),
        (
            &[("2024_a/up.sql", ""), ("data_b.sql", "")],
            Ok(Some(Tool::Diesel)),
        ),
        (
            &[("V1__a.rs", ""), ("V2__b.sql", "")],
            Ok(Some(Tool::Refinery)),
        ),
        (&[("1_a.sql", "-- migrate:up\n")], Ok(Some(Tool::Dbmate))),
        (&[("1_a.sql", "-- +goose Up\n")], Ok(Some(Tool::Goose))),
        (
            &[("V1__a.sql", ""), ("R__b.sql", "")],
            Ok(Some(Tool::Flyway)),
        ),
        (
            &[("V1__a.sql", ""), ("V1.1__b.sql", "")],
            Ok(Some(Tool::Flyway)),
        ),
        (
            &[("V1__a.sql", "")],
            several(&[Tool::Refinery, Tool::Flyway]),
        ),
        (
            &[("1_a.sql", ""), ("2_b.sql", "-- +goose Up")],
            several(&[Tool::Sqlx, Tool::Goose]),
        ),
        (
            &[("1_a.sql", ""), ("2_b/up.sql", "")],
            several(&[Tool::Sqlx, Tool::Diesel]),
        ),
        (&[("README.md", "")], Ok(None)),
        (&[], Ok(None)),
    ] {
        let found = match detect(&folder(files)) {
            Detection::Tool(tool) => Ok(Some(tool)),
            Detection::Nothing => Ok(None),
            Detection::Several(several) => Err(several.into_iter().map(|(tool, _)| tool).collect()),
        };
        assert_eq!(found, expected, "{files:?}");
    }
}

#[test]
fn what_sqlx_is_configured_to_create_and_to_use_comes_first() {
    let config = "[migrate]\ntable-name = 'audit.applied'\ncreate-schemas = ['audit', '\"Odd\"']";
    let config = ToolConfig::read(Tool::Sqlx, config).unwrap();
    let files = [
        (
            "1_a.sql",
            "-- no-transaction\nCREATE TABLE audit.a (id INT);\n",
        ),
        ("2_b.sql", "DELETE FROM audit.applied WHERE version = 7;\n"),
    ];
    let own = configured(Tool::Sqlx, &config, &files, Postgres);
    assert_snapshot!(shown(&own), @"
    == sqlx_table revises []: table of sqlx (applied)
    -- alembic: upgrade
    -- sqlx is configured to create what its migrations need.
    CREATE SCHEMA IF NOT EXISTS audit;
    CREATE SCHEMA IF NOT EXISTS \"Odd\";

    -- alembic: upgrade
    -- A later revision uses it; a database of sqlx has it.
    CREATE TABLE IF NOT EXISTS audit.applied (
        version BIGINT PRIMARY KEY,
        description TEXT NOT NULL,
        installed_on TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
        success BOOLEAN NOT NULL,
        checksum BYTEA NOT NULL,
        execution_time BIGINT NOT NULL
    );

    -- alembic: downgrade irreversible: sqlx may have made the table

    == 1 revises [\"sqlx_table\"]: a (1_a.sql)
    -- alembic: upgrade no-transaction
    CREATE TABLE audit.a (id INT);

    -- alembic: downgrade irreversible: sqlx had a single file for it, without a way back

    == 2 revises [\"1\"]: b (2_b.sql)
    -- alembic: upgrade
    DELETE FROM audit.applied WHERE version = 7;

    -- alembic: downgrade irreversible: sqlx had a single file for it, without a way back

    Look: 2_b.sql:1: uses applied, which the first revision creates in an empty database
    Change: the first revision creates the schema audit, as the tool does
    Change: the first revision creates the schema Odd, as the tool does
    Look: 2 of 3 revisions cannot be reverted: 1, 2
    ");
    let without = configured(Tool::Sqlx, &config, &files[..1], Postgres);
    assert_snapshot!(shown(&without), @"
    == 1 revises []: a (1_a.sql)
    -- alembic: upgrade
    -- sqlx is configured to create what its migrations need.
    CREATE SCHEMA IF NOT EXISTS audit;
    CREATE SCHEMA IF NOT EXISTS \"Odd\";

    -- alembic: upgrade no-transaction
    CREATE TABLE audit.a (id INT);

    -- alembic: downgrade irreversible: sqlx had a single file for it, without a way back

    Change: the first revision creates the schema audit, as the tool does
    Change: the first revision creates the schema Odd, as the tool does
    Look: 1 of 1 revisions cannot be reverted: 1
    ");
    let sqlite = configured(Tool::Sqlx, &config, &files[..1], Sqlite);
    assert_eq!(
        shown(&sqlite),
        shown(&imported(Tool::Sqlx, &files[..1], Sqlite))
    );
}
