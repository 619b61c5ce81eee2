//! A set of migrations.

mod commands;
mod schemas;
mod tracing_log;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use alembic_history::{Edited, Fresh, History, RevisionId, TransactionMode, VersionTable};
use alembic_run::{
    Ahead, Author, DEFAULT_LOCK_TIMEOUT, Event, Expected, Interruption, Missing, Observer, Runner,
    SchemaRole, Target, ensure_all,
};

use crate::author;
use crate::driver::Driver;
use crate::{Dialect, EnsureReport};

use schemas::{Schemas, schema};
use tracing_log::log;

/// The migrations of one crate, and how databases are brought to them.
///
/// Every command takes a connection of any library with a [`Driver`], and returns the driver's
/// output: with rusqlite, a `Result`.
#[derive(Clone)]
pub struct Migrations {
    history: Arc<History>,
    version_table: VersionTable,
    transaction: TransactionMode,
    lock_timeout: Duration,
    interruption: Interruption,
    log: bool,
    author: Author,
    edited: Edited,
    missing: Missing,
    dry_run: bool,
    report_statements: bool,
    target: Target,
    schema: Schemas,
    /// How empty databases of single dialects get their schema.
    fresh: BTreeMap<Dialect, Fresh>,
    /// What databases hold that are older than the first revision.
    base: Schemas,
    observer: Arc<Observer>,
}

impl Migrations {
    /// Creates migrations from a loaded history.
    #[must_use]
    pub fn new(history: History) -> Self {
        Self {
            history: Arc::new(history),
            version_table: VersionTable::default(),
            transaction: TransactionMode::default(),
            lock_timeout: DEFAULT_LOCK_TIMEOUT,
            interruption: Interruption::default(),
            log: true,
            author: author::of_process(),
            edited: Edited::default(),
            missing: Missing::default(),
            dry_run: false,
            report_statements: false,
            target: Target {
                package: String::new(),
                schema: None,
                fresh: Fresh::default(),
                baseline: "base".to_owned(),
                ahead: Ahead::default(),
                expected: None,
            },
            schema: Schemas::default(),
            fresh: BTreeMap::new(),
            base: Schemas::default(),
            observer: Arc::new(log),
        }
    }

    /// Sets the version table; `alembic_version` by default.
    #[must_use]
    pub fn version_table(mut self, table: VersionTable) -> Self {
        self.version_table = table;
        self
    }

    /// Sets how much one transaction covers; the whole run by default.
    #[must_use]
    pub fn transaction(mut self, mode: TransactionMode) -> Self {
        self.transaction = mode;
        self
    }

    /// Sets how long to wait for a lock that another session holds; 30 seconds by default.
    ///
    /// On SQLite this replaces the connection's own busy timeout while a command runs. A busy
    /// handler of the connection is removed, since SQLite cannot return it.
    ///
    /// On PostgreSQL it limits both the wait for another migrator and the retries of a transaction
    /// whose statements meet the locks of other sessions.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Sets the treatment of a statement outside of transactions that may have taken effect,
    /// because the run that began it did not record its end; an error by default.
    #[must_use]
    pub fn interruption(mut self, interruption: Interruption) -> Self {
        self.interruption = interruption;
        self
    }

    /// Sets whether a table next to the version table records what is applied, when and by whom; it
    /// does by default.
    ///
    /// It finds revisions that never ran although the database is past them, and those that were
    /// edited after they ran. A database without this table is taken as it is. A table that exists is
    /// continued even when this is off, so that it stays true, but nothing is compared with it.
    #[must_use]
    pub fn keep_log(mut self, keep: bool) -> Self {
        self.log = keep;
        self
    }

    /// Sets who the log says applies revisions; by default, the user, the machine and the program of
    /// this process.
    #[must_use]
    pub fn author(mut self, author: Author) -> Self {
        self.author = author;
        self
    }

    /// Sets the treatment of applied revisions whose content is another now; an error by default.
    #[must_use]
    pub fn edited(mut self, edited: Edited) -> Self {
        self.edited = edited;
        self
    }

