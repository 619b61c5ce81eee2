//! The state that a failure leaves, by the entries of the ledger.

use std::time::Duration;

use alembic_history::TransactionMode::Run as PerRun;
use alembic_history::{History, Node};

use super::revisions::{PLAIN, history};
use crate::ledger::{Ledger, UnfinishedEntry};
use crate::{DatabaseState, StepReport};

fn enter(ledger: &mut Ledger, history: &History, id: &str) {
    let node = history.graph().node(id).unwrap();
    ledger.enter(StepReport {
        revision: history.graph()[node].id.clone(),
        message: String::new(),
        took: Duration::ZERO,
    });
}

/// A name, the events of a run, and the state that a failure then leaves.
type Case<'c> = (&'c str, &'c dyn Fn(&mut Ledger), &'c str);

#[test]
fn the_state_follows_from_what_is_entered_and_committed() {
    let history = history(PLAIN);
    let step = |ledger: &mut Ledger, id: &str| enter(ledger, &history, id);
    let b = history.graph().node("b").unwrap();
    let cases: &[Case<'_>] = &[
        ("nothing", &|_| {}, "Unchanged"),
        (
            "a step that is open",
            &|ledger| step(ledger, "a"),
            "Unchanged",
        ),
        (
            "a step that is committed, and one that is open",
            &|ledger| {
                step(ledger, "a");
                ledger.commit();
                step(ledger, "b");
            },
            "Committed [a]",
        ),
        (
            "a stamp that is rolled back",
            &|ledger| {
                ledger.enter_stamp();
                ledger.roll_back();
                ledger.commit();
            },
            "Unchanged",
        ),
        (
            "a stamp that is committed",
            &|ledger| {
                ledger.enter_stamp();
                ledger.commit();
                ledger.roll_back();
            },
            "Committed []",
        ),
        (
            "a version table that is committed, and nothing else",
            &|ledger| {
                ledger.enter_version_table();
                ledger.commit();
            },
            "Unchanged",
        ),
        (
            "a schema that is created whole",
            &|ledger| {
                let all: Vec<Node> = history.graph().nodes().collect();
                ledger.enter_created(history.graph(), &all);
                ledger.commit();
            },
            "Committed [a, b]",
        ),
        (
            "a revision that is unfinished",
            &|ledger| {
                step(ledger, "a");
                ledger.commit();
                ledger.set_unfinished(UnfinishedEntry::describe(b, 1, true));
            },
            "Unfinished [a], b: 1 done, uncertain",
        ),
        (
            "a revision that is finished and committed",
            &|ledger| {
                ledger.set_unfinished(UnfinishedEntry::describe(b, 1, false));
                step(ledger, "b");
                ledger.commit();
            },
            "Committed [b]",
        ),
        (
            "a commit that is lost",
            &|ledger| {
                step(ledger, "a");
                ledger.commit();
                step(ledger, "b");
                ledger.lose_commit();
            },
            "Unknown [a], committing [b]",
        ),
        (
            "a lost commit of an unfinished revision",
            &|ledger| {
                ledger.set_unfinished(UnfinishedEntry::describe(b, 1, false));
                ledger.lose_commit();
            },
            "Unknown [], committing [], b: 1 done",
        ),
    ];
    for (name, fill, expected) in cases {
        let mut ledger = Ledger::default();
        fill(&mut ledger);
        let ids = |ids: &[alembic_history::RevisionId]| alembic_history::join(ids, ", ");
        let state = match ledger.state(history.graph(), PerRun) {
            DatabaseState::Unchanged => "Unchanged".to_owned(),
            DatabaseState::Committed {
                done, transaction, ..
            } => {
                assert_eq!(transaction, PerRun);
                format!("Committed [{}]", ids(&done))
            }
            DatabaseState::Unfinished {
                done,
                revision,
                statements,
                uncertain,
            } => {
                let uncertain = if uncertain { ", uncertain" } else { "" };
                let done = ids(&done);
                format!("Unfinished [{done}], {revision}: {statements} done{uncertain}")
            }
            DatabaseState::Unknown {
                done,
                committing,
                unfinished,
            } => {
                let unfinished = unfinished
                    .map(|(revision, statements)| format!(", {revision}: {statements} done"));
                format!(
                    "Unknown [{}], committing [{}]{}",
                    ids(&done),
                    ids(&committing),
                    unfinished.unwrap_or_default()
                )
            }
        };
        assert_eq!(state, *expected, "{name}");
    }
}

#[test]
fn a_revision_of_which_nothing_is_done_is_not_unfinished() {
    let history = history(PLAIN);
    let a = history.graph().node("a").unwrap();
    assert_eq!(UnfinishedEntry::describe(a, 0, false), None);
    for (statements, is_uncertain) in [(0, true), (1, false), (1, true)] {
        let unfinished = UnfinishedEntry::describe(a, statements, is_uncertain).unwrap();
        assert_eq!(unfinished.node, a);
        assert_eq!(unfinished.statements, statements);
        assert_eq!(unfinished.is_uncertain, is_uncertain);
    }
}

#[test]
fn a_command_can_begin_again_until_a_step_or_a_stamp_is_committed() {
    let history = history(PLAIN);
    let mut ledger = Ledger::default();
    enter(&mut ledger, &history, "a");
    ledger.enter_version_table();
    assert!(ledger.is_untouched());
    assert!(ledger.has_created_version_table());
    // The steps stay to be named, until they are run again.
    ledger.roll_back();
    assert!(!ledger.has_created_version_table());
    assert_eq!(ledger.steps().len(), 1);
    ledger.forget_open_steps();
    assert_eq!(ledger.steps(), []);

    enter(&mut ledger, &history, "a");
    ledger.commit();
    assert!(!ledger.is_untouched());
    enter(&mut ledger, &history, "b");
    ledger.forget_open_steps();
    assert_eq!(ledger.steps().len(), 1);

    let mut stamped = Ledger::default();
    stamped.enter_stamp();
    assert!(stamped.is_untouched());
    stamped.commit();
    assert!(!stamped.is_untouched());
}
