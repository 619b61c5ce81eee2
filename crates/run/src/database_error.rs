//! An error of the database itself, as a driver reports it.

use std::error::Error;
use std::fmt;

/// An error of the database itself, as a driver reports it.
///
/// ```
/// use alembic_run::{DatabaseError, DatabaseErrorKind};
///
/// let error = DatabaseError::new(DatabaseErrorKind::Denied, "permission denied")
///     .with_code("42501")
///     .with_offset(12);
/// assert_eq!(error.code(), Some("42501"));
/// assert_eq!(error.to_string(), "permission denied");
/// ```
#[derive(Debug)]
pub struct DatabaseError {
    kind: DatabaseErrorKind,
    code: Option<String>,
    offset: Option<usize>,
    source: Box<dyn Error + Send + Sync>,
}

/// The kinds of database errors that a run distinguishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatabaseErrorKind {
    /// Another session holds a lock, and did not release it in time.
    Busy,
    /// The database cannot be written to.
    ReadOnly,
    /// The user lacks the privilege.
    Denied,
    /// The database cannot be opened.
    CannotOpen,
    /// The server, or a pooler in front of it, has no connection to spare.
    TooManyConnections,
    /// The connection to the server is gone.
    ConnectionLost,
    /// The file is damaged.
    Corrupt,
    /// The file is not a database.
    NotADatabase,
    /// Anything else.
    Other,
}

impl DatabaseError {
    /// Creates an error from the driver's own one.
    #[must_use]
    pub fn new(kind: DatabaseErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            code: None,
            offset: None,
            source: source.into(),
        }
    }

    /// Adds the database's own code: SQLSTATE, or SQLite's extended result code as a number.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Adds the byte of the statement at which the database found the error.
    #[must_use]
    pub fn with_offset(mut self, offset: impl Into<Option<usize>>) -> Self {
        self.offset = offset.into();
        self
    }

    /// Returns the kind of error, as far as it decides what happens next.
    #[must_use]
    pub fn kind(&self) -> DatabaseErrorKind {
        self.kind
    }

    /// Returns the database's own code: SQLSTATE, or SQLite's extended result code as a number.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Returns the byte of the statement at which the database found the error, if it reported one.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
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
