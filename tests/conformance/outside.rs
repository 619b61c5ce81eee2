//! Many starters whose revisions leave their transactions: nobody waits for an index build that
//! waits for him.

use std::rc::Rc;

use alembic_tests::Numbers;

use crate::case::{Case, Happened, Rounds};
use crate::history::{Besides, History};
use crate::place::{KINDS, Kind, Place};
use crate::starter::applied;

const REVISIONS: usize = 30;
const STARTERS: usize = 6;
const ROUNDS: Rounds = Rounds { full: 10, quick: 1 };

pub(crate) fn cases() -> Vec<Case> {
    let history = Rc::new(History::new(REVISIONS, Besides::Outside));
    let case = |kind| {
        let history = Rc::clone(&history);
        let attempt = move |numbers: &mut Numbers| attempt(&history, kind, numbers);
        Case::new(format!("no-transaction/{kind}"), ROUNDS, attempt)
    };
    KINDS.map(case).into()
}

fn attempt(history: &History, kind: Kind, numbers: &mut Numbers) -> Happened {
    let place = Place::new(kind);
    let starters = history.start_many(&place, STARTERS, numbers);
    let applied = applied(starters);
    assert_eq!(applied, history.revisions, "revisions applied");
    if kind.is_served() {
        let valid = "SELECT count(*) FROM pg_index WHERE indexrelid::regclass::text LIKE 'i\\_r%' \
                     AND indisvalid";
        assert_eq!(place.query(valid), [(history.revisions / 3).to_string()]);
    }
    history.check(&place);
    Vec::new()
}
