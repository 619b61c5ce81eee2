//! What a driver brings to the suite: databases of its engine, and itself.

use std::path::Path;
use std::time::SystemTime;

use alembic_migrate::history::RevisionId;
use alembic_migrate::options::Purge;
use alembic_migrate::report::{
    Ensured, Expected, Inspection, Record, StampReport, Status, Verification,
};
use alembic_migrate::{Dialect, EnsureReport, Migrations, Report, RunError};

/// What a database holds as text, or the bytes of a damaged file.
pub type Content = Result<String, Vec<u8>>;

/// What shows that a database was written to: bytes, and when a file was last modified.
pub type Trace = (Vec<u8>, Option<SystemTime>);

/// A database for one test, and an independent client that looks into it.
pub trait Database: Sized + Send + Sync {
    /// What it speaks.
    const DIALECT: Dialect;

    /// Creates a database with this content.
    fn new(content: &str) -> Self;

    /// Creates a copy of one of the databases in a folder that Python's Alembic made.
    fn restored(folder: &Path, name: &str) -> Self;

    /// Empties the database, and gives it this content.
    fn refill(&mut self, content: &str) {
        *self = Self::new(content);
    }

    /// Returns what a driver needs to open the database, in another process, too.
    fn address(&self) -> String;

    /// Executes statements on a connection of its own.
    fn execute(&self, sql: &str);

    /// Runs a query and returns its rows, one a line, the columns of each joined by `|`.
    fn rows(&self, query: &str) -> String;

    /// Returns everything that the database holds for a client that opens it now, as text. Of an
    /// unfinished revision, it leaves out what differs from run to run.
    fn dump(&self) -> String;

    /// Returns what the log says, a row a line, without what is different in every run.
    fn log(&self) -> String;

    /// Returns everything that two runs of the same command must leave alike.
    fn content(&self) -> Content {
        Ok(self.dump() + &self.log())
    }

    /// Makes everything written so far look old, where that helps to see a write.
    fn age(&self) {}

    /// Returns everything that a write would change.
    fn trace(&self) -> Trace {
        ((self.dump() + &self.log()).into_bytes(), None)
    }
}

/// A connection, or what makes connections, as the driver under test takes it.
///
/// [`commands!`](crate::commands) writes the commands.
pub trait Handle: Send {
    /// Carries out [`Migrations::upgrade`].
    fn upgrade(&mut self, migrations: &Migrations, target: &str) -> Result<Report, RunError>;

    /// Carries out [`Migrations::downgrade`].
    fn downgrade(&mut self, migrations: &Migrations, target: &str) -> Result<Report, RunError>;

    /// Carries out [`Migrations::revert`].
    fn revert(&mut self, migrations: &Migrations, revision: &str) -> Result<Report, RunError>;

    /// Carries out [`Migrations::stamp`].
    fn stamp(
        &mut self,
        migrations: &Migrations,
        targets: &[&str],
        purge: Purge,
    ) -> Result<StampReport, RunError>;

    /// Carries out [`Migrations::current`]; returns the rows, sorted.
    fn current(&mut self, migrations: &Migrations) -> Result<Vec<String>, RunError>;

    /// Carries out [`Migrations::status`].
    fn status(&mut self, migrations: &Migrations) -> Result<Status, RunError>;

    /// Carries out [`Migrations::ensure_version`].
    fn ensure_version(&mut self, migrations: &Migrations) -> Result<Ensured, RunError>;

    /// Carries out [`Migrations::ensure`].
    fn ensure(&mut self, migrations: &Migrations) -> Result<EnsureReport, RunError>;

    /// Carries out [`Migrations::record`].
    fn record(&mut self, migrations: &Migrations) -> Result<Record, RunError>;

    /// Carries out [`Migrations::revert_recorded`].
    fn revert_recorded(
        &mut self,
        migrations: &Migrations,
        record: &Record,
        steps: &[RevisionId],
    ) -> Result<Report, RunError>;

    /// Carries out [`Migrations::describe`].
    fn describe(&mut self, migrations: &Migrations) -> Result<String, RunError>;

    /// Carries out [`Migrations::replay_among`].
    fn replay(
        &mut self,
        migrations: &Migrations,
        revisions: &str,
        others: &[&Migrations],
    ) -> Result<Expected, RunError>;

    /// Carries out [`Migrations::verify`].
    fn verify(
        &mut self,
        migrations: &Migrations,
        expected: &Expected,
    ) -> Result<Verification, RunError>;

    /// Carries out [`Migrations::inspect`].
    fn inspect(&mut self, migrations: &Migrations) -> Result<Inspection, RunError>;

    /// Returns whether nothing of a command is left: no transaction, and no connection of a pool
    /// taken. A lost connection has nothing left.
    fn is_idle(&mut self) -> bool;

    /// Returns the settings that a command must restore; none where each command has a connection
    /// of its own, or the connection is lost.
    fn settings(&mut self) -> Option<String>;

    /// Executes statements on the very connection that commands use.
    ///
    /// # Panics
    ///
    /// When a statement fails, or there is no such connection.
    fn execute(&mut self, sql: &str);

    /// Runs a query on the very connection that commands use, and returns its rows, one a line, the
    /// columns of each joined by `|`.
    ///
    /// # Panics
    ///
    /// When the query fails, or no scenario asks this driver for it.
    fn rows(&mut self, query: &str) -> String {
        panic!("this connection answers no queries: {query}");
    }
}

