//! Errors of sqlx in terms of a run.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use alembic_migrate::{DatabaseError, DatabaseErrorKind};

use crate::tokens::tokens;

/// A statement that is not executed, although SQLite would.
#[derive(Debug)]
pub(crate) enum Refused {
    /// sqlx would wait for ever for the end of it.
    Nul,
    /// Unbound, its parameter would silently be NULL.
    Parameter(String),
    SecondStatement,
    WithinTransaction,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul => f.write_str("a NUL character is not allowed in SQL"),
            Self::Parameter(name) => write!(
                f,
                "the statement has the parameter {name}, and nothing to put there"
            ),
            Self::SecondStatement => {
                f.write_str("SQLite reads more than one statement where one was expected")
            }
            // As SQLite says it.
            Self::WithinTransaction => {
                f.write_str("cannot start a transaction within a transaction")
            }
        }
    }
}

impl Error for Refused {}

impl From<Refused> for DatabaseError {
    fn from(refused: Refused) -> Self {
        Self {
            kind: DatabaseErrorKind::Other,
            offset: None,
            code: None,
            source: Box::new(refused),
        }
    }
}

/// SQLite's message, without the code that sqlx puts before it.
#[derive(Debug)]
struct SqliteError {
    message: String,
    source: sqlx::Error,
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for SqliteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// Tells an error of sqlx in terms of a run.
pub(crate) fn database_error(error: sqlx::Error, sql: &str) -> DatabaseError {
    let (kind, message) = match &error {
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse().ok());
            (
                code.map_or(DatabaseErrorKind::Other, kind),
                error.message().to_owned(),
            )
        }
        // The thread that has the connection to the file is gone.
        sqlx::Error::WorkerCrashed => (DatabaseErrorKind::ConnectionLost, error.to_string()),
        sqlx::Error::Io(_)
        | sqlx::Error::Configuration(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed => (DatabaseErrorKind::CannotOpen, error.to_string()),
        _ => (DatabaseErrorKind::Other, error.to_string()),
    };
    let database = error.as_database_error();
    let code = database.and_then(|error| error.code()).map(Cow::into_owned);
    DatabaseError {
        kind,
        offset: offset(&message, sql),
        code,
        source: Box::new(SqliteError {
            message,
            source: error,
        }),
    }
}

/// Returns the kind of a result code of SQLite; what it is extended by does not matter.
fn kind(code: u32) -> DatabaseErrorKind {
    match code & 0xff {
        // SQLITE_BUSY, SQLITE_LOCKED
        5 | 6 => DatabaseErrorKind::Busy,
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

/// Returns the byte of the token that SQLite finds fault with, where the statement has it once.
///
/// SQLite could tell the byte itself, but sqlx does not ask.
fn offset(message: &str, sql: &str) -> Option<usize> {
    let between = |before, after| message.strip_prefix(before)?.strip_suffix(after);
    let text = between("near \"", "\": syntax error")
        .or_else(|| between("unrecognized token: \"", "\""))?;
    let mut places = tokens(sql).filter(|token| token.text(sql) == text);
    let place = places.next()?;
    places.next().is_none().then_some(place.start)
}
