//! Connections to databases of either engine, behind one interface for the commands.

use alembic_migrate::driver::{Driver, Observer, Run};
use alembic_migrate::{Dialect, RunError};

use super::Server;
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
