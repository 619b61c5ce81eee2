//! The driver for PostgreSQL, through sqlx.

mod error;
mod second_connection;

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;

use alembic_run::{AsyncConnection, Batch, DatabaseError, DatabaseErrorKind, Effect, Execute};
use alembic_run::{Query, Row, Run};
use futures_util::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{
    AssertSqlSafe, Connection, Either, PgConnection, PgPool, Postgres, Row as _, SqlSafeStr,
    SqlStr, ValueRef, raw_sql,
};

use crate::driver::{Driver, Observer};
use crate::{Dialect, RunError};
use error::database_error;
use second_connection::{SecondConnection, connect};

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

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> ResultFuture<'d, T> {
        Box::pin(async move {
            let mut pooled = match self.acquire().await {
                Ok(connection) => PooledConnection(Some(connection)),
                Err(error) => return run.fail(database_error(error, ""), observer),
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

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> ResultFuture<'d, T> {
        Box::pin(async move {
            let mut connection = match connect(self).await {
                Ok(connection) => connection,
                Err(error) => return run.fail(database_error(error, ""), observer),
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
            settle(self).await;
            carry_out(self, None, run, observer).await.0
        })
    }
}

/// Reads the errors of abandoned statements: sqlx would take each for the answer to the next
/// statement.
async fn settle(connection: &mut PgConnection) {
    while let Err(sqlx::Error::Database(_)) = connection.ping().await {}
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
    let mut server = Server {
        main: MainConnection {
            connection,
            rollback: None,
        },
        aside: SecondConnection::new(options),
        has_executed: false,
    };
    let outcome = run.drive_async(&mut server, observer).await;
    server.aside.close().await;
    (outcome, server.has_executed)
}

/// The connections of a run.
struct Server<'c> {
    main: MainConnection<'c>,
    aside: SecondConnection,
    has_executed: bool,
}

impl AsyncConnection for Server<'_> {
    async fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        self.has_executed = true;
        if let Effect::Begins { rollback } = statement.effect() {
            self.main.rollback = Some(rollback.to_owned());
        }
        let statements = [statement.sql()];
        let batch = execute_all(self.main.connection, &statements);
        let Batch { changed, failed } = self.aside.keep_alive(batch).await;
        match statement.effect() {
            Effect::Commits | Effect::RollsBack => self.main.rollback = None,
            _ => {}
        }
        match failed {
            Some((_, error)) => Err(error),
            None => Ok(changed.into_iter().sum()),
        }
    }

    async fn query(&mut self, query: &Query) -> Result<Vec<Row>, DatabaseError> {
        let sql = query.sql();
        let found = self.aside.keep_alive(rows(self.main.connection, sql)).await;
        found.map_err(|error| database_error(error, sql))
    }

    async fn pause(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    async fn execute_all(&mut self, statements: &[Execute<'_>]) -> Option<Batch> {
        self.has_executed = true;
        let statements: Vec<&str> = statements.iter().map(Execute::sql).collect();
        let batch = execute_all(self.main.connection, &statements);
        Some(self.aside.keep_alive(batch).await)
    }

    async fn query_aside(&mut self, query: &Query) -> Result<Option<Vec<Row>>, DatabaseError> {
        self.aside.query(query.sql()).await
    }
}

/// The connection that migrates, whose open transaction is rolled back on drop.
struct MainConnection<'c> {
    connection: &'c mut PgConnection,
    /// The statement that rolls back, while a transaction is open.
    rollback: Option<String>,
}

impl Drop for MainConnection<'_> {
    fn drop(&mut self) {
        if let Some(rollback) = self.rollback.take() {
            // sqlx's own transactions forget one whose `BEGIN` was not awaited. This writes the
            // statement when it is first polled; sqlx continues it before anything else.
            let mut sent = pin!(self.connection.begin_with(safe(&rollback)));
            let mut context = Context::from_waker(Waker::noop());
            let _ = sent.as_mut().poll(&mut context);
        }
    }
}

/// The separator of statements in one message; a statement may end in a comment.
const SEPARATOR: &str = "\n;\n";

/// Executes statements up to the first that fails, in one message; rows that they return are
/// ignored.
async fn execute_all(connection: &mut PgConnection, statements: &[&str]) -> Batch {
    let sql = statements.join(SEPARATOR);
    let mut batch = Batch::default();
    let mut results = raw_sql(safe(&sql)).fetch_many(&mut *connection);
    let error = loop {
        match results.try_next().await {
            Ok(Some(Either::Left(result))) => batch.changed.push(result.rows_affected()),
            Ok(Some(Either::Right(_))) => {}
            Ok(None) if batch.changed.len() == statements.len() => return batch,
            Ok(None) => {
                // The counts cannot be assigned to statements.
                batch.changed.clear();
                break second_statement();
            }
            Err(error) => break database_error(error, &sql),
        }
    };
    drop(results);
    // sqlx would take the rest of an answer that it does not know for the next answer.
    settle(connection).await;
    // The whole message is read before any of it is executed.
    batch.failed = Some(match error.offset() {
        Some(offset) => {
            let (statement, offset) = place(statements, offset);
            (statement, error.with_offset(offset))
        }
        None => (batch.changed.len().min(statements.len() - 1), error),
    });
    batch
}

/// Finds the statement of a message that holds a byte, and the offset in it.
fn place(statements: &[&str], offset: usize) -> (usize, usize) {
    let mut start = 0;
    for (index, statement) in statements.iter().enumerate() {
        let next = start + statement.len() + SEPARATOR.len();
        if offset < next {
            return (index, (offset - start).min(statement.len()));
        }
        start = next;
    }
    let last = statements.len() - 1;
    (last, statements[last].len())
}

/// Returns the error that the server has found more statements than were sent; the transaction is
/// then rolled back.
fn second_statement() -> DatabaseError {
    let why = "PostgreSQL found a different number of statements than expected";
    DatabaseError::new(DatabaseErrorKind::Other, why)
}

/// Returns the rows of a query, whose cells the simple protocol gives as text.
async fn rows(connection: &mut PgConnection, sql: &str) -> Result<Vec<Row>, sqlx::Error> {
    let rows = raw_sql(safe(sql)).fetch_all(connection).await?;
    rows.iter().map(cells).collect()
}

fn cells(row: &PgRow) -> Result<Row, sqlx::Error> {
    let cell = |column| {
        let value = row.try_get_raw(column)?;
        if value.is_null() {
            return Ok(None);
        }
        let text = value.as_str().map_err(sqlx::Error::Decode)?;
        Ok(Some(text.to_owned()))
    };
    let cells = (0..row.len()).map(cell).collect::<Result<_, _>>();
    cells.map(Row::new)
}

/// Marks a statement as safe: it comes from a revision file, or from the run itself.
fn safe(sql: &str) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

#[cfg(test)]
mod tests;
