//! What a database can be asked after a run on it has failed, since a hint depends on it.

use alembic_history::VersionTable;
use alembic_migrate::driver::DatabaseErrorKind;
use alembic_migrate::{Dialect, RunError};
use alembic_run::Failure;

use super::outline::{Outline, Verb};
use super::rights::table_of;
use super::statement::{exists_already, text};
use super::{Storage, Subject};

/// What a database is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Does this object exist, and does the version table name no revision?
    IsUntracked {
        /// The object's name, where the error does not say that it exists.
        object: Option<String>,
    },
    /// What may the user do in a schema?
    SchemaRights {
        /// The schema; none for the connection's default.
        schema: Option<String>,
        /// The table there that the run was about to write, where it was one of its own.
        table: Option<String>,
    },
}

/// What a database answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Nothing that a hint depends on.
    #[default]
    Nothing,
    /// The object exists, and the version table names no revision.
    Untracked,
    /// What the user may do in a schema.
    SchemaRights(SchemaRights),
}

/// What a user may do in a schema of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaRights {
    /// The schema.
    pub(crate) schema: String,
    /// Whether the user may use what is in it.
    pub(crate) usage: bool,
    /// Whether the user may create objects in it.
    pub(crate) create: bool,
    /// Whether the table that was asked about exists.
    pub(crate) has_table: bool,
}

/// Returns what the explanation of an error depends on, besides the error.
pub(crate) fn question(
    error: &RunError,
    subject: Subject<'_>,
    storage: &Storage<'_>,
) -> Option<Question> {
    let dialect = storage.dialect();
    let rights = |schema, table| Some(Question::SchemaRights { schema, table });
    match error.failure() {
        Failure::Statement {
            location, error, ..
        } => match error.kind() {
            DatabaseErrorKind::Denied => {
                let outline = Outline::of(text(location, subject.history), dialect);
                rights(outline.schema, None)
            }
            DatabaseErrorKind::Other if exists_already(error, dialect) => {
                let object = match dialect {
                    // The code alone says only that something is wrong with the statement.
                    Dialect::Sqlite => {
                        let outline = Outline::of(text(location, subject.history), dialect);
                        Some(outline)
                            .filter(|outline| outline.verb == Verb::Create)?
                            .name
                            .into()
                    }
                    Dialect::Postgres => None,
                };
                Some(Question::IsUntracked { object })
            }
            _ => None,
        },
        Failure::Schema { error, .. } if error.kind() == DatabaseErrorKind::Denied => {
            rights(None, None)
        }
        Failure::Database { action, error } if error.kind() == DatabaseErrorKind::Denied => {
            let VersionTable { schema, name } = table_of(*action, &storage.table)?;
            rights(schema, Some(name))
        }
        _ => None,
    }
}
