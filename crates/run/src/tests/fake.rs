//! A scripted database, SQLite or PostgreSQL: a state machine over the tasks of requests.

mod connection;
mod conversation;
mod machine;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use alembic_history::{Dialect, Graph, History, TransactionMode};

use super::log::{Log, event_line};
use crate::request::Progress;
use crate::{EnsureReport, Interruption, Purge, Run, RunError, Runner, Target, ensure_all};

pub(super) use connection::{FAILINGS, Failing, REFUSED};
pub(super) use conversation::{conversation, converse};

thread_local! {
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

pub(super) fn clock() -> Duration {
    NOW.get()
}

fn pass(time: Duration) {
    NOW.set(NOW.get() + time);
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    Upgrade(&'static str),
    Downgrade(&'static str),
    Stamp(&'static [&'static str], Purge),
    Current,
    EnsureVersion,
    Describe,
}

/// The content of the database: the tables of runs, and every statement that took effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) rows: Option<Vec<String>>,
    /// The rows of the second crate's version table.
    pub(super) second: Option<Vec<String>>,
    /// The rows of the table that records how far an unfinished revision is.
    pub(super) progress: Option<Vec<Progress>>,
    pub(super) executed: Vec<String>,
    /// The indexes, and whether they are valid.
    pub(super) indexes: Vec<(String, bool)>,
}

pub(super) fn content(rows: Option<&[&str]>, executed: &[&str]) -> Content {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Content {
        rows: rows.map(owned),
        executed: owned(executed),
        ..Content::default()
    }
}

/// Returns the effect of a statement, which depends on the search path.
pub(super) fn in_path(sql: &str, path: &str) -> String {
    match path {
        PATH_FOUND => sql.to_owned(),
        path => format!("{sql} in {path}"),
    }
}

/// The second connection, on PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Second {
    /// The driver has none.
    Missing,
    Closed,
    Idle,
    Transaction,
    /// A transaction that holds the lock.
    Granted,
    /// A transaction that a request failed in, and whether it holds the lock.
    Aborted(bool),
    Lost,
}

pub(super) const LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// The search path of a connection that no one has set.
pub(super) const PATH_FOUND: &str = "\"$user\", public";

/// A database, the connection to it, and how both behave.
#[derive(Clone, Debug)]
pub(super) struct Fake {
    pub(super) dialect: Dialect,
    pub(super) content: Content,
    /// The content before the open transaction, and the search path.
    pub(super) before: Option<(Content, String)>,
    /// Whether the caller of the run has begun a transaction, on PostgreSQL.
    pub(super) is_in_transaction: bool,
    /// Whether the database has undone the transaction by itself.
    pub(super) undone: bool,
    /// Whether the open transaction can only be rolled back, on PostgreSQL.
    pub(super) aborted: bool,
    /// Whether the connection is gone.
    pub(super) lost: bool,
    pub(super) foreign_keys: bool,
    pub(super) busy_timeout: String,
    pub(super) journal_mode: &'static str,
    pub(super) path: String,
    pub(super) second: Second,
    /// Whether the open transaction holds the lock, on PostgreSQL.
    pub(super) inside: bool,
    /// The numbers of the locks that were asked for.
    pub(super) keys: BTreeSet<i64>,
    /// Until when another migrator holds the lock, on PostgreSQL.
    pub(super) held_until: Duration,
    /// Which transactions find that another migrator is running, counted from 0, on PostgreSQL.
    pub(super) at_work: Range<usize>,
    pub(super) transactions: usize,
    /// Until when the server executes the statement of a program that has died, on PostgreSQL.
    pub(super) alive_until: Duration,
    /// The tables besides the version table.
    pub(super) tables: &'static [&'static str],
    /// The kind of the object that has the version table's name.
    pub(super) kind: &'static str,
    /// The rows that another session commits just before this run's first transaction holds the
    /// lock.
    pub(super) meanwhile: Option<Content>,
    /// Which request fails, counted from 0, and how.
    pub(super) failing: Option<(usize, Failing)>,
    /// The request that was refused first, whether a transaction was open, and how often.
    pub(super) refused: Option<(String, bool)>,
    pub(super) refusals: usize,
    /// Whether a `CREATE INDEX CONCURRENTLY` that fails leaves its index.
    pub(super) leaves_index: bool,
    /// How many rows refer to nothing; the next answer last.
    pub(super) dangling: Vec<usize>,
    pub(super) dangle: usize,
    pub(super) lock_timeout: Duration,
    pub(super) interruption: Interruption,
    /// Whether the driver knows messages of several statements, and how long those were that it was
    /// given.
    pub(super) batches: bool,
    pub(super) batched: Vec<usize>,
    /// Whether the driver reports fewer statements than it has executed.
    pub(super) miscounts: bool,
    pub(super) asked: usize,
    pub(super) log: Log,
    /// The revisions that the rows of each version table name.
    pub(super) graphs: BTreeMap<String, Graph>,
}

