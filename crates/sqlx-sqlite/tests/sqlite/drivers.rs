//! The two ways in which sqlx takes a SQLite file, as drivers under test.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use alembic_migrate::{Dialect, Migrations};
use alembic_sqlx_sqlite::Sqlx;
use alembic_suite::sqlite::{File, QUICK, Rusqlite};
use alembic_suite::{Handle, PoolSubject, Share, Subject, commands, revisions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection as _, Row as _, SqliteConnection, SqlitePool,
    query_scalar, raw_sql,
};
use tokio::runtime::Runtime;

/// `Sqlx(&SqlitePool)`, with one connection in the pool, so that tests can set it up.
pub(crate) struct Pool;

/// `Sqlx(&mut SqliteConnection)`.
pub(crate) struct Connection;

impl Subject for Pool {
    type Database = File;
    type Handle = Open;
    type Reference = Rusqlite;

    const SHARE: Share = Share { rest: 0, of: 2 };
    const PLACES_ERRORS: bool = false;

    fn open(address: &str) -> Open {
        Self::open_pool(address, 1)
    }

    fn open_read_only(address: &str) -> Open {
        Open::with_pool(options(address).read_only(true), 1)
    }
}

impl PoolSubject for Pool {
    fn open_pool(address: &str, connections: u32) -> Open {
        Open::with_pool(options(address), connections)
    }

    fn share(handle: &Open) -> Open {
        match handle {
            Open::Pool(pool) => Open::Pool(Arc::clone(pool)),
            Open::Connection(_) => panic!("this is not a pool"),
        }
    }
}

impl Subject for Connection {
    type Database = File;
    type Handle = Open;
    type Reference = Rusqlite;

    const SHARE: Share = Share { rest: 1, of: 2 };
    const PLACES_ERRORS: bool = false;

    fn open(address: &str) -> Open {
        Open::with_connection(&options(address))
    }

    fn open_read_only(address: &str) -> Open {
        Open::with_connection(&options(address).read_only(true))
    }
}

fn options(path: impl AsRef<Path>) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .disable_statement_logging()
}

/// Waits for a future; not in an `async` test.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    RUNTIME.block_on(future)
}

/// A pool that other handles may share, or one connection.
pub(crate) enum Open {
    Pool(Arc<OpenPool>),
    Connection(OpenConnection),
}

/// A pool that has closed its connections when it is gone, where sqlx would leave that for later.
pub(crate) struct OpenPool(SqlitePool);

impl Drop for OpenPool {
    fn drop(&mut self) {
        block_on(self.0.close());
    }
}

/// A connection that is closed when it is gone.
pub(crate) struct OpenConnection(Option<SqliteConnection>);

impl OpenConnection {
    fn get(&mut self) -> &mut SqliteConnection {
        self.0.as_mut().unwrap()
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            let _ = block_on(connection.close());
        }
    }
}

impl Open {
    fn with_pool(options: SqliteConnectOptions, connections: u32) -> Self {
        let pool = block_on(async { pool_with(options, connections) });
        Self::Pool(Arc::new(OpenPool(pool)))
    }

    fn with_connection(options: &SqliteConnectOptions) -> Self {
        let connection = block_on(async {
            let mut connection = options.connect().await.unwrap();
            // It fails on a file that is damaged.
            let _ = raw_sql(QUICK).execute(&mut connection).await;
            connection
        });
        Self::Connection(OpenConnection(Some(connection)))
    }

    /// Does something on the only connection.
    fn with<T>(&mut self, work: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
        match self {
            Self::Pool(pool) => block_on(async {
                let mut connection = pool.0.acquire().await.unwrap();
                work(&mut connection).await
            }),
            Self::Connection(connection) => block_on(work(connection.get())),
        }
    }
}

impl Handle for Open {
    commands! {
        block_on;
        Open::Pool(pool) => Sqlx(&pool.0),
        Open::Connection(connection) => Sqlx(connection.get()),
    }

    fn is_idle(&mut self) -> bool {
        self.with(async |connection| is_free(connection).await)
    }

    fn settings(&mut self) -> Option<String> {
        Some(self.with(async |connection| settings(connection).await))
    }

    fn execute(&mut self, sql: &str) {
        self.with(async |connection| {
            let executed = raw_sql(AssertSqlSafe(sql)).execute(connection).await;
            executed.unwrap_or_else(|error| panic!("{error}: {sql}"));
        });
    }

    fn rows(&mut self, query: &str) -> String {
        self.with(async |connection| {
            let rows = raw_sql(AssertSqlSafe(query)).fetch_all(connection).await;
            let rows = rows.unwrap_or_else(|error| panic!("{error}: {query}"));
            let rows = rows.iter().map(|row| {
                let cells = (0..row.len()).map(|column| cell(row, column));
                cells.collect::<Vec<_>>().join("|")
            });
            rows.collect::<Vec<_>>().join("\n")
        })
    }
}

/// Writes down a number or a text.
fn cell(row: &SqliteRow, column: usize) -> String {
    let text = row.try_get_unchecked::<Option<String>, _>(column);
    text.unwrap().unwrap_or_else(|| "NULL".to_owned())
}

/// Opens a pool of so many connections.
pub(crate) fn pool(path: &Path, connections: u32) -> SqlitePool {
    pool_with(options(path), connections)
}

fn pool_with(options: SqliteConnectOptions, connections: u32) -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(connections);
    let pool = pool.after_connect(|connection, _| {
        Box::pin(async {
            // It fails on a file that is damaged.
            let _ = raw_sql(QUICK).execute(connection).await;
            Ok(())
        })
    });
    pool.connect_lazy_with(options)
}

/// Returns the settings of a connection that a run must restore.
pub(crate) async fn settings(connection: &mut SqliteConnection) -> String {
    let mut get = async |sql: &'static str| -> i64 {
        query_scalar(sql).fetch_one(&mut *connection).await.unwrap()
    };
    let enforced = get("PRAGMA foreign_keys").await;
    let timeout = get("PRAGMA busy_timeout").await;
    // A damaged file has none.
    let mode = query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection);
    let mode: String = mode.await.unwrap_or_default();
    format!("foreign_keys {enforced}, busy_timeout {timeout}, journal_mode {mode}")
}

/// Returns whether nothing is open, neither in SQLite nor in what sqlx remembers of it.
async fn is_free(connection: &mut SqliteConnection) -> bool {
    // sqlx undoes what was dropped before it does anything else, not at once.
    connection.ping().await.unwrap();
    if connection.is_in_transaction() {
        return false;
    }
    // A transaction that is dropped is rolled back.
    if connection.begin().await.map(drop).is_err() {
        return false;
    }
    for sql in ["BEGIN", "ROLLBACK"] {
        if raw_sql(sql).execute(&mut *connection).await.is_err() {
            return false;
        }
    }
    true
}

/// Checks that a connection is as new.
pub(crate) async fn check_free(connection: &mut SqliteConnection, context: &str) {
    assert!(is_free(connection).await, "{context}");
    // The journal mode is the file's.
    let expected = "foreign_keys 1, busy_timeout 5000, ";
    let settings = settings(connection).await;
    assert!(settings.starts_with(expected), "{context}: {settings}");
}

pub(crate) fn chain<S: AsRef<str>>(sections: &[S]) -> Migrations {
    revisions::chain(Dialect::Sqlite, sections)
}

pub(crate) fn single(statements: &str) -> Migrations {
    revisions::single(Dialect::Sqlite, statements)
}
