//! The second connection to a server, which keeps other migrators away.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use alembic_run::{DatabaseError, DatabaseErrorKind, Row};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::timeout;

use super::error::database_error;
use super::rows;

/// How often the second connection is used, so that no firewall or proxy closes it as idle.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How long to wait for a server that does not answer on a new connection or on the second one,
/// whose requests take no time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The `application_name` of the second connection, if the pool's options have none.
const APPLICATION: &str = "alembic-migrate";

/// Connects, unless that takes too long: the system's own timeout is minutes.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    answer(options.connect()).await
}

/// Waits for an answer that should come at once.
async fn answer<T>(asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, "the server does not answer");
    match timeout(ANSWER_TIMEOUT, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(late().into()),
    }
}

/// The second connection.
pub(super) enum SecondConnection {
    /// There can be no second connection.
    Never,
    /// It is not needed yet.
    Closed(Box<PgConnectOptions>),
    /// It is open.
    Open(PgConnection),
    /// It was lost, and with it the lock.
    Lost,
}

impl SecondConnection {
    pub(super) fn new(options: Option<PgConnectOptions>) -> Self {
        let Some(options) = options else {
            return Self::Never;
        };
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name(APPLICATION),
        };
        Self::Closed(Box::new(options.disable_statement_logging()))
    }

    pub(super) async fn query(&mut self, sql: &str) -> Result<Option<Vec<Row>>, DatabaseError> {
        if let Self::Closed(options) = self {
            let connection = connect(options).await;
            *self = Self::Open(connection.map_err(|error| database_error(error, ""))?);
        }
        match self {
            Self::Open(connection) => match answer(rows(connection, sql)).await {
                Ok(rows) => Ok(Some(rows)),
                Err(error) => Err(self.fail(error, sql)),
            },
            Self::Lost => Err(DatabaseError::new(
                DatabaseErrorKind::ConnectionLost,
                "the connection that keeps other migrators away was lost",
            )),
            Self::Never | Self::Closed(_) => Ok(None),
        }
    }

    fn fail(&mut self, error: sqlx::Error, sql: &str) -> DatabaseError {
        let error = database_error(error, sql);
        if error.kind() == DatabaseErrorKind::ConnectionLost {
            *self = Self::Lost;
        }
        error
    }

    /// Waits for the work of the other connection, and uses this one now and then.
    pub(super) async fn keep_alive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match timeout(HEARTBEAT, work.as_mut()).await {
                Ok(done) => return done,
                Err(_) => self.ping().await,
            }
        }
    }

    async fn ping(&mut self) {
        if let Self::Open(connection) = self
            && let Err(error) = answer(connection.ping()).await
        {
            // The next request fails with the error.
            drop(self.fail(error, "ping"));
        }
    }

    pub(super) async fn close(&mut self) {
        if let Self::Open(connection) = std::mem::replace(self, Self::Never) {
            // If this fails, the server closes it by itself.
            let _ = connection.close().await;
        }
    }
}