impl Fake {
    /// Returns a database of SQLite.
    pub(super) fn new(rows: Option<&[&str]>) -> Self {
        Self::of(Dialect::Sqlite, rows)
    }

    /// Returns a database of PostgreSQL, and a driver that has a second connection to it.
    pub(super) fn postgres(rows: Option<&[&str]>) -> Self {
        Self::of(Dialect::Postgres, rows)
    }

    pub(super) fn of(dialect: Dialect, rows: Option<&[&str]>) -> Self {
        Self {
            dialect,
            content: content(rows, &[]),
            before: None,
            is_in_transaction: false,
            undone: false,
            aborted: false,
            lost: false,
            foreign_keys: true,
            busy_timeout: "5000".to_owned(),
            journal_mode: "delete",
            path: PATH_FOUND.to_owned(),
            second: Second::Closed,
            inside: false,
            keys: BTreeSet::new(),
            held_until: Duration::ZERO,
            at_work: 0..0,
            transactions: 0,
            alive_until: Duration::ZERO,
            tables: &[],
            kind: "table",
            meanwhile: None,
            failing: None,
            refused: None,
            refusals: 0,
            leaves_index: false,
            dangling: Vec::new(),
            dangle: 0,
            lock_timeout: LOCK_TIMEOUT,
            interruption: Interruption::Refuse,
            batches: true,
            batched: Vec::new(),
            miscounts: false,
            asked: 0,
            log: Log::default(),
            graphs: BTreeMap::new(),
        }
    }

    /// Carries out a run on this database.
    pub(super) fn drive<T>(&mut self, run: Run<'_, T>) -> T {
        NOW.set(Duration::ZERO);
        let log = self.log.share();
        run.drive(self, &move |event| {
            if let Some(line) = event_line(event) {
                log.push(line);
            }
        })
    }

    pub(super) fn runner<'h>(
        &mut self,
        history: &'h History,
        transaction: TransactionMode,
        version_table: &str,
    ) -> Runner<'h> {
        let graph = history.graph().clone();
        self.graphs.insert(version_table.to_owned(), graph);
        let mut runner = Runner::new(history, self.dialect);
        version_table.clone_into(&mut runner.version_table.name);
        Runner {
            transaction,
            lock_timeout: self.lock_timeout,
            interruption: self.interruption,
            clock,
            ..runner
        }
    }

    /// Carries out a command and returns the rows that it reports.
    pub(super) fn run(
        &mut self,
        history: &History,
        transaction: TransactionMode,
        command: Command,
    ) -> Result<Vec<String>, RunError> {
        let runner = self.runner(history, transaction, "alembic_version");
        let versions = match command {
            Command::Upgrade(target) => self.drive(runner.upgrade(target))?.after,
            Command::Downgrade(target) => self.drive(runner.downgrade(target))?.after,
            Command::Stamp(targets, purge) => self.drive(runner.stamp(targets, purge))?.after,
            Command::Current => self.drive(runner.current())?,
            Command::EnsureVersion => {
                self.drive(runner.ensure_version())?;
                return Ok(self.content.rows.clone().unwrap());
            }
            Command::Describe => {
                let schema = self.drive(runner.describe())?;
                return Ok(schema.lines().map(ToOwned::to_owned).collect());
            }
        };
        let ids = versions.ids().into_iter();
        Ok(ids.map(ToOwned::to_owned).collect())
    }

    /// Makes the database ready for crates, each with a version table of its own.
    pub(super) fn ensure(
        &mut self,
        crates: &[(&History, Target)],
        transaction: TransactionMode,
    ) -> Result<Vec<EnsureReport>, RunError> {
        let crates = crates.iter().enumerate().map(|(index, (history, target))| {
            let table = match index {
                0 => "alembic_version".to_owned(),
                _ => format!("version_{index}"),
            };
            (self.runner(history, transaction, &table), target.clone())
        });
        let run = ensure_all(crates.collect());
        self.drive(run)
    }

    /// Returns whether a transaction is open.
    pub(super) fn is_open(&self) -> bool {
        self.before.is_some()
    }

    /// Returns the requests so far.
    pub(super) fn requests(&self) -> Vec<String> {
        let is_unheard = |line: &str| self.second == Second::Missing && line.starts_with("aside ");
        let mut lines = self.log.lines();
        lines.retain(|line| !line.starts_with("->") && !is_unheard(line));
        lines
    }

    /// Returns which request is the first to be called `name`.
    #[track_caller]
    pub(super) fn number_of(&self, name: &str) -> usize {
        self.numbers_of(name)[0]
    }

    /// Returns which requests are called `name`.
    pub(super) fn numbers_of(&self, name: &str) -> Vec<usize> {
        let requests = self.requests();
        let numbered = requests.iter().enumerate();
        let called = numbered.filter(|(_, request)| *request == name);
        called.map(|(number, _)| number).collect()
    }
}
