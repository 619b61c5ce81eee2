//! Upgrades and downgrades the databases of crates, one after the other.

use std::sync::Arc;
use std::time::Instant;

use alembic_history::{Direction, Node, Plan};
use alembic_migrate::{Interrupted, Report, TransactionMode};

use crate::commands::{DatabaseArgs, one_by_one};
use crate::context::Context;
use crate::database::{self, Database};
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::explain;
use crate::json::{RunJson, StepJson, strings};
use crate::lines::join;
use crate::member::{Loaded, load_all, that_know};
use crate::progress::Progress;
use crate::requirements::{self, Ordered, Planned};
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
        self.check_all(&ordered, &others, &databases)?;
        one_by_one(context, chosen, &databases, |crate_, database| {
            self.check_again(&ordered, &others, crate_, database)?;
            self.migrate(context, crate_, database)
        })
    }

    /// Looks whether the revisions of all crates allow the command, once those before are done, so
    /// that none is done where another one cannot be.
    fn check_all(
        &self,
        ordered: &Ordered,
        others: &[Loaded],
        databases: &[Database],
    ) -> Result<()> {
        let chosen = &ordered.chosen;
        if chosen.len() < 2 || !chosen.iter().any(|crate_| self.is_bound(crate_, others)) {
            return Ok(());
        }
        let names: Vec<&str> = chosen.iter().map(Loaded::name).collect();
        let mut planned = Planned::new();
        for (crate_, database) in chosen.iter().zip(databases) {
            let rows = self
                .check(ordered, others, crate_, database, &planned)
                .map_err(|error| error.among(&[], &[], &names))?;
            planned.insert(crate_.name(), rows);
        }
        Ok(())
    }

    /// Looks at one crate right before it is its turn: its rows may have changed meanwhile.
    fn check_again(
        &self,
        ordered: &Ordered,
        others: &[Loaded],
        loaded: &Loaded,
        database: &Database,
    ) -> Result<()> {
        if self.is_bound(loaded, others) {
            self.check(ordered, others, loaded, database, &Planned::new())?;
        }
        Ok(())
    }

    /// Tells whether a crate's revisions are bound to those of other crates on the way.
    fn is_bound(&self, loaded: &Loaded, others: &[Loaded]) -> bool {
        match self.direction {
            Direction::Upgrade => loaded.has_requirements(),
            Direction::Downgrade => others.iter().any(|other| other.requires(loaded.name())),
        }
    }

    /// Looks whether this crate's revisions, and those of other crates, allow the command, as they
    /// will be when what is `planned` is done; returns the rows that this crate will have then.
    fn check(
        &self,
        ordered: &Ordered,
        others: &[Loaded],
        loaded: &Loaded,
        database: &Database,
        planned: &Planned<'_>,
    ) -> Result<Vec<String>> {
        let rows = database.rows(loaded, self.database.lock_timeout)?;
        let plan = self.plan(loaded, database, &loaded.rows(&rows, database)?)?;
        let steps: Vec<Node> = plan.steps.iter().map(|step| step.revision).collect();
        match self.direction {
            Direction::Upgrade => ordered.check(loaded, &steps, &[], planned, self.database)?,
            Direction::Downgrade => {
                ordered.check_dependents(loaded, &steps, others, planned, self.database)?;
            }
        }
        Ok(strings(&loaded.graph().ids(&plan.rows)))
    }

    fn plan(&self, loaded: &Loaded, database: &Database, rows: &[Node]) -> Result<Plan> {
        let target = loaded.parse(self.target)?;
        let plan = match self.direction {
            Direction::Upgrade => loaded.graph().plan_upgrade(rows, &target),
            Direction::Downgrade => loaded.graph().plan_downgrade(rows, &target),
        };
        plan.map_err(|error| explain::plan(&error, loaded, Some(database)))
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
        let mut connection =
            if database.is_missing() && self.plan(loaded, database, &[])?.steps.is_empty() {
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
