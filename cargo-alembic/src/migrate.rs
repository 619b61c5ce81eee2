//! Upgrades and downgrades the databases of crates, one after the other.

use std::sync::Arc;
use std::time::Instant;

use alembic_history::{Direction, Node, Plan};
use alembic_migrate::{Interrupted, Report, TransactionMode};

use crate::commands::{DatabaseArgs, finish};
use crate::context::Context;
use crate::database::{self, Database};
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::explain;
use crate::json::{RunJson, StepJson, strings};
use crate::lines::join;
use crate::member::{Loaded, load_all, that_know};
use crate::progress::Progress;
use crate::requirements::{self, Ordered};
use crate::shell::Took;

/// What is to be done.
pub(crate) struct Migrate<'m> {
    pub(crate) direction: Direction,
    pub(crate) target: &'m str,
    pub(crate) transaction_per_revision: bool,
    pub(crate) interrupted: Interrupted,
    pub(crate) database: &'m DatabaseArgs,
}

impl Migrate<'_> {
    pub(crate) fn run(&self, context: &Context) -> Result<Exit> {
        let loaded = load_all(context.members()?, self.database.url.as_deref())?;
        let chosen = that_know(&loaded, &[self.target])?;
        let mut ordered = requirements::ordered(context, chosen.into_iter().cloned().collect())?;
        if self.direction == Direction::Downgrade {
            // What depends on another crate goes before that crate does.
            ordered.chosen.reverse();
        }
        let chosen = &ordered.chosen;
        let others = match self.direction {
            Direction::Upgrade => Vec::new(),
            Direction::Downgrade => others(context)?,
        };
        let databases = database::of_all(context, chosen, self.database.url.as_deref())?;
        let mut answers = Vec::new();
        let mut failed = None;
        for (index, (crate_, database)) in chosen.iter().zip(&databases).enumerate() {
            let outcome = self
                .check_requirements(&ordered, &others, crate_, database)
                .and_then(|()| self.migrate(context, crate_, database))
                .map_err(|mut error| {
                    // The crates before are committed, and stay so.
                    let names = |crates: &[Loaded]| {
                        let names: Vec<&str> = crates.iter().map(Loaded::name).collect();
                        names.join(", ")
                    };
                    if let Some(last) = error.diagnostics.last_mut() {
                        if index > 0 {
                            last.notes
                                .push(format!("done before: {}", names(&chosen[..index])));
                        }
                        if index + 1 < chosen.len() {
                            last.notes
                                .push(format!("not begun: {}", names(&chosen[index + 1..])));
                        }
                    }
                    error
                });
            match outcome {
                Ok(json) => answers.push((crate_, json)),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        finish(context, answers, failed)
    }

    /// Looks whether this crate's revisions, and those of other crates, allow the command.
    fn check_requirements(
        &self,
        ordered: &Ordered,
        others: &[Loaded],
        loaded: &Loaded,
        database: &Database,
    ) -> Result<()> {
        let upgrade = self.direction == Direction::Upgrade;
        let concerned = match upgrade {
            true => loaded.has_requirements(),
            false => others.iter().any(|other| other.requires(loaded.name())),
        };
        if !concerned {
            return Ok(());
        }
        let rows = loaded.rows(&database.rows(loaded, self.database.lock_timeout)?)?;
        let plan = self.plan(loaded, &rows)?;
        let steps: Vec<Node> = plan.steps.iter().map(|step| step.revision).collect();
        if upgrade {
            ordered.check(loaded, &steps, &[], self.database)
        } else {
            requirements::check_dependents(loaded, &steps, others, self.database)
        }
    }

    fn plan(&self, loaded: &Loaded, rows: &[Node]) -> Result<Plan> {
        let target = loaded.parse(self.target)?;
        let plan = match self.direction {
            Direction::Upgrade => loaded.graph().plan_upgrade(rows, &target),
            Direction::Downgrade => loaded.graph().plan_downgrade(rows, &target),
        };
        plan.map_err(|error| explain::plan(&error, loaded.name()))
    }

    /// Brings the database of one crate to the target.
    fn migrate(&self, context: &Context, loaded: &Loaded, database: &Database) -> Result<RunJson> {
        let start = Instant::now();
        let verb = match self.direction {
            Direction::Upgrade => "Upgrading",
            Direction::Downgrade => "Downgrading",
        };
        context
            .shell
            .status(verb, format_args!("{} ({})", loaded.name(), database.url));
        let progress = Arc::new(Progress::new(context.shell));
        let shown = Arc::clone(&progress);
        let mut migrations = loaded
            .migrations
            .clone()
            .lock_timeout(self.database.lock_timeout)
            .interrupted(self.interrupted)
            .observe(move |event| shown.show(event));
        if self.transaction_per_revision {
            migrations = migrations.transaction(TransactionMode::Revision);
        }
        // A database that does not exist yet is not created for a target that cannot be reached,
        // nor when there is nothing to do.
        let mut connection = if database.is_missing() && self.plan(loaded, &[])?.steps.is_empty() {
            database.read()?
        } else {
            database.write()?
        };
        let outcome = match self.direction {
            Direction::Upgrade => migrations.upgrade(&mut connection, self.target),
            Direction::Downgrade => migrations.downgrade(&mut connection, self.target),
        };
        progress.finish();
        let report = outcome.map_err(|error| database.explain(&error, loaded))?;
        let took = start.elapsed();
        self.finish(context, loaded, &report, Took(took));
        Ok(RunJson {
            database: database.url.to_string(),
            steps: report
                .steps
                .iter()
                .map(|step| StepJson::new(report.direction, step))
                .collect(),
            before: strings(&report.before),
            after: strings(&report.after),
            seconds: took.as_secs_f64(),
        })
    }

    fn finish(&self, context: &Context, loaded: &Loaded, report: &Report, took: Took) {
        let place = match report.after.as_slice() {
            [] => "base".to_owned(),
            rows => join(rows),
        };
        let name = loaded.name();
        let rows = loaded
            .graph()
            .rows(&strings(&report.after))
            .unwrap_or_default();
        let pending = loaded.graph().pending(&rows).len();
        match (report.steps.len(), self.direction) {
            (0, Direction::Upgrade) if pending > 0 => context.shell.status(
                "Finished",
                format_args!("{name} at {place}: nothing to apply ({pending} pending beyond it)"),
            ),
            (0, Direction::Upgrade) => context.shell.status(
                "Finished",
                format_args!("{name} at {place}: no pending migrations"),
            ),
            (0, Direction::Downgrade) => context.shell.status(
                "Finished",
                format_args!("{name} at {place}: nothing to revert"),
            ),
            (steps, _) => {
                let revisions = if steps == 1 { "revision" } else { "revisions" };
                context.shell.status(
                    "Finished",
                    format_args!("{name} at {place}: {steps} {revisions} in {took}"),
                );
            }
        }
    }
}

/// Reads every crate of the workspace, for what its revisions depend on.
///
/// A crate that cannot be read does not keep another one from being reverted.
fn others(context: &Context) -> Result<Vec<Loaded>> {
    let mut others = Vec::new();
    for member in context.all_members()? {
        let name = member.name.clone();
        match member.load(None) {
            Ok(loaded) => others.push(loaded),
            Err(_) => context.shell.status(
                "Skipping",
                format_args!("{name}: its revisions cannot be read, nor what they depend on"),
            ),
        }
    }
    Ok(others)
}
