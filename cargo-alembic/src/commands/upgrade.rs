//! `cargo alembic upgrade`

use alembic_history::Direction;
use clap::Args;

use super::{DatabaseArgs, InterruptedArgs};
use crate::context::Context;
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::migrate::Migrate;

/// Arguments of `cargo alembic upgrade`.
#[derive(Debug, Args)]
pub struct UpgradeArgs {
    /// Where to go: an id, a label, `head`, `heads`, `+1`, `branch@head`
    #[arg(
        value_name = "REVISION",
        default_value = "heads",
        allow_negative_numbers = true
    )]
    revision: String,
    /// Commit each revision by itself, not the whole run
    #[arg(long)]
    transaction_per_revision: bool,
    #[command(flatten)]
    interrupted: InterruptedArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl UpgradeArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        Migrate {
            direction: Direction::Upgrade,
            target: &self.revision,
            transaction_per_revision: self.transaction_per_revision,
            interrupted: self.interrupted.policy(),
            database: &self.database,
        }
        .run(context)
    }
}
