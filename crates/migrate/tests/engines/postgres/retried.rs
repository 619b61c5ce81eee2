//! Transactions that meet the locks of others, and are begun again.

use std::sync::{Arc, Mutex};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use super::{POSTGRES, Scratch, Via, chain, wait_until};
use alembic_migrate::options::TransactionMode;
use alembic_migrate::{DatabaseState, Event, FailureKind, Migrations};
use alembic_suite::answer::{failure, state};
use alembic_suite::{Database, Handle};

/// Three revisions; `statements` are between two others in the second one.
fn migrations(statements: &str) -> Migrations {
    let second = format!(
        "-- alembic: upgrade\nINSERT INTO counted VALUES (2);\n{statements};\n\
         INSERT INTO counted VALUES (3);"
    );
    chain(&[
        "-- alembic: upgrade\nINSERT INTO counted VALUES (1);",
        &second,
        "-- alembic: upgrade\nINSERT INTO counted VALUES (4);",
    ])
}

const BEFORE: &str = "CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE SEQUENCE attempts;
    CREATE TABLE counted (x int)";

/// Notes why a run begins its transaction again.
fn noting(migrations: Migrations) -> (Migrations, Arc<Mutex<Vec<String>>>) {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&told);
    let migrations = migrations.observe(move |event| {
        if let Event::Retrying { error, retries } = event {
            let mut noted = noted.lock().unwrap();
            noted.push(error.clone());
            assert_eq!(*retries, noted.len());
        }
    });
    (migrations, told)
}

/// Checks that everything happened once, after so many attempts that failed with this.
fn check_once(via: Via, scratch: &Scratch, told: &Mutex<Vec<String>>, error: &str) {
    let told = told.lock().unwrap();
    assert!(!told.is_empty(), "{via:?}: {error}");
    for told in &*told {
        assert!(told.contains(error), "{via:?}: {told}");
    }
    assert_eq!(
        scratch.rows("SELECT string_agg(x::text, ' ' ORDER BY x) FROM counted"),
        "1 2 3 4\n",
        "{via:?}: {error}"
    );
    assert_eq!(scratch.rows("SELECT * FROM alembic_version"), "r3\n");
}

const MODES: [TransactionMode; 3] = [
    TransactionMode::Run,
    TransactionMode::Revision,
    TransactionMode::Run,
];

/// Someone else's lock is waited for for three seconds, with everything rolled back in between.
fn a_lock_is_waited_for(via: Via, mode: TransactionMode) {
    let scratch = Scratch::new(via, BEFORE);
    let (migrations, told) = noting(migrations("ALTER TABLE a ADD COLUMN y int").transaction(mode));
    let mut other = scratch.client();
    other
        .batch_execute("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    scope(|scope| {
        scope.spawn(|| {
            sleep(Duration::from_secs(4));
            other.batch_execute("ROLLBACK").unwrap();
        });
        let report = scratch.open().upgrade(&migrations, "heads").unwrap();
        assert_eq!(report.steps.len(), 3);
    });
    check_once(
        via,
        &scratch,
        &told,
        "canceling statement due to lock timeout",
    );
}

/// Whoever else is in the deadlock goes on.
fn a_deadlock_is_left(via: Via, mode: TransactionMode) {
    let scratch = Scratch::new(via, BEFORE);
    let statements = "LOCK TABLE a;\nSELECT pg_advisory_xact_lock_shared(nextval('attempts'));\n\
                      LOCK TABLE b";
    let (migrations, told) = noting(migrations(statements).transaction(mode));
    let mut other = scratch.client();
    // It does not look for deadlocks in time, so that this is for the run to do.
    other
        .batch_execute("SET deadlock_timeout = '1min'; BEGIN; LOCK TABLE b")
        .unwrap();
    scope(|scope| {
        scope.spawn(|| {
            wait_until(
                || scratch.rows("SELECT is_called FROM attempts") == "t\n",
                "the run does not come so far",
            );
            other.batch_execute("LOCK TABLE a; ROLLBACK").unwrap();
        });
        let report = scratch.open().upgrade(&migrations, "heads").unwrap();
        assert_eq!(report.steps.len(), 3);
    });
    check_once(via, &scratch, &told, "deadlock detected");
}

/// A sequence is not rolled back, so that this fails the first two times.
fn a_serialization_failure_is_tried_again(via: Via, mode: TransactionMode) {
    let scratch = Scratch::new(via, BEFORE);
    let statements = "DO $$ BEGIN IF nextval('attempts') < 3 THEN
        RAISE serialization_failure USING MESSAGE = 'not yet'; END IF; END $$";
    let (migrations, told) = noting(migrations(statements).transaction(mode));
    scratch.open().upgrade(&migrations, "heads").unwrap();
    assert_eq!(told.lock().unwrap().len(), 2);
    check_once(via, &scratch, &told, "not yet");
}

/// The one that commits last does not see to it again.
fn it_is_given_up_after_the_lock_timeout(via: Via, mode: TransactionMode) {
    let scratch = Scratch::new(via, BEFORE);
    let before = scratch.dump();
    let (migrations, told) = noting(migrations("ALTER TABLE a ADD COLUMN y int").transaction(mode));
    let mut other = scratch.client();
    other.batch_execute("BEGIN; LOCK TABLE a").unwrap();
    let migrations = migrations.lock_timeout(Duration::from_millis(400));
    let begin = Instant::now();
    let mut database = scratch.open();
    let error = database.upgrade(&migrations, "heads").unwrap_err();
    assert!(begin.elapsed() >= Duration::from_millis(400));
    assert_eq!(error.kind(), FailureKind::Busy, "{error}");
    assert!(!told.lock().unwrap().is_empty());
    let message = failure(&error);
    let expected = "r2.sql:7:1: statement 2 of revision r2 failed: \
                    canceling statement due to lock timeout";
    assert_eq!(message, expected, "{via:?}");
    assert!(database.is_idle());
    other.batch_execute("ROLLBACK").unwrap();
    match mode {
        TransactionMode::Run => {
            assert_eq!(*state(&error), DatabaseState::Unchanged);
            assert_eq!(scratch.dump(), before);
        }
        TransactionMode::Revision => {
            assert!(
                matches!(state(&error), DatabaseState::Committed { done, .. } if done.len() == 1)
            );
            assert_eq!(scratch.rows("SELECT * FROM counted"), "1\n");
        }
    }
}

#[test]
fn transactions_that_meet_locks_are_begun_again() {
    // Most of the time nobody does anything.
    scope(|scope| {
        for (via, mode) in POSTGRES.into_iter().zip(MODES) {
            for case in [
                a_lock_is_waited_for,
                a_deadlock_is_left,
                a_serialization_failure_is_tried_again,
                it_is_given_up_after_the_lock_timeout,
            ] {
                scope.spawn(move || case(via, mode));
            }
        }
    });
}

/// `ensure` begins all over: the database may be another one then.
#[test]
fn what_makes_a_database_ready_is_begun_again_too() {
    let schema = "CREATE TABLE t (x int); DO $$ BEGIN IF nextval('s.attempts') < 2 THEN
        RAISE deadlock_detected; END IF; END $$;";
    for via in POSTGRES {
        let scratch = Scratch::new(via, "CREATE SCHEMA s; CREATE SEQUENCE s.attempts");
        let one = chain(&["-- alembic: upgrade\nSELECT 1;"]);
        let (migrations, told) = noting(one.schema("schema.sql", schema));
        let report = scratch.open().ensure(&migrations).unwrap();
        assert_eq!(report.after.ids(), ["r1"]);
        assert_eq!(told.lock().unwrap().len(), 1, "{via:?}");
    }
}
