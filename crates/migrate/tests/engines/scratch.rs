//! A folder with one database, and revisions to bring to it.

use std::path::PathBuf;

use alembic_migrate::{Dialect, History, Migrations};
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

    pub(crate) fn open(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        // Nothing here loses power.
        connection
            .pragma_update(None, "synchronous", "OFF")
            .unwrap();
        connection
    }

    /// Writes down what the file holds for somebody who opens it now.
    pub(crate) fn dump(&self) -> String {
        dump(&self.open())
    }
}

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
        file(&format!("r{id}.sql"), text)
    });
    Migrations::new(History::new(files, &[Dialect::Sqlite]).unwrap())
}

/// Reads one revision, called `r1`, that only goes up.
pub(crate) fn single(statements: &str) -> Migrations {
    chain(&[format!("-- alembic: upgrade\n{statements}")])
}

pub(crate) fn file(path: &str, text: impl Into<Vec<u8>>) -> alembic_history::SourceFile {
    alembic_history::SourceFile {
        path: path.into(),
        content: Ok(text.into()),
    }
}

/// Reads a setting of a connection.
pub(crate) fn setting(connection: &Connection, name: &str) -> String {
    crate::dump::rows(connection, &format!("PRAGMA {name}"))
        .trim()
        .to_owned()
}
