//! The schemas that `diff` and `dump` take, as arguments name them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use alembic_history::{Code, read_text};
use alembic_migrate::Dialect;
use alembic_migrate::schema::{DiffOptions, Schema};
use alembic_run::{Schema as SchemaFile, SchemaRole};
use alembic_schema::script;
use alembic_sql::SqlText;

use super::{Target, changes, inspect_database};
use crate::context::Context;
use crate::database::Database;
use crate::database::scratch::Scratch;
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

    /// Returns the database that has the schema, if it is that of one.
    pub(crate) const fn database(&self) -> Option<&Database> {
        match self {
            Self::Database(database) => Some(database),
            Self::Target | Self::History(_) | Self::File(_) => None,
        }
    }

    /// Returns the only engine that has the schema, if it is of one.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        self.database().map(Database::dialect)
    }

    /// Reads the schema, on the engine of a replay. A target that states a part only is the one that the
    /// heads of the revisions complete.
    pub(crate) fn read(&self, context: &Context, replay: &Replay<'_>) -> Result<Schema> {
        match self {
            Self::Target => {
                let current = Self::heads().read(context, replay)?;
                Ok(Target::read(replay, &current)?.completed(&current, &BTreeSet::new()))
            }
            Self::Database(database) => inspect_database(context, replay.owner, database),
            Self::History(revisions) => replay.inspect(&mut history(replay, revisions)?),
            Self::File(path) => replay.inspect(&mut file(replay, path)?),
        }
    }

    /// Creates a temporary database with the schema, which was read before.
    pub(crate) fn copy(&self, replay: &Replay<'_>, schema: &Schema) -> Result<Scratch> {
        match self {
            Self::Target => database_with(schema, "target".into(), replay),
            Self::Database(database) => {
                database_with(schema, format!("<{}>", database.url).into(), replay)
            }
            Self::History(revisions) => history(replay, revisions),
            Self::File(path) => file(replay, path),
        }
    }
}

fn history(replay: &Replay<'_>, revisions: &str) -> Result<Scratch> {
    let owner = replay.owner;
    let expression = owner.parse(revisions)?;
    if !owner.graph().is_empty() {
        owner.resolve(&expression, None)?;
    }
    replay.at(revisions)
}

fn file(replay: &Replay<'_>, path: &Path) -> Result<Scratch> {
    let text = read_text(path).map_err(|error| {
        let title = format!("cannot read {}: {error}", path.display());
        Diagnostic::new(Cause::Unreadable(error), title).code(Code::UnreadableSchema)
    })?;
    replay.created_by(&SchemaFile {
        role: SchemaRole::Target,
        path: path.to_owned(),
        text: SqlText::new(text),
    })
}

/// Creates a temporary database with a schema that was read; `path` names it in errors.
pub(crate) fn database_with(
    schema: &Schema,
    path: PathBuf,
    replay: &Replay<'_>,
) -> Result<Scratch> {
    let mut scratch = replay.below()?;
    let below = replay.inspect(&mut scratch)?;
    let changes = changes(replay.owner, &below, schema, DiffOptions::default())?;
    let file = SchemaFile {
        role: SchemaRole::Target,
        path,
        text: SqlText::new(script(&changes, schema.dialect)),
    };
    replay.create(&file, &mut scratch)?;
    Ok(scratch)
}