    /// Sets the treatment of revisions that never ran although the database is past them; an error
    /// by default.
    #[must_use]
    pub fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// Takes everything back at the end of a run instead of committing it; its events tell what it
    /// does. Not by default.
    ///
    /// A revision with a section outside of transactions is refused then.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Sets whether each statement of a revision is sent by itself and reported with its time, as
    /// [`Event::Executed`](crate::Event); it is not by default, since it takes a round trip to the server.
    #[must_use]
    pub fn report_statements(mut self, report: bool) -> Self {
        self.report_statements = report;
        self
    }

    /// Names the crate that the migrations belong to, for reports and log lines.
    #[must_use]
    pub fn package(mut self, name: impl Into<String>) -> Self {
        self.target.package = name.into();
        self
    }

    /// Sets the target schema, SQL that creates the whole schema in an empty database; `path` is
    /// shown when it fails.
    ///
    /// Its tables also decide whether a database without a version table is this crate's.
    #[must_use]
    pub fn schema(mut self, path: impl Into<PathBuf>, sql: impl Into<Arc<str>>) -> Self {
        self.schema.shared = Some(schema(SchemaRole::Target, path, sql));
        self
    }

    /// Sets the target schema for databases of one dialect, instead of what [`schema`](Self::schema)
    /// sets for all of them.
    #[must_use]
    pub fn schema_for(
        mut self,
        dialect: Dialect,
        path: impl Into<PathBuf>,
        sql: impl Into<Arc<str>>,
    ) -> Self {
        let schema = schema(SchemaRole::Target, path, sql);
        self.schema.own.insert(dialect, schema);
        self
    }

    /// Sets what databases hold that are older than the first revision, as SQL that creates it; `path`
    /// is shown when it fails.
    ///
    /// Where the revisions are applied to an empty database, it is created first. A database without a
    /// version table that has some of its tables is taken to have all of them.
    #[must_use]
    pub fn base(mut self, path: impl Into<PathBuf>, sql: impl Into<Arc<str>>) -> Self {
        self.base.shared = Some(schema(SchemaRole::Base, path, sql));
        self
    }

    /// Sets what such databases hold that are of one dialect, instead of what [`base`](Self::base) sets
    /// for all of them.
    #[must_use]
    pub fn base_for(
        mut self,
        dialect: Dialect,
        path: impl Into<PathBuf>,
        sql: impl Into<Arc<str>>,
    ) -> Self {
        let base = schema(SchemaRole::Base, path, sql);
        self.base.own.insert(dialect, base);
        self
    }

    /// Sets how an empty database gets its schema; created whole by default.
    #[must_use]
    pub fn fresh(mut self, fresh: Fresh) -> Self {
        self.target.fresh = fresh;
        self
    }

    /// Sets how an empty database of one dialect gets its schema, instead of what [`fresh`](Self::fresh)
    /// sets for all of them.
    #[must_use]
    pub fn fresh_for(mut self, dialect: Dialect, fresh: Fresh) -> Self {
        self.fresh.insert(dialect, fresh);
        self
    }

    /// Sets the revision at which a database with tables and without a version table is assumed to
    /// be; `base` by default.
    #[must_use]
    pub fn baseline(mut self, revision: impl Into<String>) -> Self {
        self.target.baseline = revision.into();
        self
    }

    /// Sets the treatment of a database that a newer program has migrated; an error by default.
    #[must_use]
    pub fn ahead(mut self, ahead: Ahead) -> Self {
        self.target.ahead = ahead;
        self
    }

    /// Lets [`ensure_database_ready`] compare each database that it has made ready with what
    /// [`replay`](Self::replay) returned, and fail if they differ; by default, it compares nothing.
    ///
    /// What it has applied until then stays.
    #[must_use]
    pub fn verified_against(mut self, expected: Expected) -> Self {
        self.target.expected = Some(Arc::new(expected));
        self
    }

