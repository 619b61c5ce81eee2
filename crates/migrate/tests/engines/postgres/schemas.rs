//! Search paths, and version tables that are found on them.

use super::{Open, POSTGRES, Scratch, Via, chain, options, single};
use alembic_migrate::options::{TransactionMode, VersionTable};
use alembic_migrate::{DatabaseState, Migrations, Scenario};
use alembic_suite::answer::{state, text};
use alembic_suite::{Database, Handle};
use sqlx::postgres::PgConnectOptions;

const TWO: [&str; 2] = [
    "-- alembic: upgrade\nCREATE TABLE a (x int);\n-- alembic: downgrade\nDROP TABLE a;",
    "-- alembic: upgrade\nCREATE TABLE b (x int);\n-- alembic: downgrade\nDROP TABLE b;",
];

fn two() -> Migrations {
    chain(&TWO)
}

/// Lists the tables with their schemas.
fn tables(scratch: &Scratch) -> String {
    let tables = "SELECT string_agg(schemaname || '.' || tablename, ' ' ORDER BY 1)
        FROM (SELECT * FROM pg_tables ORDER BY schemaname, tablename) AS t
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    scratch.rows(tables).trim().to_owned()
}

/// How a search path comes to a connection.
fn paths(scratch: &Scratch, path: &str) -> Vec<(&'static str, PgConnectOptions)> {
    let url = scratch.address();
    let name = scratch.rows("SELECT current_database()").trim().to_owned();
    scratch.execute(&format!("ALTER DATABASE {name} SET search_path = {path}"));
    let of_database = options(&url);
    let of_connection = options(&url).options([("search_path", path)]);
    vec![("database", of_database), ("connection", of_connection)]
}

#[test]
fn the_version_table_is_where_the_search_path_finds_it() {
    let versions = "CREATE TABLE public.alembic_version (version_num text PRIMARY KEY)";
    for (before, path, expected) in [
        (
            "",
            "app, public",
            "app.a app.alembic_version app.alembic_version_log app.b",
        ),
        (
            "",
            "nowhere, app, public",
            "app.a app.alembic_version app.alembic_version_log app.b",
        ),
        (
            "",
            "public, app",
            "public.a public.alembic_version public.alembic_version_log public.b",
        ),
        (
            "",
            "pg_catalog, app",
            "app.a app.alembic_version app.alembic_version_log app.b",
        ),
        // There it stays, and the tables of the revisions go where they go.
        (
            versions,
            "app, public",
            "app.a app.b public.alembic_version public.alembic_version_log",
        ),
        (
            versions,
            "nowhere, app, public",
            "app.a app.b public.alembic_version public.alembic_version_log",
        ),
        (
            versions,
            "public",
            "public.a public.alembic_version public.alembic_version_log public.b",
        ),
        // Out of sight, it is another one.
        (
            versions,
            "app",
            "app.a app.alembic_version app.alembic_version_log app.b public.alembic_version",
        ),
    ] {
        for via in POSTGRES {
            let scratch = Scratch::new(via, "CREATE SCHEMA app");
            scratch.execute(before);
            let dump = scratch.dump();
            for (of, options) in paths(&scratch, path) {
                let context = format!("{via:?}: {path} of {of}");
                if path.starts_with("pg_catalog") {
                    // Nobody may create anything there, and it is the first one.
                    let error = Open::with(via, options).upgrade(&two(), "heads");
                    let message = error.unwrap_err().to_string();
                    assert!(
                        message.contains("cannot create the version table: "),
                        "{message}"
                    );
                    assert_eq!(scratch.dump(), dump, "{context}");
                    continue;
                }
                let mut database = Open::with(via, options);
                for target in ["r1", "heads"] {
                    let report = database.upgrade(&two(), target).unwrap();
                    assert_eq!(report.steps.len(), 1, "{context}");
                }
                assert_eq!(database.current(&two()).unwrap(), ["r2"], "{context}");
                assert_eq!(tables(&scratch), expected, "{context}");
                database.downgrade(&two(), "base").unwrap();
                if before.is_empty() || path == "app" {
                    scratch.execute("DROP TABLE IF EXISTS app.alembic_version");
                    if before.is_empty() {
                        scratch.execute("DROP TABLE IF EXISTS public.alembic_version");
                    }
                }
                assert_eq!(scratch.dump(), dump, "{context}");
            }
        }
    }
}

