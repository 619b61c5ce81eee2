//! The events that a run reports while it is under way.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use alembic_history::{Direction, RevisionId};

use crate::dangling::ForeignKey;
use crate::log::LoggedRevision;
use crate::notice::{Notice, NoticeOrigin};
use crate::report::Scenario;

/// An event of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A revision is about to be applied or reverted.
    StepStarted {
        /// The step.
        step: RunStep,
        /// How many steps come before it in this run.
        done: usize,
        /// How many steps the run has, as far as known.
        total: usize,
    },
    /// A revision is applied or reverted; it may still be rolled back.
    StepFinished {
        /// The step.
        step: RunStep,
        /// How long it took.
        took: Duration,
    },
    /// The scenario of a database that will be made ready.
    Found {
        /// The crate that it will be made ready for.
        package: String,
        /// The scenario.
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
    /// What is older than the revisions was created in an empty database.
    BaseCreated {
        /// The file that creates it, as it is shown.
        path: PathBuf,
    },
    /// Everything done so far is committed.
    Committed,
    /// The revisions before this one are about to be committed, although one transaction was to cover
    /// the whole run: PostgreSQL refuses to use a value of an enum in the transaction that adds it.
    /// If the run fails later, they stay applied.
    CommittingValue {
        /// The revision that uses the value.
        before: RevisionId,
        /// The value, as one of the revisions before it writes it.
        value: String,
    },
    /// Another session holds a lock on the database, and the run keeps waiting for it.
    Waiting {
        /// How long it has waited.
        waited: Duration,
        /// The holder of the lock, if the database shows it.
        holder: Option<Holder>,
    },
    /// A statement waits for locks of other sessions. In a transaction, it gives up after a few seconds,
    /// since others that need the same queue up after it, and the transaction is begun again. Outside of
    /// transactions, it waits until they are released, or the other transactions are over.
    Blocked {
        /// How long the statement has not been answered.
        waited: Duration,
        /// The sessions that it waits for.
        holders: Vec<Holder>,
    },
    /// The server, or a pooler in front of it, has no second connection to spare, and the run keeps
    /// waiting for one.
    NoConnection {
        /// How long it has waited.
        waited: Duration,
    },
    /// An earlier run has begun a statement outside of transactions and not recorded its end; it
    /// may still be running it, and the run waits.
    Unfinished {
        /// How long it has waited.
        waited: Duration,
        /// The process of the server that executes the statement, if the server shows it.
        process: Option<i32>,
    },
    /// A statement outside of transactions is about to be executed. A server does not stop it when the
    /// program ends.
    OutsideStatement {
        /// The process of the server that executes it.
        process: Option<i32>,
        /// The statement.
        sql: String,
    },
    /// The server answers neither the run nor a request on another connection; the run gives it up
    /// after half a minute.
    Silence {
        /// How long it has not answered.
        waited: Duration,
    },
    /// Foreign keys cannot be enforced, since their parents' columns need not be unique, so the run
    /// does not look for rows that dangle by them.
    ForeignKeysIgnored {
        /// The keys.
        keys: Vec<ForeignKey>,
    },
    /// A statement of a revision is about to be executed; in a run that
    /// [reports statements](crate::Runner::report_statements).
    StatementStarted {
        /// The statement, in short.
        summary: String,
    },
    /// A statement of a revision was executed; in a dry run, and in a run that
    /// [reports statements](crate::Runner::report_statements).
    Executed(Executed),
    /// The server has sent a notice about a statement of a file, or about a commit.
    Noticed {
        /// The notice.
        notice: Notice,
        /// The statement; `None` at a commit, which executes what was deferred.
        origin: Option<NoticeOrigin>,
    },
    /// A portion of a table's rows was copied, to rebuild it; only of a table with many rows.
    RowsCopied(RowsCopied),
    /// A table was rebuilt, to change it in a way that SQLite's own `ALTER TABLE` lacks.
    TableRebuilt(Rebuilt),
    /// Another program has moved the rows of the version table since the log was last written, and the
    /// log takes over what they stand for.
    Adopted {
        /// The rows that the log expected, separated by commas.
        before: String,
        /// The revisions that count as applied now.
        applied: Vec<RevisionId>,
        /// The new rows that no file declares.
        unknown: Vec<String>,
        /// The revisions that no longer count as applied.
        reverted: Vec<String>,
    },
    /// No log is kept of what the run does: the table belongs to a role that it has no reason to trust.
    LogNotKept {
        /// The table.
        table: String,
        /// The role.
        owner: String,
    },
    /// Revisions were applied with another content than their files have now.
    Edited {
        /// The revisions.
        revisions: Vec<LoggedRevision>,
    },
    /// The transaction met a lock or a deadlock, was rolled back, and is begun again.
    Retrying {
        /// The error of the database.
        error: String,
        /// How many times it has been begun again.
        retries: usize,
    },
}

/// A statement of a revision that was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Executed {
    /// The statement.
    pub sql: String,
    /// How long it took; `None` if it changes a table, and the events of rebuilds that follow say what
    /// it takes.
    pub took: Option<Duration>,
    /// What it destroys; found in a dry run only.
    pub losses: Vec<Lost>,
}

/// Something that a statement destroys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// What it is: the rows of a table, or the values of a column.
    pub what: String,
    /// How many there are.
    pub count: u64,
}

/// How far the copy of a table's rows is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowsCopied {
    /// The table.
    pub table: String,
    /// How many rows are copied.
    pub rows: u64,
    /// How many portions are copied; they span the same numbers of rowids, not of rows.
    pub portions: usize,
    /// How many portions there are.
    pub of: usize,
}

/// A table that was rebuilt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rebuilt {
    /// The database of the table.
    pub database: String,
    /// The table.
    pub table: String,
    /// The statements that rebuilt it.
    pub statements: Vec<String>,
    /// How many rows were copied.
    pub rows: u64,
    /// How long it took.
    pub took: Duration,
}

/// The session that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The server process of its connection.
    pub process: String,
    /// Its `application_name`.
    pub application: String,
    /// The user of its connection.
    pub user: String,
    /// The address that it is connected from.
    pub host: String,
    /// When its transaction began, in UTC.
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
    /// Its direction.
    pub direction: Direction,
}
