//! Compares two schemas on the engines of a crate.

use std::collections::BTreeSet;
use std::fmt::Write;

use alembic_migrate::Dialect;
use alembic_migrate::schema::{Change, DiffOptions, Hazard, Schema};
use alembic_schema::Filter;

use super::{Source, Strictness, Target, not_compared, report_not_compared, report_unstated};
use crate::context::Context;
use crate::database::scratch::Engine;
use crate::explain;
use crate::output::Result;
use crate::output::json::{ChangeJson, DiffJson, EngineChangesJson};
use crate::replay::Replay;
use crate::workspace::Crate;

/// Two schemas to compare, and how.
pub(crate) struct Differ<'d> {
    pub(crate) from: (&'d str, Source),
    pub(crate) to: (&'d str, Source),
    pub(crate) filter: Filter,
    pub(crate) strictness: Strictness,
}

/// How two schemas differ on one engine.
pub(crate) struct EngineChanges {
    pub(crate) dialect: Dialect,
    pub(crate) changes: Vec<Change>,
    not_compared: Vec<String>,
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

impl Differ<'_> {
    /// Returns the engines that have both schemas, of those of the crate.
    pub(crate) fn engines<'e>(&self, engines: &'e [Engine]) -> Vec<&'e Engine> {
        let only = [&self.from.1, &self.to.1].map(Source::dialect);
        let engines = engines.iter();
        let engines = engines.filter(|engine| {
            let mut only = only.iter().flatten();
            only.all(|dialect| *dialect == engine.dialect())
        });
        engines.collect()
    }

    /// Compares the schemas on the engine of a replay.
    pub(crate) fn compare(&self, context: &Context, replay: &Replay<'_>) -> Result<EngineChanges> {
        let [mut from, mut to] = self.read(context, replay)?;
        for schema in [&mut from, &mut to] {
            self.filter.apply(schema);
        }
        let not_compared = not_compared([&from, &to]);
        report_not_compared(context, replay.owner, &not_compared, self.strictness)?;
        Ok(EngineChanges {
            dialect: to.dialect,
            changes: changes(replay.owner, &from, &to, DiffOptions::default())?,
            not_compared,
        })
    }

    /// Reads both schemas. What a target does not state is what the other schema has.
    fn read(&self, context: &Context, replay: &Replay<'_>) -> Result<[Schema; 2]> {
        let (from, to) = (&self.from.1, &self.to.1);
        let completed = |other: &Source| -> Result<[Schema; 2]> {
            let current = other.read(context, replay)?;
            let target = Target::read(replay, &current)?;
            let whole = target.completed(&current, &BTreeSet::new());
            report_unstated(context, replay.owner, target.unstated(&whole).as_deref());
            Ok([current, whole])
        };
        match (from, to) {
            (Source::Target, Source::Target) => {
                let target = from.read(context, replay)?;
                Ok([target.clone(), target])
            }
            (_, Source::Target) => completed(from),
            (Source::Target, _) => completed(to).map(|[to, from]| [from, to]),
            _ => {
                let [from, to] = [from, to].map(|source| source.read(context, replay));
                Ok([from?, to?])
            }
        }
    }

    /// Returns the answer for programs.
    pub(crate) fn json(&self, engines: &[EngineChanges]) -> DiffJson {
        let engines = engines.iter().map(|engine| EngineChangesJson {
            dialect: engine.dialect.to_string(),
            changes: ChangeJson::all(&engine.changes),
            not_compared: engine.not_compared.clone(),
        });
        DiffJson {
            from: self.from.0.to_owned(),
            to: self.to.0.to_owned(),
            engines: engines.collect(),
        }
    }
}

/// Returns changes as lines, with the hazards of each below it; the engine is named if there are
/// several.
pub(crate) fn text(engines: &[EngineChanges]) -> String {
    let mut text = String::new();
    for engine in engines {
        let named = match engines {
            [_] => String::new(),
            _ => format!("{}: ", engine.dialect.product()),
        };
        for change in &engine.changes {
            let _ = writeln!(text, "{named}{}", change.sentence);
            for hazard in &change.hazards {
                let _ = writeln!(text, "  {}", Hazard::sentence(hazard));
            }
        }
    }
    text
}

/// Returns changes as a script for each engine.
pub(crate) fn script(engines: &[EngineChanges]) -> String {
    let scripts = engines.iter().map(|engine| {
        let heading = match engines {
            [_] => String::new(),
            _ => format!("-- {}\n", engine.dialect.product()),
        };
        heading + &alembic_schema::script(&engine.changes, engine.dialect)
    });
    scripts.collect::<Vec<_>>().join("\n")
}
