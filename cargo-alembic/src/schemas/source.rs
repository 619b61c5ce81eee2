//! The schemas that `diff` and `dump` take, as arguments name them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use alembic_history::{Code, read_text};
use alembic_migrate::Dialect;
use alembic_migrate::schema::Schema;
use alembic_run::{Schema as SchemaFile, SchemaRole};
use alembic_sql::SqlText;

use super::{Target, inspect_database};
use crate::context::Context;
use crate::database::Database;
use crate::output::{Cause, Diagnostic, Result};
use crate::replay::Replay;
use crate::workspace::Crate;

/// A schema, as an argument names it.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The target schema of the crate.
    Target,
    /// What the revisions make, up to these.
    History(String),
    /// What a database has.
    Database(Database),
    /// What a file of SQL creates.
    File(PathBuf),
}

impl Source {
    /// Reads `target`, `history`, `history@REVISION`, `database`, a URL or a path.
    pub(crate) fn parse(text: &str, owner: &Crate) -> Result<Self> {
        let is_url = Dialect::of_url(text).is_some();
        match text.split_once('@') {
            _ if text == "target" => Ok(Self::Target),
            _ if text == "history" => Ok(Self::History("heads".to_owned())),
            _ if text == "database" => owner.database().cloned().map(Self::Database),
            Some(("history", revision)) => Ok(Self::History(revision.to_owned())),
            _ if is_url => owner.configuration.database(Some(text)).map(Self::Database),
            _ if Path::new(text).is_file() => Ok(Self::File(text.into())),
            _ => {
                let title = format!("`{text}` names no schema");
                Err(Diagnostic::new(Cause::Arguments, title)
                    .code(Code::UnknownSchema)
                    .help(
                        "write `target`, `history`, `history@<revision>`, `database`, the URL of a \
                         database, or the path of a file of SQL",
                    )
                    .into())
            }
        }
    }

    /// Returns what all revisions make.
    pub(crate) fn heads() -> Self {
        Self::History("heads".to_owned())
    }

    /// Returns the only engine that has the schema, if it is of one.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        match self {
            Self::Database(database) => Some(database.dialect()),
            Self::Target | Self::History(_) | Self::File(_) => None,
        }
    }

    /// Reads the schema, on the engine of a replay. A target that states a part only is the one that the
    /// heads of the revisions complete.
    pub(crate) fn read(&self, context: &Context, replay: &Replay<'_>) -> Result<Schema> {
        let mut scratch = match self {
            Self::Database(database) => return inspect_database(context, replay.owner, database),
            Self::Target => {
                let current = Self::heads().read(context, replay)?;
                return Ok(Target::read(replay, &current)?.completed(&current, &BTreeSet::new()));
            }
            Self::History(revisions) => {
                let owner = replay.owner;
                let expression = owner.parse(revisions)?;
                if !owner.graph().is_empty() {
                    owner.resolve(&expression, None)?;
                }
                replay.at(revisions)?
            }
            Self::File(path) => {
                let text = read_text(path).map_err(|error| {
                    let title = format!("cannot read {}: {error}", path.display());
                    Diagnostic::new(Cause::Unreadable(error), title).code(Code::UnreadableSchema)
                })?;
                let path = path.clone();
                replay.created_by(&SchemaFile {
                    role: SchemaRole::Target,
                    path,
                    text: SqlText::new(text),
                })?
            }
        };
        replay.inspect(&mut scratch)
    }
}
