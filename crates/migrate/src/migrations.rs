//! A set of migrations and the commands on databases.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use alembic_history::run::{
    DEFAULT_LOCK_TIMEOUT, Ensured, Event, Purge, Report, Runner, StampReport, TransactionMode,
};
use alembic_history::{Dialect, History, RevisionId, VersionTable};

use crate::folder::read_folder;
use crate::{Driver, LoadError, Observer};

/// The migrations of one crate, and how databases are brought to them.
///
/// Every command takes a connection of any library that there is a [`Driver`] for, and returns
/// what that driver returns: with rusqlite, a `Result`.
#[derive(Clone)]
pub struct Migrations {
    history: History,
    version_table: VersionTable,
    transaction: TransactionMode,
    lock_timeout: Duration,
    observer: Arc<Observer>,
}

impl Migrations {
    /// Takes a history that is loaded already.
    #[must_use]
    pub fn new(history: History) -> Self {
        Self {
            history,
            version_table: VersionTable::default(),
            transaction: TransactionMode::default(),
            lock_timeout: DEFAULT_LOCK_TIMEOUT,
            observer: Arc::new(|_, _| {}),
        }
    }

    /// Reads the revision files in `folder` and the folders below it, checking their SQL for each
    /// of `dialects`.
    ///
    /// # Errors
    ///
    /// When the folder cannot be searched, and everything that is wrong with the files.
    pub fn from_folder(folder: impl AsRef<Path>, dialects: &[Dialect]) -> Result<Self, LoadError> {
        let files = read_folder(folder.as_ref()).map_err(LoadError::Folder)?;
        let history = History::new(files, dialects).map_err(LoadError::History)?;
        Ok(Self::new(history))
    }

    /// Keeps which revisions a database is at in `table`, not in `alembic_version`.
    #[must_use]
    pub fn version_table(mut self, table: VersionTable) -> Self {
        self.version_table = table;
        self
    }

    /// Sets how much goes into one transaction; the whole run, unless set.
    #[must_use]
    pub fn transaction(mut self, mode: TransactionMode) -> Self {
        self.transaction = mode;
        self
    }

    /// Sets how long to wait for a lock that somebody else holds; 30 seconds, unless set.
    ///
    /// On SQLite this takes the place of the connection's own busy timeout while a command runs.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Has `observer` told how far commands are.
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&History, &Event) + Send + Sync + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// Returns the history.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Returns the revisions that nothing follows.
    #[must_use]
    pub fn heads(&self) -> Vec<&RevisionId> {
        let graph = self.history.graph();
        graph.heads().map(|node| &graph[node].id).collect()
    }

    fn runner(&self, dialect: Dialect) -> Runner<'_> {
        Runner {
            version_table: self.version_table.clone(),
            transaction: self.transaction,
            lock_timeout: self.lock_timeout,
            ..Runner::new(&self.history, dialect)
        }
    }

    /// Applies what is needed to reach `target`, a revision expression such as `heads` or `+1`.
    ///
    /// When nothing is needed, this only reads.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which says what state the database is in.
    pub fn upgrade<'d, D: Driver<'d>>(&'d self, database: D, target: &str) -> D::Outcome<Report> {
        let run = self.runner(D::DIALECT).upgrade(target);
        database.drive(run, &self.history, &*self.observer)
    }

    /// Reverts what stands above `target`, a revision expression such as `base` or `-1`.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which says what state the database is in. A revision that
    /// cannot be reverted is found before anything is changed.
    pub fn downgrade<'d, D: Driver<'d>>(&'d self, database: D, target: &str) -> D::Outcome<Report> {
        let run = self.runner(D::DIALECT).downgrade(target);
        database.drive(run, &self.history, &*self.observer)
    }

    /// Moves the version table to `targets` without running any revision.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which says what state the database is in.
    pub fn stamp<'d, D: Driver<'d>>(
        &'d self,
        database: D,
        targets: &[&str],
        purge: Purge,
    ) -> D::Outcome<StampReport> {
        let run = self.runner(D::DIALECT).stamp(targets, purge);
        database.drive(run, &self.history, &*self.observer)
    }

    /// Reads the rows of the version table, sorted, whether or not a file explains them.
    ///
    /// Writes nothing, not even the version table.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), when the database cannot be read.
    pub fn current<'d, D: Driver<'d>>(&'d self, database: D) -> D::Outcome<Vec<String>> {
        let run = self.runner(D::DIALECT).current();
        database.drive(run, &self.history, &*self.observer)
    }

    /// Creates the version table, empty, where there is none.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which says what state the database is in.
    pub fn ensure_version<'d, D: Driver<'d>>(&'d self, database: D) -> D::Outcome<Ensured> {
        let run = self.runner(D::DIALECT).ensure_version();
        database.drive(run, &self.history, &*self.observer)
    }
}

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrations")
            .field("revisions", &self.history.graph().len())
            .field("version_table", &self.version_table)
            .field("transaction", &self.transaction)
            .field("lock_timeout", &self.lock_timeout)
            .finish_non_exhaustive()
    }
}
