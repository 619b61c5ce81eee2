//! A migrator that is killed while others wait for it: they go on, or the next one does.

use std::rc::Rc;
use std::thread::sleep;
use std::time::Duration;

use alembic_tests::Numbers;

use crate::case::{Case, Happened, Rounds};
use crate::history::{Besides, History, check_log};
use crate::place::{KINDS, Kind, Place};
use crate::starter::{Ended, Starter};

const REVISIONS: usize = 60;
const WAITING: usize = 3;
const ROUNDS: Rounds = Rounds { full: 25, quick: 1 };

/// The exit code of a migration that cannot go on by itself.
const FAILED: i32 = 8;

/// The exit code of a lock that somebody else holds.
const BUSY: i32 = 7;

/// At most so many statements of a history can be in doubt: each is found by another start.
const DOUBTS: usize = 5;

/// How a history is applied.
const WAYS: [(&str, Besides, &str); 3] = [
    ("one-transaction", Besides::Work, "upgrade"),
    (
        "per-revision",
        Besides::Work,
        "upgrade --transaction-per-revision",
    ),
    ("no-transaction", Besides::Outside, "upgrade"),
];

pub(crate) fn cases() -> Vec<Case> {
    let histories = [Besides::Work, Besides::Outside]
        .map(|besides| (besides, Rc::new(History::new(REVISIONS, besides))));
    let mut cases = Vec::new();
    for kind in KINDS {
        for (name, besides, line) in WAYS {
            let mut histories = histories.iter();
            let (_, history) = histories.find(|(of, _)| *of == besides).unwrap();
            let history = Rc::clone(history);
            let attempt = move |numbers: &mut Numbers| match besides {
                Besides::Outside => outside(&history, kind, line, numbers),
                Besides::Nothing | Besides::Work => inside(&history, kind, line, numbers),
            };
            cases.push(Case::new(format!("sigkill/{kind}/{name}"), ROUNDS, attempt));
        }
    }
    cases
}

/// What is started, and when it is killed.
struct Start<'s> {
    upgrade: &'s str,
    ensure: &'s str,
    /// Of which revisions one is begun at last: every second one, say.
    every: usize,
    /// For how long that goes on at most.
    micros: usize,
}

/// Kills a migrator after some of its revisions and a part of the next, while others wait for it;
/// returns what came of those, and whether it was still running.
fn kill(
    history: &History,
    place: &Place,
    start: &Start<'_>,
    numbers: &mut Numbers,
) -> (Vec<Ended>, Happened) {
    let revisions = start.every * numbers.below(REVISIONS / start.every + 1);
    let more = match revisions {
        // Before anything: it reads files, connects, and waits for a lock.
        0 => numbers.below(60_000),
        _ => numbers.below(start.micros),
    };
    let mut holder = history.start(place, start.upgrade);
    if revisions > 0 {
        holder.says("Running", 1);
    }
    let waiting: Vec<Starter> = (0..WAITING)
        .map(|_| history.start(place, numbers.one_of(&[start.ensure, start.upgrade])))
        .collect();
    holder.says("Running", revisions);
    sleep(Duration::from_micros(more.try_into().unwrap()));
    let happened = match holder.kill() {
        true => vec!["killed"],
        false => Vec::new(),
    };
    let waited = waiting.into_iter().map(Starter::end).collect();
    check_log(place);
    (waited, happened)
}

fn inside(history: &History, kind: Kind, line: &str, numbers: &mut Numbers) -> Happened {
    let place = Place::new(kind);
    let start = Start {
        upgrade: line,
        ensure: "ensure",
        every: 1,
        micros: 8_000,
    };
    let (waited, happened) = kill(history, &place, &start, numbers);
    for ended in waited {
        ended.success();
    }
    let next = history.run(&place, "upgrade").success();
    assert_eq!(next.revisions(), 0, "something was left to do: {next}");
    history.check(&place);
    happened
}

fn outside(history: &History, kind: Kind, line: &str, numbers: &mut Numbers) -> Happened {
    let place = Place::new(kind);
    // On SQLite, nobody can tell whether a statement is still executed.
    let patience = if kind.is_served() { 30 } else { 1 };
    let [ensure, line] = ["ensure", line].map(|line| format!("{line} --lock-timeout {patience}"));
    let start = Start {
        upgrade: &line,
        ensure: &ensure,
        // Those with a section outside of transactions.
        every: 3,
        micros: 25_000,
    };
    let (waited, mut happened) = kill(history, &place, &start, numbers);
    for ended in waited {
        match ended.status {
            Some(0) => {}
            // Whoever writes without a pause keeps others from a file for longer.
            Some(BUSY) if !kind.is_served() => {
                ended.failure(BUSY, "database-busy");
            }
            _ => {
                ended.failure(FAILED, "interrupted-statement");
            }
        }
    }
    let mut decided = line.clone();
    for _ in 0..DOUBTS {
        let ended = history.run(&place, &decided);
        if ended.status == Some(0) {
            history.check(&place);
            return happened;
        }
        let ended = ended.failure(FAILED, "interrupted-statement");
        check_log(&place);
        happened.push("in doubt");
        decided = format!("{line} --interrupted {}", decide(&place, &ended));
    }
    panic!("one statement after the other is in doubt");
}

/// Looks whether a statement that is in doubt has happened, as the error says.
fn decide(place: &Place, ended: &Ended) -> &'static str {
    let said = &ended.said;
    let (_, revision) = said.split_once(" of revision ").unwrap();
    let revision = &revision[..4];
    let is_index = said.contains("may have taken effect: CREATE INDEX");
    let what = match said.contains("statement 7 of") {
        true => "again",
        false => "outside",
    };
    let query = match place.kind.is_served() {
        _ if !is_index => format!("SELECT 'done' FROM log WHERE revision = '{revision} {what}'"),
        false => format!("SELECT 'done' FROM sqlite_master WHERE name = 'i_{revision}'"),
        true => format!(
            "SELECT CASE WHEN indisvalid THEN 'done' ELSE 'invalid' END FROM pg_index \
             WHERE indexrelid = to_regclass('i_{revision}')"
        ),
    };
    let found = place.query(&query).pop().unwrap_or_default();
    if place.kind.is_served() && is_index {
        let told = match found.as_str() {
            "done" => "exists and is valid",
            "invalid" => "exists, but is invalid",
            _ => "there is no index",
        };
        assert!(said.contains(told), "the index is {found:?}: {ended}");
    }
    match found.as_str() {
        "done" => "skip",
        "invalid" => {
            place.execute(&format!("DROP INDEX CONCURRENTLY i_{revision}"));
            "again"
        }
        _ => "again",
    }
}
