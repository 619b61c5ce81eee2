//! What an application's database is to become, beyond what the revisions say.

use std::path::PathBuf;

use alembic_history::Fresh;
use alembic_sql::SqlText;

/// What an application's database is to become, beyond what the revisions say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The crate that the history belongs to.
    pub package: String,
    /// The target schema, which an empty database is given whole.
    pub schema: Option<Schema>,
    /// How an empty database comes to its schema.
    pub fresh: Fresh,
    /// The revision at which a database without a version table is taken to be.
    pub baseline: String,
    /// What is done when the database is ahead of this program.
    pub ahead: Ahead,
}

/// The SQL that creates a target schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The file, as it is shown to people.
    pub path: PathBuf,
    /// Its text.
    pub text: SqlText,
}

/// What is done when a database is at revisions that this program does not know: a newer program
/// has migrated it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ahead {
    /// It is an error.
    #[default]
    Refuse,
    /// The database is taken as it is.
    Allow,
}
