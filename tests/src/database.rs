//! Looks into databases, whatever they speak.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alembic_history::Dialect;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::log::LOG;
use crate::postgres::{self, Server};

/// A SQLite file, which may not exist, or a database on a PostgreSQL server.
#[derive(Clone, Debug)]
pub struct Database(Kind);

#[derive(Clone, Debug)]
enum Kind {
    File {
        path: PathBuf,
        /// The folder that goes away with the database, where it is of no project.
        _folder: Option<Arc<TempDir>>,
    },
    Server(Arc<postgres::Database>),
}

/// Returns a statement that puts `rows` rows into `table`, which has the columns `id` and `text`.
#[must_use]
pub fn fill(table: &str, rows: usize) -> String {
    let padding = "0".repeat(50);
    format!(
        "INSERT INTO {table} (id, text)\nWITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 \
         FROM n WHERE i < {rows})\nSELECT i, 'row {padding}' || (1000000000 + i) FROM n;"
    )
}

impl Database {
    /// Returns an empty database of no project, which goes away with the value.
    ///
    /// # Panics
    ///
    /// When that is not possible.
    #[must_use]
    #[track_caller]
    pub fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => {
                let folder = tempfile::tempdir().expect("there is a folder for temporary files");
                Self(Kind::File {
                    path: folder.path().join("app.db"),
                    _folder: Some(Arc::new(folder)),
                })
            }
            Dialect::Postgres => Self::on_server(Server::shared()),
        }
    }

    pub(crate) fn file(path: PathBuf) -> Self {
        Self(Kind::File {
            path,
            _folder: None,
        })
    }

    #[track_caller]
    pub(crate) fn on_server(server: &Server) -> Self {
        Self(Kind::Server(Arc::new(server.database())))
    }

    /// Returns what it speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match &self.0 {
            Kind::File { .. } => Dialect::Sqlite,
            Kind::Server(_) => Dialect::Postgres,
        }
    }

    /// Returns its URL.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.0 {
            Kind::File { path, .. } => format!("sqlite://{}", path.display()),
            Kind::Server(database) => database.url().to_owned(),
        }
    }

    /// Returns the path of a SQLite file.
    ///
    /// # Panics
    ///
    /// When it is on a server, as all that concerns files here.
    #[must_use]
    #[track_caller]
    pub fn path(&self) -> &Path {
        match &self.0 {
            Kind::File { path, .. } => path,
            Kind::Server(database) => panic!("{} is no file", database.name()),
        }
    }

    /// Returns a database on a server.
    ///
    /// # Panics
    ///
    /// When it is a file.
    #[must_use]
    #[track_caller]
    pub fn server(&self) -> &postgres::Database {
        match &self.0 {
            Kind::File { path, .. } => panic!("{path:?} is a file"),
            Kind::Server(database) => database,
        }
    }

    /// Opens a SQLite file for writing, with foreign keys on; creates it where it is missing.
    ///
    /// # Panics
    ///
    /// When it cannot be opened.
    #[must_use]
    #[track_caller]
    pub fn open(&self) -> Connection {
        let path = self.path();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("the folder can be created");
        }
        let connection = Connection::open(path).expect("the database can be opened");
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
        match &self.0 {
            Kind::File { .. } => {
                if let Err(error) = self.open().execute_batch(sql) {
                    panic!("{error}: {sql}");
                }
            }
            Kind::Server(database) => database.execute(sql),
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
        let path = match &self.0 {
            Kind::File { path, .. } if path.exists() => path,
            Kind::File { .. } => return Vec::new(),
            Kind::Server(database) => return database.query(sql),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(path, flags);
        rows(&connection.expect("the database can be opened"), sql)
    }

    /// Returns the names of its tables except `alembic_version` and its log, sorted.
    #[must_use]
    pub fn tables(&self) -> Vec<String> {
        match &self.0 {
            Kind::File { .. } => self.query(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                 AND name NOT IN ('alembic_version', 'alembic_version_log') ORDER BY name",
            ),
            Kind::Server(database) => database.tables(),
        }
    }

    /// Returns the rows of `alembic_version`, sorted; none where there is no such table.
    #[must_use]
    pub fn versions(&self) -> Vec<String> {
        if let Kind::Server(database) = &self.0 {
            return database.versions();
        }
        let has = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'";
        if self.query(has).is_empty() {
            return Vec::new();
        }
        self.query("SELECT version_num FROM alembic_version ORDER BY 1")
    }

    /// Returns what the log says, oldest first, without what is different in every run: number,
    /// revision, direction, action and the rows of the version table; nothing where there is none.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        if let Kind::Server(database) = &self.0 {
            return database.log();
        }
        let has = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version_log'";
        match self.query(has).as_slice() {
            [] => Vec::new(),
            _ => self.query(LOG),
        }
    }

    /// Returns a text that is the same for two databases that hold the same: the schema, and for
    /// each table the number of its rows and a hash of them, without the log.
    ///
    /// # Panics
    ///
    /// When the database is damaged.
    #[must_use]
    pub fn dump(&self) -> String {
        if let Kind::Server(database) = &self.0 {
            return database.dump();
        }
        let schema = "SELECT type, name, sql FROM sqlite_master \
             WHERE tbl_name <> 'alembic_version_log' ORDER BY type, name";
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

    /// Returns what is the same as long as nobody has written: the bytes of a file, none where
    /// there is no file, or the dump of a database on a server.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match &self.0 {
            Kind::File { path, .. } => std::fs::read(path).unwrap_or_default(),
            Kind::Server(database) => database.dump().into_bytes(),
        }
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
