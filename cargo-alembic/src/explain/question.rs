//! The question to ask a database after a run on it has failed.

use alembic_history::VersionTable;
use alembic_migrate::RunError;
use alembic_migrate::driver::DatabaseErrorKind;
use alembic_run::Failure;

use super::existence::Existence;
use super::outline::{Outline, Verb};
use super::privileges::own_table;
use super::statement::{existence, text};
use super::{Lifetime, Question, Storage, Subject};

/// Returns the question that the explanation of an error depends on, if any.
pub(crate) fn question(
    error: &RunError,
    subject: Subject<'_>,
    storage: &Storage<'_>,
) -> Option<Question> {
    if storage.lifetime == Lifetime::Temporary {
        // It holds what the revisions made, and belongs to the user.
        return None;
    }
    let dialect = storage.dialect();
    let privileges = |schema, table| Some(Question::SchemaPrivileges { schema, table });
    match error.failure() {
        Failure::Statement {
            location, error, ..
        } => match error.kind() {
            DatabaseErrorKind::Denied => {
                let outline = Outline::of(text(location, subject.history), dialect);
                privileges(outline.schema, None)
            }
            DatabaseErrorKind::Other => {
                let object = match existence(error, dialect) {
                    Existence::Unrelated => return None,
                    Existence::Certain => None,
                    Existence::Possible => {
                        let outline = Outline::of(text(location, subject.history), dialect);
                        Some(outline)
                            .filter(|outline| outline.verb == Verb::Create)?
                            .name
                            .into()
                    }
                };
                Some(Question::ExistsAlready {
                    object,
                    revision: location.revision.to_string(),
                })
            }
            _ => None,
        },
        Failure::Schema { error, .. } if error.kind() == DatabaseErrorKind::Denied => {
            privileges(None, None)
        }
        Failure::Database { action, error } if error.kind() == DatabaseErrorKind::Denied => {
            let VersionTable { schema, name } = own_table(*action, &storage.table)?;
            privileges(schema, Some(name))
        }
        _ => None,
    }
}
