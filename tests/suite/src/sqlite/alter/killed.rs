//! A run that could be killed before each of its statements: what its files hold then.

use alembic_migrate::driver::{
    self, DatabaseError, DatabaseErrorKind, Driver, Effect, Execute, Observer, Query, Row, Run,
};
use alembic_migrate::{Dialect, Migrations, RunError};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::super::{File, FileSubject};
use super::case::Difference;
use super::database::Snapshot;
use crate::Handle;

/// Upgrades `file` on a connection that is set up by some statements, and checks what it would be after a crash: as before or as after, and ready for
/// the next run.
pub(super) fn faults<S: FileSubject>(
    file: &File,
    setup: &str,
    migrations: &Migrations,
    after: &Difference,
) -> Vec<String> {
    let mut connection = file.open();
    connection.execute_batch(setup).unwrap();
    let before = Snapshot::take(&connection);
    let mut copies = Vec::new();
    let copying = Copying {
        connection: &mut connection,
        file,
        copies: &mut copies,
    };
    if let Err(error) = migrations.upgrade(copying, "heads") {
        return vec![error.to_string()];
    }
    let mut faults = Vec::new();
    if copies.len() < 10 {
        faults.push(format!("only {} places to be killed at", copies.len()));
    }
    for (statement, copy) in copies {
        let mut check = |when: &str, allowed: &[&Difference]| {
            let found = Snapshot::take(&copy.open());
            let mut found = allowed.iter().map(|allowed| found.faults(&before, allowed));
            if found.clone().all(|faults| !faults.is_empty()) {
                let found = found.next_back().unwrap_or_default().join("\n");
                faults.push(format!("killed before {statement:?}, {when}: {found}"));
            }
        };
        check("opened again", &[&Difference::default(), after]);
        let again = S::open(&copy.path().to_string_lossy()).upgrade(migrations, "heads");
        check("upgraded again", &[after]);
        if let Err(error) = again {
            faults.push(format!(
                "killed before {statement:?}, upgraded again: {error}"
            ));
        }
    }
    faults
}

/// A connection that copies its files before each statement, as they would be if it were its last.
struct Copying<'c> {
    connection: &'c mut Connection,
    file: &'c File,
    copies: &'c mut Vec<(String, File)>,
}

impl<'c> Driver<'c> for Copying<'c> {
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

impl driver::Connection for Copying<'_> {
    fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        let sql = statement.sql();
        self.copies
            .push((sql.to_owned(), self.file.copy_with_journal()));
        if statement.effect() == Effect::RollsBack && self.connection.is_autocommit() {
            return Ok(0);
        }
        self.connection.execute_batch(sql).map_err(database_error)?;
        Ok(self.connection.changes())
    }

    fn query(&mut self, query: &Query) -> Result<Vec<Row>, DatabaseError> {
        rows(self.connection, query.sql()).map_err(database_error)
    }
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
    DatabaseError::new(DatabaseErrorKind::Other, error)
}
