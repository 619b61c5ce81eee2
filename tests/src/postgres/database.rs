//! Looks into databases on a PostgreSQL server.

use std::fmt::Write;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ::postgres::{Client, Config, Error, SimpleQueryMessage};

use super::{Server, apart, connect, program, text};
use crate::log::LOG;

/// A database on a PostgreSQL server, which is dropped with this value, whoever is connected.
///
/// All methods but [`open`](Self::open) can be called in `async` tests, too.
#[derive(Debug)]
pub struct Database {
    name: String,
    url: String,
    config: Config,
    /// How to reach the database from which this one is dropped.
    maintenance: Config,
}

impl Database {
    #[track_caller]
    pub(super) fn create(server: &Server) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // A server that is not this process's may have what another one left.
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        let time = time.unwrap_or_default().as_micros();
        let name = format!("test_{}_{time:x}_{count}", std::process::id());
        // Nobody is ever connected to `template0`.
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        let created = apart(|| connect(&server.config)?.batch_execute(&create));
        if let Err(error) = created {
            panic!("{}: {create}", text(&error));
        }
        let mut config = server.config.clone();
        config.dbname(&name);
        Self {
            url: server.url(&name),
            name,
            config,
            maintenance: server.config.clone(),
        }
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its URL: `postgres://user:password@127.0.0.1:port/name`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Connects to it; not in an `async` test.
    ///
    /// # Panics
    ///
    /// When that is not possible.
    #[must_use]
    #[track_caller]
    pub fn open(&self) -> Client {
        match connect(&self.config) {
            Ok(client) => client,
            Err(error) => panic!("{}", text(&error)),
        }
    }

    /// Executes statements.
    ///
    /// # Panics
    ///
    /// When one fails.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        if let Err(error) = apart(|| connect(&self.config)?.batch_execute(sql)) {
            panic!("{}: {sql}", text(&error));
        }
    }

    /// Returns the rows of a query, the columns of each joined by `|`.
    ///
    /// # Panics
    ///
    /// When the query fails.
    #[track_caller]
    #[must_use]
    pub fn query(&self, sql: &str) -> Vec<String> {
        match apart(|| rows(&self.config, sql)) {
            Ok(rows) => rows,
            Err(error) => panic!("{}: {sql}", text(&error)),
        }
    }

    /// Returns the names of its tables except `alembic_version` and its log, sorted; where a table is not in
    /// the schema `public`, the name begins with that of its schema.
    #[must_use]
    pub fn tables(&self) -> Vec<String> {
        self.query(
            "SELECT CASE schemaname WHEN 'public' THEN tablename ELSE schemaname || '.' || \
             tablename END COLLATE \"C\" FROM pg_tables WHERE tablename NOT IN \
             ('alembic_version', 'alembic_version_log') AND schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
        )
    }

    /// Returns the rows of `alembic_version`, sorted; none where there is no such table.
    #[must_use]
    pub fn versions(&self) -> Vec<String> {
        let has = "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL";
        if self.query(has).is_empty() {
            return Vec::new();
        }
        self.query("SELECT version_num FROM alembic_version ORDER BY 1")
    }

    /// Returns what the log says, as [`Database::log`](crate::Database::log) does.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        let has = "SELECT 1 WHERE to_regclass('alembic_version_log') IS NOT NULL";
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
    /// When there is no `pg_dump`, or it fails.
    #[must_use]
    pub fn dump(&self) -> String {
        let mut dump = self.schema();
        let tables = self.query(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables \
             WHERE schemaname NOT IN ('pg_catalog', 'information_schema') \
             AND tablename <> 'alembic_version_log' ORDER BY 1",
        );
        let row = "ROW(every.*)::text COLLATE \"C\"";
        let rows = tables.iter().map(|table| {
            format!(
                "SELECT count(*) || ' rows, ' || md5(coalesce(string_agg({row}, E'\\n' ORDER BY \
                 {row}), '')) FROM {table} AS every",
            )
        });
        // One after the other, on one connection.
        let rows = self.query(&rows.collect::<Vec<_>>().join(";\n"));
        for (table, rows) in tables.iter().zip(rows) {
            let _ = write!(dump, "\n{table}: {rows}");
        }
        dump
    }

    /// Returns what `pg_dump` says, without what is the same in all databases, or differs from run
    /// to run.
    fn schema(&self) -> String {
        let output = Command::new(program("pg_dump"))
            .args(["--exclude-table", "*.alembic_version_log"])
            .args(["--schema-only", "--no-owner", "--no-privileges", "--dbname"])
            .arg(&self.url)
            .env_clear()
            .env("LC_ALL", "C")
            .output()
            .expect("pg_dump runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let schema = String::from_utf8(output.stdout).expect("pg_dump writes UTF-8");
        let noise = [
            "--",
            "SET ",
            "SELECT pg_catalog.set_config(",
            "\\restrict",
            "\\unrestrict",
        ];
        let lines = schema
            .lines()
            .filter(|line| !line.is_empty() && !noise.iter().any(|start| line.starts_with(start)));
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The server may be gone before.
        let _ = apart(|| connect(&self.maintenance)?.batch_execute(&drop));
    }
}

fn rows(config: &Config, sql: &str) -> Result<Vec<String>, Error> {
    let mut rows = Vec::new();
    for message in connect(config)?.simple_query(sql)? {
        if let SimpleQueryMessage::Row(row) = message {
            let cells: Vec<&str> = (0..row.len())
                .map(|column| row.get(column).unwrap_or("NULL"))
                .collect();
            rows.push(cells.join("|"));
        }
    }
    Ok(rows)
}
