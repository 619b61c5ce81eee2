//! What a connection answers about its schema, before it is read.

use std::fmt;

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
