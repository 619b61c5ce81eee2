//! Networks that fall silent in the middle of a run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use alembic_migrate::options::TransactionMode;
use alembic_migrate::{DatabaseState, Event, FailureKind};
use alembic_suite::answer::{failure, state};
use alembic_suite::{Database, Handle};
use tokio::runtime::Builder;

use super::proxy::Proxy;
use super::{Open, Scratch, Via, chain, options, wait_until_alone};

const SECTIONS: [&str; 3] = [
    "-- alembic: upgrade\nCREATE TABLE a (x int);",
    "-- alembic: upgrade\nCREATE TABLE b (x int);",
    "-- alembic: upgrade no-transaction\nCREATE TABLE c (x int);",
];

/// Begins the upgrade of a database, lets nothing through any more from one of the events on, and
/// checks what the run says of that in the end.
#[track_caller]
fn check(mode: TransactionMode, sections: &[&str], at: fn(&Event) -> bool, tables: &str) {
    let scratch = Scratch::new(Via::Options, "");
    let direct = options(&scratch.address());
    let proxy = Arc::new(Proxy::start(&direct, None));
    let through = proxy.options(&direct);
    let is_silent = AtomicBool::new(false);
    let silences = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&silences);
    let migrations = chain(sections).transaction(mode).observe(move |event| {
        if at(event) && !is_silent.swap(true, Ordering::SeqCst) {
            proxy.fall_silent();
            // From here on, there is nothing to wait for but time.
            tokio::time::pause();
        }
        if let Event::Silence { waited } = event {
            noted.lock().unwrap().push(waited.as_secs());
        }
    });
    let begin = Instant::now();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut database = Open::Options(through);
    let outcome = runtime.block_on(database.begin_upgrade(&migrations));
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Unreachable, "{error}");
    let message = failure(&error);
    let expected = "the connection was lost: the server has not answered for 30 seconds";
    assert!(message.ends_with(expected), "{message}");
    assert_eq!(*silences.lock().unwrap(), [10, 20], "{message}");
    assert!(begin.elapsed() < Duration::from_secs(20), "{message}");
    drop(runtime);
    wait_until_alone(&scratch, &database);
    let query = "SELECT string_agg(relname, ' ' ORDER BY 1) FROM pg_class WHERE relkind = 'r' \
                 AND relname ~ '^.$'";
    assert_eq!(scratch.rows(query).trim(), tables, "{error}");
    let is_unchanged = *state(&error) == DatabaseState::Unchanged;
    assert_eq!(is_unchanged, tables == "NULL", "{error}");
    scratch.open().upgrade(&chain(sections), "heads").unwrap();
}

#[test]
fn a_network_that_falls_silent_ends_the_run() {
    let in_step = |event: &Event| matches!(event, Event::StepStarted { done: 1, .. });
    let after_commit = |event: &Event| *event == Event::Committed;
    check(TransactionMode::Run, &SECTIONS[..2], in_step, "NULL");
    check(TransactionMode::Revision, &SECTIONS[..2], in_step, "a");
    check(TransactionMode::Revision, &SECTIONS[..2], after_commit, "a");
}

/// A statement takes as long as it takes.
#[test]
fn a_server_that_works_is_not_silent() {
    let scratch = Scratch::new(Via::Options, "");
    let sleeps = "-- alembic: upgrade\nSELECT pg_sleep(6);";
    let migrations = chain(&[sleeps]).observe(|event| {
        assert!(!matches!(event, Event::Silence { .. }), "{event:?}");
    });
    scratch.open().upgrade(&migrations, "heads").unwrap();
}
