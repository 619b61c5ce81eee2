//! Schemas as SQL that makes them, and the files of target schemas.

use alembic_history::{Code, TargetAuthor};
use alembic_migrate::Dialect;
use alembic_migrate::schema::{Change, DiffOptions, Schema};
use alembic_run::{Schema as SchemaFile, SchemaRole};
use alembic_schema::script;
use alembic_sql::SqlText;

use super::{changes, not_compared};
use crate::database::scratch::Engine;
use crate::new_file::FileChanges;
use crate::output::{Cause, Diagnostic, Error, Result, display_path};
use crate::replay::Replay;
use crate::stale_target::how_to_keep_edits;
use crate::workspace::{Crate, CrateOrder};

/// A schema as SQL.
#[derive(Clone, Debug)]
pub(crate) struct Dump {
    pub(crate) dialect: Dialect,
    pub(crate) sql: String,
    /// What the schema has and the SQL does not make.
    pub(crate) not_compared: Vec<String>,
}

impl Dump {
    /// Renders a schema in databases in which the crates below are at their heads.
    pub(crate) fn new(
        owner: &Crate,
        below: &Schema,
        schema: &Schema,
        dialect: Dialect,
    ) -> Result<Self> {
        let changes = changes(owner, below, schema, DiffOptions::default())?;
        Ok(Self {
            dialect,
            sql: script(&changes, dialect),
            not_compared: not_compared(schema, schema),
        })
    }
}

/// What the revisions of a crate make on one engine.
struct Made<'r> {
    replay: Replay<'r>,
    below: Schema,
    heads: Schema,
}

impl<'r> Made<'r> {
    fn new(replay: Replay<'r>) -> Result<Self> {
        Ok(Self {
            below: replay.inspect(&mut replay.below()?)?,
            heads: replay.inspect(&mut replay.at("heads")?)?,
            replay,
        })
    }

    fn dialect(&self) -> Dialect {
        self.replay.engine.dialect()
    }

    fn dump(&self) -> Result<Dump> {
        Dump::new(self.replay.owner, &self.below, &self.heads, self.dialect())
    }

    /// Returns what a file creates.
    fn created_by(&self, file: &SchemaFile) -> Result<Schema> {
        let replay = &self.replay;
        replay.inspect(&mut replay.created_by(file)?)
    }

    /// Fails unless SQL that was rendered makes the schema of the revisions.
    fn check(&self, file: &SchemaFile) -> Result<()> {
        let found = self.created_by(file)?;
        match self.changes(&found, &self.heads)?.first() {
            None => Ok(()),
            Some(first) => {
                let path = file.path.display();
                let title = format!("{path} does not make the schema");
                let (engine, left) = (self.dialect().product(), &first.sentence);
                Err(Diagnostic::new(Cause::Check, title)
                    .code(Code::SchemaDiffers)
                    .note(format!("on {engine}, left: {left}"))
                    .help("nothing was written")
                    .into())
            }
        }
    }

    /// Fails unless a file that somebody wrote creates the schema of the revisions.
    fn compare(&self, file: &SchemaFile) -> Result<()> {
        let found = self.created_by(file)?;
        let ahead = self.changes(&self.heads, &found)?;
        if ahead.is_empty() {
            return Ok(());
        }
        let path = file.path.display();
        let title = format!("{path} creates another schema than the revisions make");
        let sentences = ahead.iter().map(|change| change.sentence.as_str());
        let sentences: Vec<&str> = sentences.collect();
        let engine = self.dialect().product();
        Err(Diagnostic::new(Cause::Check, title)
            .code(Code::SchemaDiffers)
            .note(format!("the difference on {engine}: {}", sentences.join(", ")))
            .note("it was left as it is, since somebody has written into it")
            .help(how_to_keep_edits(self.replay.owner, "if the file is right, "))
            .help("if the revisions are right, correct the file, or delete it to have it written anew")
            .into())
    }

    fn changes(&self, from: &Schema, to: &Schema) -> Result<Vec<Change>> {
        changes(self.replay.owner, from, to, DiffOptions::default())
    }
}

/// The files of a crate's target schema, each of which makes the schema of the revisions on its engines.
#[derive(Default)]
pub(crate) struct TargetFiles {
    /// The statements, each with its path as it is shown.
    pub(crate) dumps: Vec<(Dump, String)>,
    changes: FileChanges,
}

