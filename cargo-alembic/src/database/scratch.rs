//! Temporary databases to test migrations on.

use alembic_history::Code;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use alembic_migrate::Dialect;
use rusqlite::backup::Backup;
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::runtime::Builder;

use super::interruption::interruption;
use super::server::{message, query};
use super::statement_error::StatementError;
use super::{Connection, Database, Server};
use crate::explain::refusal;
use crate::naming::random_id;
use crate::output::{Cause, Diagnostic, Error, Result, quote_for_sql};
use crate::url::{DatabaseUrl, PostgresUrl, SqliteUrl};

/// The prefix of the names of temporary databases on servers.
const PREFIX: &str = "alembic_test_";

/// The search path of sessions that nobody has given another one.
const DEFAULT_SEARCH_PATH: &str = "\"$user\", public";

/// Lists the roles of a server.
const ROLES: &str = "SELECT rolname FROM pg_catalog.pg_roles";

/// The temporary databases on servers that have not been dropped yet.
static UNDROPPED: Mutex<Vec<(PgConnectOptions, String)>> = Mutex::new(Vec::new());

/// The engine that temporary databases are created on.
#[derive(Clone)]
pub(crate) enum Engine {
    /// In memory, with these extensions.
    Sqlite(Vec<PathBuf>),
    Postgres(Rc<Host>),
}

/// A PostgreSQL server on which temporary databases are created, next to the one that a URL names.
pub(crate) struct Host {
    url: PostgresUrl,
    server: Server,
    /// The encoding and locale of the database that the URL names, as options for a new one.
    options: String,
    /// The schema in which the database that they are like creates tables by default.
    schema: String,
    /// The search path of its sessions, unless a session has it anyway: not all that stands in front of a
    /// server takes options.
    search_path: Option<String>,
    /// The roles of the server, which all its databases share.
    roles: BTreeSet<String>,
}

/// A temporary database to test migrations on. On a server, it is dropped with this value.
pub(crate) struct Scratch {
    pub(crate) database: Database,
    pub(crate) connection: Connection,
    on_server: Option<(Rc<Host>, String)>,
    /// The folder of its file, if other programs can open it; removed after the connection.
    _folder: Option<TempDir>,
}

impl Engine {
    /// Connects to the server that a URL names, and reads its defaults.
    pub(crate) fn postgres(url: &PostgresUrl) -> Result<Self> {
        Self::postgres_like(url, url)
    }

    /// Connects to the server that a URL names: its databases are to be like the database of another one, in
    /// which its sessions find the same schemas.
    pub(crate) fn postgres_like(url: &PostgresUrl, model: &PostgresUrl) -> Result<Self> {
        let server = Server::new(url)?;
        let query = "SELECT pg_catalog.format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', \
                     pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype) || \
                     CASE pg_catalog.to_jsonb(d)->>'datlocprovider' WHEN 'c' THEN ' LOCALE_PROVIDER libc' \
                     WHEN 'i' THEN pg_catalog.format(' LOCALE_PROVIDER icu ICU_LOCALE %L', \
                     coalesce(pg_catalog.to_jsonb(d)->>'datlocale', pg_catalog.to_jsonb(d)->>'daticulocale')) \
                     WHEN 'b' THEN pg_catalog.format(' LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', \
                     pg_catalog.to_jsonb(d)->>'datlocale') ELSE '' END, \
                     pg_catalog.current_setting('search_path') \
                     FROM pg_catalog.pg_database d WHERE datname = pg_catalog.current_database()";
        let unreachable = |url: &PostgresUrl, error: sqlx::Error| {
            let shown = DatabaseUrl::Postgres(url.clone());
            let title = format!("cannot connect to {shown}: {}", message(&error));
            let fault =
                Diagnostic::new(Cause::Server(error), title).code(Code::DatabaseUnreachable);
            let help = refusal(fault.cause.database_code().as_deref(), url);
            fault.help(help)
        };
        let cells = server.query(query);
        let mut cells = cells.map_err(|error| unreachable(url, error))?.into_iter();
        let (options, own_path) = (cells.next(), cells.next());
        let query = "SELECT pg_catalog.current_schema(), pg_catalog.current_setting('search_path')";
        let cells = Server::new(model)?.query(query);
        let mut cells = cells
            .map_err(|error| unreachable(model, error))?
            .into_iter();
        let (schema, path) = (cells.next(), cells.next());
        let is_default = |path: &Option<String>| path.as_deref() == Some(DEFAULT_SEARCH_PATH);
        let search_path = match is_default(&path) && is_default(&own_path) {
            true => None,
            false => path,
        };
        // Without them, no role is dropped.
        let roles = server.query(ROLES).unwrap_or_default();
        Ok(Self::Postgres(Rc::new(Host {
            url: url.clone(),
            server,
            options: options.unwrap_or_default(),
            schema: schema.unwrap_or_default(),
            search_path,
            roles: roles.into_iter().collect(),
        })))
    }