/// A driver under test.
pub trait Subject: 'static {
    /// The databases that it is tested on.
    type Database: Database;

    /// What it takes.
    type Handle: Handle;

    /// The driver whose results must be equal; itself, where there is no other one for the engine.
    type Reference: Subject<Database = Self::Database>;

    /// Which of the cases it takes in scenarios with many of them; all, unless another kind of
    /// connection of the same library takes the others.
    const SHARE: Share = Share::ALL;

    /// Whether errors say where in a statement they are. Syntax errors always do.
    const PLACES_ERRORS: bool = true;

    /// Opens the database at an [address](Database::address).
    fn open(address: &str) -> Self::Handle;

    /// Opens it so that it cannot be written to.
    fn open_read_only(address: &str) -> Self::Handle;
}

/// A driver that takes a pool of connections, which several callers share.
pub trait PoolSubject: Subject {
    /// Opens a pool of so many connections.
    fn open_pool(address: &str, connections: u32) -> Self::Handle;

    /// Returns another handle on the same pool.
    fn share(handle: &Self::Handle) -> Self::Handle;
}

/// A part of many cases: those whose number leaves `rest` when divided by `of`.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// The remainder.
    pub rest: usize,
    /// The divisor.
    pub of: usize,
}

impl Share {
    /// All cases.
    pub const ALL: Self = Self { rest: 0, of: 1 };

    /// Returns whether this part has the case with this number.
    pub(crate) fn takes(self, case: usize) -> bool {
        case % self.of == self.rest
    }
}

/// Opens a database through the driver under test.
pub(crate) fn open<S: Subject>(database: &S::Database) -> S::Handle {
    S::open(&database.address())
}

/// Returns what makes a new database keep its journal in each way.
pub(crate) fn journals<S: Subject>() -> &'static [&'static str] {
    match S::Database::DIALECT {
        Dialect::Sqlite => &["PRAGMA journal_mode = delete", "PRAGMA journal_mode = wal"],
        Dialect::Postgres => &[""],
    }
}

/// Returns the name of a driver, for messages.
pub(crate) fn name<S: Subject>() -> &'static str {
    let name = std::any::type_name::<S>();
    name.rsplit("::").next().unwrap_or(name)
}

/// Writes the commands of a [`Handle`]: how to get their outcome, and for each kind of handle what
/// the driver takes.
#[macro_export]
macro_rules! commands {
    ($outcome:path; $($handle:pat => $database:expr),+ $(,)?) => {
        fn upgrade(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
            target: &str,
        ) -> Result<::alembic_migrate::Report, ::alembic_migrate::RunError> {
            match self { $($handle => $outcome(migrations.upgrade($database, target)),)+ }
        }

        fn downgrade(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
            target: &str,
        ) -> Result<::alembic_migrate::Report, ::alembic_migrate::RunError> {
            match self { $($handle => $outcome(migrations.downgrade($database, target)),)+ }
        }

        fn revert(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
            revision: &str,
        ) -> Result<::alembic_migrate::Report, ::alembic_migrate::RunError> {
            match self { $($handle => $outcome(migrations.revert($database, revision)),)+ }
        }

        fn stamp(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
            targets: &[&str],
            purge: ::alembic_migrate::options::Purge,
        ) -> Result<::alembic_migrate::report::StampReport, ::alembic_migrate::RunError> {
            match self { $($handle => $outcome(migrations.stamp($database, targets, purge)),)+ }
        }

        fn current(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
        ) -> Result<Vec<String>, ::alembic_migrate::RunError> {
            let current = match self { $($handle => $outcome(migrations.current($database)),)+ };
            current.map(|versions| $crate::answer::rows(&versions))
        }

        fn status(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
        ) -> Result<::alembic_migrate::report::Status, ::alembic_migrate::RunError> {
            match self { $($handle => $outcome(migrations.status($database)),)+ }
        }

        fn ensure_version(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
        ) -> Result<::alembic_migrate::report::Ensured, ::alembic_migrate::RunError> {
            match self { $($handle => $outcome(migrations.ensure_version($database)),)+ }
        }

        fn ensure(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
        ) -> Result<::alembic_migrate::EnsureReport, ::alembic_migrate::RunError> {
            match self { $($handle => $outcome(migrations.ensure($database)),)+ }
        }

        fn record(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
        ) -> Result<::alembic_migrate::report::Record, ::alembic_migrate::RunError> {
            match self { $($handle => $outcome(migrations.record($database)),)+ }
        }

        fn revert_recorded(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
            record: &::alembic_migrate::report::Record,
            steps: &[::alembic_migrate::history::RevisionId],
        ) -> Result<::alembic_migrate::Report, ::alembic_migrate::RunError> {
            match self {
                $($handle => $outcome(migrations.revert_recorded($database, record, steps)),)+
            }
        }

        fn describe(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
        ) -> Result<String, ::alembic_migrate::RunError> {
            match self { $($handle => $outcome(migrations.describe($database)),)+ }
        }

        fn replay(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
            revisions: &str,
            others: &[&::alembic_migrate::Migrations],
        ) -> Result<::alembic_migrate::report::Expected, ::alembic_migrate::RunError> {
            match self {
                $($handle => $outcome(migrations.replay_among($database, revisions, others)),)+
            }
        }

        fn verify(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
            expected: &::alembic_migrate::report::Expected,
        ) -> Result<::alembic_migrate::report::Verification, ::alembic_migrate::RunError> {
            match self { $($handle => $outcome(migrations.verify($database, expected)),)+ }
        }

        fn inspect(
            &mut self,
            migrations: &::alembic_migrate::Migrations,
        ) -> Result<::alembic_migrate::report::Inspection, ::alembic_migrate::RunError> {
            match self { $($handle => $outcome(migrations.inspect($database)),)+ }
        }
    };
}
