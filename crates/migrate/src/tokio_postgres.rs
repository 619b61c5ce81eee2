//! The driver for PostgreSQL, through tokio-postgres.

mod notices;

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;

use ::tokio_postgres::error::{DbError, ErrorPosition};
use ::tokio_postgres::{Client, Error, SimpleQueryMessage};
use alembic_run::{AsyncConnection, Batch, DatabaseError, Execute, Notice, Query, Row, Run, Undo};
use futures_util::TryStreamExt;

use crate::driver::{Driver, Observer};
use crate::postgres::{
    Aftermath, Description, SEPARATOR, ServerError, UNEXPECTED_ANSWER, second_statement,
    to_statement,
};
use crate::{Dialect, RunError};
pub use notices::{ClientNotices, NoticingClient};

/// Runs on this connection alone, whose transactions also keep other migrators away. Revisions
/// with a section outside of transactions are refused: they need a second connection.
///
/// When the future is dropped before it is ready, the open transaction is rolled back before
/// anything else that the client is asked. Session settings of revisions stay.
impl<'d> Driver<'d> for &'d mut Client {
    type Output<T: Send + 'd> = Pin<Box<dyn Future<Output = Result<T, RunError>> + Send + 'd>>;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> Self::Output<T> {
        Box::pin(carry_out(self, None, run, observer))
    }
}

/// Runs on a client, whose notices are kept if somebody keeps them.
async fn carry_out<T: Send>(
    client: &Client,
    notices: Option<&ClientNotices>,
    run: Run<'_, Result<T, RunError>>,
    observer: &Observer,
) -> Result<T, RunError> {
    let mut connection = Connection {
        client,
        notices,
        has_answered: false,
        undo: Undo::default(),
    };
    run.drive_async(&mut connection, observer).await
}

/// A connection that carries out a run; what that leaves is undone on drop.
struct Connection<'c> {
    client: &'c Client,
    notices: Option<&'c ClientNotices>,
    has_answered: bool,
    undo: Undo,
}

impl AsyncConnection for Connection<'_> {
    async fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        let effect = statement.effect();
        self.undo.announce(effect);
        let Batch { changed, failed } = self.send(std::slice::from_ref(statement)).await;
        self.undo.settle(effect, failed.is_none());
        match failed {
            Some((_, error)) => Err(error),
            None => Ok(changed.into_iter().sum()),
        }
    }

    async fn query(&mut self, query: &Query) -> Result<Vec<Row>, DatabaseError> {
        let mut rows = Vec::new();
        let sql = query.sql();
        // What came before is not about this.
        let _ = self.take_notices();
        match ask(self.client, sql, &mut rows, &mut Vec::new()).await {
            Ok(()) => {
                self.has_answered = true;
                Ok(rows)
            }
            Err(error) => Err(self.describe(error, sql).await),
        }
    }

    async fn pause(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    async fn execute_all(&mut self, statements: &[Execute<'_>]) -> Option<Batch> {
        match self.notices {
            None => Some(self.send(statements).await),
            // They come by another way than the answers, so nothing says which of several they are about.
            Some(_) => None,
        }
    }

    fn take_notices(&mut self) -> Vec<Notice> {
        self.notices.map(ClientNotices::take).unwrap_or_default()
    }
}

impl Connection<'_> {
    /// Executes statements up to the first that fails, in one message.
    async fn send(&mut self, statements: &[Execute<'_>]) -> Batch {
        let texts: Vec<&str> = statements.iter().map(Execute::sql).collect();
        let sql = texts.join(SEPARATOR);
        let mut batch = Batch::default();
        let mut rows = Vec::new();
        // What came before is about none of these.
        let _ = self.take_notices();
        let asked = ask(self.client, &sql, &mut rows, &mut batch.changed).await;
        batch.failed = match asked {
            Ok(()) if batch.changed.len() == statements.len() => {
                self.has_answered = true;
                None
            }
            Ok(()) => {
                // The counts cannot be assigned to statements.
                batch.changed.clear();
                Some((0, second_statement()))
            }
            Err(error) => {
                let error = self.describe(error, &sql).await;
                Some(to_statement(error, &texts, batch.changed.len()))
            }
        };
        batch
    }

    /// Describes the error of a request, after which the connection may be gone.
    async fn describe(&mut self, error: Error, sql: &str) -> DatabaseError {
        // The code of the error does not tell: a statement can fail with any code.
        let aftermath = match self.client.batch_execute("").await {
            Ok(()) => Aftermath::Usable,
            Err(_) if self.has_answered => Aftermath::Lost,
            Err(_) => Aftermath::Refused,
        };
        self.has_answered |= aftermath == Aftermath::Usable;
        let description = match error.as_db_error() {
            Some(server) => server_error(server).failure(sql, aftermath),
            // Nothing else that a usable connection says is unexpected.
            None if aftermath == Aftermath::Usable => {
                Description::of_request(aftermath, UNEXPECTED_ANSWER)
            }
            None => Description::of_request(aftermath, &error),
        };
        description.caused_by(error)
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        for statement in self.undo.statements() {
            // This sends the statement when it is first polled; its answer does not matter.
            let mut sent = pin!(self.client.batch_execute(statement.sql()));
            let mut context = Context::from_waker(Waker::noop());
            let _ = sent.as_mut().poll(&mut context);
        }
    }
}

/// Sends a message, and collects the rows and counts of the answer as they arrive.
async fn ask(
    client: &Client,
    sql: &str,
    rows: &mut Vec<Row>,
    changed: &mut Vec<u64>,
) -> Result<(), Error> {
    let mut answer = pin!(client.simple_query_raw(sql).await?);
    while let Some(message) = answer.try_next().await? {
        match message {
            SimpleQueryMessage::Row(row) => {
                let cell = |column| row.get(column).map(ToOwned::to_owned);
                rows.push(Row::new((0..row.len()).map(cell).collect()));
            }
            SimpleQueryMessage::CommandComplete(count) => changed.push(count),
            _ => {}
        }
    }
    Ok(())
}

fn server_error(error: &DbError) -> ServerError<'_> {
    ServerError {
        code: error.code().code(),
        message: error.message(),
        detail: error.detail(),
        hint: error.hint(),
        context: error.where_(),
        schema: error.schema(),
        routine: error.routine(),
        position: match error.position() {
            Some(ErrorPosition::Original(position)) => usize::try_from(*position).ok(),
            // It may be in the body of a function, for example.
            Some(ErrorPosition::Internal { .. }) | None => None,
        },
    }
}
