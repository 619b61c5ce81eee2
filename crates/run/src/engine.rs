//! The differences between databases: each engine has a module with the same functions.

mod lookup;
mod own_tables;
mod postgres;
mod sqlite;
mod tool_tables;

pub(crate) use lookup::VersionTableLookup;
pub(crate) use own_tables::OwnTables;
pub(crate) use postgres::constraints::RESTORE_MODES;
pub(crate) use postgres::settings::{OF_LIBRARY, READING, keep};

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use alembic_history::{Dialect, FileStatement, VersionTable};
use alembic_schema::sqlite::Step;
use alembic_sql::{SettingChanges, StatementKind};

use crate::action::Action;
use crate::alter::{Means, Numbered, Unaltered};
use crate::broken::{Broken, BrokenObject};
use crate::dangling::{DanglingFault, DanglingRows, KeyChange};
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::failure::Failure;
use crate::link::Link;
use crate::policy::Interruption;
use crate::refusal::Refusal;
use crate::refused_request::RefusedRequest;
use crate::request::{Execute, Progress, Query, Watch};
use crate::session_changes::{Reach, SessionChanges};

pub(crate) use sqlite::schema_prefix;
pub use sqlite::sqlite_error;
pub(crate) use tool_tables::ToolTables;

/// A part of a run that an engine carries out on the connection.
pub(crate) type Conversation<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// A change of a table; fails with the index of one of its statements.
pub(crate) type Altered<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<Step>, (usize, Unaltered)>> + Send + 'a>>;

/// The catalog's answer about a statement that may have taken effect.
pub(crate) struct Probe {
    /// Whether it did, if the catalog shows it.
    pub(crate) took_effect: Option<bool>,
    pub(crate) text: String,
}

/// What is known about a statement that an earlier run has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Execution {
    /// No one is executing it.
    Over,
    /// Its run may still be executing it.
    Possible,
    /// This process of the server is executing it, or hides what it does.
    Process(i32),
}

/// Returns the engine of a dialect.
pub(crate) fn engine(dialect: Dialect) -> Box<dyn Engine> {
    match dialect {
        Dialect::Sqlite => Box::new(sqlite::Sqlite::default()),
        Dialect::Postgres => Box::new(postgres::Postgres::default()),
    }
}

/// One kind of database: its requests, and the settings to make and restore on a connection.
pub(crate) trait Engine: OwnTables + ToolTables + Send + Sync {
    // The connection and its settings.

    /// Returns whether after an error in a transaction the database only accepts its rollback.
    fn errors_abort(&self) -> bool;

    /// Prepares the connection; [`close`](Self::close) restores what this sets.
    fn open<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()>;

    /// Restores the settings of the connection that the run has changed.
    fn close<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()>;

    /// Records where the version table is, or would be.
    fn locate(&mut self, found: &VersionTableLookup, table: &mut VersionTable);

    /// Returns whether there is a place where a version table that was looked for is, or could be.
    fn has_place(&self, table: &VersionTable) -> bool;

    /// Returns the action that failed when the very first request failed.
    fn first_action(&self, error: &DatabaseError, action: Action) -> Action;

    // Transactions and locks.

    /// Switches off the enforcement of foreign keys for the next transaction.
    fn hold_foreign_keys<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()>;

