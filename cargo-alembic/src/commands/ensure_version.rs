//! `cargo alembic ensure-version`

use alembic_migrate::Ensured;
use alembic_run::Runner;
use clap::Args;

use super::{DatabaseArgs, one_by_one};
use crate::context::Context;
use crate::database::{self, Database};
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::json::EnsureVersionJson;
use crate::member::{Loaded, load_all};
use crate::offline::OfflineArgs;

/// Arguments of `cargo alembic ensure-version`.
#[derive(Debug, Args)]
pub struct EnsureVersionArgs {
    #[command(flatten)]
    offline: OfflineArgs,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl EnsureVersionArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        if self.offline.sql {
            let script = |runner: Runner<'_>| runner.ensure_version_script();
            let offline = &self.offline;
            return offline.write(context, &self.database, &[], None, script);
        }
        let loaded = load_all(context.members()?, self.database.url.as_deref())?;
        let databases = database::of_all(context, &loaded, self.database.url.as_deref())?;
        one_by_one(context, &loaded, &databases, |crate_, database| {
            self.ensure_version(context, crate_, database)
        })
    }

    /// Creates the version table of one crate, where there is none.
    fn ensure_version(
        &self,
        context: &Context,
        crate_: &Loaded,
        database: &Database,
    ) -> Result<EnsureVersionJson> {
        let migrations = crate_
            .migrations
            .clone()
            .lock_timeout(self.database.lock_timeout);
        let ensured = migrations
            .ensure_version(&mut database.write()?)
            .map_err(|error| database.explain(&error, crate_))?;
        let table = crate_.member.version_table(database.url.dialect()).quoted();
        let (verb, created) = match ensured {
            Ensured::Created => ("Created", true),
            Ensured::Existed => ("Found", false),
        };
        context.shell.status(
            verb,
            format_args!("{table} in {} ({})", database.url, crate_.name()),
        );
        Ok(EnsureVersionJson {
            database: database.url.to_string(),
            created,
        })
    }
}
