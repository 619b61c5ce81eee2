//! `cargo alembic ensure`

use std::sync::Arc;

use alembic_history::Direction;
use alembic_migrate::{Ahead, EnsureReport, Outcome, ensure_database_ready};
use clap::Args;

use super::{DatabaseArgs, write_answers};
use crate::context::Context;
use crate::database::{self, Database};
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::json::{EnsureJson, Format, StepJson};
use crate::member::{Loaded, load_all};
use crate::progress::Progress;
use crate::requirements;
use crate::shell::Took;

/// Arguments of `cargo alembic ensure`.
#[derive(Debug, Args)]
pub struct EnsureArgs {
    /// Take a database as it is that a newer version of the crate has migrated
    #[arg(long)]
    allow_ahead: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl EnsureArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let ordered = requirements::ordered(context, load_all(context.members()?)?)?;
        let loaded = &ordered.chosen;
        let databases = database::of_all(loaded, self.database.url.as_deref())?;
        let mut answers = Vec::new();
        for (crate_, database) in loaded.iter().zip(&databases) {
            if crate_.has_requirements() {
                let lock_timeout = self.database.lock_timeout;
                let rows = crate_.rows(&database.rows(crate_, lock_timeout)?)?;
                ordered.check(crate_, &crate_.graph().pending(&rows), lock_timeout)?;
            }
            for report in self.ensure(context, crate_, database)? {
                let json = EnsureJson {
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
                };
                answers.push((crate_, json, String::new()));
            }
        }
        if context.format == Format::Json {
            write_answers(context, answers)?;
        }
        Ok(Exit::Success)
    }

    fn ensure(
        &self,
        context: &Context,
        loaded: &Loaded,
        database: &Database,
    ) -> Result<Vec<EnsureReport>> {
        let name = loaded.name();
        context
            .shell
            .status("Ensuring", format_args!("{name} ({})", database.url));
        let progress = Arc::new(Progress::new(context.shell));
        let shown = Arc::clone(&progress);
        let ahead = if self.allow_ahead {
            Ahead::Allow
        } else {
            Ahead::Refuse
        };
        let migrations = loaded
            .migrations
            .clone()
            .lock_timeout(self.database.lock_timeout)
            .ahead(ahead)
            .observe(move |event| shown.show(event));
        let mut connection = database.write()?;
        let outcome = ensure_database_ready(&mut connection, &migrations);
        progress.finish();
        let reports = outcome.map_err(|error| database.explain(&error, loaded))?;
        for report in &reports {
            let place = match report.after.as_slice() {
                [] => "base".to_owned(),
                rows => rows.join(", "),
            };
            let what = match report.outcome {
                Outcome::Ready => "no pending migrations".to_owned(),
                Outcome::Created => "created the target schema".to_owned(),
                Outcome::Migrated if report.steps.len() == 1 => "1 revision".to_owned(),
                Outcome::Migrated => format!("{} revisions", report.steps.len()),
                Outcome::Ahead => "ahead of these migrations, and left as it is".to_owned(),
            };
            let (scenario, took) = (report.scenario, Took(report.took));
            let what = format_args!("{name} at {place}: {scenario} database, {what} in {took}");
            context.shell.status("Finished", what);
        }
        Ok(reports)
    }
}
