//! The differences between databases: each engine has a module with the same functions.

mod lookup;
mod postgres;
mod sqlite;

pub(crate) use lookup::VersionTableLookup;
pub(crate) use postgres::settings::{READING, keep};

use std::future::Future;
use std::pin::Pin;

use alembic_history::{Dialect, Graph, MAX_ID_LENGTH, RevisionId, RowChange, VersionTable};
use alembic_sql::{SettingChanges, StatementKind, literal, quote};

use crate::action::Action;
use crate::dangling::{DanglingFault, DanglingRows};
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::failure::Failure;
use crate::link::Link;
use crate::policy::Interruption;
use crate::refused_request::RefusedRequest;
use crate::request::{Execute, Progress, ProgressTask, Query, Row, Task, VersionTask};
use crate::session_changes::SessionChanges;

pub use sqlite::sqlite_error;

/// A part of a run that an engine carries out on the connection.
pub(crate) type Conversation<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// The catalog's answer about a statement that may have taken effect.
pub(crate) struct Probe {
    /// Whether it did, if the catalog shows it.
    pub(crate) took_effect: Option<bool>,
    pub(crate) text: String,
}

/// Returns the engine of a dialect.
pub(crate) fn engine(dialect: Dialect) -> Box<dyn Engine> {
    match dialect {
        Dialect::Sqlite => Box::new(sqlite::Sqlite::default()),
        Dialect::Postgres => Box::new(postgres::Postgres::default()),
    }
}

/// One kind of database: its requests, and the settings to make and restore on a connection.
pub(crate) trait Engine: Send + Sync {
    // The connection and its settings.

    /// Returns whether after an error in a transaction the database only accepts its rollback.
    fn errors_abort(&self) -> bool;

    /// Prepares the connection; [`close`](Self::close) restores what this sets.
    fn open<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()>;

    /// Restores the settings of the connection that the run has changed.
    fn close<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()>;

    /// Records where the version table is.
    fn locate(&mut self, found: &VersionTableLookup, table: &mut VersionTable);

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

    /// Returns the statement that restores what a statement since then sets, for when the run ends
    /// before its time.
    fn undo(&self, kind: &StatementKind) -> Option<String>;

