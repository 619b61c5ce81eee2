//! The ways to a database, and databases to go to.

use std::future::Future;
use std::ops::Deref;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread::panicking;

use alembic_migrate::{Dialect, Driver, Observer, Run, RunError};
use alembic_tests::postgres;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection, PgPool, Row};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// A connection of rusqlite.
    Rusqlite,
    /// A pool of sqlx.
    Pool,
    /// sqlx's options, from which connections are made.
    Options,
    /// One connection of sqlx.
    Connection,
}

/// One driver for each engine.
pub(crate) const ENGINES: [Via; 2] = [Via::Rusqlite, Via::Pool];

/// All drivers.
pub(crate) const DRIVERS: [Via; 4] = [Via::Rusqlite, Via::Pool, Via::Options, Via::Connection];

/// Those for PostgreSQL.
pub(crate) const POSTGRES: [Via; 3] = [Via::Pool, Via::Options, Via::Connection];

impl Via {
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Rusqlite => Dialect::Sqlite,
            Self::Pool | Self::Options | Self::Connection => Dialect::Postgres,
        }
    }
}

/// A statement, or several, as each engine wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

/// What both engines understand.
pub(crate) const fn both(sql: &'static str) -> Sql {
    each(sql, sql)
}

/// What one says so and the other so.
pub(crate) const fn each(sqlite: &'static str, postgres: &'static str) -> Sql {
    Sql { sqlite, postgres }
}

impl Sql {
    pub(crate) fn of(self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

/// Waits for what asynchronous libraries return; not within what waits already.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    RUNTIME.block_on(future)
}

/// A database for a test.
pub(crate) struct Scratch {
    via: Via,
    place: Place,
}

#[expect(clippy::large_enum_variant, reason = "a test has a handful of them")]
enum Place {
    File(TempDir),
    Server(Lent),
}

struct Served {
    database: postgres::Database,
    /// Keeps a connection, since some tests look into a database a thousand times.
    client: Mutex<Option<::postgres::Client>>,
}

/// Databases that tests have left: to empty one is ten times faster than to create another one.
static LEFT: Mutex<Vec<Served>> = Mutex::new(Vec::new());

impl Scratch {
    /// Creates a database with this content.
    pub(crate) fn new(via: Via, sql: &str) -> Self {
        let place = match via.dialect() {
            Dialect::Sqlite => Place::File(tempfile::tempdir().unwrap()),
            Dialect::Postgres => Place::Server(Lent::take()),
        };
        let scratch = Self { via, place };
        scratch.execute(sql);
        scratch
    }

    /// Empties the database, and gives it this content.
    pub(crate) fn refill(&mut self, sql: &str) {
        match &mut self.place {
            Place::File(folder) => *folder = tempfile::tempdir().unwrap(),
            Place::Server(_) => self.execute(crate::postgres::EMPTY),
        }
        self.execute(sql);
    }

    /// Returns the path of the file, on SQLite.
    pub(crate) fn path(&self) -> PathBuf {
        match &self.place {
            Place::File(folder) => folder.path().join("database.sqlite"),
            Place::Server(_) => panic!("PostgreSQL has no such file"),
        }
    }

    /// Returns the path of the file, or the URL of the database.
    pub(crate) fn address(&self) -> String {
        match &self.place {
            Place::File(_) => self.path().to_str().unwrap().to_owned(),
            Place::Server(served) => served.address(),
        }
    }

    /// Opens the database as its tests do.
    pub(crate) fn open(&self) -> Open {
        Open::at(self.via, &self.address())
    }

    /// Opens the database so that it cannot be written to.
    pub(crate) fn open_read_only(&self) -> Open {
        Open::read_only(self.via, &self.address())
    }

    /// Executes statements.
    #[track_caller]
    pub(crate) fn execute(&self, sql: &str) {
        match &self.place {
            Place::File(_) => {
                let done = self.file().execute_batch(sql);
                done.unwrap_or_else(|error| panic!("{error}: {sql}"));
            }
            Place::Server(served) => served.with(|client| {
                let done = client.batch_execute(sql);
                done.unwrap_or_else(|error| panic!("{error:?}: {sql}"));
            }),
        }
    }

