//! The failures of a run, as data.

mod display;
mod statement;

use std::path::PathBuf;

use alembic_history::{
    Dialect, Direction, HistoryError, InvalidTableName, PlanError, Position, RequirementError,
    RevisionId, Versions,
};
use alembic_sql::SqlText;

use crate::action::Action;
use crate::alter::AlterFault;
use crate::broken::BrokenObject;
use crate::dangling::{ForeignKey, Violation};
use crate::database_error::DatabaseError;
use crate::log::{LogGap, LogWriter, LoggedRevision};
use crate::refused_request::RefusedRequest;
use crate::report::Verification;
use crate::target::SchemaRole;

pub use statement::{StatementLocation, StatementScope};

/// The reason why a run failed.
#[derive(Debug)]
pub enum Failure {
    /// The SQL of the revision files has faults.
    History(HistoryError),
    /// The command cannot be planned from the rows of the version table.
    Plan(PlanError),
    /// Several crates' histories do not fit together.
    Requirements(Vec<RequirementError>),
    /// Several crates keep their rows in the same version table of the database.
    SharedVersionTable {
        /// The table.
        table: String,
        /// The crates.
        packages: Vec<String>,
    },
    /// The database has no version table, and the table in which another migration tool records what
    /// it has run.
    ManagedByAnotherTool {
        /// The tool's table.
        table: String,
        /// The tool.
        tool: &'static str,
        /// The version table that does not exist.
        version_table: String,
    },
    /// No schema on the search path exists that the user may use, so there is no place where the version
    /// table is or could be.
    NoSchema,
    /// An object has the version table's name but is not a version table.
    MalformedVersionTable {
        /// The table.
        table: String,
        /// The reason.
        why: String,
    },
    /// The version table has no room for a revision's id.
    IdTooLong {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        path: PathBuf,
        /// The table.
        table: String,
        /// Whether the table exists.
        exists: bool,
        /// How many characters it holds, or would hold once it is created.
        limit: usize,
        /// The statement that makes room.
        make_room: String,
    },
    /// Revisions lie below the rows of the version table, and never ran on this database.
    Hidden {
        /// The revisions and their files, in the order in which they would be applied.
        revisions: Vec<(RevisionId, PathBuf)>,
        /// The direction of the command.
        direction: Direction,
    },
    /// Revisions were applied with another content than their files have now.
    Edited {
        /// The revisions, and their files.
        revisions: Vec<(LoggedRevision, PathBuf)>,
    },
    /// Revisions were applied here, and the files no longer have them below the rows of the version
    /// table.
    Removed {
        /// The revisions, and the files that declare them elsewhere.
        revisions: Vec<(LoggedRevision, Option<PathBuf>)>,
    },
    /// The version table holds rows that no file declares.
    UnknownRows {
        /// The rows.
        rows: Vec<String>,
        /// What the log knows of them, and of others that no file declares.
        logged: Vec<LoggedRevision>,
        /// Whether files declare others that the log has as applied; if it has any, and none is
        /// declared, the database is most likely that of another crate.
        is_known: bool,
    },
    /// A revision is neither hidden nor edited nor removed.
    NothingToAccept {
        /// The revision, as it was given.
        revision: String,
        /// Why not.
        why: Unacceptable,
    },
    /// A command needs the log, and the database has none for it.
    NoLog {
        /// The reason.
        gap: LogGap,
    },
    /// Others could have written to the log, so that its ways back are not run.
    UntrustedLog {
        /// The table.
        table: String,
        /// The roles.
        writers: Vec<LogWriter>,
    },
    /// The log or the version table changed after the way back was shown.
    WayBackMoved {
        /// The revisions that would have been reverted, the first one first.
        shown: Vec<RevisionId>,
        /// Those that would be reverted now.
        found: Vec<RevisionId>,
    },
    /// The log could not be written as planned, so something else changes it.
    LogRowCount {
        /// The table.
        table: String,
        /// How many rows were to be added.
        expected: usize,
        /// How many were.
        changed: u64,
    },
    /// A revision cannot be reverted.
    Irreversible {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        path: PathBuf,
        /// The reason that the file declares; `None` if it has no downgrade section at all.
        reason: Option<String>,
    },
    /// A statement of a revision failed.
    Statement {
        /// The location of the statement.
        location: Box<StatementLocation>,
        /// The database's error.
        error: DatabaseError,
        /// What it ran in.
        scope: StatementScope,
    },
    /// A change of a table could not be carried out.
    Alter {
        /// The location of the statement.
        location: Box<StatementLocation>,
        /// What is in the way.
        fault: AlterFault,
        /// What it ran in.
        scope: StatementScope,
    },
    /// A statement of a schema failed.
    Schema {
        /// What it was to create.
        role: SchemaRole,
        /// The file.
        path: PathBuf,
        /// What is written in it.
        text: SqlText,
        /// The line and column of the error.
        position: Position,
        /// The database's error.
        error: DatabaseError,
    },
    /// The version table could not be changed as planned, so something else changes it.
    RowCount {
        /// The table.
        table: String,
        /// The statement.
        sql: String,
        /// How many rows it changed instead of one.
        changed: u64,
    },
    /// The version table does not hold the rows that this run wrote: a statement of a revision or a
    /// trigger changed it, or another session did while a section ran outside a transaction.
    RowsMoved {
        /// The rows that were expected.
        expected: Versions,
        /// The rows found.
        found: Versions,
    },
    /// The commit would leave dangling rows.
    ForeignKeys {
        /// The tables, and how many rows dangle.
        violations: Vec<Violation>,
        /// The revisions that may have left them, in the order in which they ran.
        suspects: Vec<RevisionId>,
    },
    /// The commit would leave objects that do not work.
    Broken {
        /// The objects.
        objects: Vec<BrokenObject>,
        /// The revision that would run next, if it has a transaction of its own for no other reason than that
        /// each revision has.
        next: Option<RevisionId>,
    },
    /// Revisions leave foreign keys to columns that need not be unique, so that no row could be
    /// checked.
    ForeignKeyMismatch {
        /// The keys.
        keys: Vec<ForeignKey>,
        /// The revisions that may have left them.
        suspects: Vec<RevisionId>,
    },
    /// The version table cannot have its name, or would be another table than the one that is meant.
    InvalidVersionTable {
        /// The table, as it would be written in SQL.
        table: String,
        /// What is wrong with its name, or that of its schema.
        why: InvalidTableName,
    },
    /// The revision files were not checked for the dialect of the database.
    UncheckedDialect {
        /// The dialect.
        dialect: Dialect,
    },
    /// A revision has a section outside of transactions, and the driver has no second connection to
    /// keep other migrators away during it.
    NoSecondConnection {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        path: PathBuf,
    },
    /// A dry run would come to a section outside of transactions, which cannot be taken back.
    NotTakenBack {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        path: PathBuf,
    },
    /// A scratch database is not empty, so that it may be another one than the one that is meant.
    NotEmpty {
        /// Its tables.
        tables: Vec<String>,
    },
    /// The database has something else than its revisions make.
    Drift(Box<Verification>),
    /// A revision is unfinished, and the run would not continue it.
    Unfinished {
        /// The revision.
        revision: String,
        /// The recorded direction.
        direction: String,
        /// How many of its statements are done.
        statements: usize,
    },
    /// A statement outside of transactions was begun, and its end was not recorded.
    Interrupted {
        /// The location of the statement.
        location: Box<StatementLocation>,
        /// The direction of the revision.
        direction: Direction,
        /// When the statement was begun.
        since: String,
        /// The process of the server that may still be executing it.
        process: Option<i32>,
        /// The answer of the database's catalog about it, if there is one.
        found: Option<String>,
        /// Whether the catalog says that it did not take effect.
        has_not: bool,
    },
    /// Statements of an unfinished revision were changed after they were done.
    ChangedMeanwhile {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        path: PathBuf,
        /// How many of its statements are done.
        statements: usize,
    },
    /// An index was only partly built or dropped, and is invalid.
    InvalidIndex {
        /// The location of the statement that builds or drops it.
        location: Box<StatementLocation>,
        /// The index.
        index: String,
    },
    /// A statement of the run itself failed.
    Database {
        /// The action that failed.
        action: Action,
        /// The database's error.
        error: DatabaseError,
    },
}

