//! The requests of a run to a connection, and the rows that come back.

mod row;
mod watch;

use std::borrow::Cow;
use std::sync::Arc;

use alembic_history::{RowChange, VersionTable};

use crate::action::Action;
use crate::database_error::DatabaseError;

pub use row::Row;
pub(crate) use row::whole_seconds;
pub use watch::Watch;

/// One statement to execute.
///
/// The driver sends [`sql`](Self::sql) as it is. [`effect`](Self::effect) says what the statement
/// does to the connection, so no driver has to parse the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execute<'r> {
    pub(crate) sql: Cow<'r, str>,
    pub(crate) task: Task,
    /// The statement that undoes this one.
    pub(crate) undo: Option<Cow<'static, str>>,
    /// What to ask while it takes long.
    pub(crate) watch: Option<Arc<Watch>>,
}

/// The effect of a statement on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect<'e> {
    /// It begins a transaction; `rollback` is the statement that ends it when the run is dropped.
    Begins {
        /// The statement that rolls the transaction back.
        rollback: &'e str,
    },
    /// It commits the transaction.
    Commits,
    /// It rolls the transaction back; it is not an error if none is open any more.
    RollsBack,
    /// It changes a setting of the connection; `restore` is the statement that puts it back when the
    /// run is dropped.
    Sets {
        /// The statement that restores the setting.
        restore: &'e str,
    },
    /// It does none of these.
    Works,
}

impl<'r> Execute<'r> {
    pub(crate) fn new(task: Task, sql: impl Into<Cow<'r, str>>) -> Self {
        Self {
            sql: sql.into(),
            task,
            undo: None,
            watch: None,
        }
    }

    pub(crate) fn watched_by(mut self, watch: Option<Arc<Watch>>) -> Self {
        self.watch = watch;
        self
    }

    pub(crate) fn undone_by(mut self, undo: impl Into<Cow<'static, str>>) -> Self {
        self.undo = Some(undo.into());
        self
    }

    pub(crate) fn into_owned(self) -> Execute<'static> {
        Execute {
            sql: Cow::Owned(self.sql.into_owned()),
            task: self.task,
            undo: self.undo,
            watch: self.watch,
        }
    }

    /// Returns the statement, as it is sent to the database.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Returns what to ask while the statement takes long, if anything.
    #[must_use]
    pub fn watch(&self) -> Option<&Watch> {
        self.watch.as_deref()
    }

    /// Returns the effect of the statement on its connection.
    #[must_use]
    pub fn effect(&self) -> Effect<'_> {
        match (&self.task, self.undo.as_deref()) {
            (Task::Begin, Some(rollback)) => Effect::Begins { rollback },
            (Task::Commit, _) => Effect::Commits,
            (Task::Rollback, _) => Effect::RollsBack,
            (_, Some(restore)) => Effect::Sets { restore },
            (_, None) => Effect::Works,
        }
    }
}

/// One query that returns rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) task: Task,
}

impl Query {
    pub(crate) fn new(task: Task, sql: impl Into<Cow<'static, str>>) -> Self {
        Self {
            sql: sql.into(),
            task,
        }
    }

    /// Returns the query, as it is sent to the database.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Returns whether a pooler has to find a connection to the server for this query on the second
    /// connection, which has no transaction open. That may take any time while all of them are in
    /// use, so a driver gives up after a short one.
    #[must_use]
    pub fn needs_connection(&self) -> bool {
        matches!(
            self.task,
            Task::Lock(LockTask::Begin | LockTask::FindHolder)
        )
    }
}