    /// Drops the roles that did not exist when the server was connected to and that `is_own`
    /// recognises, since they would be in the way in the next database; not while a temporary
    /// database exists.
    pub(crate) fn drop_roles(&self, is_own: impl Fn(&str) -> bool) {
        let Engine::Postgres(host) = self else {
            return;
        };
        if host.roles.is_empty() || !undropped().is_empty() {
            return;
        }
        let roles = host.server.query(ROLES).unwrap_or_default();
        let mut own: Vec<String> = roles
            .into_iter()
            .filter(|role| !host.roles.contains(role) && is_own(role))
            .collect();
        // A role that another one still depends on may be dropped after that.
        for _ in 0..own.len() {
            own.retain(|role| {
                let drop = format!("DROP ROLE {}", quote_for_sql(role));
                host.server.query(&drop).is_err()
            });
        }
    }

    /// Returns whether databases are created on a server.
    pub(crate) const fn is_server(&self) -> bool {
        matches!(self, Engine::Postgres(_))
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        match self {
            Engine::Sqlite(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Creates a database that is empty except for `schemas`, which only servers need.
    pub(crate) fn open<'s>(
        &'s self,
        schemas: impl IntoIterator<Item = &'s str>,
    ) -> Result<Scratch> {
        let host = match self {
            Engine::Sqlite(extensions) => return Scratch::in_memory(extensions.clone()),
            Engine::Postgres(host) => host,
        };
        // No session is ever connected to `template0`.
        let scratch = host.create(&format!("TEMPLATE template0 {}", host.options))?;
        let schemas = schemas.into_iter().chain([host.schema.as_str()]);
        for schema in schemas.filter(|schema| !["", "public"].contains(schema)) {
            let sql = format!("CREATE SCHEMA IF NOT EXISTS {}", quote_for_sql(schema));
            scratch.execute(&sql).map_err(|error| -> Error {
                let title = format!("cannot create the schema {schema}: {error}");
                Diagnostic::new(error.into(), title)
                    .note(format!("in the database {}", scratch.database.url))
                    .into()
            })?;
        }
        Ok(scratch)
    }

    /// Creates an empty database that other programs can open, too.
    pub(crate) fn open_for_programs(&self) -> Result<Scratch> {
        match self {
            Engine::Sqlite(extensions) => Scratch::in_file(extensions.clone()),
            Engine::Postgres(_) => self.open([]),
        }
    }
}

impl Host {
    /// Creates a database.
    fn create(self: &Rc<Self>, how: &str) -> Result<Scratch> {
        drop_when_interrupted();
        let name = random_id().map_err(|error| {
            let title = format!("cannot generate a random name: {error}");
            Diagnostic::new(Cause::Random(error), title)
        })?;
        let name = format!("{PREFIX}{name}");
        let url = self.url.sibling(&name, self.search_path.as_deref());
        let mut undropped = undropped();
        let created = self.server.query(&format!("CREATE DATABASE {name} {how}"));
        if let Err(error) = created {
            return Err(self.not_created(error));
        }
        undropped.push((self.url.options.as_ref().clone(), name.clone()));
        drop(undropped);
        let database = Database {
            dotenv: None,
            url: DatabaseUrl::Postgres(url),
            extensions: Vec::new(),
        };
        // A pooler in front of the server may have created it, and refuse it.
        let connection = database.open().map_err(|error| {
            error.help(
                "a pooler knows its own databases only: for temporary ones, name the server itself with \
                 `--scratch-url`, or by `scratch-url` in the configuration",
            )
        })?;
        Ok(Scratch {
            connection,
            database,
            on_server: Some((Rc::clone(self), name)),
            _folder: None,
        })
    }

    fn not_created(&self, error: sqlx::Error) -> Error {
        let url = DatabaseUrl::Postgres(self.url.clone());
        let title = format!("cannot create a temporary database: {}", message(&error));
        let fault = Diagnostic::new(Cause::Server(error), title)
            .code(Code::CannotCreateDatabase)
            .note(format!("next to {url}, which is left untouched"));
        let fault = match fault.cause.database_code().as_deref() {
            // insufficient_privilege
            Some("42501") => fault.help(format!(
                "allow it with `ALTER ROLE {} CREATEDB`, or name another server or user with \
                 `--scratch-url`",
                quote_for_sql(self.url.options.get_username())
            )),
            _ => fault.help("name another server or user with `--scratch-url`"),
        };
        fault.into()
    }
}

impl Scratch {
    fn in_memory(extensions: Vec<PathBuf>) -> Result<Self> {
        let database = Database::in_memory(extensions);
        Ok(Self {
            connection: database.open()?,
            database,
            on_server: None,
            _folder: None,
        })
    }

    /// Creates a database in a file that goes away with this value.
    fn in_file(extensions: Vec<PathBuf>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir();
        let folder = folder.map_err(|error| -> Error {
            let title = format!("cannot create a temporary folder: {error}");
            Diagnostic::new(Cause::Unwritable(error), title).into()
        })?;
        let url = SqliteUrl::of_file(folder.path().join("scratch.db"));
        let database = Database {
            url: DatabaseUrl::Sqlite(url),
            ..Database::in_memory(extensions)
        };
        Ok(Self {
            connection: database.open()?,
            database,
            on_server: None,
            _folder: Some(folder),
        })
    }

    /// Creates a copy of the database.
    pub(crate) fn copy(&self) -> Result<Self> {
        if let Some((host, name)) = &self.on_server {
            return host.create(&format!("TEMPLATE {name}"));
        }
        let mut copy = Self::in_memory(self.database.extensions.clone())?;
        if let (Connection::Sqlite(from), Connection::Sqlite(to)) =
            (&self.connection, &mut copy.connection)
        {
            let copying = Backup::new(from, to)
                .and_then(|backup| backup.run_to_completion(i32::MAX, Duration::ZERO, None));
            copying.map_err(StatementError::Sqlite)?;
        }
        Ok(copy)
    }

    /// Executes statements as an application would: with foreign keys enforced.
    pub(crate) fn execute(&self, sql: &str) -> std::result::Result<(), StatementError> {
        match &self.connection {
            Connection::Sqlite(connection) => connection
                .execute_batch("PRAGMA foreign_keys = ON")
                .and_then(|()| connection.execute_batch(sql))
                .map_err(StatementError::Sqlite),
            Connection::Postgres(server) => {
                server.query(sql).map(drop).map_err(StatementError::Server)
            }
        }
    }

    /// Returns the cells of the rows of a query, as text.
    pub(crate) fn cells(&self, sql: &str) -> std::result::Result<Vec<String>, StatementError> {
        match &self.connection {
            Connection::Sqlite(connection) => {
                let cells = || -> rusqlite::Result<Vec<String>> {
                    let mut query = connection.prepare(sql)?;
                    let rows = query.query_map([], |row| row.get(0))?;
                    rows.collect()
                };
                cells().map_err(StatementError::Sqlite)
            }
            Connection::Postgres(server) => server.query(sql).map_err(StatementError::Server),
        }
    }

    /// Returns a fingerprint that differs as soon as a row has changed.
    pub(crate) fn rows(&self) -> std::result::Result<String, StatementError> {
        let server = match &self.connection {
            Connection::Sqlite(connection) => return Ok(connection.total_changes().to_string()),
            Connection::Postgres(server) => server,
        };
        let query = |sql: &str| server.query(sql).map_err(StatementError::Server);
        // Each version of a row is identified by its location and the transaction that wrote it.
        let queries = query(
            "SELECT format('SELECT %L, %L, count(*), md5(string_agg(ctid::text || xmin, '','' \
             ORDER BY ctid)) FROM ONLY %s', oid, oid::regclass, oid::regclass) \
             FROM pg_catalog.pg_class WHERE relkind = 'r' \
             AND relnamespace::regnamespace::text !~ '^(pg_|information_schema$)' \
             UNION ALL SELECT format('SELECT %L, last_value::text, 0, is_called::text FROM %s', oid, \
             oid::regclass) FROM pg_catalog.pg_class WHERE relkind = 'S' ORDER BY 1",
        )?;
        match queries.as_slice() {
            [] => Ok(String::new()),
            queries => Ok(query(&queries.join(" UNION ALL "))?.join(" ")),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let Some((host, name)) = &self.on_server else {
            return;
        };
        let mut undropped = undropped();
        if host.server.query(&drop_statement(name)).is_ok() {
            undropped.retain(|(_, undropped)| undropped != name);
        }
    }
}

/// Returns the names of the databases that could not be dropped.
pub(crate) fn undropped_names() -> Vec<String> {
    undropped().iter().map(|(_, name)| name.clone()).collect()
}

fn undropped() -> MutexGuard<'static, Vec<(PgConnectOptions, String)>> {
    UNDROPPED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn drop_statement(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

/// Makes a signal drop the temporary databases before it ends the program.
fn drop_when_interrupted() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
            return;
        };
        std::thread::spawn(move || {
            let Ok(code) = runtime.block_on(interruption()) else {
                return;
            };
            // Holding the lock keeps others from creating or dropping databases.
            let undropped = undropped();
            for (options, name) in undropped.iter() {
                let _ = runtime.block_on(query(options, &drop_statement(name)));
            }
            std::process::exit(code);
        });
    });
}
