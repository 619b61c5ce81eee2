//! Connections that are lost in the middle of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, sleep, spawn};
use std::time::Duration;

use alembic_migrate::options::TransactionMode;
use alembic_migrate::{DatabaseState, Event, FailureKind, Migrations, RunError};
use alembic_tests::postgres::{Server, Shutdown};

use super::proxy::{Cut, Proxy};
use super::scene::{Command, Scene, scenes};
use super::{Open, Scratch, Via, block_on, chain, options, wait_until, wait_until_alone};
use alembic_suite::answer::{state, text};
use alembic_suite::{Database, Handle, check_log};

/// Checks what a run that lost a connection says, and that the next one goes on.
fn check(
    scene: Scene,
    scratch: &Scratch,
    states: &[String],
    outcome: Result<(), RunError>,
    context: &str,
) {
    let last = states.last().unwrap();
    let found = scratch.dump();
    match outcome {
        Ok(()) => assert_eq!(found, *last, "{context}"),
        Err(error) => {
            assert_eq!(error.kind(), FailureKind::Unreachable, "{context}: {error}");
            let meant = scene.meant(states, state(&error));
            assert!(meant.contains(&found), "{context}: {error}: {found}");
        }
    }
    check_log(&**scratch, context);
    scene.finish(scratch, &mut scratch.open(), last, context);
}

/// Takes every so many statements of all.
const STRIDE: usize = 7;

#[test]
fn a_connection_may_be_lost_at_every_statement() {
    let via = Via::Options;
    let mut scratch = Scratch::new(via, "");
    let direct = options(&scratch.address());
    for (seed, scene) in scenes(via).into_iter().enumerate() {
        let migrations = scene.migrations();
        let states = scene.states(&mut scratch);
        scratch.refill(scene.before());
        let proxy = Proxy::start(&direct, None);
        let mut database = Open::Options(proxy.options(&direct));
        block_on(scene.begin(&migrations, &mut database)).unwrap();
        let mut seed = seed;
        for connection in [0, 1] {
            let count = proxy.statements(connection);
            assert!(count > 3, "{count}");
            for statement in 1..=count {
                for arrives in [false, true] {
                    seed += 1;
                    if !seed.is_multiple_of(STRIDE) {
                        continue;
                    }
                    let cut = Cut {
                        connection,
                        statement,
                        arrives,
                    };
                    let context = format!("{scene:?}, {cut:?} of {count}");
                    scratch.refill(scene.before());
                    let proxy = Proxy::start(&direct, Some(cut));
                    let mut database = Open::Options(proxy.options(&direct));
                    let outcome = block_on(scene.begin(&migrations, &mut database));
                    // The connection that keeps others away may be lost once the last commit is
                    // sent. When that is differs: a statement that takes long is asked about there.
                    if let (Ok(()), Some(lost)) = (&outcome, proxy.lost()) {
                        let may_do = connection == 1 && lost.commits == proxy.commits();
                        assert!(may_do, "{context}: {}", lost.sql);
                    }
                    wait_until_alone(&scratch, &database);
                    check(scene, &scratch, &states, outcome, &context);
                }
            }
        }
    }
}

/// The connections of a run; those that wait in a pool have no name.
const MAIN: &str = "application_name = ''";
const ASIDE: &str = "application_name = 'alembic-migrate'";

/// Ends connections as an administrator does; returns whether there were any.
fn terminate(scratch: &Scratch, which: &str) -> bool {
    let pids = scratch.rows(&format!(
        "WITH found AS MATERIALIZED (SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which})
         SELECT pid FROM found WHERE pg_terminate_backend(pid)"
    ));
    for pid in pids.lines() {
        let alive = format!("SELECT 1 FROM pg_stat_activity WHERE pid = {pid}");
        wait_until(|| scratch.rows(&alive).is_empty(), "it does not end");
    }
    !pids.is_empty()
}

