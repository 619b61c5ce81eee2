//! A database of either engine, and a connection to it.

use std::path::PathBuf;

use alembic_migrate::{Dialect, Driver, Observer, Run, RunError};
use alembic_tests::postgres::{self, Server};
use rusqlite::Connection;
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// An empty database, which is gone when this is dropped.
pub(crate) enum Engine {
    Sqlite { path: PathBuf, _folder: TempDir },
    Postgres(Box<postgres::Database>),
}

impl Engine {
    pub(crate) fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                Self::Sqlite {
                    path: folder.path().join("database.sqlite"),
                    _folder: folder,
                }
            }
            Dialect::Postgres => Self::Postgres(Box::new(Server::shared().database())),
        }
    }

    pub(crate) fn open(&self) -> Open {
        match self {
            Self::Sqlite { path, .. } => Open::Sqlite(Connection::open(path).unwrap()),
            Self::Postgres(database) => {
                let runtime = Builder::new_current_thread().enable_all().build();
                Open::Postgres(runtime.unwrap(), Box::new(database.url().parse().unwrap()))
            }
        }
    }

    pub(crate) fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite { path, .. } => {
                Connection::open(path).unwrap().execute_batch(sql).unwrap()
            }
            Self::Postgres(database) => database.execute(sql),
        }
    }

    /// Returns everything in the database.
    pub(crate) fn content(&self) -> Vec<u8> {
        match self {
            Self::Sqlite { path, .. } => std::fs::read(path).unwrap(),
            Self::Postgres(database) => database.dump().into_bytes(),
        }
    }
}

pub(crate) enum Open {
    Sqlite(Connection),
    Postgres(Runtime, Box<PgConnectOptions>),
}

impl<'c> Driver<'c> for &'c mut Open {
    type Outcome<T: Send + 'c> = Result<T, RunError>;

    fn dialect(&self) -> Dialect {
        match self {
            Open::Sqlite(_) => Dialect::Sqlite,
            Open::Postgres(..) => Dialect::Postgres,
        }
    }

    fn drive<T: Send + 'c>(
        self,
        run: Run<'c, Result<T, RunError>>,
        observer: &'c Observer,
    ) -> Result<T, RunError> {
        match self {
            Open::Sqlite(connection) => connection.drive(run, observer),
            Open::Postgres(runtime, options) => runtime.block_on((&**options).drive(run, observer)),
        }
    }
}
