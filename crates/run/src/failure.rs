//! The failures of a run, as data.

mod statement;

use std::fmt;
use std::path::PathBuf;

use alembic_history::{
    Dialect, Direction, HistoryError, InvalidTableName, PlanError, Position, RequirementError,
    RevisionId, Versions, join,
};

use crate::action::Action;
use crate::dangling::{ForeignKey, Violation};
use crate::database_error::DatabaseError;
use crate::log::LoggedRevision;
use crate::refused_request::RefusedRequest;

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
    },
    /// A revision is neither hidden nor edited nor removed.
    NothingToAccept {
        /// The revision, as it was given.
        revision: String,
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
    /// A statement of the target schema failed.
    Schema {
        /// The file.
        path: PathBuf,
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
    /// Revisions leave foreign keys to columns that need not be unique, so that no row could be
    /// checked.
    ForeignKeyMismatch {
        /// The keys.
        keys: Vec<ForeignKey>,
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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::History(error) => error.fmt(f),
            Self::Plan(error) => error.fmt(f),
            Self::Requirements(errors) => {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                f.write_str(&errors.join("; "))
            }
            Self::SharedVersionTable { table, packages } => write!(
                f,
                "the crates {} share the version table {table}",
                packages.join(", ")
            ),
            Self::ManagedByAnotherTool {
                table,
                tool,
                version_table,
            } => write!(
                f,
                "another tool manages this database: it has {table}, the table of {tool}, and no \
                 {version_table}, so it must be stamped first"
            ),
            Self::MalformedVersionTable { table, why } => {
                write!(f, "{table} is not a version table: {why}")
            }
            Self::IdTooLong {
                revision,
                table,
                exists,
                limit,
                ..
            } => {
                let length = revision.length();
                let holds = if *exists { "holds" } else { "would hold" };
                write!(
                    f,
                    "the id of revision {revision} has {length} characters, but the version table \
                     {table} {holds} {limit}"
                )
            }
            Self::Hidden { revisions } => {
                let ids: Vec<&str> = revisions.iter().map(|(id, _)| id.as_str()).collect();
                let (s, have) = plural(ids.len());
                write!(
                    f,
                    "revision{s} {} {have} never run on this database, but lie{} below its version",
                    ids.join(", "),
                    if ids.len() == 1 { "s" } else { "" }
                )
            }
            Self::Edited { revisions } => {
                let ids: Vec<&str> = ids(revisions);
                let (s, have) = plural(ids.len());
                write!(
                    f,
                    "revision{s} {} {have} been changed since this database applied {}",
                    ids.join(", "),
                    if ids.len() == 1 { "it" } else { "them" }
                )
            }
            Self::Removed { revisions } => {
                let ids: Vec<&str> = ids(revisions);
                let s = plural(ids.len()).0;
                write!(
                    f,
                    "this database has applied revision{s} {}, which the files no longer have below \
                     its version",
                    ids.join(", ")
                )
            }
            Self::UnknownRows { rows, .. } => PlanError::UnknownRows { rows: rows.clone() }.fmt(f),
            Self::NothingToAccept { revision } => write!(
                f,
                "the files and the log of this database say the same of {revision:?}"
            ),
            Self::LogRowCount {
                table,
                expected,
                changed,
            } => write!(
                f,
                "expected to add {expected} rows to {table}, added {changed}"
            ),
            Self::Irreversible {
                revision, reason, ..
            } => match reason {
                Some(reason) => write!(f, "revision {revision} is irreversible: {reason}"),
                None => write!(
                    f,
                    "revision {revision} is irreversible: it has no downgrade section"
                ),
            },
            Self::Statement {
                location,
                error,
                scope,
            } => {
                write!(
                    f,
                    "{}:{}: statement {} of revision {} failed: {error}",
                    location.path.display(),
                    location.position,
                    location.statement,
                    location.revision
                )?;
                match scope.leftover() {
                    [] => Ok(()),
                    indexes => write!(f, "; it left an invalid index: {}", indexes.join(", ")),
                }
            }
            Self::Schema {
                path,
                position,
                error,
            } => write!(
                f,
                "{}:{position}: the target schema failed: {error}",
                path.display()
            ),
            Self::RowCount {
                table,
                sql,
                changed,
            } => write!(
                f,
                "expected to change one row of {table}, changed {changed}: {sql}"
            ),
            Self::RowsMoved { expected, found } => write!(
                f,
                "the version table changed meanwhile: expected {}, found {}",
                rows(expected),
                rows(found)
            ),
            Self::ForeignKeys {
                violations,
                suspects,
            } => {
                f.write_str("rows would refer to rows that do not exist: ")?;
                for (index, violation) in violations.iter().enumerate() {
                    let Violation {
                        table,
                        parent,
                        rows,
                    } = violation;
                    let separator = if index > 0 { ", " } else { "" };
                    write!(f, "{separator}{rows} of {table} to {parent}")?;
                }
                if !suspects.is_empty() {
                    write!(f, ", left by revision {}", join(suspects, " or "))?;
                }
                Ok(())
            }
            Self::ForeignKeyMismatch { keys } => write!(
                f,
                "foreign key mismatch: {} cannot be enforced, since the referenced columns need \
                 not be unique",
                and(keys)
            ),
            Self::InvalidVersionTable { table, why } => {
                write!(f, "the name of the version table {table} {why}")
            }
            Self::UncheckedDialect { dialect } => {
                write!(
                    f,
                    "the revisions are not checked for {}: add \"{dialect}\" to `dialects` in the \
                     configuration of their crate",
                    dialect.product()
                )
            }
            Self::NoSecondConnection { revision, .. } => write!(
                f,
                "revision {revision} has a section outside a transaction, and a single connection \
                 cannot keep other migrators away during it"
            ),
            Self::Unfinished {
                revision,
                direction,
                statements,
            } => {
                let are = if *statements == 1 { "is" } else { "are" };
                write!(
                    f,
                    "the {direction} of revision {revision} is unfinished: {statements} of its \
                     statements {are} done"
                )
            }
            Self::Interrupted {
                location,
                since,
                process,
                found,
                has_not,
                ..
            } => {
                let may_have = match (process, has_not) {
                    (Some(process), _) => {
                        format!("may still be running in process {process} of the server")
                    }
                    (None, true) => "did not take effect".to_owned(),
                    (None, false) => "may have taken effect".to_owned(),
                };
                write!(
                    f,
                    "statement {} of revision {} was begun at {since} UTC and {may_have}: {}",
                    location.statement, location.revision, location.summary
                )?;
                match found {
                    Some(found) => write!(f, " ({found})"),
                    None => Ok(()),
                }
            }
            Self::ChangedMeanwhile {
                revision,
                statements,
                ..
            } => write!(
                f,
                "the first {statements} statements of revision {revision} are done, and have \
                 been changed since"
            ),
            Self::InvalidIndex { index, .. } => {
                write!(
                    f,
                    "the index {index} is invalid: it was only partly built or dropped"
                )
            }
            Self::Database { action, error } => write!(f, "cannot {action}: {error}"),
        }
    }
}

