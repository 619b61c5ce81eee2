//! PostgreSQL servers that go away, and databases on them.
//!
//! Without `TEST_POSTGRES_URL`, a process starts one server that all its tests share. Tests that
//! stop or restart a server, or need its messages in another language, have one of their own,
//! whatever that variable says.

mod database;
mod in_place;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use ::postgres::{Client, Config, Error, NoTls};

pub use database::Database;
pub use in_place::{IN_PLACE, planted_by};

use crate::keeper::{Keeper, PORTS, free_port};
use crate::programs;

/// The variable that names a server to use, by the URL of a user who may create databases.
const URL: &str = "TEST_POSTGRES_URL";

/// The superuser of the servers that are started here; the password is asked for over TCP.
const USER: &str = "alembic";
const PASSWORD: &str = "s3cret-of-the-tests";

/// What is added to the settings of a server as it is installed: where it listens, and what makes
/// its log clearer.
const SETTINGS: &str = "listen_addresses = '127.0.0.1'
max_connections = 200
log_line_prefix = '%m [%p] %d %a: '
";

/// What makes a server faster whose databases do not outlast it.
const NOT_DURABLE: &str = "fsync = off
synchronous_commit = off
full_page_writes = off
";

/// The locale of a server with German messages; `cargo xtask test` generates it.
const GERMAN: &str = "de_DE.UTF-8";

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// It rolls back what runs, closes all connections, and writes everything to its files.
    Fast,
    /// As in a crash: it recovers when it starts again.
    Immediate,
}

/// A PostgreSQL server.
#[derive(Debug)]
pub struct Server {
    /// The parts of a URL before and after the name of a database.
    url: (String, String),
    /// How this harness connects: over the socket, where it has started the server.
    config: Config,
    keeper: Option<Keeper>,
}

/// SQL that plants, in the schema `public` of a PostgreSQL database, operators, functions and types
/// that hide those of the system or fit better; each of them fails the statement that calls it.
pub const PLANTED: &str = include_str!("planted.sql");

/// Returns one of the programs that come with a PostgreSQL server, such as `psql`.
///
/// # Panics
///
/// When there is no PostgreSQL server on this machine.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    match folder() {
        Ok(folder) => folder.join(name),
        Err(error) => panic!("{error}"),
    }
}

fn folder() -> Result<PathBuf, String> {
    programs::postgres().ok_or_else(|| {
        format!(
            "there is no PostgreSQL server in PG_BINDIR or PATH: `apt-get install postgresql`, or \
             name one in {URL}, which most tests can use"
        )
    })
}

