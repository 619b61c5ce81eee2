//! Errors of statements that belong to no run.

use std::fmt;

use super::server::message;
use crate::output::{Cause, Diagnostic, Error};

/// The error of a statement that belongs to no run.
#[derive(Debug)]
pub(crate) enum StatementError {
    Sqlite(rusqlite::Error),
    Server(sqlx::Error),
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StatementError::Sqlite(error) => error.fmt(f),
            StatementError::Server(error) => f.write_str(&message(error)),
        }
    }
}

impl From<StatementError> for Cause {
    fn from(error: StatementError) -> Self {
        match error {
            StatementError::Sqlite(error) => Cause::Sqlite(error),
            StatementError::Server(error) => Cause::Server(error),
        }
    }
}

impl From<StatementError> for Error {
    fn from(error: StatementError) -> Self {
        let title = error.to_string();
        Diagnostic::new(error.into(), title).into()
    }
}
