//! PostgreSQL: an advisory lock keeps other migrators away, and a server may be far away.

mod describe;
mod index;
mod lock;
mod settings;

use std::future::{Future, ready};
use std::pin::Pin;
use std::time::Duration;

use alembic_history::VersionTable;
use alembic_sql::{StatementKind, literal};

use super::{Conversation, Engine, Probe, SessionChanges, VersionTableLookup, busy_failure};
use crate::action::Action;
use crate::dangling::DanglingCounts;
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::failure::Violation;
use crate::link::Link;
use crate::policy::Interruption;
use crate::request::{Execute, LockTask, Progress, ProgressTask, Query, Task, VersionTask};
use lock::{Lock, begin};

use settings::{SettingLifetime, set};

/// A connection to PostgreSQL, with its lock and the settings to restore.
#[derive(Debug, Default)]
pub(super) struct Postgres {
    /// The lock that keeps other migrators away.
    lock: Lock,
    /// The database's name, once the version table was looked for.
    database: String,
    /// The connection's own search path, until the statements that may set it are committed.
    search_path: Option<String>,
}

/// How long a statement waits for a lock before its transaction is rolled back and begun again:
/// other sessions that need a lock on the same table queue up after it.
const STATEMENT_LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// The most bytes of statements in one message to a server, unless a single statement has more: the
/// server reads all of them before it executes the first, and `pg_stat_activity` shows only the
/// first kilobyte.
const MESSAGE: usize = 16 * 1024;

fn statement_lock_timeout(link: &Link<'_>) -> Duration {
    link.lock_timeout.min(STATEMENT_LOCK_TIMEOUT)
}

fn answer<'a, T: Send + 'a>(value: T) -> Conversation<'a, T> {
    Box::pin(ready(Ok(value)))
}

impl Engine for Postgres {
    fn errors_abort(&self) -> bool {
        true
    }

