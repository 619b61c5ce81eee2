//! The driver for PostgreSQL, through sqlx.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;

use alembic_history::Dialect;
use alembic_run::{Batch, DatabaseError, DatabaseErrorKind, Reply, Request, Run, RunError, Turn};
use futures_util::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgErrorPosition, PgRow};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Either, PgConnection, PgPool, Postgres, Row,
    SqlSafeStr, SqlStr, ValueRef, raw_sql,
};
use tokio::time::timeout;

use crate::{Driver, Observer};

/// What a command returns: a future of its outcome.
type Pending<'d, T> = Pin<Box<dyn Future<Output = Result<T, RunError>> + Send + 'd>>;

/// How often the second connection is used, so that nothing between here and the server takes it
/// for abandoned.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How long to wait for a server that does not answer to a new connection, or to the second one: what
/// that asks for takes no time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The `application_name` of the second connection, where the pool's options give none.
const APPLICATION: &str = "alembic-migrate";

/// Runs on one connection of the pool. While it migrates, a second one, which is not of the pool,
/// keeps other migrators away.
///
/// A connection that has migrated is closed, since revisions may have set something for its session.
/// So it is when the future is dropped before it is ready: the server rolls back what is not
/// committed.
impl<'d> Driver<'d> for &'d PgPool {
    type Outcome<T: Send + 'd> = Pending<'d, T>;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> Pending<'d, T> {
        Box::pin(async move {
            let mut pooled = match self.acquire().await {
                Ok(connection) => Pooled(Some(connection)),
                Err(error) => return unreachable(run, observer, error),
            };
            let Some(connection) = &mut pooled.0 else {
                unreachable!("it has just been acquired");
            };
            let options = PgConnectOptions::clone(&self.connect_options());
            let mut executed = false;
            let outcome = talk(connection, Some(options), run, observer, &mut executed).await;
            match pooled.0.take() {
                // What revisions have set for their session is not for the application.
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
/// When the future is dropped before it is ready, the server rolls back what is not committed.
impl<'d> Driver<'d> for &'d PgConnectOptions {
    type Outcome<T: Send + 'd> = Pending<'d, T>;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> Pending<'d, T> {
        Box::pin(async move {
            let mut connection = match connect(self).await {
                Ok(connection) => connection,
                Err(error) => return unreachable(run, observer, error),
            };
            let options = Some(self.clone());
            let outcome = talk(&mut connection, options, run, observer, &mut false).await;
            // Without a farewell, the server closes it by itself.
            let _ = connection.close().await;
            outcome
        })
    }
}

/// Runs on this connection alone, whose transactions also keep other migrators away. Revisions
/// with a section outside of transactions are refused: they need a pool.
///
/// When the future is dropped before it is ready, what is not committed is rolled back as soon as
/// the connection is used again or closed. What revisions set for their session stays set.
impl<'d> Driver<'d> for &'d mut PgConnection {
    type Outcome<T: Send + 'd> = Pending<'d, T>;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> Pending<'d, T> {
        Box::pin(async move {
            settle(self).await;
            talk(self, None, run, observer, &mut false).await
        })
    }
}

/// Takes in the errors of statements that nobody waits for any longer: sqlx would take each for the
/// answer to the next statement.
async fn settle(connection: &mut PgConnection) {
    while let Err(sqlx::Error::Database(_)) = connection.ping().await {}
}

/// Connects, unless that takes too long: the system's own patience is minutes.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    answer(options.connect()).await
}

/// Waits for an answer that takes no time.
async fn answer<T>(asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, "the server does not answer");
    match timeout(ANSWER_TIMEOUT, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(late().into()),
    }
}

/// A connection of a pool, which is closed rather than given back with work half done.
struct Pooled(Option<PoolConnection<Postgres>>);

