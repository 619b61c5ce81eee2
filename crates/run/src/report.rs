//! What runs report when they are over.

use std::fmt;
use std::time::Duration;

use alembic_history::{Direction, RevisionId, Versions};

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Which way the steps went.
    pub direction: Direction,
    /// The revisions applied or reverted, in this order.
    pub steps: Vec<StepReport>,
    /// The rows of the version table before.
    pub before: Versions,
    /// The rows of the version table now.
    pub after: Versions,
}

/// A revision that a run applied or reverted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepReport {
    /// The revision.
    pub revision: RevisionId,
    /// The first paragraph of its header.
    pub message: String,
    /// How long it took, without the commit.
    pub took: Duration,
}

/// What a stamp did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StampReport {
    /// The rows of the version table before.
    pub before: Versions,
    /// The rows of the version table now.
    pub after: Versions,
}

/// A revision with a section outside of transactions that is done in part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedRevision {
    /// The revision, as it is recorded.
    pub revision: String,
    /// Which way it went, as it is recorded: `upgrade` or `downgrade`.
    pub direction: String,
    /// How many of its statements are done.
    pub statements: usize,
    /// The number of the statement that was begun, where nobody knows how that ended.
    pub begun: Option<usize>,
    /// When this was recorded, in UTC.
    pub since: String,
}

impl fmt::Display for UnfinishedRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            revision,
            direction,
            statements,
            begun,
            since,
        } = self;
        write!(f, "the {direction} of revision {revision} is unfinished: ")?;
        match begun {
            None => write!(f, "it stopped after statement {statements} at {since} UTC"),
            Some(begun) => write!(
                f,
                "statement {begun} was begun at {since} UTC and may have taken effect"
            ),
        }
    }
}

/// Where a database is, compared with a history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The rows of the version table.
    pub versions: Versions,
    /// The revisions that are not applied yet, in the order in which they will be.
    pub pending: Vec<RevisionId>,
}

impl Status {
    /// Returns whether nothing is pending.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.pending.is_empty()
    }
}

/// Whether a table was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ensured {
    /// It was there.
    Existed,
    /// It was created.
    Created,
}

/// How a database was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scenario {
    /// Without a version table, and without tables of this crate.
    Fresh,
    /// Without a version table, and with tables.
    Legacy,
    /// With a version table.
    Tracked,
}

/// What was done to make a database ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing: it was at the heads.
    Ready,
    /// The target schema was created whole, and stamped at the heads.
    Created,
    /// Revisions were applied, or the database was stamped.
    Migrated,
    /// Nothing: the database is ahead of this program, and that is allowed.
    Ahead,
}

/// How a database was found, and what was done to make it ready.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnsureReport {
    /// The crate.
    pub package: String,
    /// How the database was found.
    pub scenario: Scenario,
    /// What was done.
    pub outcome: Outcome,
    /// The rows of the version table before.
    pub before: Versions,
    /// The rows of the version table now.
    pub after: Versions,
    /// The revisions that were applied, in this order.
    pub steps: Vec<StepReport>,
    /// How long everything took.
    pub took: Duration,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scenario::Fresh => "fresh",
            Scenario::Legacy => "legacy",
            Scenario::Tracked => "tracked",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Ready => "ready",
            Outcome::Created => "created",
            Outcome::Migrated => "migrated",
            Outcome::Ahead => "ahead",
        })
    }
}
