//! `cargo alembic stamp`

use alembic_migrate::Purge;
use alembic_run::Runner;
use clap::Args;

use super::{DatabaseArgs, one_by_one};
use crate::context::Context;
use crate::database::{self, Database};
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::json::{StampJson, strings};
use crate::lines::join;
use crate::member::{Loaded, load_all, that_know};
use crate::offline::OfflineArgs;

/// Arguments of `cargo alembic stamp`.
#[derive(Debug, Args)]
pub struct StampArgs {
    /// Where the database is: ids, labels, `head`, `heads`, `base`; with `--sql` also `START:END`,
    /// where START is what its version table says so far
    #[arg(
        value_name = "REVISION",
        required = true,
        allow_negative_numbers = true
    )]
    revisions: Vec<String>,
    /// Empty the version table first, whatever it holds
    #[arg(long, conflicts_with = "sql")]
    purge: bool,
    #[command(flatten)]
    offline: OfflineArgs,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl StampArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let targets: Vec<&str> = self.revisions.iter().map(String::as_str).collect();
        if self.offline.sql {
            let script = |runner: Runner<'_>| runner.stamp_script(&targets);
            let offline = &self.offline;
            return offline.write(context, &self.database, &targets, None, script);
        }
        let loaded = load_all(context.members()?, self.database.url.as_deref())?;
        let chosen: Vec<Loaded> = that_know(&loaded, &targets)?.into_iter().cloned().collect();
        let databases = database::of_all(context, &chosen, self.database.url.as_deref())?;
        one_by_one(context, &chosen, &databases, |crate_, database| {
            self.stamp(context, crate_, database, &targets)
        })
    }

    /// Stamps the database of one crate.
    fn stamp(
        &self,
        context: &Context,
        crate_: &Loaded,
        database: &Database,
        targets: &[&str],
    ) -> Result<StampJson> {
        let purge = if self.purge { Purge::Yes } else { Purge::No };
        let migrations = crate_
            .migrations
            .clone()
            .lock_timeout(self.database.lock_timeout);
        if database.is_missing() {
            // A database that does not exist yet is not created for a target that is none.
            let rehearsal = migrations.stamp(&mut database.read()?, targets, purge);
            rehearsal.map_err(|error| database.explain(&error, crate_))?;
        }
        let mut connection = database.write()?;
        let report = migrations
            .stamp(&mut connection, targets, purge)
            .map_err(|error| database.explain(&error, crate_))?;
        let before = report.before.join(", ");
        let what = format_args!(
            "stamp {before} -> {} ({} in {})",
            join(&report.after),
            crate_.name(),
            database.url
        );
        context.shell.status("Running", what);
        Ok(StampJson {
            database: database.url.to_string(),
            before: report.before,
            after: strings(&report.after),
        })
    }
}
