//! Opens the databases of crates.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use alembic_migrate::RunError;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::diagnostic::{Diagnostic, Result};
use crate::exit::Exit;
use crate::explain;
use crate::member::{Loaded, Member};
use crate::url::{DatabaseUrl, Location, Redacted, SqliteUrl};

/// The database that a crate's configuration, the environment or an argument names.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
}

impl Database {
    /// Finds the database of a crate: an argument comes before the environment, and that before
    /// the configuration.
    pub(crate) fn of(member: &Member, argument: Option<&str>) -> Result<Self> {
        let variable = &member.settings.url_env;
        let from_env = std::env::var(variable).ok().filter(|url| !url.is_empty());
        let (text, origin) = match (argument, from_env, &member.settings.url) {
            (Some(url), _, _) => (url.to_owned(), "`--url`".to_owned()),
            (None, Some(url), _) => (url, format!("the environment variable {variable}")),
            (None, None, Some(url)) => (url.clone(), "`url` in its configuration".to_owned()),
            (None, None, None) => {
                return Err(Diagnostic::new(format!("crate `{}` names no database", member.name))
                    .help(format!(
                        "set `url = \"sqlite://{}.db\"` below [package.metadata.alembic] in its \
                         Cargo.toml, or the environment variable {variable}",
                        member.name
                    ))
                    .exit(Exit::Configuration));
            }
        };
        // An argument is about where the command is run, everything else about the crate.
        let base = match argument {
            Some(_) => std::env::current_dir().unwrap_or_default(),
            None => member.folder.clone(),
        };
        let url = DatabaseUrl::parse(&text, &base).map_err(|error| {
            Diagnostic::new(format!(
                "invalid database URL `{}`: {error}",
                Redacted(&text)
            ))
            .code("invalid-url")
            .note(format!(
                "it comes from {origin}, for crate `{}`",
                member.name
            ))
            .exit(Exit::Configuration)
        })?;
        let DatabaseUrl::Sqlite(_) = &url;
        if let Some(schema) = &member.settings.version_table.schema
            && schema != "main"
        {
            return Err(Diagnostic::new(format!("SQLite has no schema `{schema}`"))
                .code("invalid-configuration-value")
                .note(format!(
                    "it is `version-table-schema` of crate `{}`",
                    member.name
                ))
                .help("remove the key, or let it be `main`")
                .exit(Exit::Configuration));
        }
        Ok(Self { url })
    }

    /// A database that lasts as long as its connection.
    pub(crate) fn in_memory() -> Self {
        Self {
            url: DatabaseUrl::Sqlite(SqliteUrl::in_memory()),
        }
    }

    /// Opens the database for reading only; one that does not exist yet is empty.
    pub(crate) fn read(&self) -> Result<Connection> {
        let DatabaseUrl::Sqlite(url) = &self.url;
        self.opened(open_to_read(url))
    }

    /// Opens the database for writing, and creates it where that is allowed.
    pub(crate) fn write(&self) -> Result<Connection> {
        let DatabaseUrl::Sqlite(url) = &self.url;
        let Location::File(path) = &url.location else {
            return self.opened(Connection::open_in_memory());
        };
        if url.read_only {
            return self.opened(open_to_read(url));
        }
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if url.create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
            create_parent(path)?;
        }
        self.opened(Connection::open_with_flags(path, flags))
    }

    /// Reads the rows of a crate's version table.
    pub(crate) fn rows(&self, loaded: &Loaded, lock_timeout: Duration) -> Result<Vec<String>> {
        let migrations = loaded.migrations.clone().lock_timeout(lock_timeout);
        let rows = migrations.current(&mut self.read()?);
        rows.map_err(|error| self.explain(&error, loaded))
    }

    /// Returns whether the database is a file that does not exist yet.
    pub(crate) fn is_missing(&self) -> bool {
        let DatabaseUrl::Sqlite(url) = &self.url;
        match &url.location {
            Location::Memory => false,
            Location::File(path) => !path.exists(),
        }
    }

    fn opened(&self, connection: rusqlite::Result<Connection>) -> Result<Connection> {
        connection.map_err(|error| {
            let path = match &self.url {
                DatabaseUrl::Sqlite(SqliteUrl {
                    location: Location::File(path),
                    ..
                }) => format!(" ({})", path.display()),
                DatabaseUrl::Sqlite(_) => String::new(),
            };
            Diagnostic::new(format!("cannot open {}{path}: {error}", self.url))
                .code("database-unreachable")
                .help("check that the path is right and that you may read and write there")
                .exit(Exit::Database)
        })
    }

    /// Explains the failure of a run on this database.
    pub(crate) fn explain(&self, error: &RunError, loaded: &Loaded) -> crate::diagnostic::Error {
        explain::run(error, loaded, self)
    }
}

