//! Revisions that work against the run that they are part of.

use std::collections::BTreeSet;

use alembic_migrate::{DatabaseState, Dialect, History, Migrations, TransactionMode};

use crate::dump::rows;
use crate::scratch::{Scratch, chain, file};

const BEFORE: &str = "
    CREATE TABLE data (x NOT NULL);
    INSERT INTO data VALUES (1), (2), (3);
";

/// What comes of a hostile statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It does no harm, and the run goes on.
    Harmless,
    /// The run fails, and says this.
    Told(&'static str),
}

use Outcome::{Harmless, Told};

const MOVED: Outcome = Told("the version table changed meanwhile");
const JOURNAL: Outcome = Told("journal_mode can be changed in a no-transaction section only");

const STATEMENTS: &[(&str, Outcome)] = &[
    ("PRAGMA journal_mode = WAL", JOURNAL),
    ("PRAGMA journal_mode = OFF", JOURNAL),
    ("PRAGMA main.journal_mode(MEMORY)", JOURNAL),
    ("PRAGMA journal_mode", Harmless),
    (
        "PRAGMA synchronous = OFF",
        Told("Safety level may not be changed inside a transaction"),
    ),
    ("PRAGMA foreign_keys = ON", Harmless),
    ("PRAGMA defer_foreign_keys = ON", Harmless),
    ("PRAGMA locking_mode = EXCLUSIVE", Harmless),
    ("PRAGMA busy_timeout = 0", Harmless),
    (
        "PRAGMA query_only = ON",
        Told("attempt to write a readonly database"),
    ),
    (
        "PRAGMA max_page_count = 1; CREATE TABLE big AS SELECT zeroblob(900000)",
        Told("full"),
    ),
    (
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'x', 'x ') WHERE name = 'data'",
        Harmless,
    ),
    (
        "PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name = 'alembic_version'",
        MOVED,
    ),
    ("VACUUM", Told("cannot VACUUM from within a transaction")),
    (
        "ATTACH ':memory:' AS aside; CREATE TABLE aside.t (x)",
        Harmless,
    ),
    ("DETACH main", Told("cannot detach database main")),
    (
        "DROP TABLE alembic_version",
        Told("no such table: alembic_version"),
    ),
    (
        "ALTER TABLE alembic_version RENAME TO versions",
        Told("no such table: alembic_version"),
    ),
    (
        "ALTER TABLE alembic_version RENAME COLUMN version_num TO v",
        Told("no such column: version_num"),
    ),
    ("ALTER TABLE alembic_version ADD COLUMN note", Harmless),
    (
        "DELETE FROM alembic_version",
        Told("expected to change one row of alembic_version, 0 changed"),
    ),
    (
        "UPDATE alembic_version SET version_num = 'r3'",
        Told("expected to change one row of alembic_version, 0 changed"),
    ),
    ("INSERT INTO alembic_version VALUES ('r9')", MOVED),
    (
        "INSERT INTO alembic_version VALUES ('r2')",
        Told("UNIQUE constraint failed"),
    ),
    (
        "CREATE TABLE alembic_version (version_num)",
        Told("table alembic_version already exists"),
    ),
    (
        "CREATE TEMP TABLE alembic_version AS SELECT * FROM main.alembic_version",
        Told("it is a temporary table"),
    ),
    (
        "CREATE TRIGGER t BEFORE UPDATE ON alembic_version BEGIN SELECT RAISE(IGNORE); END",
        Told("expected to change one row of alembic_version, 0 changed"),
    ),
    (
        "CREATE TRIGGER t BEFORE UPDATE ON alembic_version BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
        Told("cannot change the version table: no"),
    ),
    (
        "CREATE TRIGGER t AFTER UPDATE ON alembic_version WHEN new.version_num = 'r3' BEGIN DELETE FROM alembic_version; END",
        MOVED,
    ),
    (
        "CREATE TRIGGER t AFTER UPDATE ON alembic_version WHEN new.version_num = 'r3' BEGIN INSERT INTO alembic_version VALUES ('r1'); END",
        MOVED,
    ),
    (
        "CREATE TRIGGER t AFTER UPDATE ON alembic_version BEGIN DELETE FROM data; END",
        Harmless,
    ),
    (
        "INSERT OR ROLLBACK INTO data VALUES (NULL)",
        Told("NOT NULL constraint failed: data.x"),
    ),
    ("INSERT OR REPLACE INTO data VALUES (4)", Harmless),
    (
        "COMMIT",
        Told("transactions are begun and ended by the run itself"),
    ),
    (
        "ROLLBACK",
        Told("transactions are begun and ended by the run itself"),
    ),
    (
        "SAVEPOINT s",
        Told("transactions are begun and ended by the run itself"),
    ),
    (
        "END; BEGIN",
        Told("transactions are begun and ended by the run itself"),
    ),
];

