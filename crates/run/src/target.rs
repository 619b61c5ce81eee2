//! The target of an application's database, beyond its revisions.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use alembic_history::{Dialect, Fresh};
use alembic_sql::SqlText;

use crate::report::Expected;

/// The target of an application's database, beyond its revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The crate that the history belongs to.
    pub package: String,
    /// The target schema, which is created whole in an empty database.
    pub schema: Option<Schema>,
    /// How an empty database gets its schema.
    pub fresh: Fresh,
    /// The revision at which a database without a version table is assumed to be.
    pub baseline: String,
    /// The treatment of a database that is ahead of this program.
    pub ahead: Ahead,
    /// What the database must have when it is ready, if that is compared.
    pub expected: Option<Arc<Expected>>,
}

impl Target {
    /// Returns whether a baseline is configured: then a database without a version table is known to
    /// be at it, whatever has made it.
    pub(crate) fn has_baseline(&self) -> bool {
        self.baseline != "base"
    }
}

/// The SQL that creates a schema: the target, or what is older than the revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// What it creates.
    pub role: SchemaRole,
    /// The file, as it is shown to people.
    pub path: PathBuf,
    /// Its text.
    pub text: SqlText,
}

impl Schema {
    /// Returns the names of the tables that the text creates, as the database keeps them.
    pub(crate) fn tables(&self, dialect: Dialect) -> Vec<String> {
        let statements = self.text.statements(dialect);
        let names = statements.filter_map(|statement| statement.kind().named_table());
        names.map(|name| name.kept().to_owned()).collect()
    }
}

/// What the SQL of a schema creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaRole {
    /// The whole target schema.
    Target,
    /// What is older than the first revision.
    Base,
}

impl fmt::Display for SchemaRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Target => "target schema",
            Self::Base => "base schema",
        })
    }
}

/// The treatment of a database at revisions that this program does not know: a newer program has
/// migrated it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ahead {
    /// It is an error.
    #[default]
    Refuse,
    /// The database is accepted as it is.
    Allow,
}