#[test]
fn without_a_schema_to_create_in_it_is_told() {
    for path in ["''", "nowhere"] {
        let scratch = Scratch::new(Via::Pool, "");
        let before = scratch.dump();
        for (_, options) in paths(&scratch, path) {
            let mut database = Open::with(Via::Pool, options);
            let error = database.upgrade(&two(), "heads").unwrap_err();
            assert_eq!(
                text(&error),
                "no schema on the search path exists that the user may use, so there is no place for \
                 the version table; the database is as it was before"
            );
            assert_eq!(scratch.dump(), before);
        }
        // With a schema of its own, the table needs no search path.
        scratch.execute("CREATE SCHEMA \"V 1\"");
        let migrations = single("CREATE TABLE public.a (x int);");
        let migrations = migrations.version_table(VersionTable {
            name: "order".to_owned(),
            schema: Some("V 1".to_owned()),
        });
        scratch.open().upgrade(&migrations, "heads").unwrap();
        assert_eq!(tables(&scratch), "V 1.order V 1.order_log public.a");
    }
}

/// What `pg_dump` writes above everything else.
const PREAMBLE: &str = "SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;";

#[test]
fn a_search_path_ends_with_the_revision_that_sets_it() {
    let sets = [
        PREAMBLE,
        "SET search_path = other;",
        "SET LOCAL search_path TO other, public;",
        "SELECT set_config('search_path', 'other', false);",
        "SET \"search_path\" = 'other';",
        "SET SCHEMA 'other';",
        "set session schema 'other';",
        "RESET ALL;",
    ];
    for (via, mode, section) in [
        (Via::Pool, TransactionMode::Run, ""),
        (Via::Options, TransactionMode::Revision, ""),
        (Via::Pool, TransactionMode::Revision, " no-transaction"),
        (Via::Options, TransactionMode::Run, " no-transaction"),
        (Via::Connection, TransactionMode::Run, ""),
        (Via::Connection, TransactionMode::Revision, ""),
    ] {
        let mut scratch = Scratch::new(via, "");
        for sets in sets {
            let context = format!("{via:?}, per {mode}{section}: {sets}");
            scratch.refill("CREATE SCHEMA app; CREATE SCHEMA other");
            let first =
                format!("-- alembic: upgrade{section}\n{sets}\nCREATE TABLE other.a (x int);");
            let migrations = chain(&[
                &first,
                "-- alembic: upgrade\nCREATE TABLE b (x int);",
                &format!("-- alembic: upgrade\nCREATE TABLE c (x int);\n{sets}"),
                "-- alembic: upgrade\nCREATE TABLE d (x int);",
            ]);
            let path = options(&scratch.address()).options([("search_path", "app")]);
            let mut database = Open::with(via, path);
            let outcome = database.upgrade(&migrations.transaction(mode), "heads");
            outcome.unwrap_or_else(|error| panic!("{context}: {error}"));
            let expected = "app.alembic_version app.alembic_version_log app.b app.c app.d other.a";
            assert_eq!(tables(&scratch), expected, "{context}");
            if let Open::Connection(_) = database {
                database.execute("CREATE TABLE e (x int)");
                assert!(tables(&scratch).contains("app.e"), "{context}");
            }
        }
    }
}

