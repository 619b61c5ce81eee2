//! The commands on databases.

use std::sync::Arc;

use alembic_history::{History, RevisionId, Versions};
use alembic_run::{
    Ensured, Expected, Inspection, LogEntry, LogReport, Purge, Record, Report, Runner, StampReport,
    Status, Target, Verification,
};

use super::Migrations;
use crate::driver::Driver;
use crate::{Dialect, EnsureReport};

impl Migrations {
    /// Applies the revisions needed to reach `target`, a revision expression such as `heads` or
    /// `+1`.
    ///
    /// When nothing is needed, this only reads.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which carries the state of the database.
    pub fn upgrade<'d, D: Driver<'d>>(&'d self, database: D, target: &str) -> D::Output<Report> {
        let run = self.runner_on(&database).upgrade(target);
        database.drive(run, &*self.observer)
    }

    /// Reverts the revisions above `target`, a revision expression such as `base` or `-1`.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which carries the state of the database. A revision that
    /// cannot be reverted is found before anything is changed.
    pub fn downgrade<'d, D: Driver<'d>>(&'d self, database: D, target: &str) -> D::Output<Report> {
        let run = self.runner_on(&database).downgrade(target);
        database.drive(run, &*self.observer)
    }

    /// Reverts one revision, and every applied revision that depends on it.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which carries the state of the database.
    pub fn revert<'d, D: Driver<'d>>(&'d self, database: D, revision: &str) -> D::Output<Report> {
        let run = self.runner_on(&database).revert(revision);
        database.drive(run, &*self.observer)
    }

    /// Moves the version table to `targets` without running any revision.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which carries the state of the database.
    pub fn stamp<'d, D: Driver<'d>>(
        &'d self,
        database: D,
        targets: &[&str],
        purge: Purge,
    ) -> D::Output<StampReport> {
        let run = self.runner_on(&database).stamp(targets, purge);
        database.drive(run, &*self.observer)
    }

    /// Reads the rows of the version table, whether or not a file explains them.
    ///
    /// Writes nothing, not even the version table.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), when the database cannot be read.
    pub fn current<'d, D: Driver<'d>>(&'d self, database: D) -> D::Output<Versions> {
        let run = self.runner_on(&database).current();
        database.drive(run, &*self.observer)
    }

    /// Reads the log of what was applied, the oldest entry first, and why there is none to read.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), when the database cannot be read.
    pub fn log<'d, D: Driver<'d>>(&'d self, database: D) -> D::Output<LogReport> {
        let run = self.runner_on(&database).log();
        database.drive(run, &*self.observer)
    }

    /// Reads what the log recorded of the revisions of this database: their ways back, and which of
    /// them no file explains.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), when the database cannot be read.
    pub fn record<'d, D: Driver<'d>>(&'d self, database: D) -> D::Output<Record> {
        let run = self.runner_on(&database).record();
        database.drive(run, &*self.observer)
    }

    /// Returns these migrations with another history, such as the one that
    /// [`record`](Self::record) has.
    #[must_use]
    pub fn with_history(&self, history: History) -> Self {
        Self {
            history: Arc::new(history),
            ..self.clone()
        }
    }

    /// Reverts `steps`, in this order, by the ways back that the log recorded: these migrations have
    /// the history of `record`.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which carries the state of the database. Nothing is changed when
    /// others could have written to the log, or when the database has changed since it was read.
    pub fn revert_recorded<'d, D: Driver<'d>>(
        &'d self,
        database: D,
        record: &Record,
        steps: &[RevisionId],
    ) -> D::Output<Report> {
        let runner = self.runner_on(&database);
        database.drive(runner.revert_recorded(record, steps), &*self.observer)
    }

