//! The three ways in which sqlx connects to PostgreSQL, as drivers under test.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::LazyLock;

use alembic_migrate::{Migrations, RunError};
use alembic_suite::{Database, Handle, PoolSubject, Share, Subject, commands};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, PgConnection, PgPool, Row, raw_sql};
use tokio::runtime::Runtime;

use super::database::Lent;

/// A kind of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// A pool.
    Pool,
    /// Options, from which connections are made.
    Options,
    /// One connection.
    Connection,
}

/// All kinds.
pub(crate) const POSTGRES: [Via; 3] = [Via::Pool, Via::Options, Via::Connection];

/// `&PgPool`.
pub(crate) struct Pool;

/// `&PgConnectOptions`.
pub(crate) struct Options;

/// `&mut PgConnection`.
pub(crate) struct Connection;

impl Subject for Pool {
    type Database = Lent;
    type Handle = Open;
    type Reference = Self;

    fn open(address: &str) -> Open {
        Open::at(Via::Pool, address)
    }

    fn open_read_only(address: &str) -> Open {
        Open::with(Via::Pool, read_only(address))
    }
}

impl PoolSubject for Pool {
    fn open_pool(address: &str, connections: u32) -> Open {
        Open::Pool(pool(options(address), connections))
    }

    fn share(handle: &Open) -> Open {
        match handle {
            Open::Pool(pool) => Open::Pool(pool.clone()),
            Open::Options(_) | Open::Connection(_) => panic!("this is not a pool"),
        }
    }
}

impl Subject for Options {
    type Database = Lent;
    type Handle = Open;
    type Reference = Self;

    const SHARE: Share = Share { rest: 0, of: 4 };

    fn open(address: &str) -> Open {
        Open::at(Via::Options, address)
    }

    fn open_read_only(address: &str) -> Open {
        Open::with(Via::Options, read_only(address))
    }
}

impl Subject for Connection {
    type Database = Lent;
    type Handle = Open;
    type Reference = Self;

    const SHARE: Share = Share { rest: 1, of: 2 };

    fn open(address: &str) -> Open {
        Open::at(Via::Connection, address)
    }

    fn open_read_only(address: &str) -> Open {
        Open::with(Via::Connection, read_only(address))
    }
}

/// Returns sqlx's options for a database.
pub(crate) fn options(url: &str) -> PgConnectOptions {
    let options: PgConnectOptions = url.parse().unwrap();
    options.disable_statement_logging()
}

fn read_only(url: &str) -> PgConnectOptions {
    options(url).options([("default_transaction_read_only", "on")])
}

fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    // Begins to connect when it is first used.
    let pool = PgPoolOptions::new().max_connections(connections);
    block_on(async { pool.connect_lazy_with(options) })
}

/// Waits for what asynchronous libraries return; not within what waits already.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    RUNTIME.block_on(future)
}

/// A connection, or what makes connections.
#[expect(clippy::large_enum_variant, reason = "a test has a handful of them")]
pub(crate) enum Open {
    Pool(PgPool),
    Options(PgConnectOptions),
    Connection(PgConnection),
}

impl Open {
    /// Opens the database at an [address](Database::address).
    pub(crate) fn at(via: Via, address: &str) -> Self {
        Self::with(via, options(address))
    }

    /// Connects in one of the three ways.
    pub(crate) fn with(via: Via, options: PgConnectOptions) -> Self {
        match via {
            Via::Pool => Self::Pool(pool(options, 2)),
            Via::Options => Self::Options(options),
            Via::Connection => Self::Connection(block_on(options.connect()).unwrap()),
        }
    }
}

/// The future of a command.
pub(crate) type Pending<'d> = Pin<Box<dyn Future<Output = Result<(), RunError>> + Send + 'd>>;

fn pending<'d, T>(command: impl Future<Output = Result<T, RunError>> + Send + 'd) -> Pending<'d> {
    Box::pin(async { command.await.map(drop) })
}

impl Open {
    /// Begins an upgrade to the heads.
    pub(crate) fn begin_upgrade<'d>(&'d mut self, migrations: &'d Migrations) -> Pending<'d> {
        match self {
            Self::Pool(pool) => pending(migrations.upgrade(&*pool, "heads")),
            Self::Options(options) => pending(migrations.upgrade(&*options, "heads")),
            Self::Connection(connection) => pending(migrations.upgrade(connection, "heads")),
        }
    }

    /// Begins to make the database ready.
    pub(crate) fn begin_ensure<'d>(&'d mut self, migrations: &'d Migrations) -> Pending<'d> {
        match self {
            Self::Pool(pool) => pending(migrations.ensure(&*pool)),
            Self::Options(options) => pending(migrations.ensure(&*options)),
            Self::Connection(connection) => pending(migrations.ensure(connection)),
        }
    }
}

impl Handle for Open {
    commands! {
        block_on;
        Open::Pool(pool) => &*pool,
        Open::Options(options) => &*options,
        Open::Connection(connection) => &mut *connection,
    }

    fn is_idle(&mut self) -> bool {
        match self {
            Self::Pool(pool) => block_on(async {
                let mut connection = pool.acquire().await.unwrap();
                !in_transaction(&mut connection).await
            }),
            Self::Options(_) => true,
            Self::Connection(connection) => block_on(async {
                connection.ping().await.is_err() || !in_transaction(connection).await
            }),
        }
    }

    fn settings(&mut self) -> Option<String> {
        let query = "SELECT concat_ws(' ', current_setting('search_path'), current_user, \
                     current_setting('statement_timeout'))";
        let row = match self {
            Self::Pool(pool) => block_on(raw_sql(query).fetch_one(&*pool)),
            Self::Options(_) => return None,
            Self::Connection(connection) => block_on(raw_sql(query).fetch_one(connection)),
        };
        let settings = row
            .ok()?
            .try_get_raw(0)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned();
        Some(settings)
    }

    fn execute(&mut self, sql: &str) {
        let Self::Connection(connection) = self else {
            panic!("this is not one connection");
        };
        block_on(raw_sql(AssertSqlSafe(sql)).execute(connection)).unwrap();
    }
}

/// Tells whether a connection has a transaction open: then it began before this statement.
pub(crate) async fn in_transaction(connection: &mut PgConnection) -> bool {
    // In one message, as no prepared statement is.
    let query = "SELECT pg_catalog.now() <> pg_catalog.statement_timestamp()";
    let row = raw_sql(query).fetch_one(connection).await.unwrap();
    row.try_get_raw(0).unwrap().as_str().unwrap() == "t"
}

/// A database, and the kind of connection by which its test opens it.
pub(crate) struct Scratch {
    via: Via,
    database: Lent,
}

impl Scratch {
    /// Creates a database with this content.
    #[track_caller]
    pub(crate) fn new(via: Via, content: &str) -> Self {
        Self {
            via,
            database: Lent::new(content),
        }
    }

    /// Opens the database as its test does.
    pub(crate) fn open(&self) -> Open {
        Open::at(self.via, &self.database.address())
    }
}

impl Deref for Scratch {
    type Target = Lent;

    fn deref(&self) -> &Lent {
        &self.database
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut Lent {
        &mut self.database
    }
}
