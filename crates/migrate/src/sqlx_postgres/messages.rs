//! Messages to the server, and what becomes of a connection when one fails.

use alembic_run::{DatabaseError, Effect, Execute, Notice, Row};
use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{
    AssertSqlSafe, Connection, Either, PgConnection, Row as _, SqlSafeStr, SqlStr, ValueRef,
    raw_sql,
};

use super::error::{is_notification, request_error};
use super::notices::Notices;
use crate::postgres::{Aftermath, SEPARATOR, second_statement, to_statement};

/// How many times a request is repeated because notifications took the place of its answer.
const REPEATS: usize = 8;

/// A connection, and whether the server has answered on it.
pub(super) struct Correspondence<C> {
    pub(super) connection: C,
    has_answered: bool,
    notices: Notices,
    /// The notices about the last statements that were executed.
    pub(super) noticed: Vec<Notice>,
}

impl<C: AsMut<PgConnection>> Correspondence<C> {
    pub(super) fn new(connection: C, notices: Notices) -> Self {
        Self {
            connection,
            has_answered: false,
            notices,
            noticed: Vec::new(),
        }
    }

    /// Executes statements up to the first that fails, in one message; rows that they return are
    /// ignored. The counts go to `changed` as they arrive.
    pub(super) async fn execute_all(
        &mut self,
        statements: &[Execute<'_>],
        changed: &mut Vec<u64>,
    ) -> Result<(), (usize, DatabaseError)> {
        let texts: Vec<&str> = statements.iter().map(Execute::sql).collect();
        let sql = texts.join(SEPARATOR);
        self.noticed.clear();
        for attempt in 0.. {
            changed.clear();
            let (notices, noticed) = (&self.notices, &mut self.noticed);
            let connection = self.connection.as_mut();
            // What came with earlier requests is about none of these.
            notices.take(0).for_each(drop);
            let executed = execute(connection, &sql, changed, notices, noticed).await;
            let last = changed.len().min(statements.len() - 1);
            noticed.extend(notices.take(last));
            let error = match executed {
                Ok(()) if changed.len() == statements.len() => {
                    self.has_answered = true;
                    return Ok(());
                }
                Ok(()) => {
                    // The counts cannot be assigned to statements.
                    changed.clear();
                    return Err((0, second_statement()));
                }
                Err(error) => error,
            };
            // Where a transaction ends, notifications follow the last answer.
            if is_notification(&error) && changed.len() == statements.len() {
                return Ok(());
            }
            let aftermath = self.aftermath(&error).await;
            if is_repeated(&error, aftermath, attempt) && begins(statements) {
                continue;
            }
            let error = request_error(error, &sql, aftermath);
            return Err(to_statement(error, &texts, changed.len()));
        }
        unreachable!("the last attempt returns")
    }

    /// Returns the rows of a query, whose cells the simple protocol gives as text.
    pub(super) async fn rows(&mut self, sql: &str) -> Result<Vec<Row>, DatabaseError> {
        self.noticed.clear();
        for attempt in 0.. {
            self.notices.take(0).for_each(drop);
            let found = self
                .notices
                .during(rows(self.connection.as_mut(), sql))
                .await;
            self.noticed.extend(self.notices.take(0));
            let error = match found {
                Ok(rows) => {
                    self.has_answered = true;
                    return Ok(rows);
                }
                Err(error) => error,
            };
            let aftermath = self.aftermath(&error).await;
            if !is_repeated(&error, aftermath, attempt) {
                return Err(request_error(error, sql, aftermath));
            }
        }
        unreachable!("the last attempt returns")
    }

    /// Finds out what became of the connection after an error.
    ///
    /// The code of the error does not tell: a statement can fail with any code.
    async fn aftermath(&mut self, error: &sqlx::Error) -> Aftermath {
        if settle(self.connection.as_mut()).await.is_ok() {
            self.has_answered = true;
            return Aftermath::Usable;
        }
        match error {
            sqlx::Error::Database(_) if !self.has_answered => Aftermath::Refused,
            _ => Aftermath::Lost,
        }
    }
}

/// Reads what is left of answers, errors of abandoned statements included: sqlx would take each for
/// the answer to the next statement. Fails if the connection is gone, with the server's last error
/// if there was one.
pub(super) async fn settle(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut last = None;
    loop {
        match connection.ping().await {
            Ok(()) => return Ok(()),
            Err(error @ sqlx::Error::Database(_)) => last = Some(error),
            Err(error) => return Err(last.unwrap_or(error)),
        }
    }
}

/// Returns whether a request is repeated after an error: the session has a notification, which
/// sqlx takes for an answer, and then drops the real one.
fn is_repeated(error: &sqlx::Error, aftermath: Aftermath, attempt: usize) -> bool {
    is_notification(error) && aftermath == Aftermath::Usable && attempt < REPEATS
}

/// Returns whether statements only begin a transaction, which does no harm twice.
fn begins(statements: &[Execute<'_>]) -> bool {
    matches!(statements, [begin] if matches!(begin.effect(), Effect::Begins { .. }))
}

async fn execute(
    connection: &mut PgConnection,
    sql: &str,
    changed: &mut Vec<u64>,
    notices: &Notices,
    noticed: &mut Vec<Notice>,
) -> Result<(), sqlx::Error> {
    let mut results = raw_sql(safe(sql)).fetch_many(connection);
    while let Some(result) = notices.during(results.try_next()).await? {
        if let Either::Left(result) = result {
            // They precede the end of their statement.
            noticed.extend(notices.take(changed.len()));
            changed.push(result.rows_affected());
        }
    }
    Ok(())
}

async fn rows(connection: &mut PgConnection, sql: &str) -> Result<Vec<Row>, sqlx::Error> {
    let mut results = raw_sql(safe(sql)).fetch_many(connection);
    let mut rows = Vec::new();
    let mut has_result = false;
    loop {
        match results.try_next().await {
            Ok(Some(Either::Left(_))) => has_result = true,
            Ok(Some(Either::Right(row))) => rows.push(cells(&row)?),
            Ok(None) => return Ok(rows),
            // Notifications are never between the parts of an answer.
            Err(error) if has_result && is_notification(&error) => return Ok(rows),
            Err(error) => return Err(error),
        }
    }
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
pub(super) fn safe(sql: &str) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}
