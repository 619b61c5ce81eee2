//! Carries out a run on a connection of sqlx, and cleans up when the run is dropped.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use alembic_migrate::RunError;
use alembic_migrate::driver::{
    AsyncConnection, DatabaseError, Effect, Execute, Observer, Query, Row, Run, Undo,
};
use sqlx::{Connection, SqliteConnection, raw_sql};

use crate::error::Refusal;
use crate::statement::{execute, query, safe};

/// Carries out a run on a connection.
pub(crate) async fn carry_out<T: Send>(
    connection: &mut SqliteConnection,
    run: Run<'_, Result<T, RunError>>,
    observer: &Observer,
) -> Result<T, RunError> {
    let mut worker = Worker {
        connection,
        undo: Undo::default(),
    };
    let outcome = run.drive_async(&mut worker, observer).await;
    worker.undo.clear();
    outcome
}

/// A connection whose settings are restored, and whose open transaction is rolled back, when a run
/// on it is dropped.
struct Worker<'c> {
    connection: &'c mut SqliteConnection,
    undo: Undo,
}

impl AsyncConnection for Worker<'_> {
    async fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        let effect = statement.effect();
        if matches!(effect, Effect::Begins { .. }) && self.connection.is_in_transaction() {
            // SQLite would refuse this too, but the drop of the run would then roll back the
            // caller's transaction.
            return Err(Refusal::WithinTransaction.into());
        }
        self.undo.announce(effect);
        let executed = match (effect, execute(self.connection, statement.sql()).await) {
            // After some errors, such as a full disk, SQLite rolls back the whole transaction by
            // itself, and nothing is left to roll back.
            (Effect::RollsBack, Err(error)) if error.is_generic_sqlite_error() => Ok(0),
            (_, executed) => executed,
        };
        self.undo.settle(effect, executed.is_ok());
        executed
    }

    async fn query(&mut self, wanted: &Query) -> Result<Vec<Row>, DatabaseError> {
        query(self.connection, wanted.sql()).await
    }

    async fn pause(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        for statement in self.undo.statements() {
            send(self.connection, statement.sql());
        }
    }
}

/// Sends a statement to the connection's thread, which executes it up to its first row, without
/// waiting for it.
///
/// The thread executes its statements one after the other, even if no one waits for the outcome.
/// Its queue holds 50 statements by default.
fn send(connection: &mut SqliteConnection, sql: &str) {
    let sent = pin!(raw_sql(safe(sql)).execute(connection));
    let _ = sent.poll(&mut Context::from_waker(Waker::noop()));
}
