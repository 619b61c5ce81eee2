//! `cargo alembic downgrade`

use alembic_history::{Direction, TransactionMode};
use alembic_run::Runner;
use clap::Args;

use crate::args::{DatabaseArgs, InterruptedArgs, OfflineArgs};
use crate::context::Context;
use crate::migrate::Migration;
use crate::offline::scripts;
use crate::output::{Response, Result};
use crate::workspace::Access;

/// Arguments of `cargo alembic downgrade`.
#[derive(Debug, Args)]
#[command(mut_arg("interrupted", |interrupted| interrupted.conflicts_with("sql")))]
pub struct DowngradeArgs {
    /// The target: an id, `base`, `-1`, `branch@-1`; with `--sql`: `START:END`, where START is the
    /// revision that the database is at
    #[arg(value_name = "REVISION", allow_negative_numbers = true)]
    revision: String,
    /// Commit after each revision instead of once for the whole run
    #[arg(long)]
    transaction_per_revision: bool,
    #[command(flatten)]
    interrupted: InterruptedArgs,
    #[command(flatten)]
    offline: OfflineArgs,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl DowngradeArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let access = Access::from(&self.database);
        let direction = Direction::Downgrade;
        if self.offline.sql {
            let targets = [self.revision.as_str()];
            let script = |mut runner: Runner<'_>| {
                if self.transaction_per_revision {
                    runner.transaction = TransactionMode::Revision;
                }
                runner.downgrade_script(&self.revision)
            };
            let direction = Some(direction);
            return scripts(context, &self.offline, &access, &targets, direction, script);
        }
        Migration {
            direction,
            target: &self.revision,
            transaction_per_revision: self.transaction_per_revision,
            interrupted: self.interrupted.policy(),
        }
        .run(context, &access)
    }
}
