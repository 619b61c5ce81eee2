//! Errors of sqlx in terms of a run.

use std::error::Error;
use std::fmt;

use alembic_migrate::Dialect;
use alembic_migrate::driver::{DatabaseError, DatabaseErrorKind, sqlite_error};
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

/// Describes an error of sqlx in terms of a run.
pub(crate) fn database_error(error: sqlx::Error, sql: &str) -> DatabaseError {
    let kind = match &error {
        sqlx::Error::Database(found) => {
            let message = found.message().to_owned();
            let code = found.code().and_then(|code| code.parse().ok());
            let described = sqlite_error(error, message, code);
            let offset = offset(&described, sql);
            return described.with_offset(offset);
        }
        // The thread that holds the connection to the file is gone.
        sqlx::Error::WorkerCrashed => DatabaseErrorKind::ConnectionLost,
        sqlx::Error::Io(_)
        | sqlx::Error::Configuration(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed => DatabaseErrorKind::CannotOpen,
        _ => DatabaseErrorKind::Other,
    };
    DatabaseError::new(kind, error)
}

/// Returns the byte of the token that SQLite's message quotes, if it occurs once in the statement.
///
/// SQLite knows the byte itself, but sqlx does not pass it on.
fn offset(error: &DatabaseError, sql: &str) -> Option<usize> {
    if !error.is_generic_sqlite_error() {
        return None;
    }
    let message = error.to_string();
    let (_, quoted) = message.split_once('"')?;
    let (text, _) = quoted.rsplit_once('"')?;
    let tokens = Tokens::new(sql, Dialect::Sqlite).without_trivia();
    let mut places = tokens.filter(|token| token.span.text(sql) == text);
    let place = places.next()?;
    places.next().is_none().then_some(place.span.start)
}
