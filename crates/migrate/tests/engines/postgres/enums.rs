//! Values of enums, which no transaction can use that has added them.

use std::sync::{Arc, Mutex};

use alembic_migrate::options::TransactionMode;
use alembic_migrate::{DatabaseState, Event};
use alembic_suite::Handle;
use alembic_suite::answer::state;

use super::{POSTGRES, Scratch, chain};

const CREATE: &str = "-- alembic: upgrade\nCREATE TYPE mood AS ENUM ('sad');";
const ADD: &str = "-- alembic: upgrade\nALTER TYPE mood ADD VALUE 'glad';";
const OTHER: &str = "-- alembic: upgrade\nCREATE TABLE other (x int);";
const USE: &str = "-- alembic: upgrade\nCREATE TABLE person (mood mood DEFAULT 'glad');\n\
                   INSERT INTO person DEFAULT VALUES;";
const FAIL: &str = "-- alembic: upgrade\nSELECT 1 / 0;";

/// Upgrades an empty database; checks what is committed early, and what a failure leaves.
#[track_caller]
fn check(sections: &[&str], early: &[&str], kept: Option<&[&str]>) {
    for via in POSTGRES {
        let scratch = Scratch::new(via, "");
        let events = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&events);
        let migrations = chain(sections).observe(move |event| {
            if let Event::CommittingValue { before, value } = event {
                noted
                    .lock()
                    .unwrap()
                    .push(format!("{value} before {before}"));
            }
        });
        let outcome = scratch.open().upgrade(&migrations, "heads");
        assert_eq!(*events.lock().unwrap(), early, "{outcome:?}");
        let Some(kept) = kept else {
            outcome.unwrap();
            continue;
        };
        let error = outcome.unwrap_err();
        match state(&error) {
            DatabaseState::Unchanged => assert_eq!(kept, [""; 0], "{error}"),
            DatabaseState::Committed {
                done, transaction, ..
            } => {
                let done: Vec<&str> = done.iter().map(|id| id.as_str()).collect();
                assert_eq!(done, kept, "{error}");
                assert_eq!(*transaction, TransactionMode::Run);
            }
            state => panic!("{state}: {error}"),
        }
    }
}

#[test]
fn a_value_that_a_later_revision_uses_is_committed_before_it() {
    check(&[CREATE, ADD, USE], &["'glad' before r3"], None);
    check(&[CREATE, ADD, OTHER, USE], &["'glad' before r4"], None);
    check(&[CREATE, ADD, OTHER], &[], None);
}

#[test]
fn what_is_committed_early_stays() {
    check(
        &[CREATE, ADD, OTHER, USE, FAIL],
        &["'glad' before r4"],
        Some(&["r1", "r2", "r3"]),
    );
    // Nobody uses it, so that nothing is.
    check(&[CREATE, ADD, OTHER, FAIL], &[], Some(&[]));
    // It fails before.
    check(&[CREATE, ADD, FAIL, USE], &[], Some(&[]));
}