    /// Begins a transaction that excludes other migrators.
    fn begin<'a>(
        &'a mut self,
        link: &'a mut Link<'_>,
        table: &'a VersionTable,
    ) -> Conversation<'a, ()>;

    /// Commits, unless the lock is lost: another migrator may then have done the same work.
    fn commit<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()>;

    /// Checks that the lock is still held.
    fn check_lock<'a>(&'a self, link: &'a Link<'_>) -> Conversation<'a, ()>;

    /// Releases the lock.
    fn release<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()>;

    /// Returns whether the lock is also held outside of transactions; `None` if it cannot be, so
    /// that sections outside of transactions are refused.
    fn locks_outside(&self) -> Option<bool>;

    /// Returns how long a statement waits for a lock before its transaction is begun again; `None`
    /// if a transaction takes all its locks at the beginning.
    fn retried_after(&self, link: &Link<'_>) -> Option<std::time::Duration>;

    /// Returns how many of the statements go into one message, at least one.
    fn message_length(&self, statements: &[Execute<'_>]) -> usize;

    // Settings of the session that end with a revision.

    /// Reads the settings that the next statements may change, to restore them afterwards.
    fn keep_session<'a>(
        &'a mut self,
        link: &'a Link<'_>,
        changes: SessionChanges,
    ) -> Conversation<'a, ()>;

    /// Returns the statements that restore what the statements since
    /// [`keep_session`](Self::keep_session) may have changed; `is_open` says whether a transaction
    /// of the run is open.
    fn restore_session(&self, is_open: bool) -> Vec<Execute<'static>>;

    /// Returns the statement that restores the same until the transaction ends, for the run's own
    /// work between statements outside of transactions.
    fn restore_for_work(&self) -> Option<Execute<'static>>;

    /// Returns the statement that restores what a statement sets, if the run ends before its time.
    fn undo(&self, kind: &StatementKind) -> Option<String>;

    /// Restores the same in the open transaction, for the run's own work within a revision, and
    /// returns the statements that set what the revision had set.
    fn suspend_session<'a>(&'a self, link: &'a Link<'_>)
    -> Conversation<'a, Vec<Execute<'static>>>;

    /// Returns the statement to execute after one that may change how the database reads the next
    /// statements, so that it finds the same ends of them as the splitter.
    fn restore_reading(&self, changes: &SettingChanges, is_open: bool) -> Option<Execute<'static>>;

    /// Returns the statement that puts the constraints into the modes that they were declared with,
    /// if the database has such modes.
    fn restore_modes(&self) -> Option<Execute<'static>>;

    /// Returns the reason why a statement is refused, if it is; `is_open` says whether a transaction is
    /// open.
    fn refuses(&self, kind: &StatementKind, is_open: bool) -> Option<Refusal> {
        match kind.is_transaction_control() {
            true => Some(Refusal::TransactionControl),
            false => self.refusal(kind, is_open),
        }
    }

    /// Returns the reason that lies in the database.
    fn refusal(&self, _kind: &StatementKind, _is_open: bool) -> Option<Refusal> {
        None
    }

    /// Returns the reason why a statement cannot be part of a schema, if it cannot.
    fn refuses_in_schema(&self, _sql: &str) -> Option<Refusal> {
        None
    }

    /// Returns the first of a revision's statements, counted from 0, that the database would read in
    /// another way than it was meant.
    fn find_misread(&self, statements: &[FileStatement<'_>]) -> Option<usize>;

    /// Forgets what the statements may have changed, once it is restored and committed.
    fn forget_session(&mut self);

    /// Returns how far the setting of a statement reaches: a run that continues there repeats it.
    fn reach(&self, kind: &StatementKind) -> Reach;

    // Changes of tables.

    /// Returns how the database carries out a statement that changes a table, if the engine can do it
    /// as well.
    fn alters(&self, _kind: &StatementKind) -> Option<Means> {
        None
    }

    /// Carries out statements that change one table, and returns the steps that it took; fails with the
    /// index of one of them.
    fn alter<'a, 'h>(
        &'a self,
        _link: &'a Link<'h>,
        _statements: &'a [Numbered<'h>],
    ) -> Altered<'a> {
        Box::pin(ready(Ok(Vec::new())))
    }

    /// Finds the objects that keep the database from carrying out a statement that has failed in a
    /// transaction, although they have nothing to do with it.
    fn find_obstacles<'a>(
        &'a self,
        _link: &'a Link<'_>,
        _kind: &'a StatementKind,
        _error: &'a DatabaseError,
    ) -> Conversation<'a, Vec<BrokenObject>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    /// Returns what a statement destroys, each with the query for how many there are, as far as the
    /// engine can tell.
    fn losses(&self, _kind: &StatementKind) -> Vec<(String, Query)> {
        Vec::new()
    }

    // Dangling rows.

    /// Returns what a statement may do to foreign keys.
    fn key_change(&self, kind: &StatementKind) -> KeyChange;

    /// Finds what statements may `change`, if there can be any, and reports the foreign keys that
    /// cannot be enforced.
    fn find_dangling<'a>(
        &'a mut self,
        link: &'a Link<'_>,
        change: KeyChange,
    ) -> Conversation<'a, Option<DanglingRows>>;

    /// Compares the dangling rows with those `before`.
    fn compare_dangling<'a>(
        &'a self,
        link: &'a Link<'_>,
        before: &'a DanglingRows,
    ) -> Conversation<'a, Option<DanglingFault>>;

    // Objects that do not work.

    /// Returns whether a statement may leave objects that do not work.
    fn may_break(&self, _kind: &StatementKind) -> bool {
        false
    }

    /// Finds the objects that do not work, if the database allows any.
    fn find_broken<'a>(&'a self, _link: &'a Link<'_>) -> Conversation<'a, Option<Broken>> {
        Box::pin(ready(Ok(None)))
    }

    // Statements outside of transactions.

    /// Executes a statement of a revision outside of transactions.
    fn execute_outside<'a, 'h>(
        &'a self,
        link: &'a Link<'h>,
        statement: Execute<'h>,
    ) -> Pin<Box<dyn Future<Output = Result<(), DatabaseError>> + Send + 'a>>;

    /// Returns what to ask while a statement of a transaction takes long, if anything can be asked.
    fn watch(&self) -> Option<Arc<Watch>>;

    /// Returns the same for a statement outside of transactions, which a process of the server executes.
    fn watch_outside(&self, process: i32, sql: &str) -> Option<Arc<Watch>>;

    /// Returns how many rows the connection has changed, if it counts them.
    fn count_changes<'a>(&'a self, link: &'a Link<'_>) -> Conversation<'a, Option<String>>;

    /// Returns whether a statement that failed outside of transactions may have taken effect;
    /// `before` is the result of [`count_changes`](Self::count_changes) before it.
    fn may_be_done<'a>(
        &'a self,
        link: &'a Link<'_>,
        kind: &'a StatementKind,
        before: Option<&'a str>,
    ) -> Conversation<'a, bool>;

    /// Returns the invalid index that a statement builds: before the statement, it is in the way,
    /// and after the statement, the build has failed.
    fn find_invalid_target<'a>(
        &'a self,
        link: &'a Link<'_>,
        kind: &'a StatementKind,
    ) -> Conversation<'a, Option<String>>;

    /// Returns the invalid indexes that a statement that failed may have left.
    fn find_leftover<'a>(
        &'a self,
        link: &'a Link<'_>,
        kind: &'a StatementKind,
    ) -> Conversation<'a, Vec<String>>;

    /// Asks the catalog about a statement that may have taken effect.
    fn probe<'a>(
        &'a self,
        link: &'a Link<'_>,
        kind: &'a StatementKind,
    ) -> Conversation<'a, Option<Probe>>;

    /// Finds out whether the statement that `progress` records as begun is being executed.
    fn find_execution<'a>(
        &'a self,
        link: &'a Link<'_>,
        progress: &'a Progress,
        policy: Interruption,
    ) -> Conversation<'a, Execution>;

    /// Finds the process of the server that executes the run's statements.
    fn find_process<'a>(&'a self, link: &'a Link<'_>) -> Conversation<'a, Option<i32>>;

    // The schema.

    /// Returns whether the database takes two names for the same table.
    fn is_same_table(&self, name: &str, other: &str) -> bool;

    /// Returns the query that lists the tables, without the database's internal ones.
    fn list_tables(&self) -> Query;

    /// Describes the schema as text.
    fn describe<'a>(
        &'a self,
        link: &'a mut Link<'_>,
        table: &'a VersionTable,
    ) -> Conversation<'a, String>;

    /// Begins a transaction in which every query finds the same state of the database, and writes
    /// definitions as on any other connection.
    fn begin_reading<'a>(&'a self, link: &'a mut Link<'_>) -> Conversation<'a, ()>;
}

/// Returns the failure of a request whose answer says that another migrator is running.
fn busy_failure(action: Action, why: &'static str) -> Failure {
    RefusedRequest::new(action, DatabaseError::new(DatabaseErrorKind::Busy, why)).into()
}

#[cfg(test)]
mod tests;
