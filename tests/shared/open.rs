//! A connection to a database of either engine, for the tests that link the library.

use alembic_migrate::driver::{Driver, Observer, Run};
use alembic_migrate::{Dialect, RunError};
use alembic_tests::Database;
use rusqlite::Connection;
use sqlx::postgres::PgConnectOptions;
use tokio::runtime::{Builder, Runtime};

/// A driver that answers at once on both engines: where the one within answers later, it waits.
pub(crate) enum Open {
    Sqlite(Connection),
    Postgres(Runtime, Box<PgConnectOptions>),
}

impl Open {
    pub(crate) fn new(database: &Database) -> Self {
        Self::at(&database.url())
    }

    /// Opens a database by its [URL](Database::url).
    pub(crate) fn at(url: &str) -> Self {
        match url.strip_prefix("sqlite://") {
            Some(path) => Self::Sqlite(Connection::open(path).unwrap()),
            None => Self::postgres(url.parse().unwrap()),
        }
    }

    /// Connects to PostgreSQL when it is used.
    pub(crate) fn postgres(options: PgConnectOptions) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        Self::Postgres(runtime.unwrap(), Box::new(options))
    }
}

impl<'c> Driver<'c> for &'c mut Open {
    type Output<T: Send + 'c> = Result<T, RunError>;

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
