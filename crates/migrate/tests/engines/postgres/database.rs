//! Databases of a PostgreSQL server that goes away with this process.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::panicking;

use ::postgres::Client;
use alembic_migrate::Dialect;
use alembic_suite::Database;
use alembic_tests::postgres::{self, Server};

use super::dump::{EMPTY, dump, log, rows};

/// A database for a test, which other tests get when this is dropped: emptying one is ten times
/// faster than creating one.
pub(crate) struct Lent(Option<Served>);

struct Served {
    database: postgres::Database,
    /// Keeps a connection, since some tests look into a database a thousand times.
    client: Mutex<Option<Client>>,
}

/// Databases that tests have left.
static LEFT: Mutex<Vec<Served>> = Mutex::new(Vec::new());

impl Lent {
    fn served(&self) -> &Served {
        self.0.as_ref().unwrap()
    }

    /// Opens another connection.
    pub(crate) fn client(&self) -> Client {
        self.served().database.open()
    }
}

impl Database for Lent {
    const DIALECT: Dialect = Dialect::Postgres;

    #[track_caller]
    fn new(content: &str) -> Self {
        let left = LEFT.lock().unwrap().pop();
        let lent = Self(Some(left.unwrap_or_else(|| Served {
            database: Server::shared().database(),
            client: Mutex::default(),
        })));
        lent.execute(content);
        lent
    }

    fn restored(folder: &Path, name: &str) -> Self {
        let file = folder.join(format!("{name}.postgres.sql"));
        Self::new(&std::fs::read_to_string(file).unwrap())
    }

    fn refill(&mut self, content: &str) {
        self.execute(EMPTY);
        self.execute(content);
    }

    /// Returns the URL of the database; over the server's socket, where nobody asks for a password,
    /// which takes longer to check than most runs take.
    fn address(&self) -> String {
        let url = self.served().database.url();
        match Server::shared().socket() {
            Some(folder) => format!("{url}?host={}", folder.display()),
            None => url.to_owned(),
        }
    }

    #[track_caller]
    fn execute(&self, sql: &str) {
        self.served().with(|client| {
            let executed = client.batch_execute(sql);
            executed.unwrap_or_else(|error| panic!("{error:?}: {sql}"));
        });
    }

    #[track_caller]
    fn rows(&self, query: &str) -> String {
        self.served().with(|client| rows(client, query))
    }

    fn dump(&self) -> String {
        self.served().with(dump)
    }

    fn log(&self) -> String {
        self.served().with(log)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // What a failed test leaves is nobody's. Only a server of this process takes everything
        // with it when it goes.
        let is_left = !panicking() && Server::shared().socket().is_some();
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
            client.batch_execute(EMPTY)
        })
    }

    /// Does something on the connection that is kept.
    fn with<T>(&self, work: impl FnOnce(&mut Client) -> T) -> T {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let client = kept.take().filter(|client| !client.is_closed());
        let mut client = client.unwrap_or_else(|| self.database.open());
        let done = work(&mut client);
        *kept = Some(client);
        done
    }
}
