//! The reports of finished runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use alembic_history::{Direction, RevisionId, Versions};
use alembic_schema::{Change, ObjectKind, Schema};

use crate::log::LoggedRevision;

/// The report of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The direction of the steps.
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

/// The report of a stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StampReport {
    /// The rows of the version table before.
    pub before: Versions,
    /// The rows of the version table now.
    pub after: Versions,
}

/// The schema of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// The schema, without the version table, the log and the table of progress.
    pub schema: Schema,
    /// Whether the database has a version table.
    pub has_version_table: bool,
}

impl Inspection {
    /// Returns whether nothing was ever made here: there is neither a version table nor any other.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let mut objects = self.schema.objects.keys();
        !self.has_version_table && !objects.any(|id| id.kind == ObjectKind::Table)
    }
}

/// What revisions make in an empty database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    /// The rows of the version table.
    pub versions: Versions,
    /// The schema, without the version table, the log and the table of progress.
    pub schema: Schema,
}

/// How a database compares with what its revisions make.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// The rows of the version table.
    pub versions: Versions,
    /// The rows of the database that it was compared with. If they are others, the schemas are not
    /// compared: there are revisions between them.
    pub expected: Versions,
    /// What the database has otherwise than its revisions make it, as the changes that make it so.
    pub drift: Vec<Change>,
    /// The changes that would undo the drift.
    pub undo: Vec<Change>,
    /// What the database has and no comparison looks at, by kind.
    pub not_compared: BTreeMap<String, BTreeSet<String>>,
}

impl Verification {
    /// Returns whether the database is at the expected revisions, and has what they make.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.versions == self.expected && self.drift.is_empty()
    }
}

/// An unfinished revision: a section outside of transactions did not run to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedRevision {
    /// The revision, as it is recorded.
    pub revision: String,
    /// The recorded direction: `upgrade` or `downgrade`.
    pub direction: String,
    /// How many of its statements are done.
    pub statements: usize,
    /// The number of the statement that was begun and whose end is not recorded.
    pub begun: Option<usize>,
    /// When the progress was recorded, in UTC.
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

/// The status of a database: its revisions, compared with a history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The rows of the version table.
    pub versions: Versions,
    /// The revisions that are not applied yet, in the order in which they will be.
    pub pending: Vec<RevisionId>,
    /// The revisions that lie below the rows and never ran here, in the order in which they would be
    /// applied.
    pub hidden: Vec<RevisionId>,
    /// The revisions that were applied with another content than their files have now.
    pub edited: Vec<LoggedRevision>,
    /// The revisions that were applied, and that the files no longer have below the rows.
    pub removed: Vec<LoggedRevision>,
    /// The revision that an earlier run has left unfinished, if one has.
    pub unfinished: Option<UnfinishedRevision>,
    /// The tool that manages the database instead, if one does: revisions are not applied to it before it
    /// is taken over.
    pub managed_by: Option<OtherTool>,
}

/// Another migration tool, which manages a database that has no version table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherTool {
    /// The name of the tool, or of those that have such a table.
    pub name: &'static str,
    /// The table in which it records what it has run.
    pub table: String,
}

impl Status {
    /// Returns whether nothing is pending, hidden, removed or unfinished.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.pending.is_empty()
            && self.hidden.is_empty()
            && self.removed.is_empty()
            && self.unfinished.is_none()
    }
}

/// Whether a table existed already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ensured {
    /// It existed already.
    Existed,
    /// It was created.
    Created,
}

/// The state in which a database was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scenario {
    /// It had no version table, and no tables of this crate.
    Fresh,
    /// It had no version table, but tables.
    Legacy,
    /// It had a version table.
    Tracked,
}

/// The outcome of making a database ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing was done: it was at the heads.
    Ready,
    /// The target schema was created whole, and stamped at the heads.
    Created,
    /// Revisions were applied, or the database was stamped.
    Migrated,
    /// Nothing was done: the database is ahead of this program, and that is allowed.
    Ahead,
}

/// The report of making a database ready.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnsureReport {
    /// The crate.
    pub package: String,
    /// How the database was found.
    pub scenario: Scenario,
    /// The outcome.
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
