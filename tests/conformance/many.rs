//! Many starters at once: each revision is applied by exactly one of them.

use std::rc::Rc;

use alembic_tests::Numbers;

use crate::case::{Case, Happened, Rounds};
use crate::history::{Besides, History, id};
use crate::place::{KINDS, Kind, Place};
use crate::starter::applied;

const REVISIONS: usize = 200;

/// How many start, and how often.
const COUNTS: [(usize, Rounds); 3] = [
    (2, Rounds { full: 5, quick: 0 }),
    (6, Rounds { full: 5, quick: 1 }),
    (32, Rounds { full: 3, quick: 1 }),
];

/// How many revisions are applied before, and what that is called.
const FROM: [(usize, &str); 2] = [(0, "fresh"), (100, "at-100")];

pub(crate) fn cases() -> Vec<Case> {
    let history = Rc::new(History::new(REVISIONS, Besides::Nothing));
    let mut cases = Vec::new();
    for kind in KINDS {
        for (count, rounds) in COUNTS {
            for (from, name) in FROM {
                // The short form has the most of them where something is done already.
                let quick = match (count == 32) == (from > 0) {
                    true => rounds.quick,
                    false => 0,
                };
                let rounds = Rounds { quick, ..rounds };
                let history = Rc::clone(&history);
                let attempt =
                    move |numbers: &mut Numbers| attempt(&history, kind, count, from, numbers);
                let name = format!("starters/{kind}/{count}/{name}");
                cases.push(Case::new(name, rounds, attempt));
            }
        }
    }
    cases
}

fn attempt(
    history: &History,
    kind: Kind,
    count: usize,
    from: usize,
    numbers: &mut Numbers,
) -> Happened {
    let place = Place::new(kind);
    if from > 0 {
        let line = format!("upgrade {}", id(from));
        history.run(&place, &line).success();
    }
    let starters = history.start_many(&place, count, numbers);
    let applied = applied(starters);
    assert_eq!(applied, history.revisions - from, "revisions applied");
    history.check(&place);
    Vec::new()
}