    /// Runs a query and writes down its rows, one a line, the columns of each joined by `|`.
    #[track_caller]
    pub(crate) fn rows(&self, query: &str) -> String {
        match &self.place {
            Place::File(_) => crate::sqlite::plain_rows(&self.file(), query),
            Place::Server(served) => served.with(|client| crate::postgres::rows(client, query)),
        }
    }

    /// Writes down what the database holds for somebody who opens it now. Of something unfinished
    /// it leaves out what differs from run to run.
    pub(crate) fn dump(&self) -> String {
        match &self.place {
            Place::File(_) => crate::sqlite::dump(&self.file()),
            Place::Server(served) => served.with(crate::postgres::dump),
        }
    }

    /// Opens another connection, on PostgreSQL.
    pub(crate) fn client(&self) -> ::postgres::Client {
        match &self.place {
            Place::File(_) => panic!("SQLite has no such client"),
            Place::Server(served) => served.database.open(),
        }
    }

    /// Opens the file, on SQLite.
    pub(crate) fn file(&self) -> rusqlite::Connection {
        open_file(&self.address())
    }
}

/// One of those databases, which is left when this is dropped.
struct Lent(Option<Served>);

impl Lent {
    fn take() -> Self {
        let left = LEFT.lock().unwrap().pop();
        Self(Some(left.unwrap_or_else(|| Served {
            database: postgres::Server::shared().database(),
            client: Mutex::default(),
        })))
    }
}

impl Deref for Lent {
    type Target = Served;

    fn deref(&self) -> &Served {
        self.0.as_ref().unwrap()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // What a failed test leaves is nobody's. Only a server of this process takes everything
        // with it when it goes.
        let is_left = !panicking() && postgres::Server::shared().socket().is_some();
        if let Some(served) = self.0.take().filter(|_| is_left)
            && served.clean().is_ok()
        {
            LEFT.lock().unwrap().push(served);
        }
    }
}

impl Served {
    /// Makes the database as good as a new one.
    fn clean(&self) -> Result<(), ::postgres::Error> {
        let settings = format!("ALTER DATABASE {} RESET ALL", self.database.name());
        let others = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        self.with(|client| {
            client.batch_execute("DISCARD ALL")?;
            client.batch_execute(&settings)?;
            client.batch_execute(others)?;
            client.batch_execute(crate::postgres::EMPTY)
        })
    }

    /// Returns the URL of the database; over the server's socket, where nobody asks for a
    /// password, which takes longer to check than most runs take.
    fn address(&self) -> String {
        let url = self.database.url();
        match postgres::Server::shared().socket() {
            Some(folder) => format!("{url}?host={}", folder.display()),
            None => url.to_owned(),
        }
    }

    /// Does something on the connection that is kept.
    fn with<T>(&self, work: impl FnOnce(&mut ::postgres::Client) -> T) -> T {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let client = kept.take().filter(|client| !client.is_closed());
        let mut client = client.unwrap_or_else(|| self.database.open());
        let done = work(&mut client);
        *kept = Some(client);
        done
    }
}

fn open_file(path: &str) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    // Nothing here loses power.
    connection
        .pragma_update(None, "synchronous", "OFF")
        .unwrap();
    connection
}

/// Returns sqlx's options for a database.
pub(crate) fn options(url: &str) -> PgConnectOptions {
    let options: PgConnectOptions = url.parse().unwrap();
    options.disable_statement_logging()
}

/// A connection, or what makes connections: a driver that waits for the one within.
#[expect(clippy::large_enum_variant, reason = "a test has a handful of them")]
pub(crate) enum Open {
    Rusqlite(rusqlite::Connection),
    Pool(PgPool),
    Options(PgConnectOptions),
    Connection(PgConnection),
}

impl Open {
    /// Opens the database at an [address](Scratch::address).
    pub(crate) fn at(via: Via, address: &str) -> Self {
        match via {
            Via::Rusqlite => Self::Rusqlite(open_file(address)),
            Via::Pool | Via::Options | Via::Connection => Self::with(via, options(address)),
        }
    }