/// The reason why nothing can be accepted about a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unacceptable {
    /// The files and the log agree about it.
    Same,
    /// Neither a file nor the log has it.
    Unknown,
    /// It is a row of the version table, and no file declares it.
    Row,
    /// No file declares it, and what is above it in the version table is not declared either.
    BelowUnknownRow,
}

impl From<RefusedRequest> for Failure {
    fn from(refused: RefusedRequest) -> Self {
        let RefusedRequest { action, error } = refused;
        Self::Database { action, error }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}

impl Failure {
    /// Returns the location of the statement that failed or is in doubt, if there is one.
    #[must_use]
    pub fn location(&self) -> Option<&StatementLocation> {
        match self {
            Self::Statement { location, .. }
            | Self::Alter { location, .. }
            | Self::Interrupted { location, .. }
            | Self::InvalidIndex { location, .. } => Some(location),
            _ => None,
        }
    }

    /// Returns the database's own error, if there is one.
    #[must_use]
    pub fn database_error(&self) -> Option<&DatabaseError> {
        match self {
            Self::Statement { error, .. }
            | Self::Schema { error, .. }
            | Self::Database { error, .. } => Some(error),
            Self::History(_)
            | Self::Plan(_)
            | Self::Requirements(_)
            | Self::ManagedByAnotherTool { .. }
            | Self::NoSchema
            | Self::MalformedVersionTable { .. }
            | Self::IdTooLong { .. }
            | Self::Hidden { .. }
            | Self::Edited { .. }
            | Self::Removed { .. }
            | Self::UnknownRows { .. }
            | Self::NothingToAccept { .. }
            | Self::NoLog { .. }
            | Self::UntrustedLog { .. }
            | Self::WayBackMoved { .. }
            | Self::LogRowCount { .. }
            | Self::Irreversible { .. }
            | Self::Alter { .. }
            | Self::RowCount { .. }
            | Self::RowsMoved { .. }
            | Self::ForeignKeys { .. }
            | Self::ForeignKeyMismatch { .. }
            | Self::Broken { .. }
            | Self::SharedVersionTable { .. }
            | Self::InvalidVersionTable { .. }
            | Self::UncheckedDialect { .. }
            | Self::NoSecondConnection { .. }
            | Self::NotTakenBack { .. }
            | Self::NotEmpty { .. }
            | Self::Drift(_)
            | Self::Unfinished { .. }
            | Self::Interrupted { .. }
            | Self::ChangedMeanwhile { .. }
            | Self::InvalidIndex { .. } => None,
        }
    }
}
