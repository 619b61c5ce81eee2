//! Schemas as SQL that makes them, and the files of target schemas.

use alembic_history::Code;
use alembic_migrate::Dialect;
use alembic_migrate::schema::{DiffOptions, Schema};
use alembic_run::{Schema as SchemaFile, SchemaRole};
use alembic_schema::{Filter, script};
use alembic_sql::SqlText;

use super::{changes, not_compared};
use crate::database::scratch::Engine;
use crate::new_file::FileChanges;
use crate::output::{Cause, Diagnostic, Error, Result, display_path};
use crate::replay::Replay;
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
    filter: &'r Filter,
}

impl<'r> Made<'r> {
    fn new(replay: Replay<'r>, filter: &'r Filter) -> Result<Self> {
        let mut below = replay.inspect(&mut replay.below()?)?;
        let mut heads = replay.inspect(&mut replay.at("heads")?)?;
        filter.apply(&mut below);
        filter.apply(&mut heads);
        Ok(Self {
            replay,
            below,
            heads,
            filter,
        })
    }

    fn dialect(&self) -> Dialect {
        self.replay.engine.dialect()
    }

    fn dump(&self) -> Result<Dump> {
        Dump::new(self.replay.owner, &self.below, &self.heads, self.dialect())
    }

    /// Fails unless a file makes the schema of the revisions.
    fn check(&self, file: &SchemaFile) -> Result<()> {
        let replay = &self.replay;
        let mut found = replay.inspect(&mut replay.created_by(file)?)?;
        self.filter.apply(&mut found);
        let left = changes(replay.owner, &found, &self.heads, DiffOptions::default())?;
        match left.first() {
            None => Ok(()),
            Some(first) => {
                let title = format!("{} does not make the schema", file.path.display());
                Err(Diagnostic::new(Cause::Check, title)
                    .code(Code::SchemaDiffers)
                    .note(format!(
                        "on {}, left: {}",
                        self.dialect().product(),
                        first.sentence
                    ))
                    .help("nothing was written")
                    .into())
            }
        }
    }
}

/// The files of a crate's target schema, each of which makes the schema of the revisions on its engines.
#[derive(Default)]
pub(crate) struct TargetFiles {
    /// The texts, each with its path as it is shown.
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
/// makes it.
pub(crate) fn target_files(
    owner: &Crate,
    order: &CrateOrder,
    engines: &[Engine],
    filter: &Filter,
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
            Made::new(replay, filter)
        });
        let made: Vec<Made<'_>> = made.collect::<Result<_>>()?;
        let path = owner.configuration.folder.join(name);
        let shown = display_path(&path);
        let bases = bases(owner, &dialects)?;
        let bases: Vec<&str> = bases.iter().map(|base| base.text.as_str()).collect();
        let head = owner.history().schema_head(owner.name(), &bases);
        let (dump, text) = shared_text(&made, &head, &shown)?;
        target.changes.write(&path, &text)?;
        target.dumps.push((dump, shown));
    }
    Ok(target)
}

/// Returns the files of what is older than the revisions, each once.
fn bases(owner: &Crate, dialects: &[Dialect]) -> Result<Vec<SchemaFile>> {
    let mut bases: Vec<SchemaFile> = Vec::new();
    for dialect in dialects {
        let base = owner.configuration.base(*dialect)?;
        let is_new = |base: &SchemaFile| bases.iter().all(|known| known.path != base.path);
        bases.extend(base.filter(is_new));
    }
    Ok(bases)
}

/// Returns the text of a file for all of its engines: the SQL of the first one whose SQL all of them
/// read. One engine may not read what another one writes.
fn shared_text(made: &[Made<'_>], head: &str, shown: &str) -> Result<(Dump, String)> {
    let mut failed = None;
    for author in made {
        let dump = author.dump()?;
        let text = head.to_owned() + &dump.sql;
        let file = SchemaFile {
            role: SchemaRole::Target,
            path: shown.into(),
            text: SqlText::new(text.as_str()),
        };
        match made.iter().try_for_each(|reader| reader.check(&file)) {
            Ok(()) => return Ok((dump, text)),
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
