//! Starters that find nothing pending, while somebody else holds the lock: they take none.

use std::rc::Rc;
use std::time::Duration;

use alembic_tests::Numbers;

use crate::case::{Case, Happened, Rounds};
use crate::history::{Besides, History, id};
use crate::place::{KINDS, Kind, Place};

const REVISIONS: usize = 50;
const STARTERS: usize = 6;
const ROUNDS: Rounds = Rounds { full: 5, quick: 1 };

/// More than it takes, and less than anybody waits for a lock.
const AT_ONCE: Duration = Duration::from_secs(5);

pub(crate) fn cases() -> Vec<Case> {
    let older = Rc::new(History::new(REVISIONS, Besides::Nothing));
    let newer = History::new(REVISIONS, Besides::Nothing).and_a_long_one();
    let newer = Rc::new(newer);
    let case = |kind| {
        let (older, newer) = (Rc::clone(&older), Rc::clone(&newer));
        let attempt = move |numbers: &mut Numbers| attempt(&older, &newer, kind, numbers);
        Case::new(format!("nothing-pending/{kind}"), ROUNDS, attempt)
    };
    KINDS.map(case).into()
}

fn attempt(older: &History, newer: &History, kind: Kind, numbers: &mut Numbers) -> Happened {
    let place = Place::new(kind);
    older.run(&place, "upgrade").success();
    let mut holder = newer.start(&place, "upgrade");
    assert!(holder.says(&id(newer.revisions), 1));
    // In the middle of its only statement that takes long.
    holder.stop();
    let starters = older.start_many(&place, STARTERS, numbers);
    for starter in starters {
        let ended = starter.end().success();
        let at_once = ended.took < AT_ONCE && !ended.said.contains("Waiting");
        assert!(at_once && ended.revisions() == 0, "{ended}");
    }
    assert!(holder.is_running());
    holder.go_on();
    assert_eq!(holder.end().success().revisions(), 1);
    newer.check(&place);
    Vec::new()
}
