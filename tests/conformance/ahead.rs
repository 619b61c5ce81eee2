//! An older program and a newer one on the same database.

use std::rc::Rc;

use alembic_tests::Numbers;

use crate::case::{Case, Happened, Rounds};
use crate::history::{Besides, History, check_log, check_same};
use crate::place::{KINDS, Kind, Place};
use crate::starter::{Ended, Starter, applied};

const OLDER: usize = 100;
const NEWER: usize = 200;

/// How many of each start at once.
const STARTERS: usize = 6;

const ROUNDS: Rounds = Rounds { full: 5, quick: 1 };

/// The exit code of what cannot be planned.
const REFUSED: i32 = 6;

type Of = fn(&History, &History, Kind, &mut Numbers) -> Happened;

pub(crate) fn cases() -> Vec<Case> {
    let older = Rc::new(History::new(OLDER, Besides::Nothing));
    let newer = Rc::new(History::new(NEWER, Besides::Nothing));
    let attempts: [(&str, Of); 2] = [("afterwards", afterwards), ("at-once", at_once)];
    let mut cases = Vec::new();
    for kind in KINDS {
        for (name, attempt) in attempts {
            let (older, newer) = (Rc::clone(&older), Rc::clone(&newer));
            let attempt = move |numbers: &mut Numbers| attempt(&older, &newer, kind, numbers);
            cases.push(Case::new(format!("ahead/{kind}/{name}"), ROUNDS, attempt));
        }
    }
    cases
}

/// The older one starts where the newer one has been.
fn afterwards(older: &History, newer: &History, kind: Kind, _: &mut Numbers) -> Happened {
    let place = Place::new(kind);
    newer.run(&place, "ensure").success();
    let before = place.dump();
    for line in ["ensure", "upgrade"] {
        older.run(&place, line).failure(REFUSED, "unknown-rows");
    }
    let allowed = older.run(&place, "ensure --allow-ahead").success();
    assert!(
        allowed.said.contains("ahead of these migrations"),
        "{allowed}"
    );
    check_same(&place.dump(), &before);
    check_log(&place);
    Vec::new()
}

/// Both start, many times each, where the older one has been.
fn at_once(older: &History, newer: &History, kind: Kind, numbers: &mut Numbers) -> Happened {
    let place = Place::new(kind);
    older.run(&place, "ensure").success();
    let mut newer_ones = Vec::new();
    let mut strict = Vec::new();
    let mut allowing = Vec::new();
    for _ in 0..STARTERS {
        newer_ones.push(newer.start(&place, numbers.one_of(&["ensure", "upgrade"])));
        strict.push(older.start(&place, numbers.one_of(&["ensure", "upgrade"])));
        allowing.push(older.start(&place, "ensure --allow-ahead"));
    }
    let all = |starters: Vec<Starter>| starters.into_iter().map(Starter::end);
    assert_eq!(applied(newer_ones), newer.revisions - older.revisions);
    for ended in all(allowing) {
        assert_eq!(ended.success().revisions(), 0);
    }
    // They came before the newer ones were done, or after.
    let refused = |ended: Ended| match ended.status {
        Some(0) => None,
        _ => {
            ended.failure(REFUSED, "unknown-rows");
            Some("refused")
        }
    };
    let happened = all(strict).filter_map(refused).collect();
    newer.check(&place);
    happened
}
