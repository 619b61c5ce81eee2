//! `cargo alembic ensure`

use std::sync::Arc;

use alembic_history::{Direction, Node};
use alembic_migrate::options::{Ahead, Fresh};
use alembic_migrate::{Migrations, Scenario, ensure_all_ready};
use clap::Args;

use crate::args::{DatabaseArgs, DetailArgs, InterruptedArgs};
use crate::context::Context;
use crate::database::Watch;
use crate::empty_upgrades;
use crate::lock_file;
use crate::newer_sql;
use crate::output::json::{AnswerJson, EnsureJson};
use crate::output::{Answer, Detail, Layout, Response, Result, reports};
use crate::several_heads;
use crate::stale_target::StaleTarget;
use crate::workspace::{Crate, CrateOrder, PlannedRows};

/// Arguments of `cargo alembic ensure`.
#[derive(Debug, Args)]
pub struct EnsureArgs {
    /// Leave a database alone if a newer version of the crate has migrated it
    #[arg(long)]
    allow_ahead: bool,
    #[command(flatten)]
    detail: DetailArgs,
    #[command(flatten)]
    interrupted: InterruptedArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl EnsureArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let crates = context.crates(&(&self.database).into())?;
        let workspace = context.workspace()?;
        let order = workspace.order(crates)?;
        workspace.check_databases(&order.chosen)?;
        lock_file::check_all(&order.chosen)?;
        let mut answers = Vec::new();
        let mut failed = None;
        let groups = group_by_database(&order.chosen)?;
        let names: Vec<Vec<&str>> = groups
            .iter()
            .map(|group| group.iter().map(|next| next.name()).collect())
            .collect();
        for (index, group) in groups.iter().enumerate() {
            match self.ensure(context, &order, group) {
                Ok(ready) => answers.extend(ready),
                Err(error) => {
                    let (done, left) = (names[..index].concat(), names[index + 1..].concat());
                    failed = Some(error.with_other_crates(&done, &names[index], &left));
                    break;
                }
            }
        }
        Ok(Response::new(answers, Layout::Plain).with_error(failed))
    }

    /// Gets one database ready for the crates that share it; `group` is not empty.
    fn ensure(
        &self,
        context: &Context,
        order: &CrateOrder,
        group: &[&Crate],
    ) -> Result<Vec<Answer>> {
        let database = group[0].database()?;
        for next in group.iter().filter(|next| next.has_requirements()) {
            let pending = self.pending(next)?;
            order.check_requirements(next, &pending, group, &PlannedRows::new())?;
        }
        if database.is_missing() {
            // A file is not created for SQL that cannot run.
            group
                .iter()
                .try_for_each(|next| next.check_sql(Direction::Upgrade))?;
        }
        let names: Vec<&str> = group.iter().map(|next| next.name()).collect();
        let what = format_args!("{} ({})", names.join(", "), database.shown());
        context.shell.status("Ensuring", what);
        let progress =
            Arc::new(context.progress(self.detail.detail(), group[0].name(), database.dialect()));
        let ahead = if self.allow_ahead {
            Ahead::Allow
        } else {
            Ahead::Refuse
        };
        let stale = group.iter();
        let stale = stale.map(|next| StaleTarget::find(next, database.dialect()));
        let stale: Vec<Option<StaleTarget>> = stale.collect::<Result<_>>()?;
        let sets: Vec<Migrations> = group
            .iter()
            .zip(&stale)
            .map(|(next, stale)| {
                let (shown, watch) = (Arc::clone(&progress), Watch::new(database));
                let migrations = next.migrations.clone().ahead(ahead);
                let migrations = match stale {
                    Some(stale) if !stale.is_trusted() => migrations.fresh(Fresh::Replay),
                    Some(_) | None => migrations,
                };
                migrations
                    .report_statements(self.detail.detail() == Detail::Statements)
                    .interruption(self.interrupted.policy())
                    .observe(move |event| {
                        watch.note(event);
                        shown.show(event);
                    })
            })
            .collect();
        let mut connection = database.write(context.shell)?;
        let sets: Vec<&Migrations> = sets.iter().collect();
        let outcome = ensure_all_ready(&mut connection, &sets);
        progress.finish();
        let reports = outcome.map_err(|error| {
            let mut crates = group.iter();
            let failed = crates.find(|next| error.package() == Some(next.name()));
            failed.unwrap_or(&group[0]).explain(error, database)
        })?;
        let mut answers = Vec::new();
        for report in &reports {
            context.shell.status("Finished", reports::ensure(report));
            let mut pairs = group.iter().zip(&stale);
            let own = pairs.find(|(own, _)| own.name() == report.package);
            if let Some((own, stale)) = own {
                if let Some(stale) = stale
                    && report.scenario == Scenario::Fresh
                {
                    stale.report(context, own, report.outcome);
                }
                let (way, dialect) = (Direction::Upgrade, database.dialect());
                newer_sql::report_steps(context, own, way, dialect, &report.steps);
                several_heads::report(context, own, &report.steps);
            }
            let empty = own.map(|(own, _)| empty_upgrades::report(context, own, &report.steps));
            let json = EnsureJson::new(&database.url, report, &empty.unwrap_or_default());
            let json = AnswerJson::Ensure(json);
            answers.push(Answer::new(&report.package, json, String::new()));
        }
        Ok(answers)
    }

    /// Returns the pending revisions of a crate; none if its database is allowed to be ahead.
    fn pending(&self, own: &Crate) -> Result<Vec<Node>> {
        let database = own.database()?;
        let versions = own.versions(database)?;
        if self.allow_ahead && !versions.unknown.is_empty() {
            return Ok(Vec::new());
        }
        let rows = own.revisions(&versions, database)?;
        Ok(own.graph().pending(&rows))
    }
}

/// Groups crates by database, in the order of the first crate of each group.
fn group_by_database(crates: &[Crate]) -> Result<Vec<Vec<&Crate>>> {
    let mut groups: Vec<(_, Vec<&Crate>)> = Vec::new();
    for next in crates {
        let identity = next.database()?.identity();
        let same = groups
            .iter_mut()
            .find(|(other, _)| identity.is_some() && *other == identity);
        match same {
            Some((_, group)) => group.push(next),
            None => groups.push((identity, vec![next])),
        }
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}
