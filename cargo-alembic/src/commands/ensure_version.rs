//! `cargo alembic ensure-version`

use alembic_history::run::Runner;
use alembic_migrate::Ensured;
use clap::Args;

use super::{DatabaseArgs, finish};
use crate::context::Context;
use crate::database;
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::json::EnsureVersionJson;
use crate::member::load_all;
use crate::offline::OfflineArgs;

/// Arguments of `cargo alembic ensure-version`.
#[derive(Debug, Args)]
pub struct EnsureVersionArgs {
    #[command(flatten)]
    offline: OfflineArgs,
    #[command(flatten)]
    database: DatabaseArgs,
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
        let mut answers = Vec::new();
        for (crate_, database) in loaded.iter().zip(&databases) {
            let migrations = crate_
                .migrations
                .clone()
                .lock_timeout(self.database.lock_timeout);
            let ensured = migrations
                .ensure_version(&mut database.write()?)
                .map_err(|error| database.explain(&error, crate_))?;
            let table = crate_.member.settings.version_table.quoted();
            let (verb, created) = match ensured {
                Ensured::Created => ("Created", true),
                Ensured::Existed => ("Found", false),
            };
            context.shell.status(
                verb,
                format_args!("{table} in {} ({})", database.url, crate_.name()),
            );
            let json = EnsureVersionJson {
                database: database.url.to_string(),
                created,
            };
            answers.push((crate_, json));
        }
        finish(context, answers, None)
    }
}