    fn open<'a>(&'a mut self, _link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        answer(())
    }

    fn close<'a>(&'a mut self, _link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        answer(())
    }

    /// Adds the schema to the version table's name, so that a statement that sets the search path
    /// does not hide the table.
    fn locate(&mut self, found: &VersionTableLookup, table: &mut VersionTable) {
        table.schema.clone_from(&found.schema);
        self.database = found.database.clone().unwrap_or_default();
    }

    /// The first request of all shows whether the server can be reached.
    fn first_action(&self, error: &DatabaseError, action: Action) -> Action {
        match error.kind() {
            DatabaseErrorKind::CannotOpen => Action::Connect,
            _ => action,
        }
    }

    fn hold_foreign_keys<'a>(&'a mut self, _link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        answer(())
    }

    fn begin<'a>(
        &'a mut self,
        link: &'a mut Link<'_>,
        table: &'a VersionTable,
    ) -> Conversation<'a, ()> {
        Box::pin(async move {
            self.take_lock(link, table).await?;
            if !link.is_open {
                begin(link).await?;
            }
            let turn = statement_lock_timeout(link).as_millis().max(1).to_string();
            // Statements outside of transactions must be read the same way, and the connection is
            // our own then.
            let reading = match self.lock {
                Lock::Aside => SettingLifetime::Connection,
                Lock::None | Lock::Inside => SettingLifetime::Transaction,
            };
            let settings = set(&[
                ("lock_timeout", &turn, SettingLifetime::Transaction),
                // Makes the server notice that this program has died.
                (
                    "client_connection_check_interval",
                    "1000",
                    SettingLifetime::Transaction,
                ),
                // Makes it read strings as the splitter does.
                ("standard_conforming_strings", "on", reading),
            ]);
            let (key, alone) = self.keep_away(table);
            let settings = format!("{settings} UNION ALL SELECT {alone}::text");
            let set = Query::new(Task::SetForTransaction(key), settings);
            let answers = link.query(set).await?;
            if answers.iter().any(|row| row.cell(0) == Some("false")) {
                // One of the two migrators has lost the lock.
                self.check_lock(link).await?;
                return Err(busy_failure(
                    Action::Lock,
                    "another migrator has a transaction open",
                ));
            }
            Ok(())
        })
    }

    fn commit<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        Box::pin(async move {
            self.check_lock(link).await?;
            // A commit that fails rolls back at once.
            link.execute(Execute::new(Task::Commit, "COMMIT")).await?;
            Ok(())
        })
    }

    fn check_lock<'a>(&'a self, link: &'a Link<'_>) -> Conversation<'a, ()> {
        match self.lock {
            Lock::None | Lock::Inside => answer(()),
            Lock::Aside => Box::pin(async move {
                let check = Query::new(Task::Lock(LockTask::Check), "SELECT 1");
                link.query_aside(check).await?;
                Ok(())
            }),
        }
    }

    fn release<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        Box::pin(async move {
            if self.lock == Lock::Aside {
                // Otherwise the end of the connection releases the lock.
                let _ = link.query_aside(lock::release()).await;
            }
            self.lock = Lock::None;
            Ok(())
        })
    }

    fn locks_outside(&self) -> Option<bool> {
        match self.lock {
            Lock::None | Lock::Aside => Some(true),
            Lock::Inside => None,
        }
    }

    fn retried_after(&self, link: &Link<'_>) -> Option<Duration> {
        Some(statement_lock_timeout(link))
    }

    fn message_length(&self, statements: &[Execute<'_>]) -> usize {
        let mut bytes = 0;
        let fitting = statements.iter().take_while(|statement| {
            bytes += statement.sql.len();
            bytes <= MESSAGE
        });
        fitting.count().max(1)
    }

    fn keep_session<'a>(
        &'a mut self,
        link: &'a Link<'_>,
        changes: SessionChanges,
    ) -> Conversation<'a, ()> {
        if changes == SessionChanges::None || self.search_path.is_some() {
            return answer(());
        }
        Box::pin(async move {
            let query = "SELECT pg_catalog.current_setting('search_path')";
            let rows = link.query(Query::new(Task::ReadSearchPath, query)).await?;
            self.search_path = rows
                .first()
                .and_then(|row| row.cell(0))
                .map(ToOwned::to_owned);
            Ok(())
        })
    }

    fn has_kept_session(&self) -> bool {
        self.search_path.is_some()
    }

    fn restore_session<'a>(&'a self, link: &'a Link<'_>) -> Conversation<'a, ()> {
        Box::pin(async move {
            let Some(path) = &self.search_path else {
                return Ok(());
            };
            let restore = format!(
                "SELECT pg_catalog.set_config('search_path', {}, false)",
                literal(path)
            );
            let task = Task::RestoreSearchPath(path.clone());
            link.query(Query::new(task, restore)).await?;
            Ok(())
        })
    }

    fn forget_session(&mut self) {
        self.search_path = None;
    }

    fn is_repeated(&self, kind: &StatementKind) -> bool {
        kind.sets_for_session()
    }

    fn may_dangle(&self, _kind: &StatementKind) -> bool {
        false
    }

    fn count_dangling<'a>(
        &'a self,
        _link: &'a Link<'_>,
    ) -> Conversation<'a, Option<DanglingCounts>> {
        answer(None)
    }

    fn find_violations<'a>(
        &'a self,
        _link: &'a Link<'_>,
        _before: &'a DanglingCounts,
    ) -> Conversation<'a, Vec<Violation>> {
        answer(Vec::new())
    }

    fn execute_outside<'a, 'h>(
        &'a self,
        link: &'a Link<'h>,
        statement: Execute<'h>,
    ) -> Pin<Box<dyn Future<Output = Result<(), DatabaseError>> + Send + 'a>> {
        Box::pin(async move {
            let executed = link.execute(statement).await;
            executed.map(drop).map_err(|refused| refused.error)
        })
    }

    fn count_changes<'a>(&'a self, _link: &'a Link<'_>) -> Conversation<'a, Option<String>> {
        answer(None)
    }

    fn may_be_done<'a>(
        &'a self,
        _link: &'a Link<'_>,
        kind: &'a StatementKind,
        _before: Option<&'a str>,
    ) -> Conversation<'a, bool> {
        answer(kind.may_commit())
    }

    fn find_invalid_target<'a>(
        &'a self,
        link: &'a Link<'_>,
        kind: &'a StatementKind,
    ) -> Conversation<'a, Option<String>> {
        Box::pin(index::find_invalid_target(link, kind))
    }

    fn find_leftover<'a>(
        &'a self,
        link: &'a Link<'_>,
        kind: &'a StatementKind,
    ) -> Conversation<'a, Vec<String>> {
        Box::pin(index::find_leftover(link, kind))
    }

    fn probe<'a>(
        &'a self,
        link: &'a Link<'_>,
        kind: &'a StatementKind,
    ) -> Conversation<'a, Option<Probe>> {
        Box::pin(index::probe(link, kind))
    }

    fn may_still_run<'a>(
        &'a self,
        link: &'a Link<'_>,
        progress: &'a Progress,
        _policy: Interruption,
    ) -> Conversation<'a, bool> {
        // The row was written by the same process just before the statement was begun.
        let Some(process) = progress.process else {
            return answer(false);
        };
        Box::pin(async move {
            // The server hides a process's work from some roles.
            let query = format!(
                "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = {process} \
                 AND datname = pg_catalog.current_database() \
                 AND pid <> pg_catalog.pg_backend_pid() AND (state IS NULL OR state = 'active' \
                 AND pg_catalog.abs(extract(epoch FROM (query_start AT TIME ZONE 'UTC') \
                 - {}::timestamp)::numeric) < 60::numeric)",
                literal(&progress.since)
            );
            let task = Task::Progress(ProgressTask::FindProcess);
            let rows = link.query(Query::new(task, query)).await?;
            Ok(!rows.is_empty())
        })
    }

    fn running(&self) -> Option<&'static str> {
        Some("the server is still running it")
    }

    fn is_same_table(&self, name: &str, other: &str) -> bool {
        name == other
    }

    fn list_tables(&self) -> Query {
        // Tables of extensions belong to no crate.
        let query = "SELECT c.relname FROM pg_catalog.pg_class c \
                     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                     WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema() \
                     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
                     WHERE d.classid = 'pg_catalog.pg_class'::regclass::oid AND d.objid = c.oid \
                     AND d.deptype = 'e') ORDER BY 1";
        Query::new(Task::ListTables, query)
    }

    fn describe<'a>(
        &'a self,
        link: &'a mut Link<'_>,
        table: &'a VersionTable,
    ) -> Conversation<'a, String> {
        Box::pin(async move {
            lock::check_no_transaction(link).await?;
            lock::begin_with(link, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
            let turn = statement_lock_timeout(link).as_millis().max(1);
            link.query(describe::settings(turn)).await?;
            let rows = link.query(describe::query(table)).await?;
            Ok(describe::text(&rows))
        })
    }

    fn find_versions(&self, table: &VersionTable) -> Query {
        let schema = match &table.schema {
            Some(schema) => literal(schema),
            None => "pg_catalog.current_schema()".to_owned(),
        };
        let query = format!(
            "SELECT CASE WHEN c.relpersistence = 't' THEN 'temporary ' ELSE '' END || \
             CASE WHEN c.oid IS NULL THEN NULL WHEN c.relkind IN ('r', 'p') THEN 'table' \
             WHEN c.relkind = 'v' THEN 'view' WHEN c.relkind = 'm' THEN 'materialized view' \
             WHEN c.relkind = 'f' THEN 'foreign table' WHEN c.relkind = 'S' THEN 'sequence' \
             WHEN c.relkind IN ('i', 'I') THEN 'index' WHEN c.relkind = 'c' THEN 'type' \
             ELSE 'relation' END, \
             CASE WHEN pg_catalog.to_regclass({}) IS NULL THEN NULL ELSE 1 END, \
             coalesce(n.nspname, {schema}), pg_catalog.current_database() \
             FROM (SELECT pg_catalog.to_regclass({})::oid AS oid) AS t \
             LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid \
             LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace",
            literal(&table.progress().quoted()),
            literal(&table.quoted())
        );
        Query::new(Task::Versions(table.clone(), VersionTask::Find), query)
    }

    /// Inside a transaction, the lock timeout limits the wait. Setting it outside of one would need
    /// another message, or change the settings of a caller's transaction.
    fn reading(&self, table: &VersionTable, select: String, is_open: bool) -> String {
        if is_open {
            return select;
        }
        let table = table.quoted();
        format!("LOCK TABLE {table} IN ACCESS SHARE MODE NOWAIT; {select}")
    }

    fn process_and_time(&self) -> (&'static str, &'static str) {
        (
            "pg_catalog.pg_backend_pid()",
            "pg_catalog.clock_timestamp() AT TIME ZONE 'UTC'",
        )
    }
}

/// Returns whether the one row of an answer is true.
fn is_true(rows: &[crate::request::Row]) -> bool {
    rows.first().is_some_and(|row| row.is_true(0))
}