    /// Calls `observer` with every event of a command.
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observer = Arc::new(move |event| {
            log(event);
            observer(event);
        });
        self
    }

    /// Returns the history.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Returns the name of the crate; empty if it has none.
    #[must_use]
    pub fn package_name(&self) -> &str {
        &self.target.package
    }

    /// Returns the version table, as it was set.
    #[must_use]
    pub fn versions_table(&self) -> &VersionTable {
        &self.version_table
    }

    /// Returns the heads: the revisions that no other follows.
    #[must_use]
    pub fn heads(&self) -> Vec<&RevisionId> {
        let graph = self.history.graph();
        graph.heads().map(|node| &graph[node].id).collect()
    }

    /// Returns the runner that plans all commands, for custom drivers and for offline SQL.
    #[must_use]
    pub fn runner(&self, dialect: Dialect) -> Runner<'_> {
        Runner {
            package: self.package_name().to_owned(),
            version_table: self.version_table.on(dialect, self.history.dialects()),
            base: self.base.of(dialect),
            transaction: self.transaction,
            lock_timeout: self.lock_timeout,
            interruption: self.interruption,
            log: self.log,
            author: self.author.clone(),
            edited: self.edited,
            missing: self.missing,
            dry_run: self.dry_run,
            report_statements: self.report_statements,
            ..Runner::new(&self.history, dialect)
        }
    }

    /// Returns the runner for a database, which errors name.
    fn runner_on<'m, 'd>(&'m self, database: &impl Driver<'d>) -> Runner<'m> {
        Runner {
            database: database.name(),
            ..self.runner(database.dialect())
        }
    }

    /// Returns the target of databases of a dialect.
    fn target(&self, dialect: Dialect) -> Target {
        Target {
            schema: self.schema.of(dialect),
            fresh: self
                .fresh
                .get(&dialect)
                .copied()
                .unwrap_or(self.target.fresh),
            ..self.target.clone()
        }
    }
}

/// Makes a database ready for a crate, whatever state it is in, and reports what was done.
///
/// - *Fresh*, without a version table and without tables of this crate: the target schema is created
///   whole and stamped at the heads; without one, the revisions are replayed.
/// - *Legacy*, with tables and without a version table: it is stamped at the baseline, and upgraded.
/// - *Tracked*: pending revisions are applied.
///
/// A database that is current is only read. When several programs start at once, one does the work,
/// and the others wait for it.
///
/// # Errors
///
/// [`RunError`](crate::RunError), which carries the state of the database, and the
/// [kind](crate::RunError::kind) of failure: ahead of this program, busy, unreachable, or a
/// migration that fails.
///
/// ```
/// use alembic_migrate::{Dialect, Migrations, Outcome, ensure_database_ready};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(
/// #     folder.path().join("a.sql"),
/// #     "-- Add users\n-- Revision ID: a1b2\n-- Revises:\n\n\
/// #      -- alembic: upgrade\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n",
/// # )?;
/// # let migrations = Migrations::from_folder(folder.path(), &[Dialect::Sqlite])?;
/// let mut connection = rusqlite::Connection::open_in_memory()?;
/// let first = ensure_database_ready(&mut connection, &migrations)?;
/// assert_eq!(first.outcome, Outcome::Migrated);
/// let second = ensure_database_ready(&mut connection, &migrations)?;
/// assert_eq!(second.outcome, Outcome::Ready);
/// # Ok(())
/// # }
/// ```
pub fn ensure_database_ready<'d, D: Driver<'d>>(
    database: D,
    migrations: &'d Migrations,
) -> D::Output<EnsureReport> {
    migrations.ensure(database)
}

/// Makes a database ready for several crates, in the order of their dependencies, otherwise as
/// given; see [`ensure_database_ready`].
///
/// Each has its own version table, and is a run of its own. The observer of the first one receives the
/// events of all.
///
/// # Errors
///
/// The errors of [`ensure_database_ready`], for the first crate that fails, which
/// [`RunError::package`](crate::RunError::package) names. The crates before it stay ready, and the
/// [state](crate::RunError::state) of the error lists what was applied for them; those after it are as they
/// were. So the application must not start, and the next call continues with the crate that failed.
///
/// What is wrong with the crates as a whole, such as two with the same version table, or a revision that
/// depends on a crate which is not among them, is found before anything is changed; then the error names no
/// crate, or the one whose revision it is.
pub fn ensure_all_ready<'d, D: Driver<'d>>(
    database: D,
    crates: &[&'d Migrations],
) -> D::Output<Vec<EnsureReport>> {
    let dialect = database.dialect();
    let sets = crates.iter().map(|migrations| {
        let runner = migrations.runner_on(&database);
        (runner, migrations.target(dialect))
    });
    let run = ensure_all(sets.collect());
    let observer: &'d Observer = match crates {
        [first, ..] => &*first.observer,
        [] => &log,
    };
    database.drive(run, observer)
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
