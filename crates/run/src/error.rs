//! The error of a run: why it failed, and the state that it leaves.

use std::error::Error;
use std::fmt;

use alembic_history::PlanError;

use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::failure::Failure;
use crate::state::DatabaseState;

/// The failure of a run, and the state in which it leaves the database.
///
/// `{}` and `{:?}` are one line, since `main` prints an error with `{:?}`; `{:#?}` shows its parts.
pub struct RunError {
    reason: Box<Reason>,
    state: DatabaseState,
    rollback: Option<Box<DatabaseError>>,
    package: Option<Box<str>>,
    database: Option<Box<str>>,
}

/// Why a run failed.
struct Reason {
    failure: Failure,
    /// Whether the database was older than its version table, and nothing says which of the revisions it has.
    is_unplaced: bool,
}

/// The kinds of failures that an application distinguishes when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The database is at revisions that this program does not know: a newer one has migrated it.
    Ahead,
    /// Another session holds a lock on the database, and did not release it in time; or the server
    /// has no connection to spare.
    Busy,
    /// The database cannot be reached, read or written.
    Unreachable,
    /// The database has something else than its revisions make: it was changed by hand.
    Drift,
    /// A migration failed, or cannot be planned.
    Migration,
}

impl RunError {
    pub(crate) fn new(failure: Failure, state: DatabaseState) -> Self {
        Self {
            reason: Box::new(Reason {
                failure,
                is_unplaced: false,
            }),
            state,
            rollback: None,
            package: None,
            database: None,
        }
    }

    /// Sets whether nothing says which of the revisions the database has.
    pub(crate) fn unplaced(mut self, is_unplaced: bool) -> Self {
        self.reason.is_unplaced = is_unplaced;
        self
    }

    pub(crate) fn with_rollback(mut self, rollback: Option<DatabaseError>) -> Self {
        self.rollback = rollback.map(Box::new);
        self
    }

    pub(crate) fn with_state(mut self, state: DatabaseState) -> Self {
        self.state = state;
        self
    }

    pub(crate) fn with_package(mut self, package: &str) -> Self {
        self.package = Some(package)
            .filter(|name| !name.is_empty())
            .map(Into::into);
        self
    }

    pub(crate) fn with_database(mut self, database: Option<&str>) -> Self {
        self.database = database.map(Into::into);
        self
    }

    /// Returns the crate whose migrations failed; `None` if it has no name, or if the error concerns no
    /// single one.
    #[must_use]
    pub fn package(&self) -> Option<&str> {
        self.package.as_deref()
    }

    /// Returns the database as errors name it, without a password: its file, or `host:port/name`; `None`
    /// if the driver does not know it.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        let of_database = |error: &DatabaseError, otherwise| match error.kind() {
            DatabaseErrorKind::Busy | DatabaseErrorKind::TooManyConnections => FailureKind::Busy,
            DatabaseErrorKind::ReadOnly
            | DatabaseErrorKind::Denied
            | DatabaseErrorKind::CannotOpen
            | DatabaseErrorKind::ConnectionLost
            | DatabaseErrorKind::Corrupt
            | DatabaseErrorKind::NotADatabase => FailureKind::Unreachable,
            DatabaseErrorKind::Other => otherwise,
        };
        match self.failure() {
            Failure::Plan(PlanError::UnknownRows { .. }) | Failure::UnknownRows { .. } => {
                FailureKind::Ahead
            }
            Failure::Statement { error, .. } | Failure::Schema { error, .. } => {
                of_database(error, FailureKind::Migration)
            }
            Failure::Database { error, .. } => of_database(error, FailureKind::Unreachable),
            Failure::Drift(_) => FailureKind::Drift,
            Failure::History(_)
            | Failure::Plan(_)
            | Failure::Requirements(_)
            | Failure::ManagedByAnotherTool { .. }
            | Failure::NoSchema
            | Failure::MalformedVersionTable { .. }
            | Failure::IdTooLong { .. }
            | Failure::Hidden { .. }
            | Failure::Edited { .. }
            | Failure::Removed { .. }
            | Failure::NothingToAccept { .. }
            | Failure::NoLog { .. }
            | Failure::UntrustedLog { .. }
            | Failure::WayBackMoved { .. }
            | Failure::LogRowCount { .. }
            | Failure::Irreversible { .. }
            | Failure::Alter { .. }
            | Failure::RowCount { .. }
            | Failure::RowsMoved { .. }
            | Failure::ForeignKeys { .. }
            | Failure::ForeignKeyMismatch { .. }
            | Failure::Broken { .. }
            | Failure::SharedVersionTable { .. }
            | Failure::InvalidVersionTable { .. }
            | Failure::UncheckedDialect { .. }
            | Failure::NoSecondConnection { .. }
            | Failure::NotTakenBack { .. }
            | Failure::NotEmpty { .. }
            | Failure::Unfinished { .. }
            | Failure::Interrupted { .. }
            | Failure::ChangedMeanwhile { .. }
            | Failure::InvalidIndex { .. } => FailureKind::Migration,
        }
    }

    /// Returns the state of the database.
    #[must_use]
    pub fn state(&self) -> &DatabaseState {
        &self.state
    }

    /// Returns the database's own error, if there is one.
    #[must_use]
    pub fn database_error(&self) -> Option<&DatabaseError> {
        self.failure().database_error()
    }

    /// Returns the error of the rollback, if it failed; the database then rolls back by itself when
    /// the connection is closed.
    #[must_use]
    pub fn rollback_error(&self) -> Option<&DatabaseError> {
        self.rollback.as_deref()
    }

    /// Returns the failure, with all its data. The command line explains it; its variants may
    /// change in any version.
    #[doc(hidden)]
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.reason.failure
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.package(), self.database()) {
            (Some(package), Some(database)) => write!(f, "crate `{package}` on {database}: ")?,
            (Some(package), None) => write!(f, "crate `{package}`: ")?,
            (None, Some(database)) => write!(f, "on {database}: ")?,
            (None, None) => {}
        }
        write!(f, "{}; {}", self.failure(), self.state)?;
        if self.reason.is_unplaced
            && let Failure::Statement { .. } = self.failure()
        {
            f.write_str(
                "; it had tables and no version table before, and no `baseline` says which of the \
                 revisions it has",
            )?;
        }
        Ok(())
    }
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        f.debug_struct("RunError")
            .field("kind", &self.kind())
            .field("failure", self.failure())
            .field("state", &self.state)
            .field("rollback", &self.rollback)
            .field("package", &self.package)
            .field("database", &self.database)
            .finish()
    }
}

/// Has no source: its text says all that the sources say, and whoever prints a chain of errors would print
/// it twice. The error of the library is the source of the [database error](RunError::database_error).
impl Error for RunError {}
