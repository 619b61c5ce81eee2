//! The run machine: what to ask of a database, in which order, and what its answers mean.
//!
//! A [`Run`] never touches a database. It hands out one [`Request`] after the other, and a driver
//! carries each out and comes back with a [`Reply`]:
//!
//! ```
//! use alembic_history::{Dialect, History};
//! use alembic_run::{Reply, Request, Runner, Turn};
//!
//! let history = History::default();
//! let runner = Runner::new(&history, Dialect::Sqlite);
//! let mut run = runner.upgrade("heads");
//! let mut reply = Reply::Nothing;
//! let report = loop {
//!     reply = match run.resume(reply) {
//!         Turn::Ask(Request::Query(_)) => Reply::Rows(vec![]), // an empty database
//!         Turn::Ask(Request::Execute(_)) => Reply::Changed(0), // settings of the connection
//!         Turn::Ask(Request::Batch(_) | Request::Aside(_)) => Reply::Nothing,
//!         Turn::Ask(Request::Pause(_) | Request::Event(_)) => Reply::Nothing,
//!         Turn::Done(outcome) => break outcome.unwrap(),
//!     }
//! };
//! assert!(report.steps.is_empty());
//! ```
//!
//! A driver for a new database is that loop, and nothing else.

mod commands;
mod describe;
mod digest;
mod ensure;
mod error;
mod exchange;
mod foreign_keys;
mod index;
mod lock;
mod outside;
mod pieces;
mod progress;
mod refusal;
mod script;
mod session;
mod steps;
mod version_table;

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use alembic_history::{Dialect, Direction, History, RevisionId, TransactionMode, VersionTable};

pub use ensure::{Ahead, EnsureReport, Outcome, Scenario, Schema, Target, ensure_ready};
pub use error::{
    Action, DatabaseError, DatabaseErrorKind, DatabaseState, FailureKind, Fault, Place, RunError,
    Violation,
};
pub use exchange::{Run, Turn};
pub(crate) use progress::{Record, create_records};
pub(crate) use refusal::Refusal;
pub use script::{Obstacle, ScriptError};
pub(crate) use session::changed_rows;

/// What a driver is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'r> {
    /// Execute one statement; the reply is how many rows it changed.
    Execute(Cow<'r, str>),
    /// Execute these statements one after the other, up to the first that fails, in one message to
    /// the server; the reply is how far that went, or nothing where the driver has no such
    /// messages. Runs on SQLite never ask for it.
    Batch(Vec<Cow<'r, str>>),
    /// Execute one query; the reply is its rows, as text.
    Query(Cow<'r, str>),
    /// Execute one query on a second connection to the same database, which is opened when it is
    /// first asked for and closed when the run is over; the reply is its rows, or nothing where
    /// the driver has no second connection. Runs on SQLite never ask for it.
    Aside(Cow<'r, str>),
    /// Wait; the reply is nothing.
    Pause(Duration),
    /// Nothing: the run tells how far it is, and expects no reply.
    Event(Event),
}

/// What a driver comes back with.
#[derive(Debug)]
pub enum Reply {
    /// Nothing: to begin with, after an event or a pause, and to what the driver cannot do where a
    /// request says so.
    Nothing,
    /// The statement is executed and changed so many rows.
    Changed(u64),
    /// How far the statements of a batch are executed.
    Batch(Batch),
    /// The rows of the query; a value that is no text is given as text, NULL as nothing.
    Rows(Vec<Vec<Option<String>>>),
    /// The database refused.
    Failed(DatabaseError),
}

/// How far the statements of a batch are executed.
#[derive(Debug, Default)]
pub struct Batch {
    /// How many rows each of them has changed, up to the one that failed.
    pub changed: Vec<u64>,
    /// Which one failed, counted from 0, and why.
    pub failed: Option<(usize, DatabaseError)>,
}

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

/// What a run does about a statement outside of transactions that may have happened, because the
/// run that began it never told how it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interrupted {
    /// It refuses to go on.
    #[default]
    Refuse,
    /// It runs the statement again.
    Again,
    /// It takes the statement for done.
    Skip,
}

/// What a stamp does with rows that no file explains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purge {
    /// It refuses to touch them.
    #[default]
    No,
    /// It empties the version table first.
    Yes,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Which way the steps went.
    pub direction: Direction,
    /// The revisions applied or reverted, in this order.
    pub steps: Vec<StepReport>,
    /// The rows of the version table before.
    pub before: Vec<RevisionId>,
    /// The rows of the version table now.
    pub after: Vec<RevisionId>,
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
    /// The rows of the version table before, whether or not a file explains them.
    pub before: Vec<String>,
    /// The rows of the version table now.
    pub after: Vec<RevisionId>,
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
            None => write!(f, "it stopped behind statement {statements} at {since} UTC"),
            Some(begun) => write!(
                f,
                "statement {begun} was begun at {since} UTC and may have happened"
            ),
        }
    }
}

/// Where a database is, compared with a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The rows of the version table.
    pub rows: Vec<RevisionId>,
    /// The revisions that are not applied yet, in the order in which they will be.
    pub pending: Vec<RevisionId>,
}

impl Check {
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

/// One history, and how to bring databases to it.
#[derive(Clone, Debug)]
pub struct Runner<'h> {
    /// The history.
    pub history: &'h History,
    /// What the database speaks.
    pub dialect: Dialect,
    /// Where the database keeps which revisions it is at.
    pub version_table: VersionTable,
    /// How much goes into one transaction.
    pub transaction: TransactionMode,
    /// How long to wait for a lock that somebody else holds.
    pub lock_timeout: Duration,
    /// What is done about a statement that may have happened.
    pub interrupted: Interrupted,
    /// Tells the time since some fixed moment.
    pub clock: fn() -> Duration,
}

/// How long a run waits for a lock, unless it is told otherwise.
pub const DEFAULT_LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// Tells the time since it was first asked.
fn monotonic() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

impl<'h> Runner<'h> {
    /// Creates a runner with the default version table, one transaction for the whole run, and
    /// [`DEFAULT_LOCK_TIMEOUT`].
    #[must_use]
    pub fn new(history: &'h History, dialect: Dialect) -> Self {
        Self {
            history,
            dialect,
            version_table: VersionTable::default(),
            transaction: TransactionMode::default(),
            lock_timeout: DEFAULT_LOCK_TIMEOUT,
            interrupted: Interrupted::default(),
            clock: monotonic,
        }
    }
}

#[cfg(test)]
mod tests;
