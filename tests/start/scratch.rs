//! Database files that go away.

use std::path::PathBuf;

use alembic_migrate::Migrations;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::schema::schema;

/// A database file, in a folder that goes away with the value.
pub(crate) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Names a file without making it.
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Makes a file with this content.
    pub(crate) fn with(sql: &str) -> Self {
        let scratch = Self::new();
        scratch.execute(sql);
        scratch
    }

    /// Makes a file at a revision, and executes statements on it.
    pub(crate) fn at(migrations: &Migrations, revision: &str, sql: &str) -> Self {
        let scratch = Self::new();
        let upgraded = migrations.upgrade(&mut scratch.open(), revision);
        upgraded.unwrap();
        scratch.execute(sql);
        scratch
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("app.db")
    }

    pub(crate) fn open(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    pub(crate) fn open_read_only(&self) -> Connection {
        Connection::open_with_flags(self.path(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.open().execute_batch(sql).unwrap();
    }

    /// Returns the file's bytes; none where there is no file, or an empty one.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap_or_default()
    }

    /// Returns the first column of a query's rows, as texts.
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        let connection = self.open();
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            let value: rusqlite::types::Value = row.get(0)?;
            Ok(match value {
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Integer(number) => number.to_string(),
                other => format!("{other:?}"),
            })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Returns the schema without the version table and the tables `except`.
    pub(crate) fn schema(&self, except: &[&str]) -> String {
        schema(&mut self.open(), except)
    }
}
