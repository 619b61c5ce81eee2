//! One migrator at a time.

use std::sync::{Arc, Barrier, Mutex};
use std::thread::scope;
use std::time::{Duration, Instant};

use super::{Open, POSTGRES, Scratch, Via, block_on, chain, locks, options, wait_until};
use ::postgres::Client;
use alembic_migrate::options::{TransactionMode, VersionTable};
use alembic_migrate::report::Holder;
use alembic_migrate::{DatabaseState, Event, FailureKind, Migrations};
use alembic_suite::answer::{failure, has_no_second_connection, state};
use alembic_suite::{Database, Handle};
use sqlx::ConnectOptions;

/// Notes which advisory lock a run holds: the number is the same for all runs with this version
/// table.
const NOTE: &str = "-- alembic: upgrade
    CREATE TABLE noted AS SELECT (classid::bigint << 32) | objid::bigint AS key FROM pg_locks
        WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
-- alembic: downgrade
DROP TABLE noted;";

/// A database at the first of two revisions, and the number of its lock.
fn noted() -> (Scratch, String) {
    let scratch = Scratch::new(Via::Pool, "");
    scratch.open().upgrade(&two(Some("r1")), "r1").unwrap();
    let key = scratch.rows("SELECT key FROM noted").trim().to_owned();
    assert!(!key.is_empty() && locks(&scratch).is_empty());
    (scratch, key)
}

/// Two revisions, or the first one alone.
fn two(last: Option<&str>) -> Migrations {
    let second =
        "-- alembic: upgrade\nCREATE TABLE b (x int);\n-- alembic: downgrade\nDROP TABLE b;";
    let sections = match last {
        Some("r1") => vec![NOTE],
        _ => vec![NOTE, second],
    };
    chain(&sections)
}

/// Holds the lock until the connection is dropped.
fn hold(scratch: &Scratch, key: &str) -> Client {
    let mut client = scratch.client();
    let lock = format!(
        "SET application_name = 'the other one'; BEGIN; SELECT pg_advisory_xact_lock({key})"
    );
    client.batch_execute(&lock).unwrap();
    client
}

fn pid(client: &mut Client) -> String {
    super::dump::rows(client, "SELECT pg_backend_pid()")
        .trim()
        .to_owned()
}

#[test]
fn the_one_who_waits_is_told_of_the_one_who_holds_the_lock() {
    let (scratch, key) = noted();
    for via in POSTGRES {
        let mut holder = hold(&scratch, &key);
        let process = pid(&mut holder);
        let told: Arc<Mutex<Vec<Holder>>> = Arc::default();
        let waiting = Arc::clone(&told);
        let holder = Mutex::new(Some(holder));
        let migrations = two(None).observe(move |event| {
            if let Event::Waiting {
                waited,
                holder: found,
            } = event
            {
                assert!(*waited >= Duration::from_secs(1), "{waited:?}");
                waiting.lock().unwrap().extend(found.clone());
                // It ends in a thread of its own: a blocking client cannot wait in a future.
                scope(|scope| scope.spawn(|| drop(holder.lock().unwrap().take())).join()).unwrap();
            }
        });
        let mut database = Open::at(via, &scratch.address());
        database.upgrade(&migrations, "heads").unwrap();
        let told = told.lock().unwrap();
        let [found] = &told[..] else {
            panic!("{via:?}: {told:?}")
        };
        assert_eq!(found.process, process, "{via:?}");
        assert_eq!(found.application, "the other one", "{via:?}");
        let user = options(&scratch.address()).get_username().to_owned();
        assert_eq!(found.user, user, "{via:?}");
        let is_time = format!(
            "SELECT '{}'::timestamp <= now() AT TIME ZONE 'UTC'",
            found.since
        );
        assert_eq!(scratch.rows(&is_time), "t\n", "{via:?}: {found}");
        assert!(
            found.to_string().contains("at the server's own host"),
            "{found}"
        );
        database.downgrade(&migrations, "r1").unwrap();
    }
}

#[test]
fn the_lock_timeout_ends_the_wait() {
    let (scratch, key) = noted();
    let before = scratch.dump();
    let mut holder = hold(&scratch, &key);
    let process = pid(&mut holder);
    let user = options(&scratch.address()).get_username().to_owned();
    for via in POSTGRES {
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            let migrations = two(None)
                .transaction(mode)
                .lock_timeout(Duration::from_millis(150));
            let begin = Instant::now();
            let mut database = Open::at(via, &scratch.address());
            let error = database.upgrade(&migrations, "heads").unwrap_err();
            assert!(begin.elapsed() >= Duration::from_millis(150), "{via:?}");
            assert_eq!(error.kind(), FailureKind::Busy, "{via:?}: {error}");
            let message = failure(&error);
            let named = format!(
                "another migrator still holds it: process {process} of `the other one`, \
                 user {user} at the server's own host, since 2"
            );
            assert!(
                message.starts_with("cannot take the migration lock: after 0."),
                "{message}"
            );
            assert!(message.contains(&named), "{via:?}: {message}");
            assert_eq!(*state(&error), DatabaseState::Unchanged);
            assert!(database.is_idle(), "{via:?}");
            assert_eq!(scratch.dump(), before);
        }
    }
}

