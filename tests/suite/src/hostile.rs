//! Revisions that work against the run that they are part of.

use alembic_migrate::history::History;
use alembic_migrate::options::TransactionMode;
use alembic_migrate::{DatabaseState, Dialect, Migrations};

use crate::answer::{has_failed_rollback, state, text};
use crate::comparison::record;
use crate::revisions::{chain, file};
use crate::sql::each;
use crate::subject::open;
use crate::{Command, Database, Handle, Subject};

const BEFORE: &str = "CREATE TABLE data (x int NOT NULL); INSERT INTO data VALUES (1), (2), (3);";

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
const JOURNAL: Outcome = Told("journal_mode can only be changed in a no-transaction section");

const SQLITE: &[(&str, Outcome)] = &[
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
    (
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'x', 'x ') WHERE name = 'data'; PRAGMA writable_schema = OFF",
        Harmless,
    ),
    (
        "PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name = 'alembic_version'; PRAGMA writable_schema = OFF",
        MOVED,
    ),
    ("VACUUM", Told("cannot VACUUM from within a transaction")),
    (
        "ATTACH ':memory:' AS aside; CREATE TABLE aside.t (x)",
        Told("a database can only be attached in a no-transaction section"),
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
        Told("expected to change one row of alembic_version, changed 0"),
    ),
    (
        "UPDATE alembic_version SET version_num = 'r3'",
        Told("expected to change one row of alembic_version, changed 0"),
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
        Told("expected to change one row of alembic_version, changed 0"),
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
    ("EXPLAIN COMMIT", Harmless),
    ("SELECT 1; SELECT 2 WHERE 0; VALUES (1), (2)", Harmless),
];

