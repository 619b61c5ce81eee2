//! Finds SQL that only newer versions of a database understand.

mod postgres;
mod sqlite;

use std::fmt;

use crate::{Dialect, Span, Statement};

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

/// Returns what a statement of `text` has that SQLite `version` has not, in the order of the text.
pub(crate) fn find(
    text: &str,
    statement: &Statement,
    dialect: Dialect,
    version: SqliteVersion,
) -> Vec<NewerSql> {
    (rules(dialect).find)(text, statement, version)
}

/// What differs between the dialects; each has a file named after it.
struct Rules {
    /// Finds what a statement of a text has that is newer than a version.
    find: fn(&str, &Statement, SqliteVersion) -> Vec<NewerSql>,
}

fn rules(dialect: Dialect) -> &'static Rules {
    match dialect {
        Dialect::Sqlite => &sqlite::RULES,
        Dialect::Postgres => &postgres::RULES,
    }
}
