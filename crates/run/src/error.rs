//! What can go wrong in a run, and what that leaves behind.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use alembic_history::TransactionMode;
use alembic_history::join;
use alembic_history::{Dialect, PlanError, Position, RequirementError, RevisionId, Span};

/// An error of the database itself, as a driver tells it.
#[derive(Debug)]
pub struct DatabaseError {
    /// What kind of error it is, where that matters to what is done about it.
    pub kind: DatabaseErrorKind,
    /// The byte of the statement at which the database found it, where it says so.
    pub offset: Option<usize>,
    /// The database's own code, where it gave one; see [`code`](Self::code).
    pub code: Option<String>,
    /// The driver's own error.
    pub source: Box<dyn Error + Send + Sync>,
}

/// The kinds of database errors that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseErrorKind {
    /// Somebody else holds a lock, and it was not released in time.
    Busy,
    /// The database cannot be written to.
    ReadOnly,
    /// The user does not have the right.
    Denied,
    /// The database cannot be opened.
    CannotOpen,
    /// The connection to the server is gone.
    ConnectionLost,
    /// The file is damaged.
    Corrupt,
    /// The file is no database.
    NotADatabase,
    /// Anything else.
    Other,
}

impl DatabaseError {
    /// Returns the database's own code for the error: an SQLSTATE such as `42501` on PostgreSQL, the
    /// extended result code as a decimal number on SQLite.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl Error for DatabaseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.source()
    }
}

/// Why a run failed, and what state that leaves the database in.
///
/// `Debug` says the same as `Display`, since it is what `main` shows of an error.
#[non_exhaustive]
pub struct RunError {
    /// Why.
    pub fault: Box<Fault>,
    /// What state the database is in.
    pub state: DatabaseState,
    /// The error of undoing what was not to stay; the database then undoes it by itself, when the
    /// connection is closed.
    pub rollback: Option<Box<DatabaseError>>,
}

/// The kinds of failures that an application tells apart when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The database is at revisions that this program does not know: a newer one has migrated it.
    Ahead,
    /// Somebody else holds a lock on the database, and did not let go of it in time.
    Busy,
    /// The database cannot be reached, read or written.
    Unreachable,
    /// A migration failed, or cannot be planned.
    Migration,
}

impl RunError {
    /// Tells what kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        let of_database = |error: &DatabaseError, otherwise| match error.kind {
            DatabaseErrorKind::Busy => FailureKind::Busy,
            DatabaseErrorKind::ReadOnly
            | DatabaseErrorKind::Denied
            | DatabaseErrorKind::CannotOpen
            | DatabaseErrorKind::ConnectionLost
            | DatabaseErrorKind::Corrupt
            | DatabaseErrorKind::NotADatabase => FailureKind::Unreachable,
            DatabaseErrorKind::Other => otherwise,
        };
        match &*self.fault {
            Fault::Plan(PlanError::UnknownRows { .. }) => FailureKind::Ahead,
            Fault::Statement { error, .. } | Fault::Schema { error, .. } => {
                of_database(error, FailureKind::Migration)
            }
            Fault::Database { error, .. } => of_database(error, FailureKind::Unreachable),
            Fault::Plan(_)
            | Fault::Requirements(_)
            | Fault::MalformedVersionTable { .. }
            | Fault::Irreversible { .. }
            | Fault::RowCount { .. }
            | Fault::RowsMoved { .. }
            | Fault::ForeignKeys { .. }
            | Fault::ForeignKeyMismatch { .. }
            | Fault::SharedVersionTable { .. }
            | Fault::UncheckedDialect { .. }
            | Fault::NoSecondConnection { .. }
            | Fault::Unfinished { .. }
            | Fault::Interrupted { .. }
            | Fault::ChangedMeanwhile { .. }
            | Fault::InvalidIndex { .. } => FailureKind::Migration,
        }
    }
}

