//! Observes what a program executes on a scratch database, whatever library it does that with.
//!
//! On PostgreSQL, it connects to a proxy. On SQLite, it is compiled with a SQLite that reports.

mod proxy;
mod values;
mod wire;

use std::path::Path;
use std::process::Command;

use alembic_import::Observed;
use url::Url;

use crate::database::Connection;
use crate::database::scratch::Scratch;
use crate::output::{Cause, Diagnostic, Error, Result};
use crate::url::{DatabaseUrl, PostgresUrl, SqliteTarget};
use proxy::Proxy;

/// What SQLite includes when it is compiled to report.
const RECORDER: &str = include_str!("program/recorder.h");

/// Its name, which is part of what Cargo compares: another content needs another one.
const RECORDER_NAME: &str = "alembic_recorder_1.h";

/// The environment variable that names the file for reports of SQLite.
const RECORD: &str = "ALEMBIC_RECORD";

/// Flags of SQLite, as the crate has them that compiles it.
const SQLITE_FLAGS: &str = "LIBSQLITE3_FLAGS";

/// Has a command of cargo compile a SQLite that reports what it executes; `folder` keeps what is needed for it.
pub(super) fn prepare_build(cargo: &mut Command, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join(RECORDER_NAME), RECORDER)?;
    let own = std::env::var(SQLITE_FLAGS).unwrap_or_default();
    let flags = format!(
        "{own} -DSQLITE_CUSTOM_INCLUDE={RECORDER_NAME} -DSQLITE_EXTRA_INIT=alembic_recorder"
    );
    cargo.env(SQLITE_FLAGS, flags.trim_start());
    // The flags may name no folder.
    match cfg!(windows) {
        true => cargo.env("CL", format!("/I\"{}\"", folder.display())),
        false => cargo.env("C_INCLUDE_PATH", folder),
    };
    Ok(())
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
                let path = match &url.target {
                    SqliteTarget::File(path) => path.display().to_string(),
                    SqliteTarget::Memory => ":memory:".to_owned(),
                };
                command.env("DATABASE_URL", format!("sqlite://{path}?mode=rwc"));
                command.env(RECORD, file.path());
                Ok(Self::Sqlite(file))
            }
            DatabaseUrl::Postgres(url) => {
                let proxy = Proxy::start(&url.options).map_err(unobserved)?;
                command.env("DATABASE_URL", by_way_of(&proxy, url));
                Ok(Self::Postgres { proxy, scratch })
            }
        }
    }

    /// Returns what the program has executed, once it has ended.
    pub(super) fn finish(self) -> Result<Vec<Observed>> {
        match self {
            Self::Sqlite(file) => {
                let text = std::fs::read(file.path()).map_err(unobserved)?;
                let texts = text
                    .split(|byte| *byte == 0)
                    .filter(|text| !text.is_empty());
                let observed = texts
                    .map(|text| Observed::Executed(String::from_utf8_lossy(text).into_owned()));
                Ok(observed.collect())
            }
            Self::Postgres { proxy, scratch } => {
                let sent = proxy.finish();
                Ok(match &scratch.connection {
                    Connection::Postgres(server) => values::written(server, sent),
                    Connection::Sqlite(_) => Vec::new(),
                })
            }
        }
    }
}

/// Returns the URL of a database by way of a proxy.
fn by_way_of(proxy: &Proxy, url: &PostgresUrl) -> String {
    let address = proxy.address();
    let text = format!("postgres://{address}/{}?sslmode=disable", url.database());
    let Ok(mut shown) = Url::parse(&text) else {
        return text;
    };
    let _ = shown.set_username(url.options.get_username());
    let _ = shown.set_password(url.password().as_deref());
    shown.into()
}

fn unobserved(error: std::io::Error) -> Error {
    let title = format!("cannot observe what a program executes: {error}");
    Diagnostic::new(Cause::System(error), title).into()
}