fn ids<P>(revisions: &[(LoggedRevision, P)]) -> Vec<&str> {
    let revisions = revisions.iter();
    revisions
        .map(|(logged, _)| logged.revision.as_str())
        .collect()
}

/// Returns the ending of a noun, and the verb, for so many of something.
fn plural(count: usize) -> (&'static str, &'static str) {
    match count {
        1 => ("", "has"),
        _ => ("s", "have"),
    }
}

fn and(keys: &[ForeignKey]) -> String {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    keys.join(" and ")
}

fn rows(versions: &Versions) -> String {
    if versions.is_empty() {
        "no rows".to_owned()
    } else {
        versions.to_string()
    }
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
            | Self::MalformedVersionTable { .. }
            | Self::IdTooLong { .. }
            | Self::Hidden { .. }
            | Self::Edited { .. }
            | Self::Removed { .. }
            | Self::UnknownRows { .. }
            | Self::NothingToAccept { .. }
            | Self::LogRowCount { .. }
            | Self::Irreversible { .. }
            | Self::RowCount { .. }
            | Self::RowsMoved { .. }
            | Self::ForeignKeys { .. }
            | Self::ForeignKeyMismatch { .. }
            | Self::SharedVersionTable { .. }
            | Self::InvalidVersionTable { .. }
            | Self::UncheckedDialect { .. }
            | Self::NoSecondConnection { .. }
            | Self::Unfinished { .. }
            | Self::Interrupted { .. }
            | Self::ChangedMeanwhile { .. }
            | Self::InvalidIndex { .. } => None,
        }
    }
}
