//! A folder with one database, and revisions to bring to it.

use std::path::PathBuf;

use alembic_migrate::history::{History, SourceFile};
use alembic_migrate::{Dialect, Migrations};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::dump::dump;

/// A database file in a folder that goes away with the value.
pub(crate) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Creates a database with this content.
    pub(crate) fn new(sql: &str) -> Self {
        let scratch = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        scratch.open().execute_batch(sql).unwrap();
        scratch
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("database.sqlite")
    }

    /// Opens it as somebody else.
    pub(crate) fn open(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection.execute_batch(QUICK).unwrap();
        connection
    }

    /// Copies the file.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new("");
        std::fs::copy(self.path(), copy.path()).unwrap();
        copy
    }

    /// Writes down what the file holds for somebody who opens it now, but for when something
    /// unfinished was begun; of a damaged one, only its bytes are known.
    pub(crate) fn content(&self) -> Result<String, Vec<u8>> {
        let connection = Connection::open(self.path()).unwrap();
        let check = connection.query_row("PRAGMA quick_check", [], |row| row.get(0));
        let check: String = check.unwrap_or_default();
        if check != "ok" {
            return Err(std::fs::read(self.path()).unwrap());
        }
        let forget = "UPDATE alembic_version_progress SET since = ''";
        let _ = connection.execute(forget, []);
        Ok(dump(&connection))
    }
}

/// Nothing here loses power.
pub(crate) const QUICK: &str = "PRAGMA synchronous = OFF";

/// Reads revisions that follow each other, called `r1`, `r2` and so on, from their sections.
pub(crate) fn chain<S: AsRef<str>>(sections: &[S]) -> Migrations {
    let files = sections.iter().enumerate().map(|(index, sections)| {
        let below = if index > 0 {
            format!("r{index}")
        } else {
            String::new()
        };
        let sections = sections.as_ref();
        let id = index + 1;
        let text =
            format!("-- Number {id}\n-- Revision ID: r{id}\n-- Revises: {below}\n\n{sections}\n");
        file(&format!("r{id}.sql"), &text)
    });
    Migrations::new(History::new(files, &[Dialect::Sqlite]).unwrap())
}

/// Reads one revision, called `r1`, that only goes up.
pub(crate) fn single(statements: &str) -> Migrations {
    chain(&[format!("-- alembic: upgrade\n{statements}")])
}

pub(crate) fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.into(),
        content: Ok(text.as_bytes().to_vec()),
    }
}