    /// Restores the same in the open transaction, for the run's own work within a revision, and
    /// returns the statements that set what the revision had set.
    fn suspend_session<'a>(&'a self, link: &'a Link<'_>)
    -> Conversation<'a, Vec<Execute<'static>>>;

    /// Returns the statement to execute after one that may change how the database reads the next
    /// statements, so that it finds the same ends of them as the splitter.
    fn restore_reading(&self, changes: &SettingChanges, is_open: bool) -> Option<Execute<'static>>;

    /// Returns the first of a revision's statements, counted from 0, that the database would read in
    /// another way than it was meant.
    fn find_misread(&self, statements: &[FileStatement<'_>]) -> Option<usize>;

    /// Forgets what the statements may have changed, once it is restored and committed.
    fn forget_session(&mut self);

    /// Returns how far the setting of a statement reaches: a later run that continues there executes
    /// the statement again, since the setting ended with its connection.
    fn reach(&self, kind: &StatementKind) -> Reach;

    // Dangling rows.

    /// Returns whether a statement could leave dangling rows.
    fn may_dangle(&self, kind: &StatementKind) -> bool;

    /// Finds the dangling rows, if there can be any, and reports the foreign keys by which they
    /// cannot be found.
    fn find_dangling<'a>(
        &'a mut self,
        link: &'a Link<'_>,
    ) -> Conversation<'a, Option<DanglingRows>>;

    /// Compares the dangling rows with those `before`.
    fn compare_dangling<'a>(
        &'a self,
        link: &'a Link<'_>,
        before: &'a DanglingRows,
    ) -> Conversation<'a, Option<DanglingFault>>;

    // Statements outside of transactions.

    /// Executes a statement of a revision outside of transactions.
    fn execute_outside<'a, 'h>(
        &'a self,
        link: &'a Link<'h>,
        statement: Execute<'h>,
    ) -> Pin<Box<dyn Future<Output = Result<(), DatabaseError>> + Send + 'a>>;

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

    /// Returns whether the statement that `progress` records as begun may still be running.
    fn may_still_run<'a>(
        &'a self,
        link: &'a Link<'_>,
        progress: &'a Progress,
        policy: Interruption,
    ) -> Conversation<'a, bool>;

    /// Returns what to report about a statement that may still be running.
    fn running(&self) -> Option<&'static str>;

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

    /// Returns whether an error says that a table has no such column.
    fn lacks_column(&self, error: &DatabaseError) -> bool;

    // The version table, exactly Alembic's, and the table of progress next to it.

    /// Returns the query that looks for the version table; [`VersionTableLookup`] reads the answer.
    fn find_versions(&self, table: &VersionTable) -> Query;

    /// Returns the query that reads one of the run's own tables by `select`, and fails instead of
    /// waiting for a lock; `is_open` says whether a transaction is open.
    fn reading(&self, table: &VersionTable, select: String, is_open: bool) -> String;

    /// Returns the operator that compares two texts, which no one but the database can have defined.
    fn equals(&self) -> &'static str;

    /// Returns the process that executes statements, and the time in UTC, as SQL.
    fn process_and_time(&self) -> (&'static str, &'static str);

    /// Returns the query that reads the rows of the version table.
    fn read_versions(&self, table: &VersionTable, is_open: bool) -> Query {
        let select = format!("SELECT version_num FROM {}", table.quoted());
        Query::new(
            Task::Versions(table.clone(), VersionTask::Read),
            self.reading(table, select, is_open),
        )
    }

    /// Returns how many characters of an id a new version table holds, if the database enforces
    /// that.
    fn new_id_limit(&self) -> Option<usize>;

    /// Returns the statement with which the user makes room for ids of `length` characters.
    fn make_room(&self, table: &VersionTable, exists: bool, length: usize) -> String {
        match exists {
            true => {
                let table = table.quoted();
                format!("ALTER TABLE {table} ALTER COLUMN version_num TYPE VARCHAR({length})")
            }
            false => {
                let create = self.create_versions_for(table, length);
                let words: Vec<&str> = create.sql().split_whitespace().collect();
                words.join(" ")
            }
        }
    }

    /// Returns the query that reads them in a transaction that is about to be committed, after all
    /// that waits for the commit.
    fn read_final_versions(&self, table: &VersionTable) -> Query {
        self.read_versions(table, true)
    }

    /// Returns the statement that creates the version table.
    fn create_versions(&self, table: &VersionTable) -> Execute<'static> {
        self.create_versions_for(table, MAX_ID_LENGTH)
    }

    /// Returns the statement that creates a version table for ids of up to `length` characters.
    fn create_versions_for(&self, table: &VersionTable, length: usize) -> Execute<'static> {
        let name = &table.name;
        // Alembic's own name for the constraint, whatever the schema.
        let constraint = quote(&format!("{name}_pkc"));
        let sql = format!(
            "CREATE TABLE {} (\n\tversion_num VARCHAR({length}) NOT NULL, \n\t\
             CONSTRAINT {constraint} PRIMARY KEY (version_num)\n)",
            table.quoted()
        );
        Execute::new(Task::Versions(table.clone(), VersionTask::Create), sql)
    }

    /// Returns the statement that makes one change to the version table; it must change one row.
    fn change_versions(
        &self,
        table: &VersionTable,
        graph: &Graph,
        change: RowChange,
    ) -> Execute<'static> {
        let name = table.quoted();
        let id = |node| literal(graph[node].id.as_str());
        let sql = match change {
            RowChange::Insert(node) => {
                format!("INSERT INTO {name} (version_num) VALUES ({})", id(node))
            }
            RowChange::Delete(node) => {
                let equals = self.equals();
                format!("DELETE FROM {name} WHERE version_num {equals} {}", id(node))
            }
            RowChange::Update { from, to } => format!(
                "UPDATE {name} SET version_num = {} WHERE version_num {} {}",
                id(to),
                self.equals(),
                id(from)
            ),
        };
        let task = VersionTask::Change(change);
        Execute::new(Task::Versions(table.clone(), task), sql)
    }

    /// Returns the statement that removes every row of the version table.
    fn clear_versions(&self, table: &VersionTable) -> Execute<'static> {
        let sql = format!("DELETE FROM {}", table.quoted());
        Execute::new(Task::Versions(table.clone(), VersionTask::Clear), sql)
    }

    /// Returns the statement that drops the version table.
    fn drop_versions(&self, table: &VersionTable) -> Execute<'static> {
        let sql = format!("DROP TABLE {}", table.quoted());
        Execute::new(Task::Versions(table.clone(), VersionTask::Drop), sql)
    }

    /// Returns the statement that creates the table of progress, for one revision.
    fn create_progress(&self, versions: &VersionTable, revision: &RevisionId) -> Execute<'static> {
        let length = revision.length().max(MAX_ID_LENGTH);
        let sql = format!(
            "CREATE TABLE {} (\n\trevision VARCHAR({length}) NOT NULL, \n\t\
             direction VARCHAR(9) NOT NULL, \n\tdone INTEGER NOT NULL, \n\tbegun INTEGER, \n\t\
             digest VARCHAR(16) NOT NULL, \n\tprocess INTEGER, \n\tsince TIMESTAMP NOT NULL\n)",
            versions.progress().quoted()
        );
        Execute::new(Task::Progress(ProgressTask::Create), sql)
    }

    /// Returns the statement that records the progress of a revision: the first time as a new row.
    fn write_progress(
        &self,
        versions: &VersionTable,
        progress: Progress,
        is_first: bool,
    ) -> Execute<'static> {
        let table = versions.progress().quoted();
        let Progress {
            revision,
            direction,
            done,
            is_begun,
            digest,
            ..
        } = &progress;
        let begun = match is_begun {
            true => (done + 1).to_string(),
            false => "NULL".to_owned(),
        };
        let (process, now) = self.process_and_time();
        let sql = if is_first {
            let revision = literal(revision);
            format!(
                "INSERT INTO {table} (revision, direction, done, begun, digest, process, since) \
                 VALUES ({revision}, '{direction}', {done}, {begun}, '{digest}', {process}, {now})"
            )
        } else {
            format!(
                "UPDATE {table} SET done = {done}, begun = {begun}, digest = '{digest}', \
                 process = {process}, since = {now}"
            )
        };
        let task = ProgressTask::Write { progress, is_first };
        Execute::new(Task::Progress(task), sql)
    }

    /// Returns the query that reads the progress of an unfinished revision; [`read_row`] reads its
    /// rows.
    fn read_progress(&self, versions: &VersionTable, is_open: bool) -> Query {
        let table = versions.progress();
        let select = format!(
            "SELECT revision, direction, done, begun, digest, since, process FROM {}",
            table.quoted()
        );
        Query::new(
            Task::Progress(ProgressTask::Read),
            self.reading(&table, select, is_open),
        )
    }

    /// Returns the statement that drops the table of progress.
    fn drop_progress(&self, versions: &VersionTable) -> Execute<'static> {
        let sql = format!("DROP TABLE {}", versions.progress().quoted());
        Execute::new(Task::Progress(ProgressTask::Drop), sql)
    }
}

/// How far the setting of a statement reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It sets nothing for its session.
    Statement,
    /// To the end of its section outside of transactions.
    Section,
    /// To the end of its revision.
    Revision,
}

/// Reads a row of the table of progress.
pub(crate) fn read_row(row: &Row) -> Result<Progress, DatabaseError> {
    Ok(Progress {
        revision: row.text(0)?.to_owned(),
        direction: row.text(1)?.to_owned(),
        done: row.number(2)?,
        is_begun: row.cell(3).is_some(),
        digest: row.text(4)?.to_owned(),
        since: row.text(5)?.to_owned(),
        process: match row.cell(6) {
            None => None,
            Some(_) => Some(row.number(6)?),
        },
    })
}

/// Returns the failure of a request whose answer says that another migrator is running.
fn busy_failure(action: Action, why: &'static str) -> Failure {
    RefusedRequest::new(action, DatabaseError::new(DatabaseErrorKind::Busy, why)).into()
}

#[cfg(test)]
mod tests;