/// The task of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Begin a transaction.
    Begin,
    /// Check whether the caller has begun one.
    FindTransaction,
    /// Read how the database rolls back transactions.
    ReadJournalMode,
    /// Set the settings of the transaction that has begun, and take the lock of this number in it.
    SetForTransaction(i64),
    /// Commit.
    Commit,
    /// Roll back.
    Rollback,
    /// Read the lock timeout.
    ReadLockTimeout,
    /// Set the lock timeout, in milliseconds.
    SetLockTimeout(String),
    /// Read whether foreign keys are enforced.
    ReadForeignKeys,
    /// Switch the enforcement of foreign keys.
    SwitchForeignKeys {
        /// Whether they are enforced from now on.
        on: bool,
    },
    /// Look for rows that dangle.
    ForeignKeys(ForeignKeyTask),
    /// Read what the databases of the connection hold.
    Catalog(CatalogTask),
    /// Change a table.
    Alter(AlterTask),
    /// Look for objects that do not work.
    FindBroken(BrokenTask),
    /// Count the rows that the connection has changed.
    CountChanges,
    /// Read the settings of the session.
    ReadSettings,
    /// Restore settings of the session: names and values.
    RestoreSettings(Vec<(String, Option<String>)>),
    /// Restore the settings of the session for the run's own work.
    SetForWork,
    /// Let the database read the next statements as the splitter did.
    RestoreReading,
    /// Put the constraints into the modes that they were declared with.
    RestoreModes,
    /// Read or write a version table.
    Versions(VersionTable, VersionTask),
    /// Read the table of another tool.
    ToolTable(ToolTask),
    /// Read or write the log.
    Log(LogTask),
    /// Read or write the table of progress.
    Progress(ProgressTask),
    /// Take, check or release the lock that keeps other migrators away.
    Lock(LockTask),
    /// Look at the indexes of a statement; carries the name in it.
    FindIndexes(String),
    /// List the tables of the database.
    ListTables,
    /// Set the settings for describing a schema.
    SetForDescription,
    /// Describe the schema.
    DescribeSchema,
    /// Run a statement of a revision or of a target schema.
    RunStatement,
}

/// A task on a version table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionTask {
    Find,
    Read,
    /// Read it together with the last row of the log.
    ReadWithLog,
    Create,
    Change(RowChange),
    Clear,
    Drop,
}

/// A task on the table of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToolTask {
    /// List its columns.
    Find,
    /// Keep the tool from running.
    Lock,
    Read,
}

/// A task on the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogTask {
    Create,
    Read,
    ReadWaysBack,
    /// Find the roles that could have written to it.
    FindWriters,
    Write,
}

/// A task of the search for dangling rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForeignKeyTask {
    /// Find the keys by which rows dangle.
    FindDangling,
    /// Let the database prepare its check of all keys.
    ExplainCheck,
    /// List the databases of the connection.
    ListDatabases,
    ListTables,
    /// List the foreign keys.
    List,
    ListIndexes,
    ReadPrimaryKey,
    /// Read the rows that dangle by one key.
    ReadRows,
}

/// A task of reading the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CatalogTask {
    ListDatabases,
    ListObjects,
}

/// A task of a change of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AlterTask {
    ReadSetting(&'static str),
    /// Switch the mode in which renaming a table leaves other objects as they are.
    SwitchLegacy {
        on: bool,
    },
    /// Execute a statement of a rebuild.
    Rebuild,
    /// Find the rows that are in the way.
    FindRows,
    /// Count what a statement destroys.
    Count,
    /// Find the lowest and the highest rowid of a table.
    FindBounds,
    /// Show how SQLite would execute a statement.
    Explain,
}

/// A task of the search for objects that do not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BrokenTask {
    /// Compile views or triggers.
    Compile,
    /// List functions or collations.
    ListOffered,
}

/// A task on the table of progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProgressTask {
    Create,
    Read,
    /// Write the row; `is_first` inserts it.
    Write {
        progress: Progress,
        is_first: bool,
    },
    Drop,
    /// Check whether the server still executes the statement that was begun.
    FindProcess,
    /// Find the process of the server that executes the statements of the run.
    FindOwnProcess,
}

/// A task about the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockTask {
    /// Become the one run that asks for its second connection.
    Enter,
    /// Let the next run ask for its one.
    Leave,
    Begin,
    /// Ask for it by its number.
    Try(i64),
    /// Keep the server from ending the transaction that holds it.
    Keep,
    Check,
    FindHolder,
    /// Find the sessions that a statement waits for.
    FindBlockers,
    Release,
}

