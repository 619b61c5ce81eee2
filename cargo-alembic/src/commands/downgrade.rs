//! `cargo alembic downgrade`

use alembic_history::Direction;
use alembic_migrate::options::Missing;
use clap::Args;

use crate::args::{DatabaseArgs, DetailArgs, InterruptedArgs, OfflineArgs};
use crate::context::Context;
use crate::dry_run;
use crate::migrate::Migration;
use crate::offline::{MigrationScript, scripts};
use crate::output::{Response, Result};
use crate::recorded;
use crate::workspace::Access;

/// Arguments of `cargo alembic downgrade`.
#[derive(Debug, Args)]
#[command(mut_arg("interrupted", |interrupted| interrupted.conflicts_with("sql")))]
pub struct DowngradeArgs {
    /// The target: an id, `base`, `-1`, `branch@-1`; with `--sql`: `START:END`, where START is the
    /// revision that the database is at, or `current` to read it there
    #[arg(
        value_name = "REVISION",
        required_unless_present = "recorded",
        allow_negative_numbers = true
    )]
    revision: Option<String>,
    /// Revert what was applied and no file explains, because it is gone, was edited or is elsewhere
    /// now, by the downgrade sections that the log recorded
    #[arg(long, conflicts_with_all = ["revision", "sql", "transaction_per_revision", "interrupted"])]
    recorded: bool,
    /// Run everything, show each statement as it runs, and take it all back; with `--recorded`, only
    /// show the SQL
    #[arg(long, conflicts_with_all = ["sql", "transaction_per_revision", "interrupted"])]
    dry_run: bool,
    /// Commit after each revision instead of once for the whole run
    #[arg(long)]
    transaction_per_revision: bool,
    #[command(flatten)]
    detail: DetailArgs,
    #[command(flatten)]
    interrupted: InterruptedArgs,
    #[command(flatten)]
    offline: OfflineArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl DowngradeArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let access = Access::from(&self.database);
        if self.recorded {
            return recorded::downgrade(context, &access, self.dry_run);
        }
        let revision = self.revision.unwrap_or_default();
        let direction = Direction::Downgrade;
        if self.offline.sql {
            let targets = [revision.as_str()];
            let script = MigrationScript {
                direction,
                range: &revision,
                transaction_per_revision: self.transaction_per_revision,
            };
            let direction = Some(direction);
            return scripts(
                context,
                &self.offline,
                &access,
                &targets,
                direction,
                &script,
            );
        }
        let migration = Migration {
            direction,
            target: &revision,
            transaction_per_revision: self.transaction_per_revision,
            detail: self.detail.detail(),
            interrupted: self.interrupted.policy(),
            missing: Missing::Refuse,
        };
        match self.dry_run {
            true => dry_run::run(&migration, context, &access),
            false => migration.run(context, &access),
        }
    }
}
