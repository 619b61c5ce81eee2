//! A migrator that loses one of its connections.

use std::rc::Rc;

use alembic_tests::Numbers;

use crate::case::{Case, Happened, Rounds};
use crate::history::{Besides, History};
use crate::place::{Kind, Place, SERVED};
use crate::starter::Starter;

const REVISIONS: usize = 60;
const WAITING: usize = 3;
const ROUNDS: Rounds = Rounds { full: 10, quick: 1 };

/// The exit code of a database that cannot be reached.
const LOST: i32 = 7;

/// The connections of a migrator: how the server tells them from others.
const CONNECTIONS: [(&str, &str); 2] = [
    (
        "lock",
        "SELECT l.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database() \
         AND a.query ~ '^SELECT 1$|transaction_timeout'",
    ),
    (
        "main",
        "SELECT l.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'transactionid' AND l.granted AND a.datname = current_database()",
    ),
];

const WAYS: [(&str, &str); 2] = [
    ("one-transaction", "upgrade"),
    ("per-revision", "upgrade --transaction-per-revision"),
];

pub(crate) fn cases() -> Vec<Case> {
    let history = Rc::new(History::new(REVISIONS, Besides::Work));
    let mut cases = Vec::new();
    for kind in SERVED {
        for (connection, query) in CONNECTIONS {
            for (way, line) in WAYS {
                let history = Rc::clone(&history);
                let attempt =
                    move |numbers: &mut Numbers| attempt(&history, kind, query, line, numbers);
                let name = format!("terminated/{kind}/{connection}/{way}");
                cases.push(Case::new(name, ROUNDS, attempt));
            }
        }
    }
    cases
}

fn attempt(
    history: &History,
    kind: Kind,
    query: &str,
    line: &str,
    numbers: &mut Numbers,
) -> Happened {
    let place = Place::new(kind);
    let mut holder = history.start(&place, line);
    assert!(holder.says("Running", 1 + numbers.below(REVISIONS * 2 / 3)));
    let waiting: Vec<Starter> = (0..WAITING).map(|_| history.start(&place, line)).collect();
    let terminate = format!("SELECT pg_terminate_backend(pid) FROM ({query}) AS found");
    let mut happened = Vec::new();
    // Between two transactions there is nothing to find.
    while holder.is_running() {
        if place.query(&terminate) == ["t"] {
            happened.push("terminated");
            break;
        }
    }
    for starter in [holder].into_iter().chain(waiting) {
        let ended = starter.end();
        if ended.status != Some(0) {
            ended.failure(LOST, "connection-lost");
            happened.push("reported");
        }
    }
    history.run(&place, "upgrade").success();
    history.check(&place);
    happened
}