    /// Takes what the files say of these revisions for what is true of the database, and returns the
    /// new entries of the log: a revision that never ran counts as applied, an edited one as applied
    /// as it is now, and one that the files no longer have as reverted.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which carries the state of the database.
    pub fn accept<'d, D: Driver<'d>>(
        &'d self,
        database: D,
        revisions: &[&str],
    ) -> D::Output<Vec<LogEntry>> {
        let run = self.runner_on(&database).accept(revisions);
        database.drive(run, &*self.observer)
    }

    /// Creates an empty version table unless one exists.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which carries the state of the database.
    pub fn ensure_version<'d, D: Driver<'d>>(&'d self, database: D) -> D::Output<Ensured> {
        let run = self.runner_on(&database).ensure_version();
        database.drive(run, &*self.observer)
    }

    /// Makes a database ready, whatever state it is in; see [`ensure_database_ready`](crate::ensure_database_ready).
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which carries the state of the database.
    pub fn ensure<'d, D: Driver<'d>>(&'d self, database: D) -> D::Output<EnsureReport> {
        let dialect = database.dialect();
        let run = self.runner_on(&database).ensure(self.target(dialect));
        database.drive(run, &*self.observer)
    }

    /// Reads the database's revisions and which are pending, without changing anything.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), when the database cannot be read or is ahead of this program.
    pub fn status<'d, D: Driver<'d>>(&'d self, database: D) -> D::Output<Status> {
        let run = self.runner_on(&database).status();
        database.drive(run, &*self.observer)
    }

    /// Reads the schema of a database as data: its tables, their columns, constraints and indexes, and
    /// everything else but the version table and what belongs to it.
    ///
    /// How many queries that takes does not depend on the database.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), when the database cannot be read.
    ///
    /// ```
    /// use alembic_migrate::Migrations;
    /// use alembic_migrate::history::History;
    /// use alembic_migrate::schema::{ObjectId, ObjectKind};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut connection = rusqlite::Connection::open_in_memory()?;
    /// connection.execute_batch("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")?;
    ///
    /// let inspection = Migrations::new(History::default()).inspect(&mut connection)?;
    /// assert!(!inspection.has_version_table);
    /// let users = ObjectId::new(ObjectKind::Table, "", "users");
    /// let columns = inspection.schema.columns(&users);
    /// let (id, name) = columns[1];
    /// assert_eq!(id.to_string(), "column users.name");
    /// assert_eq!(name.data_type, "TEXT");
    /// assert!(name.not_null);
    /// # Ok(())
    /// # }
    /// ```
    pub fn inspect<'d, D: Driver<'d>>(&'d self, database: D) -> D::Output<Inspection> {
        self.inspect_among(database, &[])
    }