impl Drop for Pooled {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

/// Answers the first request with the error of connecting.
fn unreachable<T>(
    mut run: Run<'_, Result<T, RunError>>,
    observer: &Observer,
    error: sqlx::Error,
) -> Result<T, RunError> {
    let mut reply = Reply::Nothing;
    let mut failed = Some(database_error(error, ""));
    loop {
        reply = match run.resume(reply) {
            Turn::Done(outcome) => return outcome,
            Turn::Ask(Request::Event(event)) => {
                observer(&event);
                Reply::Nothing
            }
            Turn::Ask(Request::Pause(_)) => Reply::Nothing,
            Turn::Ask(
                Request::Execute(_) | Request::Batch(_) | Request::Query(_) | Request::Aside(_),
            ) => Reply::Failed(failed.take().unwrap_or_else(|| DatabaseError {
                kind: DatabaseErrorKind::CannotOpen,
                offset: None,
                code: None,
                source: "there is no connection".into(),
            })),
        };
    }
}

/// Carries out a run on a connection, and on a second one where there are options for it; tells
/// whether anything was `executed` that may outlast the run.
async fn talk<T>(
    connection: &mut PgConnection,
    options: Option<PgConnectOptions>,
    mut run: Run<'_, Result<T, RunError>>,
    observer: &Observer,
    executed: &mut bool,
) -> Result<T, RunError> {
    let mut main = Main {
        connection,
        begun: false,
    };
    let mut aside = Aside::new(options);
    let mut reply = Reply::Nothing;
    let outcome = loop {
        reply = match run.resume(reply) {
            Turn::Done(outcome) => break outcome,
            Turn::Ask(Request::Execute(sql)) => {
                *executed = true;
                let alone = matches!(aside, Aside::Never);
                let executed = aside.keep_alive(main.execute(&sql, alone)).await;
                executed.map_or_else(Reply::Failed, Reply::Changed)
            }
            Turn::Ask(Request::Batch(statements)) => {
                *executed = true;
                let batch = execute_all(main.connection, &statements);
                Reply::Batch(aside.keep_alive(batch).await)
            }
            Turn::Ask(Request::Query(sql)) => {
                let found = aside.keep_alive(query(main.connection, &sql)).await;
                found.map_or_else(Reply::Failed, Reply::Rows)
            }
            Turn::Ask(Request::Aside(sql)) => aside.query(&sql).await,
            Turn::Ask(Request::Pause(pause)) => {
                tokio::time::sleep(pause).await;
                Reply::Nothing
            }
            Turn::Ask(Request::Event(event)) => {
                observer(&event);
                Reply::Nothing
            }
        };
    };
    aside.close().await;
    outcome
}

/// The connection that migrates, which rolls back what is open when this is dropped.
struct Main<'c> {
    connection: &'c mut PgConnection,
    begun: bool,
}

impl Main<'_> {
    /// Executes one statement. A connection that is `alone` is somebody else's, who may have begun
    /// a transaction; PostgreSQL would only warn of another one.
    async fn execute(&mut self, sql: &str, alone: bool) -> Result<u64, DatabaseError> {
        let begins = sql.starts_with("BEGIN ");
        if begins && alone && self.is_in_transaction().await? {
            return Err(DatabaseError {
                kind: DatabaseErrorKind::Other,
                offset: None,
                code: None,
                source: "cannot start a transaction within a transaction".into(),
            });
        }
        self.begun |= begins;
        let executed = execute(self.connection, sql).await;
        if matches!(sql, "COMMIT" | "ROLLBACK") {
            self.begun = false;
        }
        executed
    }

    /// Tells whether a transaction began before this very statement.
    async fn is_in_transaction(&mut self) -> Result<bool, DatabaseError> {
        let sql = "SELECT pg_catalog.now() <> pg_catalog.statement_timestamp()";
        let rows = query(self.connection, sql).await?;
        Ok(rows == [[Some("t".to_owned())]])
    }
}

impl Drop for Main<'_> {
    fn drop(&mut self) {
        if self.begun {
            // sqlx's own transactions forget a `BEGIN` whose answer nobody has waited for. This
            // writes the statement when it is first polled; sqlx goes on with it before anything
            // else.
            let mut rollback = pin!(self.connection.begin_with("ROLLBACK"));
            let mut context = Context::from_waker(Waker::noop());
            let _ = rollback.as_mut().poll(&mut context);
        }
    }
}

/// Executes one statement to its end.
async fn execute(connection: &mut PgConnection, sql: &str) -> Result<u64, DatabaseError> {
    let Batch { changed, failed } = execute_all(connection, &[sql.into()]).await;
    match failed {
        Some((_, error)) => Err(error),
        None => Ok(changed.into_iter().sum()),
    }
}

