//! Who else is at a database.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use alembic_migrate::options::Fresh;
use alembic_migrate::{Dialect, Event, Migrations, RunError, ensure_database_ready};
use alembic_tests::{Database, revision};

use crate::open::Open;
use crate::{HEAD, chorus_and};

/// Somebody who does something in a transaction, which nobody else sees.
pub(crate) enum Other {
    Sqlite(rusqlite::Connection),
    Postgres(postgres::Client),
}

impl Other {
    /// Executes statements, of which the first one begins a transaction.
    pub(crate) fn executing(database: &Database, sql: &str) -> Self {
        let dialect = database.dialect();
        let mut other = match dialect {
            Dialect::Sqlite => Self::Sqlite(database.open()),
            Dialect::Postgres => Self::Postgres(database.server().open()),
        };
        if dialect == Dialect::Postgres {
            // Whoever waits for it longer than he should fails, rather than for ever.
            other.execute("SET idle_in_transaction_session_timeout = '20s'");
        }
        other.execute(sql);
        other
    }

    /// Lets go of everything.
    pub(crate) fn roll_back(mut self) {
        self.execute("ROLLBACK");
    }

    fn execute(&mut self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql).unwrap(),
            Self::Postgres(client) => client.batch_execute(sql).unwrap(),
        }
    }
}

/// The revision that fails.
const FAILING: &str = "008_failing";

/// The migrations of `chorus` and two more.
fn failing() -> Migrations {
    let unfinished = revision("007_unfinished")
        .revises(HEAD)
        .upgrade("CREATE TABLE unfinished (id INTEGER PRIMARY KEY);");
    let failing = revision(FAILING)
        .revises("007_unfinished")
        .upgrade("INSERT INTO nowhere VALUES (1);");
    chorus_and(&[unfinished, failing]).fresh(Fresh::Replay)
}

/// A migrator of `chorus` that is in the middle of its work, which fails in the end.
pub(crate) struct Migrator {
    go_on: Sender<()>,
    run: JoinHandle<RunError>,
}

impl Migrator {
    /// Returns when it holds its locks, and has created a table that nobody sees yet.
    pub(crate) fn at_work(database: &Database) -> Self {
        let (tell, told) = channel();
        let (go_on, may_go_on) = channel();
        let may_go_on = Mutex::new(may_go_on);
        let migrations = failing().observe(move |event| {
            if let Event::StepStarted { step, .. } = event
                && step.revision.as_str() == FAILING
            {
                tell.send(()).unwrap();
                // An error says that the test has failed.
                let _ = may_go_on.lock().unwrap().recv();
            }
        });
        let mut open = Open::new(database);
        let run = thread::spawn(move || ensure_database_ready(&mut open, &migrations).unwrap_err());
        told.recv().unwrap();
        Self { go_on, run }
    }

    /// Has it fail, so that all is as it was before.
    pub(crate) fn fail(self) {
        self.go_on.send(()).unwrap();
        let error = self.run.join().unwrap();
        assert!(error.to_string().contains(FAILING), "{error}");
    }
}
