//! Runs behind a pooler as it is installed, with few connections to the server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::scope;
use std::time::{Duration, Instant};

use alembic_migrate::driver::DatabaseErrorKind;
use alembic_migrate::options::{TransactionMode, VersionTable};
use alembic_migrate::{DatabaseState, Event, FailureKind, Migrations};
use alembic_suite::Handle;
use alembic_suite::answer::{failure, state};
use alembic_tests::PgBouncer;
use alembic_tests::postgres::Server;
use sqlx::postgres::PgConnectOptions;

use super::{Open, Via, chain, options};

/// Returns options for a pooler, which refuses the one parameter that sqlx adds.
fn through(url: &str) -> PgConnectOptions {
    options(url).extra_float_digits(None)
}

/// Revisions with a version table of their own, one of them outside of transactions.
fn migrations(number: usize) -> Migrations {
    let sections = [
        format!("-- alembic: upgrade\nCREATE TABLE a_{number} (x int);\nSELECT pg_sleep(0.02);"),
        format!("-- alembic: upgrade no-transaction\nCREATE INDEX CONCURRENTLY ON a_{number} (x);"),
        format!("-- alembic: upgrade\nCREATE TABLE b_{number} (x int);"),
    ];
    chain(&sections).version_table(VersionTable {
        name: format!("version_{number}"),
        schema: None,
    })
}

/// Each run needs two connections at once, of which the pooler has two for all.
#[test]
fn runs_do_not_starve_each_other() {
    const RUNS: usize = 3;
    let server = Server::shared();
    for mode in [TransactionMode::Run, TransactionMode::Revision] {
        let bouncer = PgBouncer::with_pool(server, 2);
        let database = server.database();
        let url = bouncer.url(&database);
        let barrier = Barrier::new(RUNS);
        scope(|scope| {
            for number in 0..RUNS {
                let (url, barrier) = (&url, &barrier);
                scope.spawn(move || {
                    let migrations = migrations(number)
                        .transaction(mode)
                        .lock_timeout(Duration::from_secs(60));
                    let mut open = Open::with(Via::Options, through(url));
                    barrier.wait();
                    let upgraded = open.upgrade(&migrations, "heads");
                    upgraded.unwrap_or_else(|error| panic!("per {mode}: {error}"));
                });
            }
        });
        // Two tables, the version table and the log.
        assert_eq!(database.tables().len(), 4 * RUNS);
    }
}

/// Checks that a run without a second connection says so when the lock timeout is over.
#[track_caller]
fn check_alone(options: PgConnectOptions, expected: &str) {
    let waited = Arc::new(AtomicUsize::new(0));
    let noted = Arc::clone(&waited);
    let migrations = migrations(0)
        .lock_timeout(Duration::from_secs(3))
        .observe(move |event| {
            let is_wait = matches!(event, Event::NoConnection { .. });
            noted.fetch_add(usize::from(is_wait), Ordering::SeqCst);
        });
    let begin = Instant::now();
    let mut open = Open::with(Via::Options, options);
    let error = open.upgrade(&migrations, "heads").unwrap_err();
    assert_eq!(error.kind(), FailureKind::Busy, "{error}");
    let kind = error.database_error().map(|error| error.kind());
    assert_eq!(kind, Some(DatabaseErrorKind::TooManyConnections), "{error}");
    assert_eq!(*state(&error), DatabaseState::Unchanged, "{error}");
    assert_eq!(failure(&error), expected);
    assert!(begin.elapsed() < Duration::from_secs(20), "{error}");
    assert!(waited.load(Ordering::SeqCst) > 0);
}

#[test]
fn a_second_connection_that_cannot_be_had_in_time_is_not_a_lost_one() {
    let server = Server::shared();
    let database = server.database();
    let bouncer = PgBouncer::with_pool(server, 1);
    check_alone(
        through(&bouncer.url(&database)),
        "cannot take the migration lock: no second connection to the server became free within \
         2 seconds",
    );
    let role = format!("{}_single", database.name());
    database.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'single' CONNECTION LIMIT 1; \
         GRANT CREATE ON SCHEMA public TO {role}"
    ));
    let limited = options(database.url()).username(&role).password("single");
    check_alone(
        limited,
        &format!("cannot take the migration lock: too many connections for role \"{role}\""),
    );
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    assert!(database.tables().is_empty());
}