const POSTGRES: &[(&str, Outcome)] = &[
    ("SET TRANSACTION READ WRITE", Harmless),
    (
        "SET TRANSACTION READ ONLY",
        Told("cannot execute UPDATE in a read-only transaction"),
    ),
    (
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        Told("must be called before any query"),
    ),
    (
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        Harmless,
    ),
    (
        "SET search_path = pg_catalog; SELECT set_config('search_path', 'public', false)",
        Harmless,
    ),
    ("SET lock_timeout = '1ms'", Harmless),
    ("SET standard_conforming_strings = off", Harmless),
    ("SET client_min_messages = debug5", Harmless),
    (
        "SET datestyle = 'German'; SET bytea_output = 'escape'; SET timezone = 'Asia/Kathmandu'",
        Harmless,
    ),
    ("RESET ALL", Harmless),
    ("DISCARD PLANS", Harmless),
    (
        "DISCARD ALL",
        Told("DISCARD ALL cannot run inside a transaction block"),
    ),
    ("DEALLOCATE ALL", Harmless),
    ("NOTIFY here, 'hello'", Harmless),
    ("LISTEN here", Harmless),
    ("SELECT pg_advisory_unlock_all()", Harmless),
    (
        "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(1)",
        Told("canceling statement due to user request"),
    ),
    (
        "SELECT pg_terminate_backend(pg_backend_pid())",
        Told("terminating connection due to administrator command"),
    ),
    (
        "DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; RAISE INFO 'three'; END $$",
        Harmless,
    ),
    (
        "DO $$ BEGIN COMMIT; END $$",
        Told("invalid transaction termination"),
    ),
    (
        "DO $$ BEGIN ROLLBACK; END $$",
        Told("invalid transaction termination"),
    ),
    (
        "CREATE PROCEDURE ends() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$; CALL ends()",
        Told("invalid transaction termination"),
    ),
    (
        "DO $$ BEGIN DELETE FROM alembic_version; RAISE 'x'; EXCEPTION WHEN OTHERS THEN NULL; END $$",
        Harmless,
    ),
    (
        "VACUUM",
        Told("VACUUM cannot run inside a transaction block"),
    ),
    (
        "CREATE INDEX CONCURRENTLY ON data (x)",
        Told("CREATE INDEX CONCURRENTLY cannot run inside a transaction block"),
    ),
    (
        "CREATE DATABASE hostile",
        Told("CREATE DATABASE cannot run inside a transaction block"),
    ),
    (
        "COPY data TO STDOUT",
        Told("the statement sends rows to its client"),
    ),
    ("LOCK TABLE alembic_version, data", Harmless),
    (
        "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM data",
        Harmless,
    ),
    (
        "CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON data DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        Told("cannot commit: suppress_redundant_updates_trigger: must be called before update"),
    ),
    (
        "DROP TABLE alembic_version",
        Told("relation \"public.alembic_version\" does not exist"),
    ),
    (
        "ALTER TABLE alembic_version RENAME TO versions",
        Told("relation \"public.alembic_version\" does not exist"),
    ),
    (
        "ALTER TABLE alembic_version SET SCHEMA pg_temp",
        Told("cannot move objects into or out of temporary schemas"),
    ),
    (
        "ALTER TABLE alembic_version RENAME COLUMN version_num TO v",
        Told("column \"version_num\" does not exist"),
    ),
    ("ALTER TABLE alembic_version ADD COLUMN note text", Harmless),
    (
        "DELETE FROM alembic_version",
        Told("expected to change one row of public.alembic_version, changed 0"),
    ),
    (
        "TRUNCATE alembic_version",
        Told("expected to change one row of public.alembic_version, changed 0"),
    ),
    (
        "UPDATE alembic_version SET version_num = 'r3'",
        Told("expected to change one row of public.alembic_version, changed 0"),
    ),
    ("INSERT INTO alembic_version VALUES ('r9')", MOVED),
    (
        "INSERT INTO alembic_version VALUES ('r2')",
        Told("duplicate key value violates unique constraint \"alembic_version_pkc\""),
    ),
    (
        "CREATE TABLE alembic_version (version_num text)",
        Told("relation \"alembic_version\" already exists"),
    ),
    (
        "CREATE TEMP TABLE alembic_version AS SELECT * FROM public.alembic_version",
        Harmless,
    ),
    (
        "CREATE SCHEMA postgres; SET search_path = postgres, public; CREATE TABLE alembic_version (x int)",
        Harmless,
    ),
    (
        "CREATE RULE r AS ON UPDATE TO alembic_version DO INSTEAD NOTHING",
        Told("expected to change one row of public.alembic_version, changed 0"),
    ),
    (
        "CREATE RULE r AS ON UPDATE TO alembic_version DO ALSO DELETE FROM alembic_version",
        Told("expected to change one row of public.alembic_version, changed 0"),
    ),
    (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; \
         CREATE TRIGGER t BEFORE UPDATE ON alembic_version FOR EACH ROW EXECUTE FUNCTION f()",
        Told("expected to change one row of public.alembic_version, changed 0"),
    ),
    (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; \
         CREATE TRIGGER t BEFORE UPDATE ON alembic_version FOR EACH ROW EXECUTE FUNCTION f()",
        Told("cannot change the version table: no"),
    ),
    (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql \
         AS $$ BEGIN DELETE FROM alembic_version; RETURN NULL; END $$; \
         CREATE TRIGGER t AFTER UPDATE ON alembic_version FOR EACH ROW \
         WHEN (new.version_num = 'r3') EXECUTE FUNCTION f()",
        MOVED,
    ),
    (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql \
         AS $$ BEGIN DELETE FROM data; RETURN NULL; END $$; \
         CREATE TRIGGER t AFTER UPDATE ON alembic_version FOR EACH ROW EXECUTE FUNCTION f()",
        Harmless,
    ),
    (
        "ALTER TABLE alembic_version ENABLE ROW LEVEL SECURITY; \
         ALTER TABLE alembic_version FORCE ROW LEVEL SECURITY; SET ROLE pg_read_all_data; \
         RESET ROLE",
        Harmless,
    ),
    (
        "SET ROLE pg_read_all_data",
        Told("permission denied for table data"),
    ),
    (
        "SET SESSION AUTHORIZATION pg_monitor",
        Told("relation \"data\" does not exist"),
    ),
    (
        "DROP SCHEMA public CASCADE",
        Told("relation \"data\" does not exist"),
    ),
    (
        "ALTER DATABASE nowhere SET x.y = 1",
        Told("database \"nowhere\" does not exist"),
    ),
];

/// Three revisions, the second with the statement, and with one that fails after it or not.
fn migrations(dialect: Dialect, statement: &str, last: &str) -> Migrations {
    let second = format!("{statement};\nUPDATE data SET x = x + 10;\n{last}");
    let revisions = [
        "CREATE TABLE one (x int)",
        &second,
        "CREATE TABLE three (x int)",
    ];
    let sections = revisions.map(|sql| format!("-- alembic: upgrade\n{sql};"));
    chain(dialect, &sections)
}

