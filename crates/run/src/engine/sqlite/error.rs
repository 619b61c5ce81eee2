//! Errors of SQLite, whatever the library that passes them on.

use std::error::Error;
use std::fmt;

use crate::database_error::{DatabaseError, DatabaseErrorKind};

/// SQLite's message, without what a library adds to it.
#[derive(Debug)]
struct SqliteError<E> {
    message: String,
    source: E,
}

impl<E> fmt::Display for SqliteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<E: Error + 'static> Error for SqliteError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.source()
    }
}

/// Creates the error of a library for SQLite, from SQLite's message and its extended result code,
/// if there is one.
pub fn sqlite_error<E>(source: E, message: String, code: Option<i32>) -> DatabaseError
where
    E: Error + Send + Sync + 'static,
{
    let kind = code.map_or(DatabaseErrorKind::Other, kind);
    let error = DatabaseError::new(kind, SqliteError { message, source });
    match code {
        Some(code) => error.with_code(code.to_string()),
        None => error,
    }
}

/// Another connection to a shared cache holds the lock; with the plain code, it is the run's own
/// connection that is in the way.
const LOCKED_SHAREDCACHE: i32 = 262;

/// Returns the kind of an extended result code.
fn kind(code: i32) -> DatabaseErrorKind {
    match code & 0xff {
        // SQLITE_BUSY
        5 => DatabaseErrorKind::Busy,
        // SQLITE_LOCKED
        6 if code == LOCKED_SHAREDCACHE => DatabaseErrorKind::Busy,
        // SQLITE_READONLY
        8 => DatabaseErrorKind::ReadOnly,
        // SQLITE_CORRUPT
        11 => DatabaseErrorKind::Corrupt,
        // SQLITE_CANTOPEN
        14 => DatabaseErrorKind::CannotOpen,
        // SQLITE_NOTADB
        26 => DatabaseErrorKind::NotADatabase,
        _ => DatabaseErrorKind::Other,
    }
}

/// SQLite's code of an error that has no code of its own.
const ERROR: &str = "1";

/// SQLite's primary code of a constraint that fails.
const CONSTRAINT: i32 = 19;

impl DatabaseError {
    /// Returns whether SQLite gave the error no code of its own.
    #[must_use]
    pub fn is_generic_sqlite_error(&self) -> bool {
        self.code() == Some(ERROR)
    }

    /// Returns whether a constraint failed in SQLite, so that the transaction is still open.
    pub(crate) fn is_sqlite_constraint(&self) -> bool {
        let code = self.code().and_then(|code| code.parse::<i32>().ok());
        code.is_some_and(|code| code & 0xff == CONSTRAINT)
    }
}
