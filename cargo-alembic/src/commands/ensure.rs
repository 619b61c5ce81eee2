//! `cargo alembic ensure`

use std::sync::Arc;

use alembic_history::{Direction, Node, PlanError};
use alembic_migrate::{Ahead, EnsureReport, Migrations, Outcome, RunFault, ensure_all_ready};
use clap::Args;

use super::{DatabaseArgs, InterruptedArgs, finish};
use crate::context::Context;
use crate::database::{self, Database};
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::explain;
use crate::json::{EnsureJson, StepJson};
use crate::member::{Loaded, load_all};
use crate::progress::Progress;
use crate::requirements::{self, Ordered, Planned};
use crate::shell::Took;

/// Arguments of `cargo alembic ensure`.
#[derive(Debug, Args)]
pub struct EnsureArgs {
    /// Take a database as it is that a newer version of the crate has migrated
    #[arg(long)]
    allow_ahead: bool,
    #[command(flatten)]
    interrupted: InterruptedArgs,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl EnsureArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let ordered = requirements::ordered(
            context,
            load_all(context.members()?, self.database.url.as_deref())?,
        )?;
        let databases = database::of_all(context, &ordered.chosen, self.database.url.as_deref())?;
        let mut answers = Vec::new();
        let mut failed = None;
        let groups = by_database(&ordered.chosen, &databases);
        let names: Vec<Vec<&str>> = groups
            .iter()
            .map(|(group, _)| group.iter().map(|crate_| crate_.name()).collect())
            .collect();
        for (index, (group, database)) in groups.into_iter().enumerate() {
            match self.ensure(context, &ordered, &group, database) {
                Ok(reports) => answers.extend(reports.into_iter().filter_map(|report| {
                    let crate_ = group
                        .iter()
                        .find(|crate_| crate_.name() == report.package)?;
                    Some((*crate_, json(database, report)))
                })),
                Err(error) => {
                    let (done, left) = (names[..index].concat(), names[index + 1..].concat());
                    failed = Some(error.among(&done, &names[index], &left));
                    break;
                }
            }
        }
        finish(context, answers, failed)
    }

    /// Makes one database ready for the crates that share it.
    fn ensure(
        &self,
        context: &Context,
        ordered: &Ordered,
        group: &[&Loaded],
        database: &Database,
    ) -> Result<Vec<EnsureReport>> {
        for crate_ in group.iter().filter(|crate_| crate_.has_requirements()) {
            let pending = self.pending(crate_, database)?;
            ordered.check(crate_, &pending, group, &Planned::new(), &self.database)?;
        }
        let names: Vec<&str> = group.iter().map(|crate_| crate_.name()).collect();
        let what = format_args!("{} ({})", names.join(", "), database.url);
        context.shell.status("Ensuring", what);
        let progress = Arc::new(Progress::new(context.shell));
        let ahead = if self.allow_ahead {
            Ahead::Allow
        } else {
            Ahead::Refuse
        };
        let sets: Vec<Migrations> = group
            .iter()
            .map(|crate_| {
                let shown = Arc::clone(&progress);
                let migrations = crate_.migrations.clone();
                let migrations = migrations.lock_timeout(self.database.lock_timeout);
                migrations
                    .ahead(ahead)
                    .interrupted(self.interrupted.policy())
                    .observe(move |event| shown.show(event))
            })
            .collect();
        let mut connection = database.write()?;
        let sets: Vec<&Migrations> = sets.iter().collect();
        let outcome = ensure_all_ready(&mut connection, &sets);
        progress.finish();
        let reports = outcome.map_err(|error| {
            let owner = group.iter().find(|crate_| match &*error.fault {
                RunFault::Statement { place, .. } => crate_.has_file(&place.path),
                RunFault::Irreversible { path, .. } => crate_.has_file(path),
                RunFault::Plan(_) => {
                    let rows = database.rows(crate_, self.database.lock_timeout);
                    rows.is_ok_and(|rows| crate_.graph().rows(&rows).is_err())
                }
                _ => false,
            });
            database.explain(&error, owner.unwrap_or(&group[0]))
        })?;
        for report in &reports {
            context.shell.status("Finished", in_words(report));
        }
        Ok(reports)
    }

    /// Returns what is pending for a crate; nothing, where its database may be ahead.
    fn pending(&self, crate_: &Loaded, database: &Database) -> Result<Vec<Node>> {
        let rows = database.rows(crate_, self.database.lock_timeout)?;
        match crate_.graph().rows(&rows) {
            Ok(rows) => Ok(crate_.graph().pending(&rows)),
            Err(PlanError::UnknownRows { .. }) if self.allow_ahead => Ok(Vec::new()),
            Err(error) => Err(explain::plan(&error, crate_, Some(database))),
        }
    }
}

/// Brings those crates together that share a database, in the order of the first of each.
fn by_database<'l>(
    crates: &'l [Loaded],
    databases: &'l [Database],
) -> Vec<(Vec<&'l Loaded>, &'l Database)> {
    let mut groups: Vec<(Vec<&Loaded>, &Database)> = Vec::new();
    for (crate_, database) in crates.iter().zip(databases) {
        let place = database.place();
        let same =
            |group: &&mut (Vec<&Loaded>, &Database)| place.is_some() && group.1.place() == place;
        match groups.iter_mut().find(same) {
            Some((group, _)) => group.push(crate_),
            None => groups.push((vec![crate_], database)),
        }
    }
    groups
}

fn in_words(report: &EnsureReport) -> String {
    let place = match report.after.as_slice() {
        [] => "base".to_owned(),
        rows => rows.join(", "),
    };
    let what = match (report.outcome, report.steps.len()) {
        (Outcome::Ready, _) => "no pending migrations".to_owned(),
        (Outcome::Created, _) => "created the target schema".to_owned(),
        (Outcome::Migrated, 1) => "1 revision".to_owned(),
        (Outcome::Migrated, steps) => format!("{steps} revisions"),
        (Outcome::Ahead, _) => "ahead of these migrations, and left as it is".to_owned(),
    };
    let (name, scenario, took) = (&report.package, report.scenario, Took(report.took));
    format!("{name} at {place}: {scenario} database, {what} in {took}")
}

fn json(database: &Database, report: EnsureReport) -> EnsureJson {
    EnsureJson {
        database: database.url.to_string(),
        scenario: report.scenario.to_string(),
        outcome: report.outcome.to_string(),
        steps: report
            .steps
            .iter()
            .map(|step| StepJson::new(Direction::Upgrade, step))
            .collect(),
        before: report.before,
        after: report.after,
        seconds: report.took.as_secs_f64(),
    }
}
