//! Statements on a PostgreSQL server that belong to no run.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Row, ValueRef, raw_sql};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::output::{Cause, Diagnostic, Result};
use crate::url::PostgresUrl;

/// A database server, and the async runtime that talks to it.
pub(crate) struct Server {
    pub(super) runtime: Runtime,
    pub(super) options: PgConnectOptions,
}

/// How long to wait for a server that does not respond.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

impl Server {
    pub(crate) fn new(url: &PostgresUrl) -> Result<Self> {
        match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => Ok(Self {
                runtime,
                options: url.options.as_ref().clone(),
            }),
            Err(error) => {
                let title = format!("cannot start an async runtime: {error}");
                Err(Diagnostic::new(Cause::System(error), title).into())
            }
        }
    }

    pub(crate) const fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Waits for what is done on the server.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Executes statements that belong to no run on a new connection, and returns the cells of all
    /// rows in order, as text; NULL becomes an empty string.
    pub(crate) fn query(&self, sql: &str) -> sqlx::Result<Vec<String>> {
        self.runtime.block_on(query(&self.options, sql))
    }
}

/// Executes statements on a new connection.
pub(crate) async fn query(options: &PgConnectOptions, sql: &str) -> sqlx::Result<Vec<String>> {
    let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, "the server does not respond");
    let connected = timeout(CONNECT_TIMEOUT, options.connect()).await;
    let mut connection = connected.map_err(|_| late())??;
    let rows = raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await;
    // If closing fails, the server closes the connection by itself.
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

/// Returns the server's own error message.
pub(crate) fn message(error: &sqlx::Error) -> String {
    match (error.as_database_error(), error) {
        (Some(error), _) => error.message().to_owned(),
        (None, sqlx::Error::Io(error)) => error.to_string(),
        (None, error) => error.to_string(),
    }
}
