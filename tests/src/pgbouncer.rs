//! A pooler between an application and a PostgreSQL server.

use std::thread::sleep;
use std::time::{Duration, Instant};

use ::postgres::Config;
use ::postgres::config::Host;

use crate::keeper::{Keeper, PORTS, free_port};
use crate::postgres::{Database, Server, text};
use crate::programs;

/// How many connections to the server there are at most, for each database.
const POOL: usize = 20;

/// How long it may take to start, and between looks whether it has.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// A PgBouncer in the mode `transaction`: a client has a connection to the server for as long as a
/// transaction lasts, and another one in the next.
///
/// It ends when it is dropped. Of the parameters that a client can send when it connects, it
/// refuses `options` and `extra_float_digits`, as PgBouncer does unless it is told otherwise.
#[derive(Debug)]
pub struct PgBouncer {
    /// A URL up to the port.
    address: String,
    keeper: Keeper,
}

impl PgBouncer {
    /// Starts one in front of a server, with 20 connections to each database.
    ///
    /// # Panics
    ///
    /// When it does not start; with what it wrote.
    #[must_use]
    pub fn start(server: &Server) -> Self {
        Self::with_pool(server, POOL)
    }

    /// Starts one in front of a server, with `pool` connections to each database.
    ///
    /// # Panics
    ///
    /// When it does not start; with what it wrote.
    #[must_use]
    pub fn with_pool(server: &Server, pool: usize) -> Self {
        match Self::try_start(server, pool) {
            Ok(bouncer) => bouncer,
            Err(error) => panic!("{error}"),
        }
    }

    /// Returns the URL at which a database of the server is reached through this.
    #[must_use]
    pub fn url(&self, database: &Database) -> String {
        format!("{}/{}", self.address, database.name())
    }

    /// Returns what it wrote so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.keeper.log()
    }

    fn try_start(server: &Server, pool: usize) -> Result<Self, String> {
        let program = programs::find("pgbouncer")
            .ok_or("there is no PgBouncer in PATH: `apt-get install pgbouncer`")?;
        let folder = program.parent().unwrap_or(&program);
        let keeper = Keeper::new(folder, "kill -9 $(cat pid)");
        let mut keeper = keeper.map_err(|error| format!("cannot run a shell: {error}"))?;
        let url = server.url("pgbouncer");
        let behind: Config = url.parse().map_err(|error| text(&error))?;
        keeper.write("users", &user(&behind))?;
        let (credentials, _) = url.rsplit_once('@').ok_or("the server's URL has no user")?;
        let mut failure = String::new();
        for _ in 0..PORTS {
            let port = free_port()?;
            keeper.write("settings", &settings(&behind, port, pool))?;
            let before = keeper.log().len();
            keeper.run("pgbouncer settings & echo $! >pid")?;
            match wait(&keeper, before) {
                Ok(()) => {
                    let address = format!("{credentials}@127.0.0.1:{port}");
                    return Ok(Self { address, keeper });
                }
                Err(error) => failure = error,
            }
            if !failure.contains("Address already in use") {
                break;
            }
        }
        Err(failure)
    }
}

/// Waits until a PgBouncer says that it is ready, in what it adds to the log.
fn wait(keeper: &Keeper, before: usize) -> Result<(), String> {
    let begin = Instant::now();
    loop {
        let log = keeper.log();
        let new = log.get(before..).unwrap_or(&log);
        if new.contains("process up") {
            return Ok(());
        }
        if new.contains("FATAL") || begin.elapsed() > PATIENCE {
            return Err(format!("PgBouncer does not start:\n{new}"));
        }
        sleep(PAUSE);
    }
}

/// Returns the file of users: the one of the server, with the password for both sides.
fn user(behind: &Config) -> String {
    let user = behind.get_user().unwrap_or_default();
    let password = String::from_utf8_lossy(behind.get_password().unwrap_or_default());
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    format!("{} {}\n", quoted(user), quoted(&password))
}

fn settings(behind: &Config, port: u16, pool: usize) -> String {
    let host = match behind.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(folder)) => folder.display().to_string(),
        None => "127.0.0.1".to_owned(),
    };
    let server = behind.get_ports().first().unwrap_or(&5432);
    format!(
        "[databases]
* = host={host} port={server}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = users
pool_mode = transaction
default_pool_size = {pool}
max_client_conn = 500
"
    )
}
