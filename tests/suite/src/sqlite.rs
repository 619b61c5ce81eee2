//! Databases in SQLite files, rusqlite as a driver under test, and the scenarios that only SQLite has.

pub mod alter;
pub mod broken_files;
pub mod described;
mod dump;
pub mod foreign_keys;
pub mod locks;
pub mod same;
pub mod settings;
pub mod statements;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use alembic_migrate::{Dialect, Migrations};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::{Content, Database, Handle, Subject, Trace, commands, revisions};

/// A driver for SQLite files.
pub trait FileSubject: Subject<Database = File> {}

impl<S: Subject<Database = File>> FileSubject for S {}

/// A database file in a folder that goes away with the value.
pub struct File {
    folder: TempDir,
}

/// Makes a connection quick, since nothing here loses power.
pub const QUICK: &str = "PRAGMA synchronous = OFF";

impl File {
    /// Creates a file with these bytes.
    #[must_use]
    pub fn with_bytes(bytes: &[u8]) -> Self {
        let file = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    /// Copies the file, which no connection may be writing to.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self::with_bytes(&std::fs::read(self.path()).unwrap())
    }

    /// Copies the file and its journal, as a crash at this moment would leave them.
    fn copy_with_journal(&self) -> Self {
        let copy = self.copy();
        for suffix in ["-journal", "-wal"] {
            let beside = |file: &Self| file.folder.path().join(format!("database.sqlite{suffix}"));
            if let Ok(bytes) = std::fs::read(beside(self)) {
                std::fs::write(beside(&copy), bytes).unwrap();
            }
        }
        copy
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("database.sqlite")
    }

    /// Opens another connection.
    #[must_use]
    pub fn open(&self) -> Connection {
        open(&self.address())
    }

    /// Runs a query and returns its rows, one a line, as SQL literals.
    #[must_use]
    pub fn literals(&self, query: &str) -> String {
        dump::rows(&self.open(), query)
    }
}

fn open(path: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    // It fails on a file that is damaged.
    let _ = connection.execute_batch(QUICK);
    connection
}

impl Database for File {
    const DIALECT: Dialect = Dialect::Sqlite;

    #[track_caller]
    fn new(content: &str) -> Self {
        let file = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        file.execute(content);
        file
    }

    fn restored(folder: &Path, name: &str) -> Self {
        Self::with_bytes(&std::fs::read(folder.join(format!("{name}.sqlite"))).unwrap())
    }

    fn address(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    #[track_caller]
    fn execute(&self, sql: &str) {
        let executed = self.open().execute_batch(sql);
        executed.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    fn rows(&self, query: &str) -> String {
        dump::plain_rows(&self.open(), query)
    }

    fn dump(&self) -> String {
        dump::dump(&self.open())
    }

    fn log(&self) -> String {
        dump::log(&self.open())
    }

    /// Returns everything in the file but when something unfinished was begun; of a damaged file,
    /// its bytes.
    fn content(&self) -> Content {
        let connection = open(&self.address());
        let check = connection.query_row("PRAGMA quick_check", [], |row| row.get(0));
        let check: String = check.unwrap_or_default();
        if check != "ok" {
            return Err(std::fs::read(self.path()).unwrap());
        }
        let digests = "SELECT digest, process FROM alembic_version_progress";
        let digests = match connection.prepare(digests) {
            Ok(_) => dump::rows(&connection, digests),
            Err(_) => String::new(),
        };
        Ok(dump::dump(&connection) + &digests + &dump::log(&connection))
    }

    fn age(&self) {
        let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let file = std::fs::File::options().write(true).open(self.path());
        file.unwrap().set_modified(past).unwrap();
    }

    fn trace(&self) -> Trace {
        let modified = std::fs::metadata(self.path()).unwrap().modified().unwrap();
        (std::fs::read(self.path()).unwrap(), Some(modified))
    }
}

/// A connection of rusqlite.
pub struct Rusqlite;

impl Subject for Rusqlite {
    type Database = File;
    type Handle = Connection;
    type Reference = Self;

    fn open(address: &str) -> Connection {
        open(address)
    }

    fn open_read_only(address: &str) -> Connection {
        Connection::open_with_flags(address, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }
}

impl Handle for Connection {
    commands! { std::convert::identity; connection => connection }

    fn is_idle(&mut self) -> bool {
        self.is_autocommit()
    }

    fn settings(&mut self) -> Option<String> {
        let setting = |name: &str| -> i64 {
            self.pragma_query_value(None, name, |row| row.get(0))
                .unwrap()
        };
        let (enforced, timeout) = (setting("foreign_keys"), setting("busy_timeout"));
        // A damaged file has none.
        let mode: String = self
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap_or_default();
        Some(format!(
            "foreign_keys {enforced}, busy_timeout {timeout}, journal_mode {mode}"
        ))
    }

    #[track_caller]
    fn execute(&mut self, sql: &str) {
        let executed = self.execute_batch(sql);
        executed.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    fn rows(&mut self, query: &str) -> String {
        dump::plain_rows(self, query)
    }
}

/// Enough pages that one of them can be spared.
const LARGE: &str = "
    CREATE TABLE large (id INTEGER PRIMARY KEY, text);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    INSERT INTO large SELECT i, 'some text that takes room, number ' || i FROM n;
";

const REWRITE: &str = "CREATE TABLE a (x); UPDATE large SET text = text || '!';";

fn chain<S: AsRef<str>>(sections: &[S]) -> Migrations {
    revisions::chain(Dialect::Sqlite, sections)
}

fn single(statements: &str) -> Migrations {
    revisions::single(Dialect::Sqlite, statements)
}