/// Executes statements up to the first that fails, in one message; rows that they return are passed
/// over.
async fn execute_all(connection: &mut PgConnection, statements: &[Cow<'_, str>]) -> Batch {
    // A statement may end in a comment.
    let sql = statements.join("\n;\n");
    let mut batch = Batch::default();
    let mut results = raw_sql(safe(&sql)).fetch_many(&mut *connection);
    let error = loop {
        match results.try_next().await {
            Ok(Some(Either::Left(result))) => batch.changed.push(result.rows_affected()),
            Ok(Some(Either::Right(_))) => {}
            Ok(None) if batch.changed.len() == statements.len() => return batch,
            Ok(None) => {
                // Nobody can tell which counts are whose.
                batch.changed.clear();
                break second_statement();
            }
            Err(error) => break database_error(error, &sql),
        }
    };
    drop(results);
    // What follows an answer that sqlx does not know would be taken for the next one.
    settle(connection).await;
    // The whole message is read before any of it is executed.
    batch.failed = Some(match error.offset {
        Some(offset) => {
            let (statement, offset) = place(statements, offset);
            let offset = Some(offset);
            (statement, DatabaseError { offset, ..error })
        }
        None => (batch.changed.len().min(statements.len() - 1), error),
    });
    batch
}

/// Finds a byte of a message in the statements that it is made of: which one, and where in it.
fn place(statements: &[Cow<'_, str>], offset: usize) -> (usize, usize) {
    let mut start = 0;
    for (index, statement) in statements.iter().enumerate() {
        let next = start + statement.len() + "\n;\n".len();
        if offset < next {
            return (index, (offset - start).min(statement.len()));
        }
        start = next;
    }
    let last = statements.len() - 1;
    (last, statements[last].len())
}

/// The server has read more than was meant; the transaction that this is part of is rolled back.
fn second_statement() -> DatabaseError {
    DatabaseError {
        kind: DatabaseErrorKind::Other,
        offset: None,
        code: None,
        source: "PostgreSQL reads another number of statements than was expected".into(),
    }
}

/// Returns the rows of a query, whose cells the simple protocol gives as text.
async fn query(
    connection: &mut PgConnection,
    sql: &str,
) -> Result<Vec<Vec<Option<String>>>, DatabaseError> {
    let rows = rows(connection, sql).await;
    rows.map_err(|error| database_error(error, sql))
}

async fn rows(
    connection: &mut PgConnection,
    sql: &str,
) -> Result<Vec<Vec<Option<String>>>, sqlx::Error> {
    let rows = raw_sql(safe(sql)).fetch_all(connection).await?;
    rows.iter().map(cells).collect()
}

fn cells(row: &PgRow) -> Result<Vec<Option<String>>, sqlx::Error> {
    let cell = |column| {
        let value = row.try_get_raw(column)?;
        if value.is_null() {
            return Ok(None);
        }
        let text = value.as_str().map_err(sqlx::Error::Decode)?;
        Ok(Some(text.to_owned()))
    };
    (0..row.len()).map(cell).collect()
}

/// Takes a statement as it is: it comes from a file of revisions, or from the run itself.
fn safe(sql: &str) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

/// The second connection.
enum Aside {
    /// There can be none.
    Never,
    /// It is not needed yet.
    Closed(Box<PgConnectOptions>),
    /// It is open.
    Open(PgConnection),
    /// It was lost, and with it what it held.
    Lost,
}

impl Aside {
    fn new(options: Option<PgConnectOptions>) -> Self {
        let Some(options) = options else {
            return Self::Never;
        };
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name(APPLICATION),
        };
        Self::Closed(Box::new(options.disable_statement_logging()))
    }

    async fn query(&mut self, sql: &str) -> Reply {
        if let Self::Closed(options) = self {
            match connect(options).await {
                Ok(connection) => *self = Self::Open(connection),
                Err(error) => return Reply::Failed(database_error(error, "")),
            }
        }
        match self {
            Self::Open(connection) => match answer(rows(connection, sql)).await {
                Ok(rows) => Reply::Rows(rows),
                Err(error) => {
                    let error = database_error(error, sql);
                    if error.kind == DatabaseErrorKind::ConnectionLost {
                        *self = Self::Lost;
                    }
                    Reply::Failed(error)
                }
            },
            Self::Lost => Reply::Failed(DatabaseError {
                kind: DatabaseErrorKind::ConnectionLost,
                offset: None,
                code: None,
                source: "the connection that keeps other migrators away was lost".into(),
            }),
            Self::Never | Self::Closed(_) => Reply::Nothing,
        }
    }

    /// Waits for what the other connection does, and uses this one now and then.
    async fn keep_alive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match timeout(HEARTBEAT, work.as_mut()).await {
                Ok(done) => return done,
                Err(_) if matches!(self, Self::Open(_)) => drop(self.query("SELECT 1").await),
                Err(_) => {}
            }
        }
    }

    async fn close(self) {
        if let Self::Open(connection) = self {
            // Without a farewell, the server closes it by itself.
            let _ = connection.close().await;
        }
    }
}

/// PostgreSQL's message, with what it adds to it.
#[derive(Debug)]
struct PostgresError {
    message: String,
    source: sqlx::Error,
}

