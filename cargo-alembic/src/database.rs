//! The databases that URLs name: their identity, and connections to them.

mod connection;
pub(crate) mod scratch;
mod server;
mod sqlite;

use std::path::PathBuf;

use alembic_migrate::Dialect;

use crate::output::Result;
use crate::url::{DatabaseUrl, SqliteTarget, SqliteUrl};
pub(crate) use connection::Connection;
pub(crate) use server::Server;

/// The database that a URL names.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
}

/// What identifies a database, however its URL is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DatabaseIdentity {
    /// A file, with symbolic links and dots resolved.
    File(PathBuf),
    /// A database of a server.
    Server {
        host: String,
        port: u16,
        database: String,
    },
}

impl Database {
    /// Returns a database that lasts as long as its connection.
    fn in_memory() -> Self {
        Self {
            url: DatabaseUrl::Sqlite(SqliteUrl::in_memory()),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.url.dialect()
    }

    /// Opens the database for reading only; a missing file counts as empty.
    pub(crate) fn read(&self) -> Result<Connection> {
        match &self.url {
            DatabaseUrl::Sqlite(url) => sqlite::read(url).map(Connection::Sqlite),
            DatabaseUrl::Postgres(url) => Connection::server(url),
        }
    }

    /// Opens the database for writing, and creates its file if that is allowed.
    pub(crate) fn write(&self) -> Result<Connection> {
        match &self.url {
            DatabaseUrl::Sqlite(url) => sqlite::write(url).map(Connection::Sqlite),
            DatabaseUrl::Postgres(url) => Connection::server(url),
        }
    }

    /// Returns whether the database is a file that does not exist yet.
    pub(crate) fn is_missing(&self) -> bool {
        match &self.url {
            DatabaseUrl::Sqlite(SqliteUrl {
                target: SqliteTarget::File(path),
                ..
            }) => sqlite::is_missing(path),
            DatabaseUrl::Sqlite(_) | DatabaseUrl::Postgres(_) => false,
        }
    }

    /// Returns the database's identity; `None` if no other connection can open it.
    pub(crate) fn identity(&self) -> Option<DatabaseIdentity> {
        match &self.url {
            DatabaseUrl::Sqlite(url) => match &url.target {
                SqliteTarget::Memory => None,
                SqliteTarget::File(path) => Some(DatabaseIdentity::File(sqlite::real_path(path))),
            },
            DatabaseUrl::Postgres(url) => {
                let options = &url.options;
                let host = match options.get_socket() {
                    Some(socket) => socket.display().to_string(),
                    None => options.get_host().to_owned(),
                };
                Some(DatabaseIdentity::Server {
                    host,
                    port: options.get_port(),
                    database: url.database().to_owned(),
                })
            }
        }
    }
}
