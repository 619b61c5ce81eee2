//! The driver for PostgreSQL, through sqlx.

mod error;
mod messages;
mod notices;
mod second_connection;
mod server;

use std::future::Future;
use std::pin::Pin;

use alembic_run::Run;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, PgPool, Postgres};

use crate::driver::{Driver, Observer};
use crate::postgres::Aftermath;
use crate::{Dialect, RunError};
use error::{connect_error, request_error};
use messages::settle;
use second_connection::{SecondConnection, connect};
use server::Server;

/// The output of a command: a future of its result.
type ResultFuture<'d, T> = Pin<Box<dyn Future<Output = Result<T, RunError>> + Send + 'd>>;

/// Runs on one connection of the pool. While it migrates, a second one, which is not of the pool,
/// keeps other migrators away.
///
/// A connection that has migrated is closed, since revisions may have changed settings of its
/// session. It is also closed when the future is dropped before it is ready: the server then rolls
/// back its transaction.
impl<'d> Driver<'d> for &'d PgPool {
    type Output<T: Send + 'd> = ResultFuture<'d, T>;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn name(&self) -> Option<String> {
        Some(name(&self.connect_options()))
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> ResultFuture<'d, T> {
        Box::pin(async move {
            let mut pooled = match self.acquire().await {
                Ok(connection) => PooledConnection(Some(connection)),
                Err(error) => return run.fail(connect_error(error), observer),
            };
            let Some(connection) = &mut pooled.0 else {
                unreachable!("it has just been acquired");
            };
            let options = PgConnectOptions::clone(&self.connect_options());
            let (outcome, executed) = carry_out(connection, Some(options), run, observer).await;
            match pooled.0.take() {
                // The application must not see the session settings of revisions.
                Some(connection) if executed => drop(connection.close().await),
                unchanged => drop(unchanged),
            }
            outcome
        })
    }
}

/// Runs on a connection of its own, and while it migrates, on a second one that keeps other
/// migrators away. Both are closed at the end.
///
/// When the future is dropped before it is ready, the server rolls back its transaction.
impl<'d> Driver<'d> for &'d PgConnectOptions {
    type Output<T: Send + 'd> = ResultFuture<'d, T>;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn name(&self) -> Option<String> {
        Some(name(self))
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> ResultFuture<'d, T> {
        Box::pin(async move {
            let mut connection = match connect(self).await {
                Ok(connection) => connection,
                Err(error) => return run.fail(connect_error(error), observer),
            };
            let options = Some(self.clone());
            let (outcome, _) = carry_out(&mut connection, options, run, observer).await;
            // If this fails, the server closes it by itself.
            let _ = connection.close().await;
            outcome
        })
    }
}

/// Runs on this connection alone, whose transactions also keep other migrators away. Revisions
/// with a section outside of transactions are refused: they need a pool.
///
/// When the future is dropped before it is ready, the open transaction is rolled back as soon as
/// the connection is used again or closed. Session settings of revisions stay.
impl<'d> Driver<'d> for &'d mut PgConnection {
    type Output<T: Send + 'd> = ResultFuture<'d, T>;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> ResultFuture<'d, T> {
        Box::pin(async move {
            if let Err(error) = settle(self).await {
                return run.fail(request_error(error, "", Aftermath::Refused), observer);
            }
            carry_out(self, None, run, observer).await.0
        })
    }
}

/// Returns the database that options lead to, as errors name it.
fn name(options: &PgConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => options.get_host().to_owned(),
    };
    // The server takes the name of the user otherwise.
    let database = options.get_database().unwrap_or(options.get_username());
    format!("{host}:{}/{database}", options.get_port())
}

/// A connection of a pool, which is closed rather than returned with work half done.
struct PooledConnection(Option<PoolConnection<Postgres>>);

impl Drop for PooledConnection {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

/// Carries out a run on a connection, and on a second one if there are options for it; also returns
/// whether it executed anything that may outlast the run.
async fn carry_out<T: Send>(
    connection: &mut PgConnection,
    options: Option<PgConnectOptions>,
    run: Run<'_, Result<T, RunError>>,
    observer: &Observer,
) -> (Result<T, RunError>, bool) {
    let mut server = Server::new(connection, SecondConnection::new(options), observer);
    let outcome = run.drive_async(&mut server, observer).await;
    server.close().await;
    (outcome, server.has_executed)
}
