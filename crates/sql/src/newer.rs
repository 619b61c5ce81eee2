//! Finds SQL that only newer versions of a database understand.

mod sqlite;

use std::fmt;

use crate::{Span, Statement};

pub(crate) use sqlite::find as find_in_sqlite;
pub use sqlite::{SqliteVersion, UnsupportedVersion};

/// A part of a statement that SQLite understands only from some version on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewerSql {
    /// Its span.
    pub span: Span,
    /// Its description, such as `` `concat()` ``.
    pub construct: String,
    /// The version that brought it.
    pub since: SqliteVersion,
    /// The option that older versions can be built with to have it as well.
    pub option: Option<&'static str>,
}

impl fmt::Display for NewerSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            construct, since, ..
        } = self;
        write!(f, "{construct} needs SQLite {since}")?;
        match self.option {
            Some(option) => write!(f, ", or an older one that is built with {option}"),
            None => Ok(()),
        }
    }
}

/// Finds what a statement of a text has that is newer than a version.
pub(crate) type FindNewer = fn(&str, &Statement, SqliteVersion) -> Vec<NewerSql>;
