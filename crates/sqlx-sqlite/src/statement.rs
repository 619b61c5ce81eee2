//! Executes one statement at a time.

use alembic_migrate::Dialect;
use alembic_migrate::driver::{DatabaseError, Row};
use alembic_sql::{SplitErrorKind, Token, TokenKind, Tokens};
use sqlx::sqlite::{SqliteRow, SqliteValueRef};
use sqlx::{
    AssertSqlSafe, Decode, Either, Executor, Row as _, SqlSafeStr, SqlStr, Sqlite,
    SqliteConnection, Statement, TypeInfo, ValueRef, raw_sql,
};

use crate::error::{Refusal, database_error};

/// Executes one statement to its end; rows that it returns are ignored.
pub(crate) async fn execute(
    connection: &mut SqliteConnection,
    sql: &str,
) -> Result<u64, DatabaseError> {
    if let Some(refused) = refuse(connection, sql).await {
        return Err(refused.into());
    }
    let executed = raw_sql(safe(sql)).execute(connection).await;
    let executed = executed.map_err(|error| database_error(error, sql))?;
    Ok(executed.rows_affected())
}

/// Returns the reason why a statement is refused, if it is.
///
/// sqlx would execute one statement after the other, and not report parameters. A text that can
/// only be a single statement without parameters needs no check; otherwise SQLite decides.
async fn refuse(connection: &mut SqliteConnection, sql: &str) -> Option<Refusal> {
    if sql.contains('\0') {
        return Some(Refusal::Nul);
    }
    for end in possible_ends(sql) {
        // It may be a `;` in the body of a trigger.
        if prepare(connection, &sql[..end]).await.is_ok() {
            return Some(Refusal::SecondStatement);
        }
    }
    // The arguments of a virtual table may look like parameters.
    let parameter = tokens(sql).find(|token| token.kind == TokenKind::Parameter)?;
    match prepare(connection, sql).await {
        Ok(count) if count > 0 => Some(Refusal::Parameter(parameter.span.text(sql).to_owned())),
        Ok(_) | Err(_) => None,
    }
}

/// Returns the places where the first statement may end, with another one after it.
fn possible_ends(sql: &str) -> impl Iterator<Item = usize> {
    let is_end = |token: &Token| token.kind == TokenKind::Symbol(b';');
    let last = tokens(sql).filter(|token| !is_end(token)).last();
    let last = last.map_or(0, |token| token.span.start);
    let begun = tokens(sql).skip_while(is_end);
    let ends = begun.filter(is_end).map(|token| token.span.end);
    ends.take_while(move |end| *end <= last)
}

/// Returns the tokens of a text; SQLite also accepts a comment that is never closed.
fn tokens(sql: &str) -> impl Iterator<Item = Token> {
    let unclosed = TokenKind::Unterminated(SplitErrorKind::UnterminatedComment);
    let tokens = Tokens::new(sql, Dialect::Sqlite).without_trivia();
    tokens.filter(move |token| token.kind != unclosed || token.span.text(sql) == "/*")
}

/// Prepares statements without executing them, and returns how many parameters they have.
async fn prepare(connection: &mut SqliteConnection, sql: &str) -> Result<usize, sqlx::Error> {
    let statement = connection.prepare(safe(sql)).await?;
    Ok(match statement.parameters() {
        Some(Either::Right(count)) => count,
        Some(Either::Left(types)) => types.len(),
        None => 0,
    })
}

/// Returns the rows of a query.
pub(crate) async fn query(
    connection: &mut SqliteConnection,
    sql: &str,
) -> Result<Vec<Row>, DatabaseError> {
    let rows = raw_sql(safe(sql)).fetch_all(connection).await;
    let rows = rows.and_then(|rows| rows.iter().map(cells).collect());
    rows.map_err(|error| database_error(error, sql))
}

fn cells(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    let cells = (0..row.len()).map(|column| text(row.try_get_raw(column)?));
    cells.collect::<Result<_, _>>().map(Row::new)
}

fn text(value: SqliteValueRef<'_>) -> Result<Option<String>, sqlx::Error> {
    // The type of the stored value, whatever the column was declared as.
    let stored = value.type_info().name().to_owned();
    let text = match stored.as_str() {
        _ if value.is_null() => return Ok(None),
        "INTEGER" => decode::<i64>(value)?.to_string(),
        "REAL" => decode::<f64>(value)?.to_string(),
        // Never equal to a text, even where the bytes are the same.
        "BLOB" => {
            let digits = decode::<&[u8]>(value)?.iter();
            let digits = digits.map(|byte| format!("{byte:02X}"));
            format!("X'{}'", digits.collect::<String>())
        }
        _ => String::from_utf8_lossy(decode(value)?).into_owned(),
    };
    Ok(Some(text))
}

fn decode<'v, T: Decode<'v, Sqlite>>(value: SqliteValueRef<'v>) -> Result<T, sqlx::Error> {
    T::decode(value).map_err(sqlx::Error::Decode)
}

/// Marks a statement as safe: it comes from a revision file, or from the run itself.
pub(crate) fn safe(sql: &str) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

#[cfg(test)]
mod tests;
