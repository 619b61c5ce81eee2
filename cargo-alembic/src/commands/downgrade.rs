//! `cargo alembic downgrade`

use alembic_history::Direction;
use clap::Args;

use super::{DatabaseArgs, InterruptedArgs};
use crate::context::Context;
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::migrate::Migrate;

/// Arguments of `cargo alembic downgrade`.
#[derive(Debug, Args)]
pub struct DowngradeArgs {
    /// Where to go: an id, `base`, `-1`, `branch@-1`
    #[arg(value_name = "REVISION", allow_negative_numbers = true)]
    revision: String,
    /// Commit each revision by itself, not the whole run
    #[arg(long)]
    transaction_per_revision: bool,
    #[command(flatten)]
    interrupted: InterruptedArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl DowngradeArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        Migrate {
            direction: Direction::Downgrade,
            target: &self.revision,
            transaction_per_revision: self.transaction_per_revision,
            interrupted: self.interrupted.policy(),
            database: &self.database,
        }
        .run(context)
    }
}
