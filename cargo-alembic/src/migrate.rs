//! Upgrades and downgrades the databases of crates, one after the other.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use alembic_history::{Direction, Node};
use alembic_migrate::options::{Interruption, Missing, TransactionMode};
use alembic_migrate::{Migrations, Report, RunError};

use crate::context::Context;
use crate::database::{Connection, Watch};
use crate::diesel;
use crate::empty_upgrades;
use crate::hooks;
use crate::lock_file;
use crate::newer_sql;
use crate::output::json::{AnswerJson, RunJson};
use crate::output::{Detail, Response, Result, Subcommand};
use crate::several_heads;
use crate::workspace::{
    Access, Crate, CrateOrder, PlannedRows, access_to, answers_one_by_one, check_dependents,
    crates_to_move,
};

/// An upgrade or a downgrade, as the arguments ask for it.
#[derive(Clone, Copy)]
pub(crate) struct Migration<'m> {
    pub(crate) direction: Direction,
    pub(crate) target: &'m str,
    pub(crate) transaction_per_revision: bool,
    pub(crate) detail: Detail,
    pub(crate) interrupted: Interruption,
    pub(crate) missing: Missing,
}

impl Migration<'_> {
    /// Migrates the databases of the chosen crates, one after the other.
    pub(crate) fn run(&self, context: &Context, access: &Access) -> Result<Response> {
        let (order, all) = self.checked(context, access)?;
        Ok(answers_one_by_one(&order.chosen, |next| {
            // Its rows may have changed in the meantime.
            if self.is_bound(next, &all) {
                self.check(&order, &all, next, &PlannedRows::new())?;
            }
            self.migrate(context, next).map(AnswerJson::Run)
        }))
    }

    /// Chooses the crates, in the order in which they are migrated, and checks all of them; also
    /// returns the crates that may depend on what is reverted.
    pub(crate) fn checked(
        &self,
        context: &Context,
        access: &Access,
    ) -> Result<(CrateOrder, Vec<Crate>)> {
        let chosen = crates_to_move(context.crates(access)?, &[self.target])?;
        let workspace = context.workspace()?;
        let mut order = workspace.order(chosen)?;
        if self.direction == Direction::Downgrade {
            // A crate is reverted before the crates that it depends on.
            order.chosen.reverse();
        }
        let all = match self.direction {
            Direction::Upgrade => Vec::new(),
            Direction::Downgrade => readable(context, &order.chosen)?,
        };
        workspace.check_databases(&order.chosen)?;
        if self.direction == Direction::Upgrade {
            lock_file::check_all(&order.chosen)?;
        }
        self.check_all(&order, &all)?;
        Ok((order, all))
    }

    /// Checks whether every crate can be migrated after the ones before it, so that none is
    /// migrated if another cannot be.
    fn check_all(&self, order: &CrateOrder, all: &[Crate]) -> Result<()> {
        let chosen = &order.chosen;
        if chosen.len() < 2 || !chosen.iter().any(|next| self.is_bound(next, all)) {
            return Ok(());
        }
        let names: Vec<&str> = chosen.iter().map(Crate::name).collect();
        let mut planned = PlannedRows::new();
        for next in chosen {
            let rows = self
                .check(order, all, next, &planned)
                .map_err(|error| error.with_other_crates(&[], &[], &names))?;
            planned.insert(next.name(), rows);
        }
        Ok(())
    }

    /// Returns whether dependencies between crates restrict the migration of this one.
    fn is_bound(&self, own: &Crate, all: &[Crate]) -> bool {
        match self.direction {
            Direction::Upgrade => own.has_requirements(),
            Direction::Downgrade => all.iter().any(|other| other.requires(own.name())),
        }
    }

    /// Checks whether the dependencies between crates allow the command, assuming the `planned`
    /// rows; returns the rows that the crate will have afterwards.
    fn check(
        &self,
        order: &CrateOrder,
        all: &[Crate],
        own: &Crate,
        planned: &PlannedRows<'_>,
    ) -> Result<Vec<Node>> {
        let database = own.database()?;
        let rows = own.current(database)?;
        let plan = own.plan(self.direction, self.target, &rows, database)?;
        let mut steps: Vec<Node> = plan.steps.iter().map(|step| step.revision).collect();
        if self.missing == Missing::Apply {
            let hidden = own.status(database)?.hidden;
            let hidden = hidden.iter().filter_map(|id| own.graph().node(id.as_str()));
            steps.splice(..0, hidden);
        }
        match self.direction {
            Direction::Upgrade => order.check_requirements(own, &steps, &[], planned)?,
            Direction::Downgrade => {
                check_dependents(own, &steps, all, planned, Subcommand::Downgrade)?
            }
        }
        Ok(plan.rows)
    }

    /// Migrates a database to the target.
    pub(crate) fn carry_out(
        &self,
        migrations: &Migrations,
        connection: &mut Connection,
    ) -> std::result::Result<Report, RunError> {
        match self.direction {
            Direction::Upgrade => migrations.upgrade(connection, self.target),
            Direction::Downgrade => migrations.downgrade(connection, self.target),
        }
    }

    /// Migrates the database of one crate to the target.
    pub(crate) fn migrate(&self, context: &Context, own: &Crate) -> Result<RunJson> {
        let start = Instant::now();
        let database = own.database()?;
        // A missing database is not created for an unreachable target, for SQL that cannot run, or
        // when there is nothing to do.
        let is_needless = database.is_missing() && {
            let plan = own.plan(self.direction, self.target, &[], database)?;
            if !plan.steps.is_empty() {
                own.check_sql(self.direction)?;
            }
            plan.steps.is_empty()
        };
        let verb = match self.direction {
            Direction::Upgrade => "Upgrading",
            Direction::Downgrade => "Downgrading",
        };
        let what = format_args!("{} ({})", own.name(), database.shown());
        context.shell.status(verb, what);
        if self.direction == Direction::Downgrade {
            own.report_missing_database(context.shell)?;
        }
        let progress = Arc::new(context.progress(self.detail, own.name(), database.dialect()));
        let (shown, watch) = (Arc::clone(&progress), Watch::new(database));
        let mut migrations = own
            .migrations
            .clone()
            .interruption(self.interrupted)
            .report_statements(self.detail == Detail::Statements)
            .missing(self.missing)
            .observe(move |event| {
                watch.note(event);
                shown.show(event);
            });
        if self.transaction_per_revision {
            migrations = migrations.transaction(TransactionMode::Revision);
        }
        let mut connection = match is_needless {
            true => database.read()?,
            false => database.write(context.shell)?,
        };
        let outcome = self.carry_out(&migrations, &mut connection);
        progress.finish();
        let report = outcome.map_err(|error| own.explain(error, database))?;
        let took = start.elapsed();
        own.report_run(context.shell, &report, took);
        let dialect = database.dialect();
        newer_sql::report_steps(context, own, self.direction, dialect, &report.steps);
        let empty = match self.direction {
            Direction::Upgrade => {
                several_heads::report(context, own, &report.steps);
                empty_upgrades::report(context, own, &report.steps)
            }
            Direction::Downgrade => HashSet::new(),
        };
        if !report.steps.is_empty() {
            after_run(context, own)?;
        }
        Ok(RunJson::new(&database.url, &report, took, &empty))
    }
}

/// Does what the configuration asks for once a database was migrated.
pub(crate) fn after_run(context: &Context, own: &Crate) -> Result<()> {
    diesel::keep_in_step(context, own)?;
    hooks::after_run(own)
}

/// Reads every readable crate of the workspace, to find out what its revisions depend on.
///
/// An unreadable crate does not keep `chosen` from losing revisions.
pub(crate) fn readable(context: &Context, chosen: &[Crate]) -> Result<Vec<Crate>> {
    let workspace = context.workspace()?;
    let mut crates = Vec::new();
    for configuration in workspace.all()? {
        let name = configuration.name.clone();
        if let Some(known) = chosen.iter().find(|known| known.name() == name) {
            crates.push(known.clone());
            continue;
        }
        let access = access_to(&configuration, chosen);
        match access.and_then(|access| workspace.read(configuration, &access)) {
            Ok(read) => crates.push(read),
            Err(_) => context.shell.status(
                "Skipping",
                format_args!(
                    "{name}: its revisions cannot be read, so their dependencies are not \
                     checked"
                ),
            ),
        }
    }
    Ok(crates)
}
