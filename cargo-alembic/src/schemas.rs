//! The schemas that commands compare: the target, the history, and those of databases.

mod differ;
mod dump;
pub(crate) mod renames;
mod source;
mod stated;

use std::collections::BTreeSet;

use alembic_history::Code;
use alembic_migrate::schema::{Change, DiffOptions, ObjectId, ObjectKind, Schema};
use alembic_migrate::{Dialect, Migrations};
use alembic_models::Rename as StatedRename;
use alembic_run::Failure;
use alembic_schema::{Filter, PartialSchema, plain_name};

use crate::context::Context;
use crate::database::Database;
use crate::database::scratch::Scratch;
use crate::explain;
use crate::output::{Cause, Diagnostic, Error, Result};
use crate::replay::Replay;
use crate::workspace::{Access, Crate};

pub(crate) use differ::{Differ, script as changes_script, text as changes_text};
pub(crate) use dump::{Dump, target_files};
pub(crate) use source::{Source, database_with};
use stated::{Part, Stated};

/// The target schema of a crate.
pub(crate) struct Target {
    stated: StatedSchema,
    /// What it says has got another name.
    pub(crate) renames: Vec<StatedRename>,
}

/// A schema as something states it.
enum StatedSchema {
    Whole(Schema),
    /// All the rest is what the schema has that it is compared with.
    Part(PartialSchema),
}

impl Target {
    /// Refuses a crate without a target schema, before anything is read to compare it with.
    pub(crate) fn check(replay: &Replay<'_>) -> Result<()> {
        let owner = replay.owner;
        let dialect = replay.engine.dialect();
        match owner.models().is_some() || owner.configuration.target(dialect)?.is_some() {
            true => Ok(()),
            false => Err(no_target(owner, dialect)),
        }
    }

    /// Reads the target schema of the crate, to compare it with another one: a part of a schema may be
    /// made of types that only the other one says how to create.
    pub(crate) fn read(replay: &Replay<'_>, current: &Schema) -> Result<Self> {
        let dialect = replay.engine.dialect();
        let Some(plan) = replay.owner.models() else {
            let file = replay.owner.configuration.target(dialect)?;
            let file = file.ok_or_else(|| no_target(replay.owner, dialect))?;
            return Ok(Self {
                stated: StatedSchema::Whole(replay.inspect(&mut replay.created_by(&file)?)?),
                renames: Vec::new(),
            });
        };
        let stated = Stated::read(plan)?;
        let mut scratch = replay.below()?;
        if stated.is_partial() {
            create_types(replay, &mut scratch, current, &stated)?;
        }
        create_stated(replay, &stated, &mut scratch)?;
        let schema = replay.inspect(&mut scratch)?;
        let checked = stated.check(plan, &schema);
        checked.map_err(|error| error.note(format!("in crate `{}`", replay.owner.name())))?;
        let renames = stated.renames();
        let stated = match stated.is_partial() {
            true => StatedSchema::Part(stated.partial(schema)),
            false => StatedSchema::Whole(schema),
        };
        Ok(Self { stated, renames })
    }

    /// Returns the whole schema, with what it does not state as another schema has it, but for what is
    /// `dropped`.
    pub(crate) fn completed(&self, current: &Schema, dropped: &BTreeSet<ObjectId>) -> Schema {
        match &self.stated {
            StatedSchema::Whole(schema) => schema.clone(),
            StatedSchema::Part(partial) => partial.completed(current, dropped),
        }
    }

    /// Returns what a completed schema has that the target does not state, in words.
    pub(crate) fn unstated(&self, completed: &Schema) -> Option<String> {
        let StatedSchema::Part(partial) = &self.stated else {
            return None;
        };
        let found = partial.unstated(completed).into_iter();
        let found: Vec<String> = found.map(|(kind, ids)| in_words(kind, &ids)).collect();
        (!found.is_empty()).then(|| found.join(", "))
    }
}

/// Returns how many objects of a kind there are, and which columns: one of them may have lost its field.
fn in_words(kind: ObjectKind, ids: &[ObjectId]) -> String {
    /// How many columns are named.
    const NAMED: usize = 8;
    let count = counted(kind, ids.len());
    if kind != ObjectKind::Column {
        return count;
    }
    let mut names: Vec<String> = ids.iter().take(NAMED).map(plain_name).collect();
    if ids.len() > NAMED {
        names.push("...".to_owned());
    }
    format!("{count} ({})", names.join(", "))
}

/// Returns a number of objects of a kind.
fn counted(kind: ObjectKind, count: usize) -> String {
    let name = kind.as_str();
    match (count, name.strip_suffix('y'), name.ends_with('x')) {
        (1, ..) => format!("1 {name}"),
        (_, Some(stem), _) => format!("{count} {stem}ies"),
        (_, None, true) => format!("{count} {name}es"),
        (_, None, false) => format!("{count} {name}s"),
    }
}

/// Reports what the entities do not state, and what therefore stays as it is.
pub(crate) fn report_unstated(context: &Context, owner: &Crate, unstated: Option<&str>) {
    if let Some(unstated) = unstated {
        let what = format_args!(
            "left as they are, since no entity states them: {unstated} ({})",
            owner.name()
        );
        context.shell.status("Note", what);
    }
}

