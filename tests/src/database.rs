//! Looks into databases.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// A SQLite file, which may not exist.
#[derive(Clone, Debug)]
pub struct Database {
    path: PathBuf,
}

/// Returns a statement that puts `rows` rows into `table`, which has the columns `id` and `text`.
#[must_use]
pub fn fill(table: &str, rows: usize) -> String {
    format!(
        "INSERT INTO {table} (id, text)\nWITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 \
         FROM n WHERE i < {rows})\nSELECT i, printf('row %060d', i) FROM n;"
    )
}

impl Database {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Returns its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it for writing, with foreign keys on; creates the file where it is missing.
    ///
    /// # Panics
    ///
    /// When it cannot be opened.
    #[must_use]
    pub fn open(&self) -> Connection {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).expect("the folder can be created");
        }
        let connection = Connection::open(&self.path).expect("the database can be opened");
        connection
            .pragma_update(None, "foreign_keys", true)
            .expect("the database can be written to");
        connection
    }

    /// Executes statements.
    ///
    /// # Panics
    ///
    /// When one fails.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        if let Err(error) = self.open().execute_batch(sql) {
            panic!("{error}: {sql}");
        }
    }

    /// Returns the rows of a query, the columns of each joined by `|`; none where there is no file.
    ///
    /// # Panics
    ///
    /// When the query fails.
    #[track_caller]
    #[must_use]
    pub fn query(&self, sql: &str) -> Vec<String> {
        if !self.path.exists() {
            return Vec::new();
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(&self.path, flags);
        rows(&connection.expect("the database can be opened"), sql)
    }

    /// Returns the names of its tables except `alembic_version`, sorted.
    #[must_use]
    pub fn tables(&self) -> Vec<String> {
        self.query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
             AND name <> 'alembic_version' ORDER BY name",
        )
    }

    /// Returns the rows of `alembic_version`, sorted; none where there is no such table.
    #[must_use]
    pub fn versions(&self) -> Vec<String> {
        let has = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'";
        if self.query(has).is_empty() {
            return Vec::new();
        }
        self.query("SELECT version_num FROM alembic_version ORDER BY 1")
    }

    /// Returns a text that is the same for two databases that hold the same: the schema, and for
    /// each table the number of its rows and a hash of them.
    ///
    /// # Panics
    ///
    /// When the database is damaged.
    #[must_use]
    pub fn dump(&self) -> String {
        let schema = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name";
        let mut dump = self.query(schema).join("\n");
        let mut tables = self.tables();
        if dump.contains("alembic_version") {
            tables.push("alembic_version".to_owned());
        }
        for table in tables {
            let rows = self.query(&format!("SELECT * FROM \"{table}\" ORDER BY 1"));
            let mut hasher = DefaultHasher::new();
            rows.hash(&mut hasher);
            let _ = write!(
                dump,
                "\n{table}: {} rows, {:x}",
                rows.len(),
                hasher.finish()
            );
        }
        let check = self.query("PRAGMA integrity_check");
        assert!(check.is_empty() || check == ["ok"], "{check:?}");
        dump
    }
}

#[track_caller]
fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let failed = |error: rusqlite::Error| panic!("{error}: {sql}");
    let mut statement = connection.prepare(sql).unwrap_or_else(failed);
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cells = (0..columns).map(|column| Ok(text(row.get_ref(column)?)));
        let cells: Vec<String> = cells.collect::<rusqlite::Result<_>>()?;
        Ok(cells.join("|"))
    });
    let rows = rows.and_then(Iterator::collect);
    rows.unwrap_or_else(|error| panic!("{error}: {sql}"))
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        ValueRef::Blob(bytes) => format!("{bytes:02X?}"),
    }
}
