//! The schemas that commands compare: the target, the history, and those of databases.

mod differ;
mod dump;
mod source;
mod stated;

use std::collections::BTreeSet;

use alembic_history::Code;
use alembic_migrate::schema::Schema;
use alembic_migrate::{Dialect, Migrations};
use alembic_models::Rename as StatedRename;
use alembic_run::Failure;
use alembic_schema::Filter;

use crate::context::Context;
use crate::database::Database;
use crate::database::scratch::Scratch;
use crate::output::{Cause, Diagnostic, Error, Result};
use crate::replay::Replay;
use crate::workspace::{Access, Crate};

pub(crate) use differ::{Differ, changes, script as changes_script, text as changes_text};
pub(crate) use dump::{Dump, target_files};
pub(crate) use source::Source;
use stated::{Part, Stated};

/// The target schema of a crate, in a database.
pub(crate) struct Target {
    pub(crate) scratch: Scratch,
    /// What it says has got another name.
    pub(crate) renames: Vec<StatedRename>,
}

/// Creates a database with the target schema of the crate.
pub(crate) fn target(replay: &Replay<'_>) -> Result<Target> {
    let dialect = replay.engine.dialect();
    if let Some(plan) = replay.owner.models() {
        let stated = Stated::read(plan)?;
        return Ok(Target {
            scratch: created_by_structs(replay, &stated)?,
            renames: stated.renames(),
        });
    }
    match replay.owner.configuration.target(dialect)? {
        Some(file) => Ok(Target {
            scratch: replay.created_by(&file)?,
            renames: Vec::new(),
        }),
        None => Err(no_target(replay.owner, dialect)),
    }
}

/// Creates a database with what structs state, and the files beside them.
fn created_by_structs(replay: &Replay<'_>, stated: &Stated) -> Result<Scratch> {
    let dialect = replay.engine.dialect();
    let mut scratch = replay.below()?;
    for part in stated.parts(dialect)? {
        let structs = match part {
            Part::File(file) => {
                replay.create(&file, &mut scratch)?;
                continue;
            }
            Part::Structs(structs) => structs,
        };
        replay
            .try_create(&structs, &mut scratch)
            .map_err(|error| match error.failure() {
                Failure::Schema {
                    position, error, ..
                } => stated.explain(&structs, dialect, *position, error),
                _ => replay.explain(error, &scratch),
            })?;
    }
    Ok(scratch)
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
             it with what the revisions make; or state the schema by structs, with `models = true`",
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

/// Returns what schemas have and no comparison looks at, a line for each.
pub(crate) fn not_compared<'s>(schemas: impl IntoIterator<Item = &'s Schema>) -> Vec<String> {
    let schemas = schemas.into_iter();
    let lines = schemas.flat_map(|schema| {
        let kinds = schema.not_compared.iter();
        kinds.map(|(kind, names)| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("{kind}: {}", names.join(", "))
        })
    });
    let lines: BTreeSet<String> = lines.collect();
    lines.into_iter().collect()
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
