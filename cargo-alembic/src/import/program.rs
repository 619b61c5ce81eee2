//! Observes what a program executes on a scratch database, whatever library it does that with.

mod postgres;
mod sqlite;

use std::path::Path;
use std::process::Command;

use alembic_import::Observed;

use crate::database::scratch::Scratch;
use crate::output::{Cause, Diagnostic, Error, Result};
use crate::url::DatabaseUrl;
use postgres::proxy::Proxy;

/// Has a command of cargo build a program that can be observed; `folder` keeps what is needed for it.
pub(super) fn prepare_build(cargo: &mut Command, folder: &Path) -> std::io::Result<()> {
    sqlite::prepare_build(cargo, folder)
}

/// Returns the tables of a database.
pub(super) fn tables(scratch: &Scratch) -> Result<Vec<String>> {
    cells(
        scratch,
        match &scratch.database.url {
            DatabaseUrl::Sqlite(_) => sqlite::TABLES,
            DatabaseUrl::Postgres(_) => postgres::TABLES,
        },
    )
}

/// Returns the cells of the rows of a query.
pub(super) fn cells(scratch: &Scratch, query: &str) -> Result<Vec<String>> {
    scratch.cells(query).map_err(|error| {
        let title = format!("cannot read the scratch database: {error}");
        Diagnostic::new(error.into(), title).into()
    })
}

/// Returns what to do if a program of sea-orm cannot connect to a database.
pub(super) fn connection_help(scratch: &Scratch) -> &'static str {
    match &scratch.database.url {
        DatabaseUrl::Sqlite(_) => sqlite::HELP,
        DatabaseUrl::Postgres(_) => postgres::HELP,
    }
}

/// A program that is about to run on a scratch database.
pub(super) enum Observation<'s> {
    Sqlite(tempfile::NamedTempFile),
    Postgres { proxy: Proxy, scratch: &'s Scratch },
}

impl<'s> Observation<'s> {
    /// Has a command use the scratch database, and observes it.
    pub(super) fn start(scratch: &'s Scratch, command: &mut Command) -> Result<Self> {
        match &scratch.database.url {
            DatabaseUrl::Sqlite(url) => {
                let file = tempfile::NamedTempFile::new().map_err(unobserved)?;
                command.env("DATABASE_URL", sqlite::url(url));
                command.env(sqlite::RECORD, file.path());
                Ok(Self::Sqlite(file))
            }
            DatabaseUrl::Postgres(url) => {
                let proxy = Proxy::start(&url.options).map_err(unobserved)?;
                command.env("DATABASE_URL", postgres::by_way_of(&proxy, url));
                Ok(Self::Postgres { proxy, scratch })
            }
        }
    }

    /// Returns what the program has executed, once it has ended.
    pub(super) fn finish(self) -> Result<Vec<Observed>> {
        match self {
            Self::Sqlite(file) => sqlite::observed(file.path()).map_err(unobserved),
            Self::Postgres { proxy, scratch } => Ok(postgres::observed(proxy, scratch)),
        }
    }
}

fn unobserved(error: std::io::Error) -> Error {
    let title = format!("cannot observe what a program executes: {error}");
    Diagnostic::new(Cause::System(error), title).into()
}
