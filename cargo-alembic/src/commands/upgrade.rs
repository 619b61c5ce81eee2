//! `cargo alembic upgrade`

use alembic_history::Direction;
use alembic_migrate::options::Missing;
use clap::Args;

use crate::args::{DatabaseArgs, DetailArgs, InterruptedArgs, OfflineArgs};
use crate::context::Context;
use crate::dependencies;
use crate::dry_run;
use crate::migrate::Migration;
use crate::offline::{MigrationScript, scripts};
use crate::output::{Response, Result};
use crate::workspace::Access;

/// Arguments of `cargo alembic upgrade`.
#[derive(Debug, Args)]
#[command(mut_arg("interrupted", |interrupted| interrupted.conflicts_with("sql")))]
pub struct UpgradeArgs {
    /// The target: an id, a label, `head`, `heads`, `+1`, `branch@head`; with `--sql`, also
    /// `START:END`, where START is the revision that the database is at, or `current` to read it there
    #[arg(
        value_name = "REVISION",
        default_value = "heads",
        allow_negative_numbers = true
    )]
    revision: String,
    /// Commit after each revision instead of once for the whole run
    #[arg(long)]
    transaction_per_revision: bool,
    /// Also apply the revisions that lie below the database's version and never ran on it
    #[arg(long, conflicts_with = "sql")]
    missing: bool,
    /// Also apply what the revisions need of crates that the command is not for, and no more of those
    #[arg(long, conflicts_with_all = ["sql", "dry_run"])]
    with_dependencies: bool,
    /// Run everything, show each statement as it runs, and take it all back
    #[arg(long, conflicts_with_all = ["sql", "transaction_per_revision", "interrupted"])]
    dry_run: bool,
    #[command(flatten)]
    detail: DetailArgs,
    #[command(flatten)]
    interrupted: InterruptedArgs,
    #[command(flatten)]
    offline: OfflineArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl UpgradeArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let access = Access::from(&self.database);
        let direction = Direction::Upgrade;
        if self.offline.sql {
            let targets = [self.revision.as_str()];
            let script = MigrationScript {
                direction,
                range: &self.revision,
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
            target: &self.revision,
            transaction_per_revision: self.transaction_per_revision,
            detail: self.detail.detail(),
            interrupted: self.interrupted.policy(),
            missing: match self.missing {
                true => Missing::Apply,
                false => Missing::Refuse,
            },
        };
        if self.with_dependencies {
            return dependencies::upgrade(&migration, context, &access);
        }
        match self.dry_run {
            true => dry_run::run(&migration, context, &access),
            false => migration.run(context, &access),
        }
    }
}