/// Why a run failed.
#[derive(Debug)]
pub enum Fault {
    /// There is no plan from the version table's rows to the target.
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
    /// A table or view has the version table's name and is not one.
    MalformedVersionTable {
        /// The table.
        table: String,
        /// What is wrong with it.
        why: String,
    },
    /// A revision cannot be reverted.
    Irreversible {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        path: PathBuf,
        /// The reason that the file declares; none where it has no downgrade section at all.
        reason: Option<String>,
    },
    /// A statement of a revision failed.
    Statement {
        /// Where it stands.
        place: Box<Place>,
        /// The database's error.
        error: DatabaseError,
        /// The indexes that it was to build or drop, and that are left invalid.
        leftover: Vec<String>,
    },
    /// A statement of the target schema failed.
    Schema {
        /// The file.
        path: PathBuf,
        /// The line and column at fault.
        position: Position,
        /// The database's error.
        error: DatabaseError,
    },
    /// The version table could not be changed as planned, so somebody else changes it.
    RowCount {
        /// The table.
        table: String,
        /// The statement.
        sql: String,
        /// How many rows it changed instead of one.
        changed: u64,
    },
    /// The version table does not hold what this run put there: a statement of a revision or a
    /// trigger changed it, or somebody else did while a section ran outside a transaction.
    RowsMoved {
        /// The rows that were expected.
        expected: Vec<String>,
        /// The rows found.
        found: Vec<String>,
    },
    /// Rows would refer to rows that do not exist.
    ForeignKeys {
        /// From which tables to which, and how many.
        violations: Vec<Violation>,
        /// The revisions that can have left them, in the order in which they ran.
        suspects: Vec<RevisionId>,
    },
    /// A revision declares a foreign key to columns that need not be unique, so that no row can
    /// be compared with what it refers to.
    ForeignKeyMismatch {
        /// What the database says of it.
        message: String,
    },
    /// The revision files were not checked for what the database speaks.
    UncheckedDialect {
        /// What it speaks.
        dialect: Dialect,
    },
    /// A revision has a section outside of transactions, and the driver has no second connection to
    /// keep other migrators away meanwhile.
    NoSecondConnection {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        path: PathBuf,
    },
    /// A revision with a section outside of transactions was done in part, and the run does not go
    /// on with it.
    Unfinished {
        /// The revision.
        revision: String,
        /// Which way it went, as it is recorded.
        direction: String,
        /// How many of its statements are done.
        statements: usize,
    },
    /// A statement outside of transactions was begun, and nobody knows how it ended.
    Interrupted {
        /// Where it stands.
        place: Box<Place>,
        /// When it was begun.
        since: String,
        /// What the database's catalog says about it, where that can be told.
        found: Option<String>,
        /// Whether the catalog says that it has not happened.
        has_not: bool,
    },
    /// Statements that are done already were changed before the rest of their revision ran.
    ChangedMeanwhile {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        path: PathBuf,
        /// How many of its statements are done.
        statements: usize,
    },
    /// An index that could not be built or dropped to the end is left, and is of no use.
    InvalidIndex {
        /// The statement that is to build or drop it.
        place: Box<Place>,
        /// The index.
        index: String,
    },
    /// A statement of the run itself failed.
    Database {
        /// What the run was about to do.
        action: Action,
        /// The database's error.
        error: DatabaseError,
    },
}

/// A statement's place among the revision files.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The revision.
    pub revision: RevisionId,
    /// Its file.
    pub path: PathBuf,
    /// The line and column at fault: of the statement, or of the part that the database names.
    pub position: Position,
    /// The bytes of the file that hold the statement.
    pub span: Span,
    /// The byte of the file at fault.
    pub offset: usize,
    /// The statement's number among those of its revision in this direction, from 1.
    pub statement: usize,
    /// The statement, in short.
    pub summary: String,
}

/// Rows of one table that refer to rows of another that do not exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The table whose rows refer.
    pub table: String,
    /// The table referred to.
    pub parent: String,
    /// How many rows more than before.
    pub rows: u64,
}

/// What a run does on its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Connect to the server.
    Connect,
    /// Set how long to wait for locks.
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
    /// Read how far an unfinished revision is.
    ReadProgress,
    /// Record how far a revision is.
    WriteProgress,
    /// Read or restore the search path.
    ReadSearchPath,
    /// Look for indexes that are of no use.
    FindInvalidIndexes,
    /// Switch the enforcement of foreign keys.
    SwitchForeignKeys,
    /// Look for rows that refer to nothing.
    CheckForeignKeys,
    /// Begin a transaction.
    Begin,
    /// Commit.
    Commit,
    /// End a transaction that has nothing to do.
    Rollback,
}