/// What the state says must be there, and nothing else.
#[track_caller]
fn check_truth<D: Database>(scratch: &D, state: Option<&DatabaseState>, context: &str) {
    let tables = match D::DIALECT {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
        Dialect::Postgres => "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    };
    let tables = scratch.rows(tables);
    let has = |table: &str| tables.lines().any(|line| line == table);
    let updated = scratch.rows("SELECT min(x) FROM data WHERE x <> 4") != "1\n";
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
        scratch.rows("SELECT version_num FROM alembic_version")
    } else {
        String::new()
    };
    let expected = if done > 0 {
        format!("r{done}\n")
    } else {
        String::new()
    };
    assert_eq!(recorded, expected, "{context}");
}

/// Returns the statements for a driver.
fn statements<S: Subject>() -> impl Iterator<Item = &'static (&'static str, Outcome)> {
    let statements = match S::Database::DIALECT {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
    };
    let cases = statements.iter().enumerate();
    cases.filter_map(|(case, statement)| S::SHARE.takes(case).then_some(statement))
}

pub fn hostile_statements_are_harmless_or_told<S: Subject>() {
    let dialect = S::Database::DIALECT;
    let mut scratch = S::Database::new("");
    for (statement, expected) in statements::<S>() {
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            let context = format!("{mode}: {statement}");
            scratch.refill(BEFORE);
            let migrations = migrations(dialect, statement, "").transaction(mode);
            let mut database = open::<S>(&scratch);
            let record = record::<S>(
                &mut database,
                &migrations,
                Command::Upgrade("heads"),
                &context,
            );
            drop(database);
            record.check_reference::<S>(&scratch, || S::Database::new(BEFORE), &migrations);
            let found = match &record.outcome {
                Ok(_) => Harmless,
                Err(error) => match expected {
                    Told(part) if error.to_string().contains(part) => *expected,
                    _ => panic!("{context}: {error}"),
                },
            };
            assert_eq!(found, *expected, "{context}");
            if statement.contains("DELETE FROM data") && record.outcome.is_ok() {
                continue;
            }
            check_truth(&scratch, record.outcome.as_ref().err().map(state), &context);
        }
    }
}

pub fn hostile_statements_are_undone_when_a_later_one_fails<S: Subject>() {
    let dialect = S::Database::DIALECT;
    let scratch = S::Database::new(BEFORE);
    let before = scratch.dump();
    for (statement, _) in statements::<S>() {
        let migrations = migrations(dialect, statement, "INSERT INTO data VALUES (NULL)");
        let mut database = open::<S>(&scratch);
        let record = record::<S>(
            &mut database,
            &migrations,
            Command::Upgrade("heads"),
            statement,
        );
        drop(database);
        record.check_reference::<S>(&scratch, || S::Database::new(BEFORE), &migrations);
        let error = record.outcome.unwrap_err();
        assert!(!has_failed_rollback(&error), "{statement}");
        assert_eq!(*state(&error), DatabaseState::Unchanged, "{statement}");
        assert_eq!(scratch.dump(), before, "{statement}");
    }
}

pub fn statements_that_end_transactions_are_found_when_files_are_read<S: Subject>() {
    for statement in ["COMMIT", "ROLLBACK", "SAVEPOINT s", "END; BEGIN"] {
        for outside in ["", " no-transaction"] {
            let text = format!(
                "-- x\n-- Revision ID: r1\n-- Revises:\n\n\
                     -- alembic: upgrade{outside}\n{statement};"
            );
            let error = History::new([file("r1.sql", text)], &[S::Database::DIALECT]).unwrap_err();
            assert!(error.to_string().contains("transaction"), "{error}");
        }
    }
}

pub fn a_version_table_in_the_first_revision_is_told<S: Subject>() {
    for outside in ["", " no-transaction"] {
        let scratch = S::Database::new("");
        let migrations = chain(
            S::Database::DIALECT,
            &[format!(
                "-- alembic: upgrade{outside}\nCREATE TABLE t (x int);\n\
                     CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);"
            )],
        );
        let error = open::<S>(&scratch).upgrade(&migrations, "heads");
        let message = each(
            "table alembic_version already exists",
            "relation \"alembic_version\" already exists",
        );
        let state = match outside {
            "" => "the database is as it was before",
            _ => {
                "revision r1 is unfinished: its first statement is done, \
                      and the next run continues with statement 2"
            }
        };
        let column = match S::Database::DIALECT {
            Dialect::Sqlite if S::PLACES_ERRORS => 14,
            Dialect::Sqlite | Dialect::Postgres => 1,
        };
        let expected = format!(
            "r1.sql:7:{column}: statement 2 of revision r1 failed: {}; {state}",
            message.of(S::Database::DIALECT)
        );
        assert_eq!(text(&error.unwrap_err()), expected);
        let current = open::<S>(&scratch).current(&migrations).unwrap();
        assert!(current.is_empty());
    }
}
