//! Opens the databases of crates.

use std::path::{Path, PathBuf};
use std::time::Duration;

use alembic_history::Code;
use alembic_migrate::{Dialect, RunError, UnfinishedRevision};
use rusqlite::{Connection as SqliteConnection, ErrorCode, OpenFlags};

use crate::connection::Connection;
use crate::context::Context;
use crate::diagnostic::{Diagnostic, Result};
use crate::exit::Exit;
use crate::explain;
use crate::member::{Loaded, Member};
use crate::url::{DatabaseUrl, Location, Redacted, SqliteUrl, UrlError};

/// The database that a crate's configuration, the environment or an argument names.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
}

impl Database {
    /// Returns the database of a crate, which must have one.
    pub(crate) fn of(member: &Member, argument: Option<&str>) -> Result<Self> {
        match Self::find(member, argument)? {
            Some(database) => Ok(database),
            None => Err(no_database(member)),
        }
    }

    /// Finds the database of a crate: an argument comes before the environment, and that before
    /// the configuration.
    pub(crate) fn find(member: &Member, argument: Option<&str>) -> Result<Option<Self>> {
        let variable = &member.settings.url_env;
        let from_env = from_environment(variable, &member.name)?;
        let (text, origin) = match (argument, from_env, &member.settings.url) {
            (Some(url), _, _) => (url.to_owned(), "`--url`".to_owned()),
            (None, Some(url), _) => (url, format!("the environment variable {variable}")),
            (None, None, Some(url)) => (url.clone(), "`url` in its configuration".to_owned()),
            (None, None, None) => return Ok(None),
        };
        // An argument is about where the command is run, everything else about the crate.
        let base = match argument {
            Some(_) => std::env::current_dir().unwrap_or_default(),
            None => member.folder.clone(),
        };
        let url = DatabaseUrl::parse(&text, &base).map_err(|error| {
            let shown = Redacted::new(&text);
            let diagnostic = Diagnostic::new(format!("invalid database URL `{shown}`: {error}"))
                .code(Code::InvalidUrl)
                .note(format!(
                    "it comes from {origin}, for crate `{}`",
                    member.name
                ));
            let is_cut_short = matches!(error, UrlError::Postgres(_)) && shown.hides;
            let diagnostic = match is_cut_short {
                true => diagnostic.help(
                    "in a user or a password, `@`, `:`, `/`, `?`, `#` and `%` are written as \
                     `%40`, `%3A`, `%2F`, `%3F`, `%23` and `%25`",
                ),
                false => diagnostic,
            };
            diagnostic.exit(Exit::Configuration)
        })?;
        check_schema(member, url.dialect())?;
        Ok(Some(Self { url }))
    }

    /// A database that lasts as long as its connection.
    pub(crate) fn in_memory() -> Self {
        Self {
            url: DatabaseUrl::Sqlite(SqliteUrl::in_memory()),
        }
    }

    /// Opens the database for reading only; a file that does not exist yet is empty.
    pub(crate) fn read(&self) -> Result<Connection> {
        match &self.url {
            DatabaseUrl::Sqlite(url) => self.opened(open_to_read(url)),
            DatabaseUrl::Postgres(url) => Connection::server(url),
        }
    }

