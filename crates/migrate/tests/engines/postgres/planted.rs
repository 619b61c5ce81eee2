//! The run's own statements choose nothing but the system's operators, functions and types,
//! whatever a role has planted that may create objects in a schema of the search path: up to
//! PostgreSQL 14, every role may do so in `public`.

use alembic_migrate::options::{Interruption, Purge, TransactionMode};
use alembic_migrate::{Migrations, RunError};
use alembic_suite::{Database, Handle};
use alembic_tests::postgres::{IN_PLACE, PLANTED, planted_by};
use sqlx::raw_sql;

use super::sessions::Role;
use super::{Open, Scratch, Via, block_on, chain, options};

/// Revisions whose own SQL needs nothing that can be planted, but makes the run do all that it does.
fn migrations() -> Migrations {
    chain(&[
        "-- alembic: upgrade\nSET lock_timeout = '5s';\nCREATE TABLE a (x int);\n\
         INSERT INTO a VALUES (1), (1);\n-- alembic: downgrade\nDROP TABLE a;",
        "-- alembic: upgrade no-transaction\nCREATE INDEX CONCURRENTLY i ON a (x);\n\
         SET ROLE NONE;\nDO 'BEGIN END';\nCREATE INDEX CONCURRENTLY k ON a (x);\n\
         -- alembic: upgrade\nDO 'BEGIN END';\n\
         -- alembic: downgrade no-transaction\nDROP INDEX CONCURRENTLY i;\n\
         DROP INDEX CONCURRENTLY k;",
        "-- alembic: upgrade\nCREATE TABLE b (x int);\n-- alembic: downgrade\nDROP TABLE b;",
    ])
}

/// Returns what failed.
fn done<T>(outcome: Result<T, RunError>) -> Result<(), String> {
    outcome.map(drop).map_err(|error| error.to_string())
}

#[test]
fn nothing_that_is_planted_is_called() {
    const HIDDEN: &str = "public, pg_catalog";
    for (via, path) in [
        (Via::Pool, HIDDEN),
        (Via::Pool, "\"$user\", public"),
        (Via::Options, HIDDEN),
        (Via::Connection, HIDDEN),
    ] {
        let scratch = Scratch::new(via, PLANTED);
        assert_is_planted(&scratch);
        let open = || {
            let options = options(&scratch.address());
            Open::with(via, options.options([("search_path", path)]))
        };
        let each = migrations().transaction(TransactionMode::Revision);
        // A connection alone cannot keep others away outside of transactions.
        let target = match via {
            Via::Connection => "r1",
            Via::Pool | Via::Options => "heads",
        };
        let context = format!("{via:?} with {path}");
        let check = |what: &str, outcome: Result<(), String>| {
            outcome.unwrap_or_else(|error| panic!("{context}: {what}: {error}"));
        };
        check("upgrade", done(open().upgrade(&migrations(), target)));
        check("downgrade", done(open().downgrade(&migrations(), "base")));
        check("one by one", done(open().upgrade(&each, target)));
        check("again", done(open().upgrade(&each, target)));
        assert!(open().current(&migrations()).is_ok(), "{context}");
        assert!(open().describe(&migrations()).is_ok(), "{context}");
        check("down", done(open().downgrade(&each, "base")));
        let stamped = open().stamp(&migrations(), &[target], Purge::No);
        assert!(stamped.is_ok(), "{context}: {stamped:?}");
        let schema = migrations().schema("schema.sql", "CREATE TABLE c (x int)");
        scratch.execute("DROP TABLE alembic_version");
        check("ensure", done(open().ensure(&schema)));
    }
}

/// Makes sure that what must not be called is there, and fails who calls it.
fn assert_is_planted(scratch: &Scratch) {
    let path = [("search_path", "public, pg_catalog")];
    let mut database = Open::with(Via::Connection, options(&scratch.address()).options(path));
    for call in [
        "SELECT 'a'::varchar = 'a'",
        "SELECT 1 + 1",
        "SELECT lower('A')",
    ] {
        let Open::Connection(connection) = &mut database else {
            unreachable!("it was opened as a connection");
        };
        let outcome = block_on(raw_sql(call).execute(connection));
        assert!(outcome.is_err(), "{call}");
    }
}

#[test]
fn nothing_that_is_planted_is_called_after_an_interruption() {
    let index = "-- alembic: upgrade no-transaction\nCREATE INDEX CONCURRENTLY i ON a (x);\n\
                 CREATE UNIQUE INDEX CONCURRENTLY j ON a (x);";
    let migrations = chain(&[
        "-- alembic: upgrade\nCREATE TABLE a (x int);\nINSERT INTO a VALUES (1), (1);",
        index,
    ]);
    let scratch = Scratch::new(Via::Pool, PLANTED);
    assert!(
        scratch
            .client()
            .batch_execute("SELECT 1::oid = 'pg_class'::regclass")
            .is_err()
    );
    let mut database = scratch.open();
    let error = database.upgrade(&migrations, "heads").unwrap_err();
    let left = "it left an invalid index: public.j";
    assert!(error.to_string().contains(left), "{error}");
    assert_eq!(database.current(&migrations).unwrap(), ["r1"]);
    scratch.execute("DROP INDEX j; DELETE FROM a WHERE ctid = '(0,1)'");
    // Begun by somebody who may be there yet.
    scratch.execute("UPDATE alembic_version_progress SET begun = 2, process = pg_backend_pid()");
    let again = migrations.clone().interruption(Interruption::Again);
    database.upgrade(&again, "heads").unwrap();
    assert_eq!(database.current(&migrations).unwrap(), ["r2"]);
}

#[test]
fn what_is_planted_in_place_of_the_tables_runs_nothing() {
    for plant in IN_PLACE {
        let scratch = Scratch::new(Via::Pool, "");
        let role = Role::create(&scratch);
        scratch.execute(&planted_by(&role.name, plant));
        let migrations = chain(&["-- alembic: upgrade\nCREATE TABLE a (x int);\n\
                                  -- alembic: downgrade\nDROP TABLE a;"]);
        let mut database = scratch.open();
        let said = [
            done(database.current(&migrations)),
            done(database.status(&migrations)),
            done(database.upgrade(&migrations, "heads")),
            done(database.ensure(&migrations)),
            done(database.stamp(&migrations, &["r1"], Purge::Yes)),
            done(database.downgrade(&migrations, "base")),
        ];
        for said in said.into_iter().filter_map(Result::err) {
            let is_told = said.contains("alembic_version") && !said.contains("evil is run");
            assert!(is_told, "{plant}: {said}");
        }
        drop(database);
        role.drop(&scratch);
    }
}