/// The progress of a revision whose sections run outside of transactions: the row of the table of
/// progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The revision, as it is recorded.
    pub(crate) revision: String,
    /// The recorded direction.
    pub(crate) direction: String,
    /// How many of its statements are done.
    pub(crate) done: usize,
    /// Whether the next statement was begun and its end is not recorded.
    pub(crate) is_begun: bool,
    /// The digest of the statements that are done.
    pub(crate) digest: String,
    /// When the row was written, if it was read.
    pub(crate) since: String,
    /// The server process that runs the begun statement; `None` on SQLite.
    pub(crate) process: Option<i32>,
}

impl Progress {
    /// Reads a row of the table of progress.
    pub(crate) fn read(row: &Row) -> Result<Self, DatabaseError> {
        Ok(Self {
            revision: row.text(0)?.to_owned(),
            direction: row.text(1)?.to_owned(),
            done: row.number(2)?,
            is_begun: row.cell(3).is_some(),
            digest: row.text(4)?.to_owned(),
            since: row.text(5)?.to_owned(),
            process: match row.cell(6) {
                None => None,
                Some(_) => Some(row.number(6)?),
            },
        })
    }
}

impl Task {
    /// Returns the action that an error of this request names.
    pub(crate) fn action(&self) -> Action {
        match self {
            Self::Begin | Self::FindTransaction | Self::ReadJournalMode => Action::Begin,
            Self::SetForTransaction(_) | Self::ReadLockTimeout | Self::SetLockTimeout(_) => {
                Action::SetLockTimeout
            }
            Self::Commit => Action::Commit,
            Self::Rollback => Action::Rollback,
            Self::ReadForeignKeys | Self::SwitchForeignKeys { .. } => Action::SwitchForeignKeys,
            Self::ForeignKeys(_) => Action::CheckForeignKeys,
            Self::Catalog(_) => Action::ReadCatalog,
            Self::Alter(_) => Action::AlterTable,
            Self::FindBroken(_) => Action::FindBroken,
            Self::CountChanges => Action::CountChanges,
            Self::ReadSettings
            | Self::RestoreSettings(_)
            | Self::SetForWork
            | Self::RestoreReading
            | Self::RestoreModes => Action::KeepSettings,
            Self::Versions(_, task) => match task {
                VersionTask::Find => Action::FindVersionTable,
                VersionTask::Read | VersionTask::ReadWithLog => Action::ReadVersionTable,
                VersionTask::Create => Action::CreateVersionTable,
                VersionTask::Change(_) | VersionTask::Clear | VersionTask::Drop => {
                    Action::WriteVersionTable
                }
            },
            Self::ToolTable(task) => match task {
                ToolTask::Find | ToolTask::Read => Action::ReadToolTable,
                ToolTask::Lock => Action::LockTool,
            },
            Self::Log(task) => match task {
                LogTask::Read | LogTask::ReadWaysBack | LogTask::FindWriters => Action::ReadLog,
                LogTask::Create | LogTask::Write => Action::WriteLog,
            },
            Self::Progress(task) => match task {
                ProgressTask::Read | ProgressTask::FindProcess | ProgressTask::FindOwnProcess => {
                    Action::ReadProgress
                }
                ProgressTask::Create | ProgressTask::Write { .. } | ProgressTask::Drop => {
                    Action::WriteProgress
                }
            },
            Self::Lock(_) => Action::Lock,
            Self::FindIndexes(_) => Action::FindInvalidIndexes,
            Self::ListTables => Action::ListTables,
            Self::SetForDescription | Self::DescribeSchema => Action::DescribeSchema,
            Self::RunStatement => Action::RunStatement,
        }
    }
}

/// The outcome of the statements of one message.
#[derive(Debug, Default)]
pub struct Batch {
    /// How many rows each of them has changed, up to the one that failed.
    pub changed: Vec<u64>,
    /// The statement that failed, counted from 0, and its error.
    pub failed: Option<(usize, DatabaseError)>,
}
