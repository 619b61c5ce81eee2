//! Connections to databases of either engine, behind the one interface of the commands.

use alembic_migrate::{Dialect, Driver, Observer, Run, RunError};
use sqlx::postgres::PgConnectOptions;
use tokio::runtime::{Builder, Runtime};

/// An open database.
pub(crate) enum Connection {
    Sqlite(rusqlite::Connection),
    /// A server, to which each command connects by itself.
    Postgres(Box<Server>),
}

/// A database server, and what waits for its answers.
pub(crate) struct Server {
    runtime: Runtime,
    options: PgConnectOptions,
}

impl Server {
    pub(crate) fn new(options: PgConnectOptions) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, options })
    }
}

impl<'c> Driver<'c> for &'c mut Connection {
    type Outcome<T: Send + 'c> = Result<T, RunError>;

    fn dialect(&self) -> Dialect {
        match self {
            Connection::Sqlite(_) => Dialect::Sqlite,
            Connection::Postgres(_) => Dialect::Postgres,
        }
    }

    fn drive<T: Send + 'c>(
        self,
        run: Run<'c, Result<T, RunError>>,
        observer: &'c Observer,
    ) -> Result<T, RunError> {
        match self {
            Connection::Sqlite(connection) => connection.drive(run, observer),
            Connection::Postgres(server) => {
                let Server { runtime, options } = &**server;
                runtime.block_on(options.drive(run, observer))
            }
        }
    }
}
