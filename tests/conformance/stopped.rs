//! A migrator that does not go on, and those who wait for it.

use std::rc::Rc;

use alembic_tests::Numbers;

use crate::case::{Case, Happened, Rounds};
use crate::history::{Besides, History};
use crate::place::{KINDS, Kind, Place};
use crate::starter::Starter;

const REVISIONS: usize = 60;
const WAITING: usize = 3;
const ROUNDS: Rounds = Rounds { full: 5, quick: 1 };

/// The exit code of a lock that somebody else holds.
const BUSY: i32 = 7;

pub(crate) fn cases() -> Vec<Case> {
    let history = Rc::new(History::new(REVISIONS, Besides::Work));
    let case = |kind| {
        let history = Rc::clone(&history);
        let attempt = move |numbers: &mut Numbers| attempt(&history, kind, numbers);
        Case::new(format!("sigstop/{kind}"), ROUNDS, attempt)
    };
    KINDS.map(case).into()
}

fn attempt(history: &History, kind: Kind, numbers: &mut Numbers) -> Happened {
    let place = Place::new(kind);
    let mut holder = history.start(&place, "upgrade");
    // Not so near the end that it is over before it stops.
    let revisions = 1 + numbers.below(REVISIONS * 2 / 3);
    assert!(holder.says("Running", revisions));
    holder.stop();
    let start = |numbers: &mut Numbers| {
        let line = numbers.one_of(&["ensure", "upgrade"]);
        history.start(&place, &format!("{line} --lock-timeout 2.5"))
    };
    let waiting: Vec<Starter> = (0..WAITING).map(|_| start(numbers)).collect();
    for starter in waiting {
        let ended = starter.end().failure(BUSY, "database-busy");
        let told = match kind.is_served() {
            true => "for another migrator: process ",
            false => "for the database lock held by another process",
        };
        let waits = |line: &str| line.contains("Waiting") && line.contains(told);
        assert!(ended.said.lines().any(waits), "{ended}");
    }
    assert!(holder.is_running());
    holder.go_on();
    let again = history.start_many(&place, WAITING, numbers);
    assert_eq!(holder.end().success().revisions(), REVISIONS);
    for starter in again {
        assert_eq!(starter.end().success().revisions(), 0);
    }
    history.check(&place);
    Vec::new()
}
