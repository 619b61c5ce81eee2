//! What only SQLite has: files, pragmas, and its own ways to fail.

mod broken_files;
mod dump;
mod foreign_keys;
mod statements;

use alembic_migrate::{Dialect, Migrations};
use rusqlite::Connection;

use crate::engine::{Scratch, Via};
use crate::revisions;

pub(crate) use dump::{dump, plain_rows, rows};

/// Creates a database file with this content.
fn scratch(sql: &str) -> Scratch {
    Scratch::new(Via::Rusqlite, sql)
}

fn chain<S: AsRef<str>>(sections: &[S]) -> Migrations {
    revisions::chain(Dialect::Sqlite, sections)
}

fn single(statements: &str) -> Migrations {
    revisions::single(Dialect::Sqlite, statements)
}

/// Reads a setting of a connection.
fn setting(connection: &Connection, name: &str) -> String {
    rows(connection, &format!("PRAGMA {name}"))
        .trim()
        .to_owned()
}
