//! Connections to databases of either engine, behind the one interface of the commands.

use std::time::Duration;

use alembic_migrate::{Dialect, Driver, Observer, Run, RunError};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Row, ValueRef, raw_sql};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::diagnostic::{Diagnostic, Result};
use crate::exit::Exit;
use crate::url::PostgresUrl;

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

/// How long to wait for a server that does not answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

impl Connection {
    /// Prepares what connects to a server.
    pub(crate) fn server(url: &PostgresUrl) -> Result<Self> {
        Server::new(url).map(|server| Self::Postgres(Box::new(server)))
    }
}

impl Server {
    pub(crate) fn new(url: &PostgresUrl) -> Result<Self> {
        match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => Ok(Self {
                runtime,
                options: url.options.as_ref().clone(),
            }),
            Err(error) => Err(
                Diagnostic::new(format!("cannot wait for a server: {error}")).exit(Exit::Database),
            ),
        }
    }

    /// Executes statements that belong to no run, on a connection of their own, and returns the
    /// cells of all rows, one after the other, as texts; empty ones where they are NULL.
    pub(crate) fn query(&self, sql: &str) -> sqlx::Result<Vec<String>> {
        self.runtime.block_on(query(&self.options, sql))
    }
}

/// Executes statements on a connection of their own.
pub(crate) async fn query(options: &PgConnectOptions, sql: &str) -> sqlx::Result<Vec<String>> {
    let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, "the server does not answer");
    let connected = timeout(CONNECT_TIMEOUT, options.connect()).await;
    let mut connection = connected.map_err(|_| late())??;
    let rows = raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await;
    // Without a farewell, the server closes it by itself.
    let _ = connection.close().await;
    let cell = |row: &PgRow, column| {
        let value = row.try_get_raw(column)?;
        let text = if value.is_null() {
            Ok("")
        } else {
            value.as_str()
        };
        text.map(ToOwned::to_owned).map_err(sqlx::Error::Decode)
    };
    let rows = rows?;
    let cells = rows
        .iter()
        .flat_map(|row| (0..row.len()).map(move |column| cell(row, column)));
    cells.collect()
}

/// Returns what a server says is wrong.
pub(crate) fn message(error: &sqlx::Error) -> String {
    match (error.as_database_error(), error) {
        (Some(error), _) => error.message().to_owned(),
        (None, sqlx::Error::Io(error)) => error.to_string(),
        (None, error) => error.to_string(),
    }
}

impl<'c> Driver<'c> for &'c mut Connection {
    type Outcome<T: Send + 'c> = std::result::Result<T, RunError>;

    fn dialect(&self) -> Dialect {
        match self {
            Connection::Sqlite(_) => Dialect::Sqlite,
            Connection::Postgres(_) => Dialect::Postgres,
        }
    }

    fn drive<T: Send + 'c>(
        self,
        run: Run<'c, Self::Outcome<T>>,
        observer: &'c Observer,
    ) -> Self::Outcome<T> {
        match self {
            Connection::Sqlite(connection) => connection.drive(run, observer),
            Connection::Postgres(server) => {
                let Server { runtime, options } = &**server;
                runtime.block_on(options.drive(run, observer))
            }
        }
    }
}