impl fmt::Display for PostgresError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for PostgresError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// Tells an error of sqlx in terms of a run; `sql` is empty for an error of connecting.
fn database_error(error: sqlx::Error, sql: &str) -> DatabaseError {
    let server = match &error {
        sqlx::Error::Database(error) => error.try_downcast_ref::<PgDatabaseError>(),
        _ => None,
    };
    let (kind, offset, message) = match (server, &error) {
        (Some(server), _) => {
            let kind = match kind(server.code()) {
                // Such as a setting in the URL that the server does not know.
                DatabaseErrorKind::Denied | DatabaseErrorKind::Other if sql.is_empty() => {
                    DatabaseErrorKind::CannotOpen
                }
                kind => kind,
            };
            let offset = offset(server, sql).or_else(|| unknown_character(server, sql));
            (kind, offset, message(server))
        }
        (None, sqlx::Error::Io(cause)) if sql.is_empty() => {
            (DatabaseErrorKind::CannotOpen, None, cause.to_string())
        }
        (None, sqlx::Error::Io(cause)) => {
            let message = format!("the connection was lost: {cause}");
            (DatabaseErrorKind::ConnectionLost, None, message)
        }
        (None, sqlx::Error::Protocol(why)) if why.contains("CopyOutResponse") => {
            let message = "nobody is there to read what `COPY ... TO STDOUT` writes";
            (DatabaseErrorKind::Other, None, message.to_owned())
        }
        (None, sqlx::Error::Protocol(_)) if !sql.is_empty() => {
            let message = format!("the connection was lost: {error}");
            (DatabaseErrorKind::ConnectionLost, None, message)
        }
        (
            None,
            sqlx::Error::Protocol(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Configuration(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed,
        ) => (DatabaseErrorKind::CannotOpen, None, error.to_string()),
        (None, _) => (DatabaseErrorKind::Other, None, error.to_string()),
    };
    let code = server.map(|server| server.code().to_owned());
    DatabaseError {
        kind,
        offset,
        code,
        source: Box::new(PostgresError {
            message,
            source: error,
        }),
    }
}

fn kind(code: &str) -> DatabaseErrorKind {
    match code {
        // lock_not_available, deadlock_detected, serialization_failure
        "55P03" | "40P01" | "40001" => DatabaseErrorKind::Busy,
        // read_only_sql_transaction
        "25006" => DatabaseErrorKind::ReadOnly,
        // insufficient_privilege
        "42501" => DatabaseErrorKind::Denied,
        // admin_shutdown, crash_shutdown, database_dropped, idle_session_timeout,
        // idle_in_transaction_session_timeout, transaction_timeout
        "57P01" | "57P02" | "57P04" | "57P05" | "25P03" | "25P04" => {
            DatabaseErrorKind::ConnectionLost
        }
        // cannot_connect_now, too_many_connections, invalid_catalog_name
        "57P03" | "53300" | "3D000" => DatabaseErrorKind::CannotOpen,
        // connection_exception
        _ if code.starts_with("08") => DatabaseErrorKind::ConnectionLost,
        // invalid_authorization_specification
        _ if code.starts_with("28") => DatabaseErrorKind::CannotOpen,
        // data_corrupted, index_corrupted
        "XX001" | "XX002" => DatabaseErrorKind::Corrupt,
        _ => DatabaseErrorKind::Other,
    }
}

/// Returns the byte of the statement that the server points at.
fn offset(error: &PgDatabaseError, sql: &str) -> Option<usize> {
    match error.position()? {
        // It counts characters, from 1.
        PgErrorPosition::Original(position) => {
            let mut offsets = sql.char_indices().map(|(offset, _)| offset);
            // Or right behind the last one.
            Some(offsets.nth(position.checked_sub(1)?).unwrap_or(sql.len()))
        }
        // A place in the body of a function, or so.
        PgErrorPosition::Internal { .. } => None,
    }
}

/// Returns the byte of the first character that the database's encoding does not have, if that is
/// what the server complains about: it reads no statement of a message that has one.
fn unknown_character(error: &PgDatabaseError, sql: &str) -> Option<usize> {
    // untranslatable_character
    if error.code() != "22P05" {
        return None;
    }
    let mut characters = sql
        .char_indices()
        .filter(|(_, character)| !character.is_ascii());
    let told = characters.find(|(_, character)| {
        let mut bytes = [0; 4];
        let bytes = character.encode_utf8(&mut bytes).bytes();
        let bytes: Vec<String> = bytes.map(|byte| format!("0x{byte:02x}")).collect();
        error.message().contains(&bytes.join(" "))
    });
    told.map(|(offset, _)| offset)
}

fn message(error: &PgDatabaseError) -> String {
    let mut message = error.message().to_owned();
    for (before, more) in [
        ("; ", error.detail()),
        ("; hint: ", error.hint()),
        (
            "; in ",
            error.r#where().and_then(|text| text.lines().next()),
        ),
    ] {
        if let Some(more) = more {
            message += before;
            message += more.trim_end_matches('.');
        }
    }
    message
}

#[cfg(test)]
mod tests;