/// Creates the types that the columns of entities may have, and that no entity states.
fn create_types(
    replay: &Replay<'_>,
    scratch: &mut Scratch,
    current: &Schema,
    stated: &Stated,
) -> Result<()> {
    let before = replay.inspect(scratch)?;
    let statements = alembic_schema::types(&before, current, &stated.enums());
    let statements = statements
        .map_err(|error| explain::circle(&error, replay.owner.name(), current.dialect))?;
    for statement in statements {
        scratch.execute(&statement.sql)?;
    }
    Ok(())
}

/// Creates what structs state in a database, and the files beside them.
fn create_stated(replay: &Replay<'_>, stated: &Stated, scratch: &mut Scratch) -> Result<()> {
    let dialect = replay.engine.dialect();
    for part in stated.parts(dialect)? {
        let structs = match part {
            Part::File(file) => {
                replay.create(&file, scratch)?;
                continue;
            }
            Part::Structs(structs) => structs,
        };
        replay
            .try_create(&structs, scratch)
            .map_err(|error| match error.failure() {
                Failure::Schema {
                    position, error, ..
                } => stated.explain(&structs, dialect, *position, error),
                _ => replay.explain(error, scratch),
            })?;
    }
    Ok(())
}

fn no_target(owner: &Crate, dialect: Dialect) -> Error {
    let title = match &owner.configuration.settings.schema {
        Some(_) => format!(
            "crate `{}` has no target schema on {}",
            owner.name(),
            dialect.product()
        ),
        None => format!("crate `{}` has no target schema", owner.name()),
    };
    Diagnostic::new(Cause::Configuration, title)
        .code(Code::NoTarget)
        .help(
            "write SQL that creates the schema as it should be, and name the file with `schema = \
             \"schema.sql\"` under [package.metadata.alembic]; `cargo alembic dump --write` begins \
             it with what the revisions make; or state the schema by structs, with `models = true`, or by \
             the entities of sea-orm, with `models = { sea-orm = true }`",
        )
        .into()
}

/// Reads the schema of a lasting database, without what belongs to other crates of the workspace.
pub(crate) fn inspect_database(
    context: &Context,
    owner: &Crate,
    database: &Database,
) -> Result<Schema> {
    let workspace = context.workspace()?;
    let mut others = Vec::new();
    for configuration in workspace.all().unwrap_or_default() {
        if configuration.name != owner.name() {
            // A crate that cannot be read does not keep this one from being compared.
            others.extend(workspace.read(configuration, &Access::default()).ok());
        }
    }
    let others: Vec<&Migrations> = others.iter().map(|other| &other.migrations).collect();
    let mut connection = database.read()?;
    let found = owner.migrations.inspect_among(&mut connection, &others);
    let found = found.map_err(|error| owner.explain(error, database))?;
    Ok(found.schema)
}

/// Returns the changes that make one schema of another.
pub(crate) fn changes(
    owner: &Crate,
    from: &Schema,
    to: &Schema,
    options: DiffOptions,
) -> Result<Vec<Change>> {
    let changes = alembic_migrate::schema::diff(from, to, options);
    changes.map_err(|error| explain::circle(&error, owner.name(), to.dialect))
}

/// Returns which objects are compared, by arguments or else by the configuration.
pub(crate) fn filter_for(owner: &Crate, include: &[String], exclude: &[String]) -> Result<Filter> {
    let settings = &owner.configuration.settings;
    let include = match include {
        [] => &settings.include,
        include => include,
    };
    let filter = Filter::new(include, settings.exclude.iter().chain(exclude));
    filter.map_err(|error| {
        let title = format!("invalid pattern: {error}");
        Diagnostic::new(Cause::Arguments, title)
            .code(Code::InvalidPattern)
            .note("it is in `include` or `exclude`")
            .into()
    })
}

/// Returns what two schemas have and a comparison of them does not look at, a line for each kind.
pub(crate) fn not_compared(from: &Schema, to: &Schema) -> Vec<String> {
    let kinds = alembic_schema::not_compared(from, to);
    let lines = kinds.iter().map(|(kind, names)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        format!("{kind}: {}", names.join(", "))
    });
    lines.collect()
}

/// Reports what schemas have and no comparison looks at, or refuses it.
pub(crate) fn report_not_compared(
    context: &Context,
    owner: &Crate,
    lines: &[String],
    strictness: Strictness,
) -> Result<()> {
    match strictness {
        Strictness::Strict if !lines.is_empty() => {
            let title = "the schemas hold objects that are not compared";
            let mut diagnostic = Diagnostic::new(Cause::Revision, title)
                .code(Code::NotCompared)
                .note(format!("in crate `{}`", owner.name()));
            for line in lines {
                diagnostic = diagnostic.note(line);
            }
            Err(diagnostic
                .help("compare them by hand, and leave `--strict` out")
                .into())
        }
        Strictness::Strict | Strictness::Lenient => {
            for line in lines {
                let what = format_args!("not compared: {line} ({})", owner.name());
                context.shell.status("Note", what);
            }
            Ok(())
        }
    }
}

/// The treatment of what no comparison looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// It is an error.
    Strict,
    /// It is reported.
    Lenient,
}

impl From<bool> for Strictness {
    fn from(strict: bool) -> Self {
        match strict {
            true => Self::Strict,
            false => Self::Lenient,
        }
    }
}