impl TargetFiles {
    /// Writes all of them, or none.
    pub(crate) fn write(self) -> Result<Vec<(Dump, String)>> {
        self.changes.commit()?;
        Ok(self.dumps)
    }
}

/// Renders what the revisions of a crate make into the files of its target schema, and proves that each
/// makes it. Nothing is left out: an empty database would lack it.
pub(crate) fn target_files(
    owner: &Crate,
    order: &CrateOrder,
    engines: &[Engine],
) -> Result<TargetFiles> {
    let files = owner.configuration.settings.schema.as_ref();
    let files = files.map(|files| files.by_file(&owner.dialects));
    let files = files.unwrap_or_default();
    if files.is_empty() {
        return Err(no_file(owner));
    }
    let below = order.below(owner);
    let mut target = TargetFiles::default();
    for (name, dialects) in files {
        let engines = engines
            .iter()
            .filter(|engine| dialects.contains(&engine.dialect()));
        let made = engines.map(|engine| {
            let replay = Replay {
                owner,
                below: &below,
                engine,
            };
            Made::new(replay)
        });
        let made: Vec<Made<'_>> = made.collect::<Result<_>>()?;
        let path = owner.configuration.folder.join(name);
        let shown = display_path(&path);
        let bases = owner.configuration.bases(&dialects)?;
        let bases: Vec<&str> = bases.iter().map(|base| base.text.as_str()).collect();
        let current = match owner.configuration.awaits_target(dialects[0]) {
            true => None,
            false => owner.configuration.target(dialects[0])?,
        };
        let author = current.as_ref().map_or(TargetAuthor::Command, |file| {
            TargetAuthor::of(file.text.as_str())
        });
        let dump = match (current, author) {
            (Some(file), TargetAuthor::Hand) => kept(&made, &file)?,
            (_, TargetAuthor::Command) | (None, TargetAuthor::Hand) => shared(&made, &shown)?,
        };
        let history = owner.history();
        let text = history.record_target(owner.name(), &bases, &dump.sql, author);
        target.changes.write(&path, &text)?;
        target.dumps.push((dump, shown));
    }
    Ok(target)
}

/// Returns the text of a file as it is, if it makes the schema of the revisions on all of its engines.
fn kept(made: &[Made<'_>], file: &SchemaFile) -> Result<Dump> {
    made.iter().try_for_each(|reader| reader.compare(file))?;
    let [first, ..] = made else {
        unreachable!("a file is for an engine of the crate")
    };
    Ok(Dump {
        dialect: first.dialect(),
        sql: file.text.as_str().to_owned(),
        not_compared: not_compared(&first.heads, &first.heads),
    })
}

/// Returns the SQL of the first engine whose SQL all engines of a file read. One engine may not read
/// what another one writes.
fn shared(made: &[Made<'_>], shown: &str) -> Result<Dump> {
    let mut failed = None;
    for author in made {
        let dump = author.dump()?;
        let file = SchemaFile {
            role: SchemaRole::Target,
            path: shown.into(),
            text: SqlText::new(dump.sql.as_str()),
        };
        match made.iter().try_for_each(|reader| reader.check(&file)) {
            Ok(()) => return Ok(dump),
            Err(error) => failed = Some(error),
        }
    }
    match (made, failed) {
        ([_], Some(error)) => Err(error),
        _ => Err(not_shared(made, shown)),
    }
}

/// Explains that the engines of a crate need files of their own.
fn not_shared(made: &[Made<'_>], shown: &str) -> Error {
    let dialects = || made.iter().map(Made::dialect);
    let products: Vec<&str> = dialects().map(Dialect::product).collect();
    let title = format!(
        "one file cannot make the schema of the revisions on {}",
        products.join(" and ")
    );
    let files = dialects().map(|dialect| format!("{dialect} = \"schema.{dialect}.sql\""));
    let files: Vec<String> = files.collect();
    Diagnostic::new(Cause::Check, title)
        .code(Code::SchemaDiffers)
        .note(format!("{shown} was not written"))
        .help(format!(
            "give each engine a file of its own, with `schema = {{ {} }}` under \
             [package.metadata.alembic]",
            files.join(", ")
        ))
        .into()
}

fn no_file(owner: &Crate) -> Error {
    let title = format!("crate `{}` has no file for its target schema", owner.name());
    Diagnostic::new(Cause::Configuration, title)
        .code(Code::NoTarget)
        .help("name one with `schema = \"schema.sql\"` under [package.metadata.alembic]")
        .into()
}
