//! Files that another session locks.

use std::sync::Mutex;
use std::time::Duration;

use alembic_migrate::driver::DatabaseErrorKind;
use alembic_migrate::report::Action;
use alembic_migrate::{DatabaseState, Event, FailureKind, Migrations};

use super::{File, FileSubject, LARGE, REWRITE, chain, single};
use crate::answer::{action, database_error_kind, has_failed_rollback, state};
use crate::subject::open;
use crate::{Database, Handle};

/// Locks, and what a run cannot do while another session has them.
const LOCKS: [(&str, Action); 3] = [
    ("BEGIN EXCLUSIVE", Action::FindVersionTable),
    ("BEGIN IMMEDIATE", Action::Begin),
    ("BEGIN; SELECT * FROM large LIMIT 1", Action::Commit),
];

/// Opens a database, and has another session lock it.
fn locked<S: FileSubject>(file: &File, lock: &str) -> (S::Handle, rusqlite::Connection) {
    let mut handle = open::<S>(file);
    // It connects before the file is locked.
    handle.execute("PRAGMA busy_timeout = 321");
    let other = file.open();
    other.execute_batch(lock).unwrap();
    (handle, other)
}

/// Has the lock released as soon as a run waits for it.
fn releasing(migrations: Migrations, other: rusqlite::Connection) -> Migrations {
    let other = Mutex::new(Some(other));
    migrations.observe(move |event| {
        if let Event::Waiting { .. } = event {
            other.lock().unwrap().take();
        }
    })
}

pub fn a_database_that_somebody_else_locks_is_left_alone<S: FileSubject>() {
    for (lock, cannot) in LOCKS {
        let file = File::new(LARGE);
        let before = file.dump();
        let (mut handle, other) = locked::<S>(&file, lock);
        let settings = handle.settings();
        let impatient = single(REWRITE).lock_timeout(Duration::from_millis(20));
        let error = handle.upgrade(&impatient, "heads").unwrap_err();
        assert_eq!(action(&error), Some(cannot), "{lock}");
        assert_eq!(
            database_error_kind(&error),
            Some(DatabaseErrorKind::Busy),
            "{lock}"
        );
        assert_eq!(error.kind(), FailureKind::Busy, "{lock}");
        assert_eq!(*state(&error), DatabaseState::Unchanged, "{lock}");
        assert!(!has_failed_rollback(&error), "{lock}");
        assert_eq!(handle.settings(), settings, "{lock}");
        let is_kept = settings
            .as_ref()
            .is_some_and(|settings| settings.contains("321"));
        assert!(is_kept, "{settings:?}");
        other.execute_batch("ROLLBACK").unwrap();
        assert!(handle.is_idle(), "{lock}");
        assert_eq!(file.dump(), before, "{lock}");
        handle.upgrade(&impatient, "heads").unwrap();
    }
}

pub fn a_statement_outside_of_transactions_waits_as_long_as_the_rest<S: FileSubject>() {
    let file = File::new(LARGE);
    let (mut handle, other) = locked::<S>(&file, "BEGIN IMMEDIATE");
    let migrations = chain(&["-- alembic: upgrade no-transaction\nVACUUM;"]);
    let migrations = releasing(migrations, other);
    handle.upgrade(&migrations, "heads").unwrap();
    assert_eq!(handle.current(&migrations).unwrap(), ["r1"]);
}

pub fn a_lock_that_is_released_in_time_only_delays<S: FileSubject>() {
    for (lock, _) in LOCKS {
        let file = File::new(LARGE);
        let (mut handle, other) = locked::<S>(&file, lock);
        let settings = handle.settings();
        let migrations = releasing(single(REWRITE), other);
        let report = handle.upgrade(&migrations, "heads").unwrap();
        assert_eq!(report.steps.len(), 1, "{lock}");
        assert!(handle.is_idle(), "{lock}");
        assert_eq!(handle.settings(), settings, "{lock}");
        assert_eq!(handle.current(&migrations).unwrap(), ["r1"], "{lock}");
        let rewritten = file.rows("SELECT count(*) FROM large WHERE text LIKE '%!'");
        assert_eq!(rewritten, "2000\n", "{lock}");
    }
}
