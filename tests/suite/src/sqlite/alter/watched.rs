//! A driver that watches what a run executes.

use alembic_migrate::driver::{
    self, DatabaseError, Driver, Effect, Execute, Observer, Query, Row, Run, sqlite_error,
};
use alembic_migrate::{Dialect, RunError};
use rusqlite::Connection;
use rusqlite::types::Value;

/// A connection whose statements are seen before they are executed.
pub(super) struct Watched<'c> {
    pub(super) connection: &'c mut Connection,
    /// Takes a statement or a query, and returns what the connection does with it.
    pub(super) watch: &'c mut (dyn FnMut(&str) -> Obedience + Send),
}

/// What a connection does with a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obedience {
    /// It executes the statement.
    Obeys,
    /// It says that the statement is executed, and does nothing.
    Ignores,
    /// It returns an error.
    Fails,
}

impl<'c> Driver<'c> for Watched<'c> {
    type Output<T: Send + 'c> = Result<T, RunError>;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn drive<T: Send + 'c>(
        mut self,
        run: Run<'c, Result<T, RunError>>,
        observer: &'c Observer,
    ) -> Result<T, RunError> {
        run.drive(&mut self, observer)
    }
}

impl driver::Connection for Watched<'_> {
    fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        let sql = statement.sql();
        let is_over = statement.effect() == Effect::RollsBack && self.connection.is_autocommit();
        match (self.watch)(sql) {
            Obedience::Obeys if !is_over => {
                self.connection.execute_batch(sql).map_err(database_error)?;
                Ok(self.connection.changes())
            }
            Obedience::Obeys | Obedience::Ignores => Ok(0),
            Obedience::Fails => Err(failure()),
        }
    }

    fn query(&mut self, query: &Query) -> Result<Vec<Row>, DatabaseError> {
        match (self.watch)(query.sql()) {
            Obedience::Obeys | Obedience::Ignores => {
                rows(self.connection, query.sql()).map_err(database_error)
            }
            Obedience::Fails => Err(failure()),
        }
    }
}

fn failure() -> DatabaseError {
    database_error(rusqlite::Error::InvalidQuery)
}

fn rows(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cells = (0..columns).map(|column| Ok(text(row.get(column)?)));
        Ok(Row::new(cells.collect::<rusqlite::Result<_>>()?))
    });
    rows?.collect()
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text),
        Value::Blob(bytes) => Some(format!("{bytes:?}")),
    }
}

fn database_error(error: rusqlite::Error) -> DatabaseError {
    let code = error.sqlite_error().map(|error| error.extended_code);
    let message = error.to_string();
    sqlite_error(error, message, code)
}