#[test]
fn who_has_nothing_to_do_takes_no_lock() {
    let (scratch, key) = noted();
    scratch.execute("CREATE TABLE large (x int)");
    let mut holder = hold(&scratch, &key);
    holder
        .batch_execute("LOCK TABLE large, noted IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    for via in POSTGRES {
        let mut database = Open::at(via, &scratch.address());
        let migrations = two(Some("r1")).lock_timeout(Duration::ZERO);
        let begin = Instant::now();
        let report = database.ensure(&migrations).unwrap();
        assert_eq!(report.after.ids(), ["r1"]);
        assert!(database.status(&migrations).unwrap().is_current());
        let report = database.upgrade(&migrations, "heads").unwrap();
        assert!(report.steps.is_empty());
        assert!(begin.elapsed() < Duration::from_secs(10), "{via:?}");
    }
    // Only connections that migrate would have opened a second one.
    let named = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'alembic-migrate' \
                 AND datname = current_database()";
    assert_eq!(scratch.rows(named), "");
}

#[test]
fn sets_with_tables_of_their_own_do_not_wait_for_each_other() {
    let (scratch, key) = noted();
    scratch.execute("CREATE SCHEMA other");
    let _holder = hold(&scratch, &key);
    for (name, schema) in [("their_version", None), ("alembic_version", Some("other"))] {
        for via in POSTGRES {
            let theirs = chain(&[
                "-- alembic: upgrade\nCREATE TABLE c (x int);\n-- alembic: downgrade\nDROP TABLE c;",
            ]);
            let theirs = theirs
                .lock_timeout(Duration::ZERO)
                .version_table(VersionTable {
                    name: name.to_owned(),
                    schema: schema.map(ToOwned::to_owned),
                });
            let mut database = Open::at(via, &scratch.address());
            database.upgrade(&theirs, "heads").unwrap();
            database.downgrade(&theirs, "base").unwrap();
        }
    }
}

/// Has each of `threads` upgrade the database at once, and counts their steps.
fn race(
    scratch: &Scratch,
    threads: usize,
    via: impl Fn(usize) -> Via,
    migrations: &Migrations,
) -> usize {
    let barrier = Barrier::new(threads);
    scope(|scope| {
        let runs: Vec<_> = (0..threads)
            .map(|thread| {
                let mut database = Open::at(via(thread), &scratch.address());
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    database.upgrade(migrations, "heads").unwrap().steps.len()
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    })
}

#[test]
fn of_eight_with_two_hundred_revisions_each_is_applied_once() {
    const LENGTH: usize = 200;
    let mut sections = vec!["-- alembic: upgrade\nCREATE TABLE done (number int);".to_owned()];
    sections.extend(
        (1..LENGTH)
            .map(|number| format!("-- alembic: upgrade\nINSERT INTO done VALUES ({number});")),
    );
    for mode in [TransactionMode::Run, TransactionMode::Revision] {
        let migrations = chain(&sections).transaction(mode);
        let scratch = Scratch::new(Via::Pool, "");
        let steps = race(&scratch, 8, |thread| POSTGRES[thread % 3], &migrations);
        assert_eq!(steps, LENGTH, "per {mode}");
        let done = scratch.rows("SELECT count(*), count(DISTINCT number) FROM done");
        assert_eq!(done, "199|199\n", "per {mode}");
        assert_eq!(scratch.rows("SELECT * FROM alembic_version"), "r200\n");
    }
}

#[test]
fn an_index_is_built_beside_those_who_wait() {
    let migrations = chain(&[
        "-- alembic: upgrade\nCREATE TABLE a AS SELECT generate_series(1, 10000) AS x;",
        "-- alembic: upgrade no-transaction\nSELECT pg_sleep(0.3);\n\
             CREATE INDEX CONCURRENTLY a_x ON a (x);\nDROP INDEX CONCURRENTLY a_x;\n\
             CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x);\nREINDEX INDEX CONCURRENTLY a_x;",
        "-- alembic: upgrade\nCREATE TABLE b (x int);",
    ]);
    for mode in [TransactionMode::Run, TransactionMode::Revision] {
        let migrations = migrations.clone().transaction(mode);
        let scratch = Scratch::new(Via::Pool, "");
        let steps = race(&scratch, 7, |thread| POSTGRES[thread % 2], &migrations);
        assert_eq!(steps, 3);
        let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_x'::regclass";
        assert_eq!(scratch.rows(valid), "t\n");
        wait_until(|| locks(&scratch).is_empty(), "a lock stays");
    }
}

#[test]
fn one_connection_runs_nothing_outside_of_transactions() {
    let scratch = Scratch::new(Via::Connection, "");
    let migrations = chain(&[
        "-- alembic: upgrade\nCREATE TABLE a (x int);",
        "-- alembic: upgrade no-transaction\nVACUUM a;",
    ]);
    let mut database = scratch.open();
    let before = scratch.dump();
    let error = database.upgrade(&migrations, "heads").unwrap_err();
    assert!(has_no_second_connection(&error), "{error}");
    assert!(database.is_idle());
    assert_eq!(*state(&error), DatabaseState::Unchanged);
    assert_eq!(scratch.dump(), before);
}

/// A transaction that sqlx has begun is neither used nor ended.
#[test]
fn a_transaction_of_sqlx_is_not_touched() {
    let scratch = Scratch::new(Via::Connection, "CREATE TABLE mine (x int)");
    let migrations = two(None);
    let options = options(&scratch.address());
    block_on(async {
        let mut connection = options.connect().await.unwrap();
        let mut transaction = sqlx::Connection::begin(&mut connection).await.unwrap();
        let insert = "INSERT INTO mine VALUES (2)";
        sqlx::raw_sql(insert)
            .execute(&mut *transaction)
            .await
            .unwrap();
        let upgraded = migrations.upgrade(&mut *transaction, "heads").await;
        let error = upgraded.unwrap_err();
        assert_eq!(*state(&error), DatabaseState::Unchanged, "{error}");
        transaction.commit().await.unwrap();
    });
    assert_eq!(scratch.rows("SELECT * FROM mine"), "2\n");
}