impl Server {
    /// Returns the server that all tests of this process share: the one that `TEST_POSTGRES_URL`
    /// names, or else one that the first call starts.
    ///
    /// # Panics
    ///
    /// When it cannot be reached or started.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
        let server = SERVER.get_or_init(|| match std::env::var(URL) {
            Ok(url) => Self::connect(&url).map_err(|error| format!("{URL}: {error}")),
            Err(_) => Self::try_start(NOT_DURABLE, None),
        });
        match server {
            Ok(server) => server,
            Err(error) => panic!("{error}"),
        }
    }

    /// Returns the server with German messages that all tests of this process share; the first call
    /// starts it.
    ///
    /// # Panics
    ///
    /// When it does not start, or its messages are not German.
    #[must_use]
    pub fn german() -> &'static Self {
        static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
        match SERVER.get_or_init(Self::start_german) {
            Ok(server) => server,
            Err(error) => panic!(
                "no server with German messages: {error}\n`cargo xtask test` generates the locale \
                 {GERMAN}, as root does with `localedef -i de_DE -f UTF-8 {GERMAN}`"
            ),
        }
    }

    fn start_german() -> Result<Self, String> {
        let server = Self::try_start(NOT_DURABLE, Some(GERMAN))?;
        let message = apart(|| connect(&server.config)?.batch_execute("SELECT 1 / 0"));
        match message.map_err(|error| text(&error)) {
            Err(message) if message.contains("Division durch Null") => Ok(server),
            other => Err(format!("to a division by zero it answers {other:?}")),
        }
    }

    /// Starts a server that ends when it is dropped.
    ///
    /// # Panics
    ///
    /// When it does not start; with what it wrote.
    #[must_use]
    pub fn start() -> Self {
        Self::started_with(NOT_DURABLE)
    }

    /// Starts a server that ends when it is dropped, and whose commits wait for the disk.
    ///
    /// # Panics
    ///
    /// When it does not start; with what it wrote.
    #[must_use]
    pub fn start_durable() -> Self {
        Self::started_with("")
    }

    fn started_with(settings: &str) -> Self {
        match Self::try_start(settings, None) {
            Ok(server) => server,
            Err(error) => panic!("{error}"),
        }
    }

    fn connect(url: &str) -> Result<Self, String> {
        let config: Config = url.parse().map_err(|error| text(&error))?;
        apart(|| connect(&config)).map_err(|error| text(&error))?;
        let query = url.find('?').unwrap_or(url.len());
        let (address, query) = url.split_at(query);
        let authority = address.find("://").map_or(0, |at| at + "://".len());
        let end = address[authority..].find('/');
        let end = end.map_or(address.len(), |at| authority + at);
        Ok(Self {
            url: (address[..end].to_owned(), query.to_owned()),
            config,
            keeper: None,
        })
    }

    /// Starts a server as it is installed but for some settings, with messages in the language of
    /// another locale than the rest, if there is one.
    fn try_start(settings: &str, messages: Option<&str>) -> Result<Self, String> {
        let keeper = Keeper::new(&folder()?, "pg_ctl -D data -m immediate stop");
        let mut keeper = keeper.map_err(|error| format!("cannot run a shell: {error}"))?;
        keeper.write("password", PASSWORD)?;
        let messages = messages.map(|messages| format!(" --lc-messages={messages}"));
        let messages = messages.unwrap_or_default();
        let initdb = format!(
            "initdb{messages} -D data -U {USER} --pwfile=password --auth-local=trust \
             --auth-host=scram-sha-256 -E UTF8 --no-sync"
        );
        keeper.run(&format!("{initdb} --locale=C.UTF-8 || {initdb} --locale=C"))?;
        let mut failure = String::new();
        for _ in 0..PORTS {
            let port = free_port()?;
            let folder = keeper.folder().display();
            let place = format!("port = {port}\nunix_socket_directories = '{folder}'\n");
            // It comes after the file that `initdb` writes.
            keeper.write(
                "data/postgresql.auto.conf",
                &[SETTINGS, settings, &place].concat(),
            )?;
            match keeper.run("pg_ctl -D data start") {
                Ok(()) => return Ok(Self::started(port, keeper)),
                Err(error) => failure = error,
            }
            if !failure.contains("Address already in use") {
                break;
            }
        }
        Err(failure)
    }

    fn started(port: u16, keeper: Keeper) -> Self {
        let mut config = Config::new();
        config
            .host_path(keeper.folder())
            .port(port)
            .user(USER)
            .dbname("postgres");
        let address = format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{port}");
        Self {
            url: (address, String::new()),
            config,
            keeper: Some(keeper),
        }
    }

    /// Creates an empty database.
    ///
    /// # Panics
    ///
    /// When that is not possible.
    #[must_use]
    #[track_caller]
    pub fn database(&self) -> Database {
        Database::create(self)
    }

    /// Returns the URL of a database: `postgres://user:password@127.0.0.1:port/name`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let (address, query) = &self.url;
        format!("{address}/{database}{query}")
    }

    /// Returns the folder of its socket, at which no password is asked for; none where the server
    /// was not started here.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        self.keeper.as_ref().map(Keeper::folder)
    }

    /// Returns what it wrote so far; nothing where it was not started here.
    #[must_use]
    pub fn log(&self) -> String {
        self.keeper.as_ref().map(Keeper::log).unwrap_or_default()
    }

    /// Stops it, and starts it at the same port.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(&mut self, shutdown: Shutdown) {
        self.control(&format!("-m {shutdown} restart"));
    }

    /// Stops it; its databases stay.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn stop(&mut self, shutdown: Shutdown) {
        self.control(&format!("-m {shutdown} stop"));
    }

    /// Starts it at the same port, after it was stopped.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start_again(&mut self) {
        self.control("start");
    }

    fn control(&mut self, command: &str) {
        // Nobody has another server for himself.
        let keeper = self.keeper.as_mut().expect("the server was started here");
        if let Err(error) = keeper.run(&format!("pg_ctl -D data {command}")) {
            panic!("{error}");
        }
    }
}

impl std::fmt::Display for Shutdown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fast => "fast",
            Self::Immediate => "immediate",
        })
    }
}

/// Connects, and says who it is: tests may look for other connections.
fn connect(config: &Config) -> Result<Client, Error> {
    let mut config = config.clone();
    config
        .application_name("alembic-tests")
        .connect_timeout(Duration::from_secs(10))
        .connect(NoTls)
}

/// Does something in a thread of its own, since a client must not block where a test is `async`.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let done = std::thread::scope(|scope| scope.spawn(work).join());
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Returns what an error says, and what it says about why.
pub(crate) fn text(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let _ = write!(text, ": {error}");
        source = error.source();
    }
    text
}
