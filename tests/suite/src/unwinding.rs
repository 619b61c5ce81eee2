//! Observers that panic, at each event of a run.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use alembic_migrate::options::TransactionMode;
use alembic_migrate::{Dialect, Event, Migrations};

use crate::log::check_log;
use crate::revisions::chain;
use crate::sql::each;
use crate::subject::open;
use crate::{Database, Handle, Subject};

/// The events of a run, up to the one at which its observer panics.
struct Events {
    count: AtomicUsize,
    last: usize,
    is_committed: AtomicBool,
}

impl Events {
    fn hear(&self, event: &Event) {
        if matches!(event, Event::Committed) {
            self.is_committed.store(true, Ordering::Relaxed);
        }
        if self.count.fetch_add(1, Ordering::Relaxed) == self.last {
            // Unlike a panic, it is not written to stderr.
            resume_unwind(Box::new("an observer"));
        }
    }
}

fn migrations(dialect: Dialect) -> Migrations {
    let settings = each(
        "PRAGMA busy_timeout = 7; PRAGMA recursive_triggers = ON",
        "SET LOCAL statement_timeout = '1h'",
    );
    let settings = settings.of(dialect);
    let schema = "CREATE TABLE a (x INTEGER)";
    chain(
        dialect,
        &[
            format!("-- alembic: upgrade\n{schema}; INSERT INTO a VALUES (1);"),
            format!("-- alembic: upgrade\n{settings}; INSERT INTO a VALUES (2);"),
            "-- alembic: upgrade\nINSERT INTO a VALUES (3);".to_owned(),
        ],
    )
    .schema("schema.sql", schema)
}

pub fn an_observer_that_panics_leaves_nothing_behind<S: Subject>() {
    let dialect = S::Database::DIALECT;
    for mode in [TransactionMode::Run, TransactionMode::Revision] {
        for ensures in [false, true] {
            for last in 0.. {
                let events = Arc::new(Events {
                    count: AtomicUsize::new(0),
                    last,
                    is_committed: AtomicBool::new(false),
                });
                let heard = Arc::clone(&events);
                let migrations = || migrations(dialect).transaction(mode);
                let panicking = migrations().observe(move |event| heard.hear(event));
                let scratch = S::Database::new("");
                let before = scratch.dump();
                let mut handle = open::<S>(&scratch);
                let settings = handle.settings();
                let run = || match ensures {
                    false => handle.upgrade(&panicking, "heads").map(drop),
                    true => handle.ensure(&panicking).map(drop),
                };
                let outcome = catch_unwind(AssertUnwindSafe(run));
                let context = format!("{mode:?}, ensures: {ensures}, event {last}");
                assert!(handle.is_idle(), "{context}");
                assert_eq!(handle.settings(), settings, "{context}");
                if let Ok(outcome) = outcome {
                    outcome.unwrap();
                    assert!(last > 1, "{context}");
                    break;
                }
                if !events.is_committed.load(Ordering::Relaxed) {
                    assert_eq!(scratch.dump(), before, "{context}");
                }
                check_log(&scratch, &context);
                let again = match ensures {
                    false => handle.upgrade(&migrations(), "heads").map(drop),
                    true => handle.ensure(&migrations()).map(drop),
                };
                again.unwrap_or_else(|error| panic!("{context}: {error}"));
                assert_eq!(handle.current(&migrations()).unwrap(), ["r3"], "{context}");
                check_log(&scratch, &context);
            }
        }
    }
}