/// Three revisions, the second with the statement, and with one that fails after it or not.
fn migrations(statement: &str, last: &str) -> Migrations {
    let files = [
        ("r1", "", "CREATE TABLE one (x)"),
        (
            "r2",
            "r1",
            &*format!("{statement}; UPDATE data SET x = x + 10; {last}"),
        ),
        ("r3", "r2", "CREATE TABLE three (x)"),
    ]
    .map(|(id, below, sql)| {
        let head = format!("-- {id}\n-- Revision ID: {id}\n-- Revises: {below}\n");
        file(
            &format!("{id}.sql"),
            format!("{head}-- alembic: upgrade\n{sql};\n"),
        )
    });
    // Nothing is found when the files are read: what is tested is the run.
    let dialects: &[Dialect] = &[];
    Migrations::new(History::new(files, dialects).unwrap())
}

/// What the state says must be there, and nothing else.
#[track_caller]
fn check_truth(scratch: &Scratch, state: Option<&DatabaseState>, context: &str) {
    let connection = scratch.open();
    let tables = rows(
        &connection,
        "SELECT name FROM sqlite_master WHERE type = 'table'",
    );
    let tables: BTreeSet<&str> = tables.lines().collect();
    let has = |table: &str| tables.contains(&*format!("{table:?}"));
    let updated = rows(&connection, "SELECT min(x) FROM data WHERE x <> 4").trim() != "1";
    let done = match state {
        None => 3,
        Some(DatabaseState::Unchanged) => 0,
        Some(DatabaseState::Committed { done, .. }) => done.len(),
        Some(state) => panic!("{context}: {state}"),
    };
    assert_eq!(
        (has("one"), updated, has("three")),
        (done > 0, done > 1, done > 2),
        "{context}"
    );
    let recorded = if has("alembic_version") {
        rows(&connection, "SELECT version_num FROM alembic_version")
    } else {
        String::new()
    };
    let expected = if done > 0 {
        format!("\"r{done}\"\n")
    } else {
        String::new()
    };
    assert_eq!(recorded, expected, "{context}");
}

#[test]
fn hostile_statements_are_harmless_or_told() {
    for (statement, expected) in STATEMENTS {
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            let context = format!("{mode}: {statement}");
            let scratch = Scratch::new(BEFORE);
            let outcome = migrations(statement, "")
                .transaction(mode)
                .upgrade(&mut scratch.open(), "heads");
            let found = match &outcome {
                Ok(_) => Harmless,
                Err(error) => match expected {
                    Told(part) if error.to_string().contains(part) => *expected,
                    _ => panic!("{context}: {error}"),
                },
            };
            assert_eq!(found, *expected, "{context}");
            if statement.contains("DELETE FROM data") && outcome.is_ok() {
                continue;
            }
            check_truth(
                &scratch,
                outcome.as_ref().err().map(|error| &error.state),
                &context,
            );
        }
    }
}

#[test]
fn hostile_statements_are_undone_when_a_later_one_fails() {
    for (statement, _) in STATEMENTS {
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            let context = format!("{mode}: {statement}");
            let scratch = Scratch::new(BEFORE);
            let before = scratch.dump();
            let mut connection = scratch.open();
            let error = migrations(statement, "INSERT INTO data VALUES (NULL)")
                .transaction(mode)
                .upgrade(&mut connection, "heads")
                .unwrap_err();
            assert!(connection.is_autocommit(), "{context}");
            assert!(error.rollback.is_none(), "{context}");
            drop(connection);
            check_truth(&scratch, Some(&error.state), &context);
            if mode == TransactionMode::Run {
                assert_eq!(scratch.dump(), before, "{context}");
            }
        }
    }
}

#[test]
fn a_connection_that_keeps_no_journal_is_refused() {
    let scratch = Scratch::new(BEFORE);
    let before = scratch.dump();
    let migrations = chain(&[
        "-- alembic: upgrade no-transaction\nPRAGMA journal_mode = OFF;",
        "-- alembic: upgrade\nUPDATE data SET x = x + 10; INSERT INTO data VALUES (NULL);",
    ]);
    let error = migrations
        .upgrade(&mut scratch.open(), "heads")
        .unwrap_err();
    assert!(error.to_string().contains("journal_mode is OFF"), "{error}");
    assert_eq!(scratch.dump(), before);
}

#[test]
fn a_version_table_in_the_first_revision_is_told() {
    for outside in ["", " no-transaction"] {
        let scratch = Scratch::new("");
        let migrations = chain(&[format!(
            "-- alembic: upgrade{outside}\nCREATE TABLE t (x);\n\
             CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);"
        )]);
        let outcome = migrations.upgrade(&mut scratch.open(), "heads");
        // Outside, the table is there in time.
        let told = outcome.map_err(|error| error.to_string()).err();
        let expected = "r1.sql:7:14: statement 2 of revision r1 failed: \
                        table alembic_version already exists; the database is as it was before";
        assert_eq!(told.as_deref(), outside.is_empty().then_some(expected));
        let current = migrations.current(&mut scratch.open()).unwrap();
        assert_eq!(current.len(), usize::from(told.is_none()));
    }
}