/// Has the connections terminated at one of the events of a run.
fn terminated_at(
    migrations: Migrations,
    scratch: &Arc<Scratch>,
    number: usize,
    which: &'static str,
) -> Migrations {
    let scratch = Arc::clone(scratch);
    let events = AtomicUsize::new(0);
    migrations.observe(move |_| {
        if events.fetch_add(1, Ordering::SeqCst) == number {
            // In a thread of its own, since a blocking client cannot wait in a future.
            scope(|scope| scope.spawn(|| terminate(&scratch, which)).join()).unwrap();
        }
    })
}

#[test]
fn a_connection_that_is_terminated_fails_the_run() {
    let via = Via::Pool;
    let mut scratch = Scratch::new(via, "");
    let all = scenes(via).into_iter();
    for scene in all.filter(|scene| scene.command == Command::Upgrade) {
        let states = scene.states(&mut scratch);
        scratch.refill("");
        let commits = Arc::new(std::sync::Mutex::new(Vec::new()));
        let noted = Arc::clone(&commits);
        let migrations = scene.migrations().observe(move |event| {
            noted.lock().unwrap().push(*event == Event::Committed);
        });
        scratch.open().upgrade(&migrations, "heads").unwrap();
        let commits = commits.lock().unwrap();
        let last = commits.iter().rposition(|is_commit| *is_commit).unwrap();
        for number in 0..=last {
            for which in [MAIN, ASIDE] {
                // At these moments the other one says the same.
                if which == MAIN && number % 3 != 0 {
                    continue;
                }
                let context = format!("{scene:?}, {which} at event {number} of {last}");
                scratch.refill("");
                let shared = Arc::new(scratch);
                let migrations = terminated_at(scene.migrations(), &shared, number, which);
                let mut database = shared.open();
                let outcome = database.upgrade(&migrations, "heads").map(drop);
                drop(migrations);
                scratch = Arc::into_inner(shared).unwrap();
                assert_eq!(outcome.is_err(), number < last, "{context}");
                wait_until_alone(&scratch, &database);
                check(scene, &scratch, &states, outcome, &context);
                // The same pool goes on, too.
                let current = migrations_are_current(scene, &mut database);
                assert!(current, "{context}");
            }
        }
    }
}

fn migrations_are_current(scene: Scene, database: &mut Open) -> bool {
    database.status(&scene.migrations()).unwrap().is_current()
}

#[test]
fn a_connection_may_be_terminated_at_any_moment() {
    let via = Via::Pool;
    let mut scratch = Scratch::new(via, "");
    let mut failed = 0;
    for (number, scene) in scenes(via).into_iter().enumerate() {
        let states = scene.states(&mut scratch);
        for (round, which) in [MAIN, ASIDE, MAIN].into_iter().enumerate() {
            let after = Duration::from_micros((number * 7 + round * 13) as u64 % 24 * 500);
            let context = format!("{scene:?}, {which} after {after:?}");
            scratch.refill(scene.before());
            let mut database = scratch.open();
            let migrations = scene.migrations();
            let outcome = scope(|scope| {
                let killer = scope.spawn(|| {
                    sleep(after);
                    terminate(&scratch, which)
                });
                let outcome = block_on(scene.begin(&migrations, &mut database));
                killer.join().unwrap();
                outcome
            });
            failed += usize::from(outcome.is_err());
            wait_until_alone(&scratch, &database);
            check(scene, &scratch, &states, outcome, &context);
        }
    }
    assert!(failed > 0);
}

/// Ensures that a new database is not created where the lock was lost meanwhile.
#[test]
fn every_commit_is_made_under_the_lock() {
    let baseline = "CREATE TABLE a (id int PRIMARY KEY, x int)";
    let schema = "CREATE TABLE a (id int PRIMARY KEY, x int); CREATE TABLE b (x int);";
    let one = || chain(&["-- alembic: upgrade\nSELECT 1;"]);
    for (before, migrations) in [
        // Created whole, replayed, stamped and upgraded, and only stamped.
        ("", one().schema("schema.sql", schema)),
        ("", one()),
        (baseline, one()),
        (baseline, one().baseline("heads")),
    ] {
        let scratch = Arc::new(Scratch::new(Via::Pool, before));
        let dump = scratch.dump();
        let migrations = terminated_at(migrations, &scratch, 0, ASIDE);
        let mut database = scratch.open();
        let error = database.ensure(&migrations).unwrap_err();
        assert_eq!(error.kind(), FailureKind::Unreachable, "{error}");
        assert_eq!(*state(&error), DatabaseState::Unchanged, "{error}");
        assert_eq!(scratch.dump(), dump, "{error}");
        database.ensure(&migrations).unwrap();
    }
}

