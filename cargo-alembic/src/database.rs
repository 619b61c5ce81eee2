//! The databases that URLs name: their identity, and connections to them.

mod cancel;
mod connection;
mod interruption;
pub(crate) mod scratch;
mod server;
mod sqlite;
mod statement_error;

use std::path::{Path, PathBuf};

use alembic_migrate::Dialect;

use crate::output::{Result, Shell, display_path};
use crate::url::{DatabaseUrl, SqliteTarget, SqliteUrl, real_path};
pub(crate) use cancel::Watch;
pub(crate) use connection::Connection;
pub(crate) use server::{Server, message};

/// The database that a URL names.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
    /// The file `.env` that names it, as it is displayed, if one does.
    pub(crate) dotenv: Option<String>,
    /// The extensions that a connection to SQLite loads.
    pub(crate) extensions: Vec<PathBuf>,
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
    pub(crate) fn in_memory(extensions: Vec<PathBuf>) -> Self {
        Self {
            url: DatabaseUrl::Sqlite(SqliteUrl::in_memory()),
            dotenv: None,
            extensions,
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.url.dialect()
    }

    /// Returns the URL, with the file `.env` that it comes from, for people.
    pub(crate) fn shown(&self) -> String {
        match &self.dotenv {
            Some(path) => format!("{}, from {path}", self.url),
            None => self.url.to_string(),
        }
    }

    /// Opens the database for reading only; a missing file counts as empty.
    pub(crate) fn read(&self) -> Result<Connection> {
        match &self.url {
            DatabaseUrl::Sqlite(url) => sqlite::read(url, &self.extensions).map(Connection::Sqlite),
            DatabaseUrl::Postgres(url) => Connection::server(url),
        }
    }

    /// Opens the database for writing; creates its file if that is allowed, and reports that.
    pub(crate) fn write(&self, shell: Shell) -> Result<Connection> {
        let missing = self.file().filter(|path| sqlite::is_missing(path));
        let connection = self.open()?;
        if let Some(path) = missing {
            shell.status("Created", format_args!("database {}", display_path(path)));
        }
        Ok(connection)
    }

    /// Returns whether [`copy`](Self::copy) makes one.
    pub(crate) fn has_copies(&self) -> bool {
        match self.url {
            DatabaseUrl::Sqlite(_) => true,
            DatabaseUrl::Postgres(_) => false,
        }
    }

    /// Copies the database to a file that goes away with its connection; `None` on a server.
    pub(crate) fn copy(&self, extensions: &[PathBuf]) -> Result<Option<Connection>> {
        match &self.url {
            DatabaseUrl::Sqlite(url) => {
                let copy = sqlite::copy(url, extensions)?;
                Ok(Some(Connection::Sqlite(copy)))
            }
            DatabaseUrl::Postgres(_) => Ok(None),
        }
    }

    fn open(&self) -> Result<Connection> {
        match &self.url {
            DatabaseUrl::Sqlite(url) => {
                sqlite::write(url, &self.extensions).map(Connection::Sqlite)
            }
            DatabaseUrl::Postgres(url) => Connection::server(url),
        }
    }

    /// Returns whether the database is a file that does not exist yet.
    pub(crate) fn is_missing(&self) -> bool {
        self.file().is_some_and(sqlite::is_missing)
    }

    /// Returns the file that holds the database, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.url {
            DatabaseUrl::Sqlite(SqliteUrl {
                target: SqliteTarget::File(path),
                ..
            }) => Some(path),
            DatabaseUrl::Sqlite(_) | DatabaseUrl::Postgres(_) => None,
        }
    }

    /// Returns the schema in which a server creates tables by default, if it can be asked.
    pub(crate) fn default_schema(&self) -> Option<String> {
        let Connection::Postgres(server) = self.read().ok()? else {
            return None;
        };
        let found = server.query("SELECT pg_catalog.current_schema()").ok()?;
        found.into_iter().next().filter(|schema| !schema.is_empty())
    }

    /// Returns the database's identity; `None` if no other connection can open it.
    pub(crate) fn identity(&self) -> Option<DatabaseIdentity> {
        match &self.url {
            DatabaseUrl::Sqlite(url) => match &url.target {
                SqliteTarget::Memory => None,
                SqliteTarget::File(path) => Some(DatabaseIdentity::File(real_path(path))),
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
