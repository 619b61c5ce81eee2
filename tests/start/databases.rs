//! Databases as starts find them, and what they hold afterwards.

use alembic_migrate::history::History;
use alembic_migrate::{Dialect, Migrations};
use alembic_tests::{Database, settled};
use rusqlite::{Connection, OpenFlags};
use sqlx::postgres::PgConnectOptions;

use crate::chorus_file;
use crate::open::Open;

/// Makes a database with this content.
pub(crate) fn with(dialect: Dialect, sql: &str) -> Database {
    let database = Database::new(dialect);
    database.execute(sql);
    database
}

/// Makes a database as installations of `chorus` are that are older than version tracking.
pub(crate) fn older(dialect: Dialect) -> Database {
    with(dialect, &chorus_file("base.sql"))
}

/// Makes a database at a revision, and executes statements on it.
pub(crate) fn at(dialect: Dialect, migrations: &Migrations, revision: &str, sql: &str) -> Database {
    let database = Database::new(dialect);
    let upgraded = migrations.upgrade(&mut Open::new(&database), revision);
    upgraded.unwrap();
    database.execute(sql);
    database
}

/// Returns how sqlx connects to a database on a server.
pub(crate) fn options(database: &Database) -> PgConnectOptions {
    database.url().parse().unwrap()
}

/// Opens a database so that it cannot be written to.
pub(crate) fn open_read_only(database: &Database) -> Open {
    match database.dialect() {
        Dialect::Sqlite => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
            Open::Sqlite(Connection::open_with_flags(database.path(), flags).unwrap())
        }
        Dialect::Postgres => {
            let read_only = ("default_transaction_read_only", "on");
            Open::postgres(options(database).options([read_only]))
        }
    }
}

/// Describes a schema, but for what concerns the version table or the tables called `except`.
pub(crate) fn schema(database: &Database, except: &[&str]) -> String {
    let described = Migrations::new(History::default()).describe(&mut Open::new(database));
    let mut shown = true;
    let mut text = String::new();
    for line in described.unwrap().lines() {
        if !line.starts_with(' ') {
            let mut names = line.split([' ', '.']);
            shown = !names.any(|name| except.contains(&name));
        }
        if shown {
            text = text + line + "\n";
        }
    }
    settled(&text)
}

/// Returns the names of a table's columns.
pub(crate) fn columns(database: &Database, table: &str) -> Vec<String> {
    database.query(&match database.dialect() {
        Dialect::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
        Dialect::Postgres => format!(
            "SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' \
             ORDER BY ordinal_position"
        ),
    })
}
