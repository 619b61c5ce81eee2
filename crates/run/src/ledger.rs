//! The ledger of a run: its finished work, and how much of it is committed.

use std::time::Duration;

use alembic_history::{Graph, Node, RevisionId, TransactionMode};

use crate::report::StepReport;
use crate::state::DatabaseState;

/// The ledger of a run: its finished work, and how much of it is committed.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    steps: Vec<StepReport>,
    /// How many of the steps are committed.
    committed: usize,
    /// Whether a database without a version table was stamped at the baseline.
    stamp: Entry,
    /// Whether this run has created the version table.
    version_table: Entry,
    /// The revision that has committed statements but no row yet.
    unfinished: Option<UnfinishedEntry>,
    /// Whether the connection was lost while committing, so the outcome is unknown.
    is_outcome_unknown: bool,
}

/// The progress of an unfinished revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnfinishedEntry {
    pub(crate) node: Node,
    /// How many of its statements are committed.
    pub(crate) statements: usize,
    /// Whether the next one may have taken effect.
    pub(crate) is_uncertain: bool,
}

impl UnfinishedEntry {
    /// Creates the entry of a revision, unless no statement of it can have taken effect.
    pub(crate) fn describe(node: Node, statements: usize, is_uncertain: bool) -> Option<Self> {
        (statements > 0 || is_uncertain).then_some(Self {
            node,
            statements,
            is_uncertain,
        })
    }
}

/// An action that happens once in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Entry {
    #[default]
    Missing,
    Open,
    Committed,
}

impl Entry {
    fn commit(&mut self) {
        if *self == Self::Open {
            *self = Self::Committed;
        }
    }

    fn roll_back(&mut self) {
        if *self == Self::Open {
            *self = Self::Missing;
        }
    }
}

impl Ledger {
    /// Enters a revision that is done.
    pub(crate) fn enter(&mut self, step: StepReport) {
        self.steps.push(step);
    }

    /// Enters revisions that came with a target schema.
    pub(crate) fn enter_created(&mut self, graph: &Graph, nodes: &[Node]) {
        let steps = nodes.iter().map(|node| StepReport {
            revision: graph[*node].id.clone(),
            message: graph[*node].message.clone(),
            took: Duration::ZERO,
        });
        self.steps.extend(steps);
    }

    /// Enters the stamp at the baseline.
    pub(crate) fn enter_stamp(&mut self) {
        self.stamp = Entry::Open;
    }

    /// Enters that the version table was created.
    pub(crate) fn enter_version_table(&mut self) {
        self.version_table = Entry::Open;
    }

    /// Sets the progress of the revision whose sections run outside of transactions.
    pub(crate) fn set_unfinished(&mut self, unfinished: Option<UnfinishedEntry>) {
        self.unfinished = unfinished;
    }

    /// Returns the revisions that are done, in order.
    pub(crate) fn steps(&self) -> &[StepReport] {
        &self.steps
    }

    /// Returns whether the open transaction holds revisions that are done.
    pub(crate) fn has_open_steps(&self) -> bool {
        self.steps.len() > self.committed
    }

    /// Returns whether this run has created the version table.
    pub(crate) fn has_created_version_table(&self) -> bool {
        self.version_table != Entry::Missing
    }

    /// Returns whether the whole command can begin again: no step and no stamp is committed.
    pub(crate) fn is_untouched(&self) -> bool {
        self.committed == 0 && self.stamp != Entry::Committed
    }

    /// Marks everything entered so far as committed.
    pub(crate) fn commit(&mut self) {
        self.committed = self.steps.len();
        self.stamp.commit();
        self.version_table.commit();
        self.unfinished = None;
    }

    /// Records that a commit was lost, so that it is unknown whether it took effect.
    pub(crate) fn lose_commit(&mut self) {
        self.is_outcome_unknown = true;
    }

    /// Removes the entries that a rollback undoes; the steps stay, to be reported.
    pub(crate) fn roll_back(&mut self) {
        self.stamp.roll_back();
        self.version_table.roll_back();
    }

    /// Removes the steps that are not committed, before they are run again.
    pub(crate) fn forget_open_steps(&mut self) {
        self.steps.truncate(self.committed);
    }

    /// Returns the state that a failure leaves the database in.
    pub(crate) fn state(&self, graph: &Graph, transaction: TransactionMode) -> DatabaseState {
        let ids = |steps: &[StepReport]| -> Vec<RevisionId> {
            steps.iter().map(|step| step.revision.clone()).collect()
        };
        let (done, open) = self.steps.split_at(self.committed);
        let done = ids(done);
        match self.unfinished {
            _ if self.is_outcome_unknown => DatabaseState::Unknown {
                done,
                committing: ids(open),
                unfinished: self
                    .unfinished
                    .filter(|unfinished| unfinished.statements > 0)
                    .map(|unfinished| (graph[unfinished.node].id.clone(), unfinished.statements)),
            },
            Some(unfinished) => DatabaseState::Unfinished {
                done,
                revision: graph[unfinished.node].id.clone(),
                statements: unfinished.statements,
                uncertain: unfinished.is_uncertain,
            },
            None if self.is_untouched() => DatabaseState::Unchanged,
            None => DatabaseState::Committed {
                done,
                ready: Vec::new(),
                transaction,
            },
        }
    }
}
