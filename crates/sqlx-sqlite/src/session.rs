//! Runs, transactions, and what is left of them when nobody waits for them any longer.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use alembic_migrate::{
    DatabaseError, DatabaseErrorKind, Observer, Reply, Request, Run, RunError, Turn,
};
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction, raw_sql};

use crate::error::{Refused, database_error};
use crate::statement::{execute, query, safe};

/// Carries out a run on a connection.
pub(crate) async fn carry_out<T>(
    connection: &mut SqliteConnection,
    mut run: Run<'_, Result<T, RunError>>,
    observer: &Observer,
) -> Result<T, RunError> {
    let mut session = Session {
        connection,
        settings: None,
    };
    let mut reply = Reply::Nothing;
    loop {
        let begin = match run.resume(reply) {
            Turn::Done(outcome) => {
                // The run has restored them.
                session.settings = None;
                return outcome;
            }
            Turn::Ask(Request::Execute(sql)) if sql.starts_with("BEGIN ") => sql,
            Turn::Ask(request) => {
                let remembered = match &request {
                    Request::Execute(_) => session.remember().await,
                    _ => Ok(()),
                };
                reply = match remembered {
                    Ok(()) => answer(session.connection, request, observer).await,
                    Err(error) => Reply::Failed(error),
                };
                continue;
            }
        };
        let mut open = match Open::begin(session.connection, &begin).await {
            Ok(open) => open,
            Err(error) => {
                reply = Reply::Failed(error);
                continue;
            }
        };
        reply = Reply::Changed(0);
        reply = loop {
            reply = match run.resume(reply) {
                Turn::Done(outcome) => return outcome,
                Turn::Ask(Request::Execute(sql)) if sql == "ROLLBACK" => {
                    let ended = open.end().await;
                    break ended.map_or_else(Reply::Failed, |()| Reply::Changed(0));
                }
                Turn::Ask(Request::Execute(sql)) if sql == "COMMIT" => {
                    // sqlx's own way to commit would roll back when somebody reads, instead of
                    // letting the run wait for the reader.
                    match execute(open.connection(), "COMMIT").await {
                        Ok(_) => {
                            // It is committed, whatever comes of this.
                            let _ = open.end().await;
                            break Reply::Changed(0);
                        }
                        Err(error) => Reply::Failed(error),
                    }
                }
                Turn::Ask(request) => answer(open.connection(), request, observer).await,
            };
        };
    }
}

/// Answers the first request with the error of connecting.
pub(crate) fn fail<T>(
    mut run: Run<'_, Result<T, RunError>>,
    observer: &Observer,
    error: sqlx::Error,
) -> Result<T, RunError> {
    let mut failed = Some(database_error(error, ""));
    let mut reply = Reply::Nothing;
    loop {
        reply = match run.resume(reply) {
            Turn::Done(outcome) => return outcome,
            Turn::Ask(Request::Execute(_) | Request::Query(_)) => {
                Reply::Failed(failed.take().unwrap_or_else(|| DatabaseError {
                    kind: DatabaseErrorKind::CannotOpen,
                    offset: None,
                    code: None,
                    source: "there is no connection".into(),
                }))
            }
            Turn::Ask(Request::Event(event)) => {
                observer(&event);
                Reply::Nothing
            }
            Turn::Ask(Request::Batch(_) | Request::Aside(_) | Request::Pause(_)) => Reply::Nothing,
        };
    }
}

/// Carries out a request that neither begins nor ends a transaction.
async fn answer(
    connection: &mut SqliteConnection,
    request: Request<'_>,
    observer: &Observer,
) -> Reply {
    match request {
        Request::Execute(sql) => {
            let executed = execute(connection, &sql).await;
            executed.map_or_else(Reply::Failed, Reply::Changed)
        }
        Request::Query(sql) => {
            let found = query(connection, &sql).await;
            found.map_or_else(Reply::Failed, Reply::Rows)
        }
        // A second connection could not write, and a database in memory may have none.
        Request::Batch(_) | Request::Aside(_) => Reply::Nothing,
        Request::Pause(pause) => {
            tokio::time::sleep(pause).await;
            Reply::Nothing
        }
        Request::Event(event) => {
            observer(&event);
            Reply::Nothing
        }
    }
}

/// A connection that gets its settings back when a run on it ends before its time.
struct Session<'c> {
    connection: &'c mut SqliteConnection,
    /// The statements that restore them, once it was asked what they are.
    settings: Option<[String; 2]>,
}

impl Session<'_> {
    /// Asks what the connection is set to, before a run changes it.
    async fn remember(&mut self) -> Result<(), DatabaseError> {
        if self.settings.is_none() {
            let foreign_keys = restoring(self.connection, "foreign_keys").await?;
            let busy_timeout = restoring(self.connection, "busy_timeout").await?;
            self.settings = Some([foreign_keys, busy_timeout]);
        }
        Ok(())
    }
}

async fn restoring(
    connection: &mut SqliteConnection,
    setting: &str,
) -> Result<String, DatabaseError> {
    let rows = query(connection, &format!("PRAGMA {setting}")).await?;
    let value = rows.into_iter().flatten().flatten().next();
    Ok(format!("PRAGMA {setting} = {}", value.unwrap_or_default()))
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        for setting in self.settings.iter().flatten() {
            send(self.connection, setting);
        }
    }
}

/// A transaction that is rolled back when it is dropped.
struct Open<'c>(Option<Transaction<'c, Sqlite>>);

impl<'c> Open<'c> {
    async fn begin(connection: &'c mut SqliteConnection, sql: &str) -> Result<Self, DatabaseError> {
        if connection.is_in_transaction() {
            // sqlx would refuse, too, and then roll back what is open.
            return Err(Refused::WithinTransaction.into());
        }
        match connection.begin_with(safe(sql)).await {
            Ok(transaction) => Ok(Self(Some(transaction))),
            Err(error) => Err(database_error(error, sql)),
        }
    }

    fn connection(&mut self) -> &mut SqliteConnection {
        self.0.as_mut().expect("only its end takes it")
    }

    /// Rolls back, unless SQLite has ended the transaction already: by the `COMMIT` of the run, or
    /// by itself, as after some errors (a full disk, for one).
    ///
    /// sqlx counts transactions, and goes on counting one that it fails to roll back. So there
    /// must be something to roll back.
    async fn end(mut self) -> Result<(), DatabaseError> {
        let mut transaction = self.0.take().expect("only its end takes it");
        // Fails where the transaction is open yet.
        let _ = execute(&mut transaction, ANOTHER).await;
        let ended = transaction.rollback().await;
        ended.map_err(|error| database_error(error, "ROLLBACK"))
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(transaction) = &mut self.0 {
            send(transaction, ANOTHER);
        }
    }
}

/// Begins a transaction where none is open, without a lock; changes nothing where one is.
const ANOTHER: &str = "BEGIN DEFERRED";

/// Has the connection's thread execute a statement, up to its first row, without waiting for it.
///
/// The thread executes one after the other, each of them even when nobody asks for its outcome any
/// longer. Some may be waiting for it: by default, there is room for 50 of them.
fn send(connection: &mut SqliteConnection, sql: &str) {
    let sent = pin!(raw_sql(safe(sql)).execute(connection));
    let _ = sent.poll(&mut Context::from_waker(Waker::noop()));
}
