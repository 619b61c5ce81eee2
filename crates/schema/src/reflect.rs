//! What a connection answers about its schema, before it is read.

use std::fmt;

use alembic_sql::Dialect;

use crate::model::Schema;
use crate::{postgres, sqlite};

/// The rows that a query has returned; NULL is `None`.
pub type Rows = Vec<Vec<Option<String>>>;

/// Answers that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReflectError {
    /// The query, by its name.
    pub query: &'static str,
    /// What is wrong with its rows.
    pub what: String,
}

impl fmt::Display for ReflectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the answer about {} cannot be read: {}",
            self.query, self.what
        )
    }
}

impl std::error::Error for ReflectError {}

/// Returns the queries that a schema is read by, each with its name; how many does not depend on the
/// database.
#[must_use]
pub const fn queries(dialect: Dialect) -> &'static [(&'static str, &'static str)] {
    match dialect {
        Dialect::Sqlite => sqlite::QUERIES,
        Dialect::Postgres => postgres::QUERIES,
    }
}

/// Reads the answers to [`queries`], in their order.
///
/// # Errors
///
/// Answers that no database gives.
pub fn reflect(dialect: Dialect, answers: &[Rows]) -> Result<Schema, ReflectError> {
    match dialect {
        Dialect::Sqlite => sqlite::reflect(answers),
        Dialect::Postgres => postgres::reflect(answers),
    }
}
