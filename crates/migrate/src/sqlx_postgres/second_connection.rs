//! The second connection to a server, which keeps other migrators away.

use std::time::Duration;

use alembic_run::{DatabaseError, DatabaseErrorKind, Query, Row};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::timeout;

use super::error::connect_error;
use super::messages::Correspondence;
use super::notices::Notices;

/// How long to wait for a server that does not answer although its answer takes no time: on a new
/// connection, and on the second one.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a pooler may take to find a connection to the server: all of them may be in use by runs
/// that wait for the same.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);

/// The `application_name` of the second connection, if the pool's options have none.
const APPLICATION: &str = "alembic-migrate";

/// Connects, unless that takes too long: the system's own timeout is minutes.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, "the server does not answer");
    match timeout(ANSWER_TIMEOUT, options.connect()).await {
        Ok(connected) => connected,
        Err(_) => Err(late().into()),
    }
}

/// The second connection, if there can be one.
pub(super) struct SecondConnection {
    options: Option<Box<PgConnectOptions>>,
    state: State,
}

enum State {
    /// It is not needed yet, or not any more.
    Closed,
    /// It is open.
    Open(Correspondence<PgConnection>),
    /// It was lost, and with it the lock.
    Lost,
}

/// A sign that the server can be reached, or the lack of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// The server answers.
    Life,
    /// It does not answer in time.
    Silence,
    /// It cannot be asked.
    Unknown,
}

impl SecondConnection {
    pub(super) fn new(options: Option<PgConnectOptions>) -> Self {
        let named = |options: PgConnectOptions| match options.get_application_name() {
            Some(_) => options,
            None => options.application_name(APPLICATION),
        };
        Self {
            options: options.map(|options| Box::new(named(options).disable_statement_logging())),
            state: State::Closed,
        }
    }

    /// Returns the rows of a query; `None` if there can be no second connection.
    pub(super) async fn query(&mut self, query: &Query) -> Result<Option<Vec<Row>>, DatabaseError> {
        let Some(options) = &self.options else {
            return Ok(None);
        };
        if let State::Closed = self.state {
            let connection = connect(options).await.map_err(connect_error)?;
            self.state = State::Open(Correspondence::new(connection, Notices::ignored()));
        }
        let State::Open(correspondence) = &mut self.state else {
            return Err(DatabaseError::new(
                DatabaseErrorKind::ConnectionLost,
                "the connection that keeps other migrators away was lost",
            ));
        };
        let patience = if query.needs_connection() {
            CONNECTION_TIMEOUT
        } else {
            ANSWER_TIMEOUT
        };
        let answer = timeout(patience, correspondence.rows(query.sql())).await;
        let error = match answer {
            Ok(Ok(rows)) => return Ok(Some(rows)),
            Ok(Err(error)) => match error.kind() {
                DatabaseErrorKind::CannotOpen
                | DatabaseErrorKind::TooManyConnections
                | DatabaseErrorKind::ConnectionLost => error,
                // It has outlived the error.
                _ => return Err(error),
            },
            Err(_) if query.needs_connection() => DatabaseError::new(
                DatabaseErrorKind::TooManyConnections,
                format!(
                    "no second connection to the server became free within {} seconds",
                    patience.as_secs()
                ),
            ),
            Err(_) => silence(patience),
        };
        // Before its transaction begins, it holds nothing that can be lost.
        self.state = match query.needs_connection() {
            true => State::Closed,
            false => State::Lost,
        };
        Err(error)
    }

    /// Returns the rows of a query on a connection that is opened for it, if there can be one: a query
    /// on the second connection would give its transaction a snapshot for a moment, and a
    /// `CREATE INDEX CONCURRENTLY` that looks around at this moment waits for the transaction to end.
    pub(super) async fn query_apart(&self, query: &Query) -> Option<Vec<Row>> {
        let connection = self.options.as_ref()?.connect().await.ok()?;
        let mut correspondence = Correspondence::new(connection, Notices::ignored());
        let rows = correspondence.rows(query.sql()).await.ok();
        drop(correspondence.connection.close().await);
        rows
    }

    /// Finds out within `patience` whether the server can be reached: on this connection if it is
    /// open, which also keeps firewalls and proxies from closing it as idle, or else on a new one.
    pub(super) async fn probe(&mut self, patience: Duration) -> Sign {
        let Some(options) = &self.options else {
            return Sign::Unknown;
        };
        if let State::Open(correspondence) = &mut self.state {
            return match timeout(patience, correspondence.connection.ping()).await {
                Ok(Ok(())) => Sign::Life,
                Ok(Err(_)) => {
                    // The next request fails.
                    self.state = State::Lost;
                    Sign::Life
                }
                Err(_) => Sign::Silence,
            };
        }
        match timeout(patience, options.connect()).await {
            Ok(Ok(connection)) => {
                drop(connection.close().await);
                Sign::Life
            }
            // It says why it refuses another connection.
            Ok(Err(sqlx::Error::Database(_))) => Sign::Life,
            Ok(Err(_)) | Err(_) => Sign::Silence,
        }
    }

    pub(super) async fn close(&mut self) {
        if let State::Open(correspondence) = std::mem::replace(&mut self.state, State::Closed) {
            // If this fails, the server closes it by itself.
            let _ = correspondence.connection.close().await;
        }
    }
}

/// Returns the error of a server that has not answered for too long.
pub(super) fn silence(waited: Duration) -> DatabaseError {
    DatabaseError::new(
        DatabaseErrorKind::ConnectionLost,
        format!(
            "the connection was lost: the server has not answered for {} seconds",
            waited.as_secs()
        ),
    )
}