    /// Opens the database for writing, and creates its file where that is allowed.
    pub(crate) fn write(&self) -> Result<Connection> {
        let url = match &self.url {
            DatabaseUrl::Sqlite(url) => url,
            DatabaseUrl::Postgres(url) => return Connection::server(url),
        };
        let Location::File(path) = &url.location else {
            return self.opened(SqliteConnection::open_in_memory());
        };
        if url.read_only {
            let read = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            return self.opened(SqliteConnection::open_with_flags(path, read));
        }
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if url.create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
            create_parent(path)?;
        }
        self.opened(SqliteConnection::open_with_flags(path, flags))
    }

    /// Reads the rows of a crate's version table.
    pub(crate) fn rows(&self, loaded: &Loaded, lock_timeout: Duration) -> Result<Vec<String>> {
        let migrations = loaded.migrations.clone().lock_timeout(lock_timeout);
        let rows = migrations.current(&mut self.read()?);
        rows.map_err(|error| self.explain(&error, loaded))
    }

    /// Tells how far the revision of a crate is that is done in part.
    pub(crate) fn unfinished(
        &self,
        loaded: &Loaded,
        lock_timeout: Duration,
    ) -> Result<Option<UnfinishedRevision>> {
        let migrations = loaded.migrations.clone().lock_timeout(lock_timeout);
        let unfinished = migrations.unfinished(&mut self.read()?);
        unfinished.map_err(|error| self.explain(&error, loaded))
    }

    /// Returns whether the database is a file that does not exist yet.
    pub(crate) fn is_missing(&self) -> bool {
        match &self.url {
            DatabaseUrl::Sqlite(SqliteUrl {
                location: Location::File(path),
                ..
            }) => is_missing(path),
            DatabaseUrl::Sqlite(_) | DatabaseUrl::Postgres(_) => false,
        }
    }

    /// Returns where the database is; nowhere, when nobody else can open the same one.
    pub(crate) fn place(&self) -> Option<Place> {
        match &self.url {
            DatabaseUrl::Sqlite(url) => match &url.location {
                Location::Memory => None,
                Location::File(path) => Some(Place::File(real_path(path))),
            },
            DatabaseUrl::Postgres(url) => {
                let options = &url.options;
                let host = match options.get_socket() {
                    Some(socket) => socket.display().to_string(),
                    None => options.get_host().to_owned(),
                };
                Some(Place::Server {
                    host,
                    port: options.get_port(),
                    database: url.database().to_owned(),
                })
            }
        }
    }

    fn opened(&self, connection: rusqlite::Result<SqliteConnection>) -> Result<Connection> {
        connection.map(Connection::Sqlite).map_err(|error| {
            let path = match &self.url {
                DatabaseUrl::Sqlite(SqliteUrl {
                    location: Location::File(path),
                    ..
                }) => format!(" ({})", path.display()),
                DatabaseUrl::Sqlite(_) | DatabaseUrl::Postgres(_) => String::new(),
            };
            Diagnostic::new(format!("cannot open {}{path}: {error}", self.url))
                .code(Code::DatabaseUnreachable)
                .help("check that the path is right and that you may read and write there")
                .exit(Exit::Database)
        })
    }

    /// Explains the failure of a run on this database.
    pub(crate) fn explain(&self, error: &RunError, loaded: &Loaded) -> crate::diagnostic::Error {
        explain::run(error, loaded, self)
    }
}

/// Refuses a schema for the version table where there are none.
pub(crate) fn check_schema(member: &Member, dialect: Dialect) -> Result<()> {
    match member.version_table(dialect).schema {
        Some(schema) if dialect == Dialect::Sqlite && schema != "main" => {
            Err(Diagnostic::new(format!("SQLite has no schema `{schema}`"))
                .code(Code::InvalidConfigurationValue)
                .note(format!(
                    "it is `version-table-schema` of crate `{}`",
                    member.name
                ))
                .help("remove the key, or let it be `main`")
                .exit(Exit::Configuration))
        }
        _ => Ok(()),
    }
}

/// Says how to name a database, for a crate that has none.
fn no_database(member: &Member) -> crate::diagnostic::Error {
    let name = &member.name;
    let variable = &member.settings.url_env;
    let help = if member.settings.dialects_for(None) == [Dialect::Postgres] {
        format!(
            "set the environment variable {variable}, as in \
             `{variable}=postgres://<user>:<password>@<host>/{name}`"
        )
    } else {
        format!(
            "set `url = \"sqlite://{name}.db\"` below [package.metadata.alembic] in its Cargo.toml, \
             or the environment variable {variable}"
        )
    };
    Diagnostic::new(format!("crate `{name}` names no database"))
        .help(help)
        .exit(Exit::Configuration)
}

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file, without links and dots.
    File(PathBuf),
    /// A database of a server.
    Server {
        host: String,
        port: u16,
        database: String,
    },
}