/// What a failed run leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseState {
    /// Everything is as it was before.
    Unchanged,
    /// These revisions are done and committed; the rest is as it was before.
    Committed {
        /// The revisions, in this order; none where nothing but the stamp at the baseline stays.
        done: Vec<RevisionId>,
        /// How much went into one transaction.
        transaction: TransactionMode,
    },
    /// A revision with a `no-transaction` section is done in part, and cannot be undone.
    Partial {
        /// The revisions that are done whole and committed, in this order.
        done: Vec<RevisionId>,
        /// The revision that is done in part.
        revision: RevisionId,
        /// How many of its statements are done.
        statements: usize,
        /// Whether the next one may have happened, at least in part: since the connection was
        /// lost, or since it may have committed something before it failed.
        uncertain: bool,
    },
    /// The connection was lost while committing: nobody knows whether that happened.
    Unknown {
        /// The revisions that are surely done and committed, in this order.
        done: Vec<RevisionId>,
        /// The revisions that may be.
        committing: Vec<RevisionId>,
    },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Connect => "connect",
            Action::SetLockTimeout => "set how long to wait for locks",
            Action::Lock => "take the migration lock",
            Action::ListTables => "list the tables",
            Action::DescribeSchema => "read the schema",
            Action::FindVersionTable => "look for the version table",
            Action::ReadVersionTable => "read the version table",
            Action::CreateVersionTable => "create the version table",
            Action::WriteVersionTable => "change the version table",
            Action::ReadProgress => "read how far an unfinished revision is",
            Action::WriteProgress => "record how far a revision is",
            Action::ReadSearchPath => "read or restore the search path",
            Action::FindInvalidIndexes => "look for invalid indexes",
            Action::SwitchForeignKeys => "switch the enforcement of foreign keys",
            Action::CheckForeignKeys => "check foreign keys",
            Action::Begin => "begin a transaction",
            Action::Commit => "commit",
            Action::Rollback => "end a transaction",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
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
            Self::MalformedVersionTable { table, why } => {
                write!(f, "{table} is not a version table: {why}")
            }
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
                place,
                error,
                leftover,
            } => {
                write!(
                    f,
                    "{}:{}: statement {} of revision {} failed: {error}",
                    place.path.display(),
                    place.position,
                    place.statement,
                    place.revision
                )?;
                match leftover.as_slice() {
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
                "expected to change one row of {table}, {changed} changed by: {sql}"
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
            Self::ForeignKeyMismatch { message } => f.write_str(message),
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
                "revision {revision} has a section outside a transaction, and nothing keeps other \
                 migrators away meanwhile, since there is only one connection"
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
                place,
                since,
                found,
                has_not,
            } => {
                let may_have = match has_not {
                    true => "has not happened",
                    false => "may have happened",
                };
                write!(
                    f,
                    "statement {} of revision {} was begun at {since} UTC and {may_have}: {}",
                    place.statement, place.revision, place.summary
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
                "the first {statements} statements of revision {revision} are done, and were \
                 changed since"
            ),
            Self::InvalidIndex { index, .. } => {
                write!(f, "the index {index} is invalid: it was left unfinished")
            }
            Self::Database { action, error } => write!(f, "cannot {action}: {error}"),
        }
    }
}

fn rows(rows: &[String]) -> String {
    if rows.is_empty() {
        "no rows".to_owned()
    } else {
        rows.join(", ")
    }
}

impl fmt::Display for DatabaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchanged => f.write_str("the database is as it was before"),
            Self::Committed { done, .. } if done.is_empty() => f.write_str(
                "the database is stamped at its baseline; everything else is as it was before",
            ),
            Self::Committed { done, .. } => write!(
                f,
                "these revisions are done and stay: {}; everything else is as it was before",
                join(done, ", ")
            ),
            Self::Partial {
                done,
                revision,
                statements,
                uncertain,
            } => {
                stays(f, done)?;
                let next = statements + 1;
                if (*statements, *uncertain) == (0, false) {
                    return write!(
                        f,
                        "nothing else of revision {revision} stays, and the next run begins it anew"
                    );
                }
                write!(f, "revision {revision} is done in part: ")?;
                match statements {
                    0 => {}
                    1 => f.write_str("its first statement stays, ")?,
                    _ => write!(f, "its first {statements} statements stay, ")?,
                }
                match uncertain {
                    true => write!(f, "statement {next} may have happened"),
                    false => write!(f, "and the next run goes on with statement {next}"),
                }
            }
            Self::Unknown { done, committing } => {
                stays(f, done)?;
                f.write_str("the connection was lost while committing")?;
                if !committing.is_empty() {
                    write!(f, " {}", join(committing, ", "))?;
                }
                f.write_str(", so that either all of it is done, or nothing")
            }
        }
    }
}

fn stays(f: &mut fmt::Formatter<'_>, done: &[RevisionId]) -> fmt::Result {
    match done {
        [] => Ok(()),
        done => write!(
            f,
            "these revisions are done and stay: {}; ",
            join(done, ", ")
        ),
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.fault, self.state)
    }
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.fault {
            Fault::Statement { error, .. }
            | Fault::Schema { error, .. }
            | Fault::Database { error, .. } => error.source(),
            Fault::Plan(_)
            | Fault::Requirements(_)
            | Fault::MalformedVersionTable { .. }
            | Fault::Irreversible { .. }
            | Fault::RowCount { .. }
            | Fault::RowsMoved { .. }
            | Fault::ForeignKeys { .. }
            | Fault::ForeignKeyMismatch { .. }
            | Fault::SharedVersionTable { .. }
            | Fault::UncheckedDialect { .. }
            | Fault::NoSecondConnection { .. }
            | Fault::Unfinished { .. }
            | Fault::Interrupted { .. }
            | Fault::ChangedMeanwhile { .. }
            | Fault::InvalidIndex { .. } => None,
        }
    }
}
