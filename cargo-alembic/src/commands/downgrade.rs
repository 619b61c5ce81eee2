//! `cargo alembic downgrade`

use alembic_history::Direction;
use alembic_history::TransactionMode;
use alembic_run::Runner;
use clap::Args;

use super::{DatabaseArgs, InterruptedArgs};
use crate::context::Context;
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::migrate::Migrate;
use crate::offline::OfflineArgs;

/// Arguments of `cargo alembic downgrade`.
#[derive(Debug, Args)]
#[command(mut_arg("interrupted", |interrupted| interrupted.conflicts_with("sql")))]
pub struct DowngradeArgs {
    /// Where to go: an id, `base`, `-1`, `branch@-1`; with `--sql`: `START:END`, where START is the
    /// revision that the database is at
    #[arg(value_name = "REVISION", allow_negative_numbers = true)]
    revision: String,
    /// Commit each revision by itself, not the whole run
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
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let direction = Direction::Downgrade;
        if self.offline.sql {
            let targets = [self.revision.as_str()];
            let script = |mut runner: Runner<'_>| {
                if self.transaction_per_revision {
                    runner.transaction = TransactionMode::Revision;
                }
                runner.downgrade_script(&self.revision)
            };
            let offline = &self.offline;
            return offline.write(context, &self.database, &targets, Some(direction), script);
        }
        Migrate {
            direction,
            target: &self.revision,
            transaction_per_revision: self.transaction_per_revision,
            interrupted: self.interrupted.policy(),
            database: &self.database,
        }
        .run(context)
    }
}
