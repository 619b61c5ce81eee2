//! The driver for rusqlite.

use std::error::Error;
use std::fmt;

use ::rusqlite::types::ValueRef;
use ::rusqlite::{Batch, Connection};
use alembic_run::{
    DatabaseError, DatabaseErrorKind, Effect, Execute, Query, Row, Run, sqlite_error,
};
#[allow(
    unused_imports,
    reason = "the batches of rusqlite 0.32 have its method themselves"
)]
use fallible_iterator::FallibleIterator as _;

use crate::driver::{Driver, Observer};
use crate::{Dialect, RunError};

impl<'c> Driver<'c> for &'c mut Connection {
    type Output<T: Send + 'c> = Result<T, RunError>;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn name(&self) -> Option<String> {
        // It is empty for a database in memory.
        let path = self.path().filter(|path| !path.is_empty());
        path.map(ToOwned::to_owned)
    }

    fn drive<T: Send + 'c>(
        self,
        run: Run<'c, Result<T, RunError>>,
        observer: &'c Observer,
    ) -> Result<T, RunError> {
        run.drive(&mut Rusqlite(self), observer)
    }
}

/// A connection that carries out a run.
struct Rusqlite<'c>(&'c mut Connection);

impl alembic_run::Connection for Rusqlite<'_> {
    fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        match statement.effect() {
            // SQLite undoes the whole transaction by itself after some errors (a full disk, for one).
            Effect::RollsBack if self.0.is_autocommit() => Ok(0),
            _ => execute(self.0, statement.sql()),
        }
    }

    fn query(&mut self, query: &Query) -> Result<Vec<Row>, DatabaseError> {
        let sql = query.sql();
        rows(self.0, sql).map_err(|error| database_error(error, sql))
    }
}

/// Executes one statement to its end; rows that it returns are ignored.
fn execute(connection: &Connection, sql: &str) -> Result<u64, DatabaseError> {
    let failed = |error| database_error(error, sql);
    let mut batch = Batch::new(connection, sql);
    let Some(mut statement) = batch.next().map_err(failed)? else {
        return Ok(0);
    };
    // The rest may not even be valid before the first statement is executed.
    if !matches!(batch.next(), Ok(None)) {
        return Err(refuse(Refusal::SecondStatement));
    }
    if statement.parameter_count() > 0 {
        // Unbound, it would silently be NULL.
        let name = statement.parameter_name(1).unwrap_or("?").to_owned();
        return Err(refuse(Refusal::Parameter(name)));
    }
    let mut rows = statement.raw_query();
    while rows.next().map_err(failed)?.is_some() {}
    drop(rows);
    drop(statement);
    Ok(connection.changes())
}

fn rows(connection: &Connection, sql: &str) -> Result<Vec<Row>, ::rusqlite::Error> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = (0..columns).map(|column| row.get_ref(column).map(text));
        found.push(Row::new(cells.collect::<Result<_, _>>()?));
    }
    Ok(found)
}

fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        // Never equal to a text, even where the bytes are the same.
        ValueRef::Blob(bytes) => {
            let digits = bytes.iter().map(|byte| format!("{byte:02X}"));
            Some(format!("X'{}'", digits.collect::<String>()))
        }
    }
}

/// The reason why a statement is refused that SQLite would execute.
#[derive(Debug)]
enum Refusal {
    Parameter(String),
    SecondStatement,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Parameter(name) => {
                write!(
                    f,
                    "the statement has the parameter {name}, which has no value"
                )
            }
            Refusal::SecondStatement => {
                f.write_str("SQLite reads more than one statement where one was expected")
            }
        }
    }
}

impl Error for Refusal {}

fn refuse(why: Refusal) -> DatabaseError {
    DatabaseError::new(DatabaseErrorKind::Other, why)
}

/// Describes an error of rusqlite in terms of a run.
fn database_error(error: ::rusqlite::Error, sql: &str) -> DatabaseError {
    let code = extended_code(&error);
    let message = error.to_string();
    // Not every version of rusqlite names the variant that holds the offset; all write it so.
    let (message, offset) = match message.split_once(&format!(" in {sql} at offset ")) {
        Some((message, offset)) => (message.to_owned(), offset.parse().ok()),
        None => (message, None),
    };
    sqlite_error(error, message, code).with_offset(offset)
}

/// Returns SQLite's extended result code, which rusqlite has in several variants, not all of them in
/// every version.
fn extended_code(error: &::rusqlite::Error) -> Option<i32> {
    let sqlite = error.source()?.downcast_ref::<::rusqlite::ffi::Error>()?;
    Some(sqlite.extended_code)
}

#[cfg(test)]
mod tests;