#[test]
fn a_target_schema_may_be_a_dump() {
    for via in POSTGRES {
        let scratch = Scratch::new(via, "");
        let schema =
            format!("{PREAMBLE}\nCREATE TABLE public.a (x int);\nCREATE TABLE public.b (x int);");
        let migrations = two().schema("schema.sql", &*schema);
        let report = scratch.open().ensure(&migrations).unwrap();
        assert_eq!(report.after.ids(), ["r2"]);
        assert_eq!(
            tables(&scratch),
            "public.a public.alembic_version public.alembic_version_log public.b"
        );
        assert!(scratch.open().status(&two()).unwrap().is_current());
    }
}

#[test]
fn what_is_nobodys_does_not_make_a_database_a_legacy_one() {
    for (before, expected) in [
        ("", Scenario::Fresh),
        ("CREATE TABLE t (x int)", Scenario::Legacy),
        (
            "CREATE TABLE t (x int) PARTITION BY LIST (x)",
            Scenario::Legacy,
        ),
        (
            "CREATE TABLE t (x int); ALTER EXTENSION plpgsql ADD TABLE t",
            Scenario::Fresh,
        ),
        (
            "CREATE SCHEMA other; CREATE TABLE other.t (x int)",
            Scenario::Fresh,
        ),
        (
            "CREATE VIEW v AS SELECT 1; CREATE SEQUENCE s; CREATE TYPE t AS (x int)",
            Scenario::Fresh,
        ),
    ] {
        let scratch = Scratch::new(Via::Pool, before);
        let report = scratch.open().ensure(&two()).unwrap();
        assert_eq!(report.scenario, expected, "{before}");
        assert_eq!(scratch.open().current(&two()).unwrap(), ["r2"], "{before}");
    }
}

#[test]
fn who_may_only_read_can_start_on_a_current_database() {
    let scratch = Scratch::new(Via::Pool, "");
    scratch.open().upgrade(&two(), "r1").unwrap();
    let name = scratch.rows("SELECT current_database()").trim().to_owned();
    let role = format!("{name}_reader");
    scratch.execute(&format!(
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;
         CREATE ROLE {role}; GRANT USAGE ON SCHEMA public TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    ));
    let before = scratch.dump();
    for via in POSTGRES {
        let open = || {
            let options = options(&scratch.address());
            Open::with(via, options.options([("role", role.as_str())]))
        };
        let first = chain(&TWO[..1]);
        assert_eq!(open().ensure(&first).unwrap().after.ids(), ["r1"]);
        assert!(open().status(&first).unwrap().is_current());
        let error = open().ensure(&two()).unwrap_err();
        let expected = "r2.sql:6:1: statement 1 of revision r2 failed: \
                        permission denied for schema public; the database is as it was before";
        let message = text(&error).replace("6:14", "6:1");
        assert_eq!(message, expected, "{via:?}");
        assert_eq!(*state(&error), DatabaseState::Unchanged);
        assert_eq!(scratch.dump(), before);
    }
    // Where not even that is allowed, it is told.
    scratch.execute(&format!(
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"
    ));
    let reader = options(&scratch.address()).options([("role", role.as_str())]);
    let ensured = Open::with(Via::Pool, reader).ensure(&two());
    let error = ensured.unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("permission denied for table alembic_version"),
        "{message}"
    );
    scratch.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn the_isolation_of_a_connection_does_not_matter() {
    for isolation in ["serializable", "repeatable read"] {
        let scratch = Scratch::new(Via::Pool, "");
        let noted = "CREATE TABLE noted AS SELECT current_setting('transaction_isolation') AS i;";
        let migrations = single(noted);
        let steps: usize = std::thread::scope(|scope| {
            let run = |via| {
                let isolated = [("default_transaction_isolation", isolation)];
                let options = options(&scratch.address()).options(isolated);
                let mut database = Open::with(via, options);
                database.upgrade(&migrations, "heads").unwrap().steps.len()
            };
            let runs = POSTGRES.map(|via| scope.spawn(move || run(via)));
            runs.into_iter().map(|run| run.join().unwrap()).sum()
        });
        assert_eq!(steps, 1);
        assert_eq!(scratch.rows("SELECT i FROM noted"), "read committed\n");
    }
}
