//! `cargo alembic ensure-version`

use alembic_migrate::report::Ensured;
use alembic_run::Runner;
use clap::Args;

use crate::args::{DatabaseArgs, OfflineArgs};
use crate::context::Context;
use crate::offline::scripts;
use crate::output::json::{AnswerJson, EnsureVersionJson};
use crate::output::{Response, Result};
use crate::workspace::{Access, Crate, answers_one_by_one};

/// Arguments of `cargo alembic ensure-version`.
#[derive(Debug, Args)]
pub struct EnsureVersionArgs {
    #[command(flatten)]
    offline: OfflineArgs,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl EnsureVersionArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let access = Access::from(&self.database);
        if self.offline.sql {
            let script = |runner: Runner<'_>| runner.ensure_version_script();
            return scripts(context, &self.offline, &access, &[], None, &script);
        }
        let crates = context.crates(&access)?;
        context.workspace()?.check_databases(&crates)?;
        Ok(answers_one_by_one(&crates, |next| {
            ensure_version(context, next).map(AnswerJson::EnsureVersion)
        }))
    }
}

/// Creates the version table of one crate if it does not exist.
fn ensure_version(context: &Context, own: &Crate) -> Result<EnsureVersionJson> {
    let database = own.database()?;
    let ensured = own
        .migrations
        .ensure_version(&mut database.write(context.shell)?);
    let ensured = ensured.map_err(|error| own.explain(error, database))?;
    let verb = match ensured {
        Ensured::Created => "Created",
        Ensured::Existed => "Found",
    };
    let table = own.version_table(database.dialect()).quoted();
    let what = format_args!("{table} in {} ({})", database.url, own.name());
    context.shell.status(verb, what);
    Ok(EnsureVersionJson::new(&database.url, ensured))
}