    fn read_only(via: Via, address: &str) -> Self {
        match via {
            Via::Rusqlite => {
                let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
                let connection = rusqlite::Connection::open_with_flags(address, flags);
                Self::Rusqlite(connection.unwrap())
            }
            Via::Pool | Via::Options | Via::Connection => {
                let read_only = ("default_transaction_read_only", "on");
                Self::with(via, options(address).options([read_only]))
            }
        }
    }

    /// Connects to PostgreSQL in one of the three ways.
    pub(crate) fn with(via: Via, options: PgConnectOptions) -> Self {
        match via {
            Via::Rusqlite => panic!("SQLite has no such options"),
            Via::Pool => Self::Pool(block_on(async {
                // Begins to connect when it is first used.
                PgPoolOptions::new()
                    .max_connections(2)
                    .connect_lazy_with(options)
            })),
            Via::Options => Self::Options(options),
            Via::Connection => Self::Connection(block_on(options.connect()).unwrap()),
        }
    }

    /// Returns what the database speaks.
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Rusqlite(_) => Dialect::Sqlite,
            Self::Pool(_) | Self::Options(_) | Self::Connection(_) => Dialect::Postgres,
        }
    }

    /// Executes a statement on this very connection.
    pub(crate) fn execute(&mut self, sql: &str) {
        match self {
            Self::Rusqlite(connection) => connection.execute_batch(sql).unwrap(),
            Self::Connection(connection) => {
                let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
                block_on(statement.execute(connection)).unwrap();
            }
            Self::Pool(_) | Self::Options(_) => panic!("this is not one connection"),
        }
    }

    /// Returns the only cell of a query's only row, on a connection of a pool.
    pub(crate) fn text(&mut self, query: &'static str) -> String {
        let Self::Pool(pool) = self else {
            panic!("this is not a pool");
        };
        let row = block_on(sqlx::raw_sql(query).fetch_one(&*pool)).unwrap();
        row.try_get_raw(0).unwrap().as_str().unwrap().to_owned()
    }

    /// Tells whether nothing of a run is left: no transaction, and no connection of a pool taken.
    pub(crate) fn is_idle(&mut self) -> bool {
        match self {
            Self::Rusqlite(connection) => connection.is_autocommit(),
            Self::Pool(pool) => block_on(async {
                let mut connection = pool.acquire().await.unwrap();
                !in_transaction(&mut connection).await
            }),
            Self::Options(_) => true,
            Self::Connection(connection) => !block_on(in_transaction(connection)),
        }
    }
}

/// Tells whether a connection has a transaction open: then it began before this statement.
pub(crate) async fn in_transaction(connection: &mut PgConnection) -> bool {
    // In one message, as no prepared statement is.
    let query = "SELECT pg_catalog.now() <> pg_catalog.statement_timestamp()";
    let row = sqlx::raw_sql(query).fetch_one(connection).await.unwrap();
    row.try_get_raw(0).unwrap().as_str().unwrap() == "t"
}

impl<'d> Driver<'d> for &'d mut Open {
    type Outcome<T: Send + 'd> = Result<T, RunError>;

    fn dialect(&self) -> Dialect {
        Open::dialect(self)
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> Result<T, RunError> {
        match self {
            Open::Rusqlite(connection) => connection.drive(run, observer),
            Open::Pool(_) | Open::Options(_) | Open::Connection(_) => {
                block_on(Later(self).drive(run, observer))
            }
        }
    }
}

/// The drivers for PostgreSQL as they are.
pub(crate) struct Later<'d>(pub(crate) &'d mut Open);

/// What they return.
pub(crate) type Pending<'d, T> = Pin<Box<dyn Future<Output = Result<T, RunError>> + Send + 'd>>;

impl<'d> Driver<'d> for Later<'d> {
    type Outcome<T: Send + 'd> = Pending<'d, T>;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> Pending<'d, T> {
        match self.0 {
            Open::Rusqlite(_) => panic!("SQLite waits for nobody"),
            Open::Pool(pool) => (&*pool).drive(run, observer),
            Open::Options(options) => (&*options).drive(run, observer),
            Open::Connection(connection) => connection.drive(run, observer),
        }
    }
}