fn create_parent(path: &Path) -> Result<()> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    std::fs::create_dir_all(parent).map_err(|error| {
        Diagnostic::new(format!("cannot create {}: {error}", parent.display())).exit(Exit::Database)
    })
}

/// Opens a database so that reading it leaves its bytes untouched.
fn open_to_read(url: &SqliteUrl) -> rusqlite::Result<Connection> {
    let Location::File(path) = &url.location else {
        return Connection::open_in_memory();
    };
    if !path.exists() {
        return Connection::open_in_memory();
    }
    let mutex = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read = OpenFlags::SQLITE_OPEN_READ_ONLY | mutex;
    let connection = Connection::open_with_flags(path, read)?;
    // A lock is waited for later, as long as the user wants.
    connection.busy_timeout(Duration::ZERO)?;
    let probe = connection.query_row("PRAGMA schema_version", [], |_| Ok(()));
    match probe
        .as_ref()
        .err()
        .and_then(rusqlite::Error::sqlite_error_code)
    {
        // A killed writer left a journal behind: only a writer can bring the file back to what it
        // was before.
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
            let write = OpenFlags::SQLITE_OPEN_READ_WRITE | mutex;
            Connection::open_with_flags(path, write)
        }
        _ => Ok(connection),
    }
}

/// Finds the database of each crate, and refuses two that would share a version table.
pub(crate) fn of_all(loaded: &[Loaded], argument: Option<&str>) -> Result<Vec<Database>> {
    if argument.is_some() && loaded.len() > 1 {
        let names: Vec<&str> = loaded.iter().map(Loaded::name).collect();
        return Err(
            Diagnostic::new("`--url` names one database, for several crates")
                .note(format!("they are {}", names.join(", ")))
                .help("choose one with `-p <crate>`")
                .exit(Exit::Usage),
        );
    }
    let mut databases = Vec::new();
    let mut users: HashMap<(PathBuf, String), &str> = HashMap::new();
    for crate_ in loaded {
        let database = Database::of(&crate_.member, argument)?;
        let DatabaseUrl::Sqlite(url) = &database.url;
        if let Location::File(path) = &url.location {
            let table = crate_.member.settings.version_table.quoted().to_lowercase();
            let key = (real_path(path), table);
            if let Some(other) = users.insert(key, crate_.name()) {
                let table = crate_.member.settings.version_table.quoted();
                return Err(Diagnostic::new(format!(
                    "crates `{other}` and `{}` have the same database and the same version table",
                    crate_.name()
                ))
                .code("shared-version-table")
                .note(format!("the table is {table} in {}", database.url))
                .help(
                    "give one of them another `version-table` below [package.metadata.alembic], or \
                     choose one crate with `-p <crate>`",
                )
                .exit(Exit::Configuration));
            }
        }
        databases.push(database);
    }
    Ok(databases)
}

/// Returns the path without links and dots, as far as it exists.
fn real_path(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real_path(parent).join(name),
        _ => path.to_owned(),
    }
}
