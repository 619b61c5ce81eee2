//! Compares two schemas on the engines of a crate.

use std::collections::BTreeSet;
use std::fmt::Write;

use alembic_migrate::Dialect;
use alembic_migrate::schema::{Change, DiffOptions, Hazard, Schema};
use alembic_schema::{Filter, Rename};

use super::{
    Source, Strictness, Target, changes, not_compared, renames, report_not_compared,
    report_unstated,
};
use crate::context::Context;
use crate::database::Database;
use crate::database::scratch::Engine;
use crate::output::Result;
use crate::output::json::{ChangeJson, DiffJson, EngineChangesJson};
use crate::replay::Replay;

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

/// Two schemas, and the renames before and after what makes one of the other.
struct Compared {
    from: Schema,
    to: Schema,
    renames_before: Vec<Rename>,
    renames_after: Vec<Rename>,
}

impl Compared {
    fn new(from: Schema, to: Schema) -> Self {
        Self {
            from,
            to,
            renames_before: Vec::new(),
            renames_after: Vec::new(),
        }
    }
}

impl Differ<'_> {
    /// Returns the databases among the schemas.
    pub(crate) fn databases(&self) -> Vec<&Database> {
        let schemas = [&self.from.1, &self.to.1].into_iter();
        schemas.filter_map(Source::database).collect()
    }

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
        let Compared {
            from,
            to,
            renames_before,
            renames_after,
        } = self.read(context, replay)?;
        let not_compared = not_compared(&from, &to);
        report_not_compared(context, replay.owner, &not_compared, self.strictness)?;
        let mut all = renames::changes(&renames_before);
        all.extend(changes(replay.owner, &from, &to, DiffOptions::default())?);
        all.extend(renames::changes(&renames_after));
        Ok(EngineChanges {
            dialect: to.dialect,
            changes: all,
            not_compared,
        })
    }

    /// Reads both schemas.
    fn read(&self, context: &Context, replay: &Replay<'_>) -> Result<Compared> {
        let (from, to) = (&self.from.1, &self.to.1);
        match (from, to) {
            (Source::Target, Source::Target) => {
                let target = self.filtered(from.read(context, replay)?);
                Ok(Compared::new(target.clone(), target))
            }
            (_, Source::Target) => {
                let (from, to, renames_before) = self.target_beside(from, context, replay)?;
                Ok(Compared {
                    renames_before,
                    ..Compared::new(from, to)
                })
            }
            (Source::Target, _) => {
                let (to, from, renames) = self.target_beside(to, context, replay)?;
                Ok(Compared {
                    renames_after: renames::reversed(&renames),
                    ..Compared::new(from, to)
                })
            }
            _ => {
                let [from, to] = [from, to].map(|source| source.read(context, replay));
                Ok(Compared::new(self.filtered(from?), self.filtered(to?)))
            }
        }
    }

    /// Reads a schema and the target, which may state that something of it has got another name: then the
    /// schema is the one with these renames made. What the target does not state is what the schema has.
    fn target_beside(
        &self,
        source: &Source,
        context: &Context,
        replay: &Replay<'_>,
    ) -> Result<(Schema, Schema, Vec<Rename>)> {
        Target::check(replay)?;
        let whole = source.read(context, replay)?;
        let mut current = self.filtered(whole.clone());
        let target = Target::read(replay, &current)?;
        let renames = renames::stated(&target.renames, &current);
        let renames = renames::in_sequence(renames, &current);
        if !renames.is_empty() {
            let mut copy = source.copy(replay, &whole)?;
            renames::execute(&renames, &copy)?;
            current = self.filtered(replay.inspect(&mut copy)?);
        }
        let completed = target.completed(&current, &BTreeSet::new());
        report_unstated(
            context,
            replay.owner,
            target.unstated(&completed).as_deref(),
        );
        Ok((current, self.filtered(completed), renames))
    }

    fn filtered(&self, mut schema: Schema) -> Schema {
        self.filter.apply(&mut schema);
        schema
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
