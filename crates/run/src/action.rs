//! The actions of a run besides revisions' statements, as errors name them.

use std::fmt;

/// An action of a run, as errors name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Connect to the server.
    Connect,
    /// Set the lock timeout.
    SetLockTimeout,
    /// Take the lock that keeps other migrators away.
    Lock,
    /// List the tables.
    ListTables,
    /// Describe the schema.
    DescribeSchema,
    /// Look for the version table.
    FindVersionTable,
    /// Read the version table.
    ReadVersionTable,
    /// Create the version table.
    CreateVersionTable,
    /// Change the version table.
    WriteVersionTable,
    /// Keep another tool from running.
    LockTool,
    /// Read the table of another tool.
    ReadToolTable,
    /// Read the log.
    ReadLog,
    /// Write to the log.
    WriteLog,
    /// Read the progress of an unfinished revision.
    ReadProgress,
    /// Record the progress of a revision.
    WriteProgress,
    /// Read or restore the settings of the session.
    KeepSettings,
    /// Look for invalid indexes.
    FindInvalidIndexes,
    /// Switch the enforcement of foreign keys.
    SwitchForeignKeys,
    /// Check foreign keys.
    CheckForeignKeys,
    /// Read the catalog.
    ReadCatalog,
    /// Change a table.
    AlterTable,
    /// Look for objects that do not work.
    FindBroken,
    /// Count the rows that were changed.
    CountChanges,
    /// Run a statement of a revision or of a target schema.
    RunStatement,
    /// Begin a transaction.
    Begin,
    /// Commit.
    Commit,
    /// End a transaction that has nothing to do.
    Rollback,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Connect => "connect",
            Action::SetLockTimeout => "set the lock timeout",
            Action::Lock => "take the migration lock",
            Action::ListTables => "list the tables",
            Action::DescribeSchema => "read the schema",
            Action::FindVersionTable => "look for the version table",
            Action::ReadVersionTable => "read the version table",
            Action::CreateVersionTable => "create the version table",
            Action::WriteVersionTable => "change the version table",
            Action::LockTool => "keep the other tool from running",
            Action::ReadToolTable => "read the table of the other tool",
            Action::ReadLog => "read the log of applied revisions",
            Action::WriteLog => "write to the log of applied revisions",
            Action::ReadProgress => "read the progress of an unfinished revision",
            Action::WriteProgress => "record the progress of a revision",
            Action::KeepSettings => "read or restore the session's settings",
            Action::FindInvalidIndexes => "look for invalid indexes",
            Action::SwitchForeignKeys => "switch the enforcement of foreign keys",
            Action::CheckForeignKeys => "check foreign keys",
            Action::ReadCatalog => "read the catalog",
            Action::AlterTable => "change a table",
            Action::FindBroken => "compile views and triggers",
            Action::CountChanges => "count the rows that were changed",
            Action::RunStatement => "run a statement",
            Action::Begin => "begin a transaction",
            Action::Commit => "commit",
            Action::Rollback => "end a transaction",
        })
    }
}
