//! What a run reports while it is under way.

use std::fmt;
use std::time::Duration;

use alembic_history::{Direction, RevisionId};

use crate::report::Scenario;

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A revision is about to be applied or reverted.
    StepStarted {
        /// The step.
        step: RunStep,
        /// How many steps come before it in this run.
        done: usize,
        /// How many steps the run has, as far as is known.
        total: usize,
    },
    /// A revision is applied or reverted; it may yet be rolled back.
    StepFinished {
        /// The step.
        step: RunStep,
        /// How long it took.
        took: Duration,
    },
    /// How a database was found that is to be made ready.
    Found {
        /// The crate that it is to be made ready for.
        package: String,
        /// How it was found.
        scenario: Scenario,
    },
    /// Nothing is pending for a crate.
    NothingPending {
        /// The crate.
        package: String,
    },
    /// The target schema of a crate was created whole.
    SchemaCreated {
        /// The crate.
        package: String,
    },
    /// Everything done so far is committed.
    Committed,
    /// Somebody else holds a lock on the database, and the run goes on waiting for it.
    Waiting {
        /// For how long it has waited.
        waited: Duration,
        /// Who holds it, where the database tells.
        holder: Option<Holder>,
    },
    /// An earlier run has begun a statement outside of transactions and not told how it ended; it
    /// may be at work on it yet, and the run waits for that.
    Unfinished {
        /// For how long it has waited.
        waited: Duration,
    },
    /// The transaction met a lock or a deadlock, was rolled back, and is begun again.
    Retrying {
        /// What the database said.
        error: String,
        /// How often it has been begun again.
        retries: usize,
    },
}

/// Who holds the lock of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The process of the database server that serves it.
    pub process: String,
    /// Its `application_name`.
    pub application: String,
    /// The user that it is connected as.
    pub user: String,
    /// Where it is connected from.
    pub host: String,
    /// Since when it holds the lock, in UTC.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.process)?;
        if !self.application.is_empty() {
            write!(f, " of `{}`", self.application)?;
        }
        write!(
            f,
            ", user {} at {}, since {} UTC",
            self.user, self.host, self.since
        )
    }
}

/// A revision that a run applies or reverts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunStep {
    /// The revision.
    pub revision: RevisionId,
    /// The revisions that it follows.
    pub down_revisions: Vec<RevisionId>,
    /// The first paragraph of its header.
    pub message: String,
    /// Which way it goes.
    pub direction: Direction,
}
