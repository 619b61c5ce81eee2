//! Errors of sqlx in terms of a run.

use std::error::Error;
use std::fmt;

use alembic_migrate::Dialect;
use alembic_migrate::driver::{DatabaseError, DatabaseErrorKind};
use alembic_sql::Tokens;

/// The reason why a statement is refused that SQLite would execute.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// sqlx would wait forever for its end.
    Nul,
    /// Unbound, its parameter would silently be NULL.
    Parameter(String),
    SecondStatement,
    WithinTransaction,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul => f.write_str("a NUL character is not allowed in SQL"),
            Self::Parameter(name) => write!(
                f,
                "the statement has the parameter {name}, which has no value"
            ),
            Self::SecondStatement => {
                f.write_str("SQLite reads more than one statement where one was expected")
            }
            // SQLite's own words.
            Self::WithinTransaction => {
                f.write_str("cannot start a transaction within a transaction")
            }
        }
    }
}

impl Error for Refusal {}

impl From<Refusal> for DatabaseError {
    fn from(refused: Refusal) -> Self {
        Self::new(DatabaseErrorKind::Other, refused)
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

/// Describes an error of sqlx in terms of a run.
pub(crate) fn database_error(error: sqlx::Error, sql: &str) -> DatabaseError {
    let code = error.as_database_error().and_then(|error| error.code());
    let code: Option<u32> = code.and_then(|code| code.parse().ok());
    let (kind, message) = match &error {
        sqlx::Error::Database(error) => {
            let kind = code.map_or(DatabaseErrorKind::Other, kind);
            (kind, error.message().to_owned())
        }
        // The thread that holds the connection to the file is gone.
        sqlx::Error::WorkerCrashed => (DatabaseErrorKind::ConnectionLost, error.to_string()),
        sqlx::Error::Io(_)
        | sqlx::Error::Configuration(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed => (DatabaseErrorKind::CannotOpen, error.to_string()),
        _ => (DatabaseErrorKind::Other, error.to_string()),
    };
    let offset = offset(&message, code, sql);
    let source = SqliteError {
        message,
        source: error,
    };
    let error = DatabaseError::new(kind, source).with_offset(offset);
    match code {
        Some(code) => error.with_code(code.to_string()),
        None => error,
    }
}

/// SQLite's code of an error that has no code of its own.
const SQLITE_ERROR: u32 = 1;

/// Returns whether SQLite gave an error no code of its own.
pub(crate) fn is_without_code(error: &DatabaseError) -> bool {
    error.code() == Some(SQLITE_ERROR.to_string().as_str())
}

/// Returns the kind of a result code of SQLite, whatever its extension.
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

/// Returns the byte of the token that SQLite's message quotes, if it occurs once in the statement.
///
/// SQLite knows the byte itself, but sqlx does not pass it on.
fn offset(message: &str, code: Option<u32>, sql: &str) -> Option<usize> {
    if code != Some(SQLITE_ERROR) {
        return None;
    }
    let (_, quoted) = message.split_once('"')?;
    let (text, _) = quoted.rsplit_once('"')?;
    let tokens = Tokens::new(sql, Dialect::Sqlite).without_trivia();
    let mut places = tokens.filter(|token| token.span.text(sql) == text);
    let place = places.next()?;
    places.next().is_none().then_some(place.span.start)
}
