//! Finds the engines on which temporary databases of a crate are created.

use alembic_history::Code;
use alembic_migrate::Dialect;

use crate::database::Database;
use crate::database::scratch::Engine;
use crate::output::{Cause, Diagnostic, Error, Result};
use crate::url::{DatabaseUrl, PostgresUrl};
use crate::workspace::Crate;

/// Returns the engines that a crate's revisions are written for; fails if one of them needs a server and
/// none is known. An argument names its URL, or else that of a database on it.
///
/// Sessions in temporary databases find the same schemas as those of `compared`, the database that they are
/// compared with.
pub(crate) fn engines(
    owner: &Crate,
    urls: &[Option<&str>],
    compared: Option<&Database>,
) -> Result<Vec<Engine>> {
    let dialects = owner.dialects.iter();
    dialects
        .map(|dialect| match dialect {
            Dialect::Sqlite => Ok(Engine::Sqlite(owner.configuration.sqlite_extensions())),
            Dialect::Postgres => {
                let compared = compared.map(|database| &database.url);
                match (server(owner, urls)?, compared) {
                    (Some(url), Some(DatabaseUrl::Postgres(compared))) => {
                        Engine::postgres_like(&url, compared)
                    }
                    (Some(url), Some(DatabaseUrl::Sqlite(_)) | None) => Engine::postgres(&url),
                    (None, _) => Err(no_server(owner, "--scratch-url")),
                }
            }
        })
        .collect()
}

/// Returns the engine of a database; on a server, temporary databases are created next to it, unless an
/// argument or the configuration names another server, and their sessions find the same schemas.
pub(crate) fn engine_of(
    owner: &Crate,
    database: &Database,
    scratch_url: Option<&str>,
) -> Result<Engine> {
    match &database.url {
        DatabaseUrl::Sqlite(_) => Ok(Engine::Sqlite(owner.configuration.sqlite_extensions())),
        DatabaseUrl::Postgres(url) => match server(owner, &[scratch_url])? {
            Some(server) => Engine::postgres_like(&server, url),
            None => Engine::postgres(url),
        },
    }
}

/// Finds the server that one of the arguments, the configuration or the environment names.
pub(crate) fn server(owner: &Crate, urls: &[Option<&str>]) -> Result<Option<PostgresUrl>> {
    let scratch = owner.configuration.settings.scratch_url.as_deref();
    let named = urls.iter().copied().chain([scratch]).flatten().map(Some);
    for url in named.chain([None]) {
        if let Some(Database {
            url: DatabaseUrl::Postgres(url),
            ..
        }) = owner.configuration.find_database(url)?
        {
            return Ok(Some(url));
        }
    }
    Ok(None)
}

/// Explains how to name a server, by an option or in the environment.
pub(crate) fn no_server(owner: &Crate, option: &str) -> Error {
    let name = owner.name();
    let title = format!("crate `{name}` is for PostgreSQL, but no server is known");
    Diagnostic::new(Cause::Configuration, title)
        .code(Code::NoServer)
        .help(format!(
            "name one of its databases with `{option} postgres://...`, by `scratch-url` in the \
             configuration, or in the environment variable {}; that database is left untouched",
            owner.configuration.settings.url_env
        ))
        .into()
}