/// Returns whether there is nothing at `path`; what cannot be looked at may be there.
fn is_missing(path: &Path) -> bool {
    let found = path.symlink_metadata();
    found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Reads a database URL from the environment; none, where the variable is empty.
fn from_environment(variable: &str, name: &str) -> Result<Option<String>> {
    match std::env::var(variable) {
        Ok(url) => Ok(Some(url).filter(|url| !url.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Diagnostic::new(format!(
            "invalid database URL in the environment variable {variable}: it is not UTF-8"
        ))
        .code(Code::InvalidUrl)
        .note(format!("for crate `{name}`"))
        .exit(Exit::Configuration)),
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
fn open_to_read(url: &SqliteUrl) -> rusqlite::Result<SqliteConnection> {
    let Location::File(path) = &url.location else {
        return SqliteConnection::open_in_memory();
    };
    if is_missing(path) {
        return SqliteConnection::open_in_memory();
    }
    let mutex = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read = OpenFlags::SQLITE_OPEN_READ_ONLY | mutex;
    let connection = SqliteConnection::open_with_flags(path, read)?;
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
            SqliteConnection::open_with_flags(path, write)
        }
        _ => Ok(connection),
    }
}

/// Finds the database of each crate, and refuses two that would share a version table.
pub(crate) fn of_all(
    context: &Context,
    loaded: &[Loaded],
    argument: Option<&str>,
) -> Result<Vec<Database>> {
    let mut databases: Vec<Database> = Vec::new();
    for (index, crate_) in loaded.iter().enumerate() {
        let database = Database::of(&crate_.member, argument)?;
        let before = loaded[..index].iter().zip(&databases);
        for (other, theirs) in before {
            if shares_table(&database, &crate_.member, theirs, &other.member) {
                return Err(shared_table(other.name(), &crate_.member, &database));
            }
        }
        databases.push(database);
    }
    // What is wrong with another crate's configuration is not this command's concern.
    let all = context.all_members().unwrap_or_default();
    for (crate_, database) in loaded.iter().zip(&databases) {
        check_configured(&all, &crate_.member, database)?;
    }
    Ok(databases)
}

/// Refuses a crate whose database another crate is configured to use with the same version table,
/// whether or not the command is for that one, too: each would take the other's rows for unknown
/// revisions.
fn check_configured(all: &[Member], member: &Member, database: &Database) -> Result<()> {
    let configured = |member: &Member| -> Option<Database> {
        let url = member.settings.url.as_deref()?;
        let url = DatabaseUrl::parse(url, &member.folder).ok()?;
        Some(Database { url })
    };
    let Some(own) = configured(member) else {
        return Ok(());
    };
    if own.place() != database.place() {
        return Ok(());
    }
    for other in all.iter().filter(|other| other.name != member.name) {
        if let Some(theirs) = configured(other)
            && shares_table(&own, member, &theirs, other)
        {
            return Err(shared_table(&other.name, member, database));
        }
    }
    Ok(())
}

/// Returns whether two crates keep their rows in the same table of the same database.
fn shares_table(
    database: &Database,
    member: &Member,
    other_database: &Database,
    other: &Member,
) -> bool {
    let place = database.place();
    let dialect = database.url.dialect();
    let (table, other) = (member.version_table(dialect), other.version_table(dialect));
    place.is_some() && place == other_database.place() && table.is_same(&other, dialect)
}

fn shared_table(other: &str, member: &Member, database: &Database) -> crate::diagnostic::Error {
    Diagnostic::new(format!(
        "crates `{other}` and `{}` have the same database and the same version table",
        member.name
    ))
    .code(Code::SharedVersionTable)
    .note(format!(
        "the table is {} in {}",
        member.version_table(database.url.dialect()).quoted(),
        database.url
    ))
    .help("give one of them another `version-table` below [package.metadata.alembic]")
    .exit(Exit::Configuration)
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