/// A revision whose commit takes its time.
const SLOW_COMMIT: &str = "-- alembic: upgrade
    CREATE TABLE a (x int);
    DECLARE slow CURSOR WITH HOLD FOR SELECT pg_sleep(20);";

#[test]
fn nobody_knows_the_outcome_of_a_commit_without_an_answer() {
    let scratch = Scratch::new(Via::Pool, "");
    let before = scratch.dump();
    let migrations = chain(&[SLOW_COMMIT]);
    let mut database = scratch.open();
    let error = scope(|scope| {
        let run = scope.spawn(|| database.upgrade(&migrations, "heads").unwrap_err());
        wait_until(
            || terminate(&scratch, "query = 'COMMIT' AND state = 'active'"),
            "nobody commits",
        );
        run.join().unwrap()
    });
    assert_eq!(
        text(&error),
        "cannot commit: terminating connection due to administrator command; the connection was \
         lost while committing r1, so either all of it took effect or none of it did"
    );
    assert_eq!(error.kind(), FailureKind::Unreachable);
    assert_eq!(scratch.dump(), before);
}

#[test]
fn a_server_may_be_restarted_in_the_middle() {
    let mut server = Server::start();
    for (via, shutdown, mode) in [
        (Via::Pool, Shutdown::Fast, TransactionMode::Revision),
        (Via::Pool, Shutdown::Immediate, TransactionMode::Run),
        (Via::Options, Shutdown::Fast, TransactionMode::Run),
        (
            Via::Connection,
            Shutdown::Immediate,
            TransactionMode::Revision,
        ),
    ] {
        let context = format!("{via:?}, {shutdown}, per {mode}");
        let sections = [
            "-- alembic: upgrade\nCREATE TABLE a (x int);",
            "-- alembic: upgrade\nCREATE TABLE b (x int);\nSELECT pg_sleep(count(*) * 20) FROM c;",
            "-- alembic: upgrade\nCREATE TABLE d (x int);",
        ];
        let migrations = chain(&sections).transaction(mode);
        let database = server.database();
        // What is committed is to survive.
        let name = database.name();
        database.execute(&format!(
            "ALTER DATABASE {name} SET synchronous_commit = on"
        ));
        database.execute("CREATE TABLE c (x int); INSERT INTO c VALUES (1)");
        let mut open = Open::with(via, options(database.url()));
        let migrating = migrations.clone();
        let run = spawn(move || {
            let outcome = open.upgrade(&migrating, "heads");
            (open, outcome)
        });
        let sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                        AND datname = current_database()";
        wait_until(|| !database.query(sleeping).is_empty(), "nobody sleeps");
        server.restart(shutdown);
        let (mut open, outcome) = run.join().unwrap();
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), FailureKind::Unreachable, "{context}: {error}");
        let (state, tables, versions) = match mode {
            TransactionMode::Run => ("the database is as it was", &["c"][..], &[][..]),
            TransactionMode::Revision => ("committed: r1;", &["a", "c"][..], &["r1"][..]),
        };
        assert!(error.to_string().contains(state), "{context}: {error}");
        assert_eq!(database.tables(), tables, "{context}");
        assert_eq!(database.versions(), versions, "{context}");
        database.execute("DELETE FROM c");
        if via == Via::Connection {
            open = Open::with(via, options(database.url()));
        }
        open.upgrade(&migrations, "heads")
            .unwrap_or_else(|error| panic!("{context}: {error}"));
        assert_eq!(database.tables(), ["a", "b", "c", "d"], "{context}");
    }
}