    /// Reads the schema of a database that other crates share, as [`inspect`](Self::inspect) does,
    /// without the tables that are known to be theirs.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), when the database cannot be read.
    pub fn inspect_among<'d, D: Driver<'d>>(
        &'d self,
        database: D,
        others: &[&'d Self],
    ) -> D::Output<Inspection> {
        let dialect = database.dialect();
        let runner = self.runner_on(&database);
        let run = runner.inspect(self.target(dialect), others_on(dialect, others));
        database.drive(run, &*self.observer)
    }

    /// Applies revisions in an empty scratch database, and returns what they make: what
    /// [`verify`](Self::verify) compares databases with.
    ///
    /// On SQLite, the scratch database is one in memory; on PostgreSQL, one that was created for this, and
    /// that the caller drops. A database that has tables or a version table is refused.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which carries the state of the scratch database.
    pub fn replay<'d, D: Driver<'d>>(&'d self, scratch: D, revisions: &str) -> D::Output<Expected> {
        self.replay_among(scratch, revisions, &[])
    }

    /// Applies revisions in an empty scratch database, as [`replay`](Self::replay) does, after all those of
    /// other crates, whose tables they may use, in this order.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), which carries the state of the scratch database.
    pub fn replay_among<'d, D: Driver<'d>>(
        &'d self,
        scratch: D,
        revisions: &str,
        others: &[&'d Self],
    ) -> D::Output<Expected> {
        let dialect = scratch.dialect();
        let runner = self.runner_on(&scratch);
        let run = runner.replay(self.target(dialect), others_on(dialect, others), revisions);
        scratch.drive(run, &*self.observer)
    }

    /// Compares the schema of a database with what its revisions make, as a health check does: what was
    /// changed by hand is returned as changes.
    ///
    /// Writes nothing.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), when the database cannot be read; what differs is not an error.
    ///
    /// ```
    /// use alembic_migrate::{Dialect, Migrations};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # std::fs::write(
    /// #     folder.path().join("a.sql"),
    /// #     "-- Add users\n-- Revision ID: a1b2\n-- Revises:\n\n\
    /// #      -- alembic: upgrade\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n",
    /// # )?;
    /// # let migrations = Migrations::from_folder(folder.path(), &[Dialect::Sqlite])?;
    /// let mut scratch = rusqlite::Connection::open_in_memory()?;
    /// let expected = migrations.replay(&mut scratch, "heads")?;
    ///
    /// # let mut connection = rusqlite::Connection::open_in_memory()?;
    /// migrations.upgrade(&mut connection, "heads")?;
    /// assert!(migrations.verify(&mut connection, &expected)?.is_sound());
    ///
    /// connection.execute_batch("ALTER TABLE users ADD COLUMN name TEXT")?;
    /// let found = migrations.verify(&mut connection, &expected)?;
    /// assert_eq!(found.drift[0].sentence, "added column users.name");
    /// # Ok(())
    /// # }
    /// ```
    pub fn verify<'d, D: Driver<'d>>(
        &'d self,
        database: D,
        expected: &'d Expected,
    ) -> D::Output<Verification> {
        self.verify_among(database, expected, &[])
    }

    /// Compares the schema of a database that other crates share, as [`verify`](Self::verify) does,
    /// without the tables that are known to be theirs.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), when the database cannot be read.
    pub fn verify_among<'d, D: Driver<'d>>(
        &'d self,
        database: D,
        expected: &'d Expected,
        others: &[&'d Self],
    ) -> D::Output<Verification> {
        let dialect = database.dialect();
        let runner = self.runner_on(&database);
        let run = runner.verify(self.target(dialect), others_on(dialect, others), expected);
        database.drive(run, &*self.observer)
    }

    /// Describes the schema of a database, to compare and to show: everything but the version
    /// table, by kind and name, so that identical schemas are identical texts.
    ///
    /// Columns keep their order. The database's internal objects are left out; on PostgreSQL, so
    /// are the objects of extensions, owners and grants. Definitions are as the database keeps
    /// them: on SQLite as they were written, on PostgreSQL in the server's form, with qualified
    /// names.
    ///
    /// # Errors
    ///
    /// [`RunError`](crate::RunError), when the database cannot be read.
    ///
    /// ```
    /// use alembic_migrate::Migrations;
    /// use alembic_migrate::history::History;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut connection = rusqlite::Connection::open_in_memory()?;
    /// connection.execute_batch("CREATE TABLE \"t\" (id INTEGER,\n name TEXT)")?;
    /// assert_eq!(
    ///     Migrations::new(History::default()).describe(&mut connection)?,
    ///     "table t\n  CREATE TABLE t (\n    id INTEGER ,\n    name TEXT\n  )\n"
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn describe<'d, D: Driver<'d>>(&'d self, database: D) -> D::Output<String> {
        let run = self.runner_on(&database).describe();
        database.drive(run, &*self.observer)
    }
}

/// Returns the runners of other crates.
fn others_on<'d>(dialect: Dialect, others: &[&'d Migrations]) -> Vec<(Runner<'d>, Target)> {
    let others = others.iter();
    let runners = others.map(|other| (other.runner(dialect), other.target(dialect)));
    runners.collect()
}
