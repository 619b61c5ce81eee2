//! Connections to databases of either engine, behind one interface for the commands.

use alembic_migrate::driver::{Driver, Observer, Run};
use alembic_migrate::{Dialect, RunError};

use super::Server;
use super::statement_error::StatementError;
use crate::output::Result;
use crate::url::PostgresUrl;

/// An open database.
pub(crate) enum Connection {
    Sqlite(rusqlite::Connection),
    /// A server, to which each call opens a connection of its own.
    Postgres(Box<Server>),
}

impl Connection {
    /// Prepares connections to a server.
    pub(crate) fn server(url: &PostgresUrl) -> Result<Self> {
        Server::new(url).map(|server| Self::Postgres(Box::new(server)))
    }
}

impl Connection {
    /// Returns the first cell of the answer to a query that belongs to no run.
    pub(crate) fn cell(&self, query: &str) -> std::result::Result<String, StatementError> {
        match self {
            Self::Sqlite(connection) => {
                let cell = connection.query_row(query, [], |row| row.get::<_, i64>(0));
                cell.map(|cell| cell.to_string())
                    .map_err(StatementError::Sqlite)
            }
            Self::Postgres(server) => {
                let cells = server.query(query).map_err(StatementError::Server)?;
                Ok(cells.into_iter().next().unwrap_or_default())
            }
        }
    }
}

impl<'c> Driver<'c> for &'c mut Connection {
    type Output<T: Send + 'c> = std::result::Result<T, RunError>;

    fn dialect(&self) -> Dialect {
        match self {
            Connection::Sqlite(_) => Dialect::Sqlite,
            Connection::Postgres(_) => Dialect::Postgres,
        }
    }

    fn drive<T: Send + 'c>(
        self,
        run: Run<'c, Self::Output<T>>,
        observer: &'c Observer,
    ) -> Self::Output<T> {
        match self {
            Connection::Sqlite(connection) => connection.drive(run, observer),
            Connection::Postgres(server) => {
                let Server { runtime, options } = &**server;
                runtime.block_on(options.drive(run, observer))
            }
        }
    }
}
