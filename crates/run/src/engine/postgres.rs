//! PostgreSQL: an advisory lock keeps other migrators away, and a server may be far away.

pub(super) mod constraints;
mod describe;
mod index;
mod literals;
mod lock;
mod message;
mod quote;
pub(super) mod settings;
mod tool_tables;
mod trust;
mod versions;

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use alembic_history::{FileStatement, VersionTable};
use alembic_sql::{SettingChanges, StatementKind, is_about_server, literal};

use super::{Conversation, Engine, Execution, Probe, VersionTableLookup, busy_failure};
use crate::action::Action;
use crate::dangling::{DanglingFault, DanglingRows, KeyChange};
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::link::Link;
use crate::policy::Interruption;
use crate::refusal::Refusal;
use crate::request::{Execute, LockTask, Progress, ProgressTask, Query, Task, Watch};
use crate::session_changes::{Reach, SessionChanges};
use lock::{Lock, begin};
use settings::{SettingLifetime, Settings, WorkSetting, set, watch_connection};

/// A connection to PostgreSQL, with its lock and the settings to restore.
#[derive(Debug, Default)]
pub(super) struct Postgres {
    /// The lock that keeps other migrators away.
    lock: Lock,
    /// The database's name, once the version table was looked for.
    database: String,
    settings: Settings,
    /// What to ask while a statement of a transaction takes long.
    watch: Option<Arc<Watch>>,
}

/// How long a statement waits for a lock before its transaction is rolled back and begun again:
/// other sessions that need a lock on the same table queue up after it.
const STATEMENT_LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the server waits for the next statement of a transaction, in milliseconds; a program that
/// still runs sends it at once.
const IDLE_TIMEOUT: &str = "300000";

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

    fn has_place(&self, table: &VersionTable) -> bool {
        table.schema.is_some()
    }

    /// The first request of all shows whether the server can be reached.
    fn first_action(&self, error: &DatabaseError, action: Action) -> Action {
        match error.kind() {
            DatabaseErrorKind::CannotOpen | DatabaseErrorKind::TooManyConnections => {
                Action::Connect
            }
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
            let mut settings = watch_connection();
            settings.extend([
                WorkSetting::new("lock_timeout", turn),
                // Ends the transaction of a program that no longer answers.
                WorkSetting::new("idle_in_transaction_session_timeout", IDLE_TIMEOUT)
                    .on(settings::NO_IDLE_TIMEOUT),
                // Makes it read strings as the splitter does.
                WorkSetting::new("standard_conforming_strings", "on").lasting(reading),
            ]);
            let (key, alone) = self.keep_away(table);
            let sql = format!(
                "{} UNION ALL SELECT NULL, NULL, {alone}::pg_catalog.text",
                set(&settings)
            );
            let set = Query::new(Task::SetForTransaction(key), sql);
            let answers = link.query(set).await?;
            self.settings.enter(&settings, &answers);
            if answers
                .iter()
                .any(|row| row.cell(0).is_none() && !row.is_true(2))
            {
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
            let committed = link.execute(Execute::new(Task::Commit, "COMMIT")).await;
            link.report_notices_of_commit().await;
            committed?;
            Ok(())
        })
    }

    fn check_lock<'a>(&'a self, link: &'a Link<'_>) -> Conversation<'a, ()> {
        match self.lock {
            Lock::None | Lock::Inside => answer(()),
            Lock::Aside => Box::pin(async move {
                // This takes no snapshot.
                let check = "SHOW transaction_isolation";
                let check = Query::new(Task::Lock(LockTask::Check), check);
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
        message::length(statements)
    }

    fn keep_session<'a>(
        &'a mut self,
        link: &'a Link<'_>,
        changes: SessionChanges,
    ) -> Conversation<'a, ()> {
        let Some(query) = self.settings.expect(changes) else {
            return answer(());
        };
        Box::pin(async move {
            let rows = link.query(Query::new(Task::ReadSettings, query)).await?;
            self.settings.keep(&rows);
            Ok(())
        })
    }

    fn restore_session(&self, is_open: bool) -> Vec<Execute<'static>> {
        let restore = self.settings.restore(is_open);
        let task = || Task::RestoreSettings(self.settings.values(is_open));
        restore
            .map(|sql| Execute::new(task(), sql))
            .into_iter()
            .collect()
    }

    fn restore_for_work(&self) -> Option<Execute<'static>> {
        let restore = self.settings.restore_for_work()?;
        Some(Execute::new(Task::SetForWork, restore))
    }

    fn suspend_session<'a>(
        &'a self,
        link: &'a Link<'_>,
    ) -> Conversation<'a, Vec<Execute<'static>>> {
        Box::pin(async move {
            let restored = self.restore_session(true);
            if restored.is_empty() {
                return Ok(restored);
            }
            let query = Query::new(Task::ReadSettings, self.settings.find_changes());
            let found = link.query(query).await?;
            for statement in restored {
                link.execute(statement).await?;
            }
            let (values, sql) = self.settings.set_again(&found);
            let set = sql.map(|sql| Execute::new(Task::RestoreSettings(values), sql));
            Ok(set.into_iter().collect())
        })
    }

    fn restore_reading(&self, changes: &SettingChanges, is_open: bool) -> Option<Execute<'static>> {
        let restore = self.settings.restore_reading(changes, is_open)?;
        Some(Execute::new(Task::RestoreReading, restore))
    }

    fn restore_modes(&self) -> Option<Execute<'static>> {
        let block = format!("DO $alembic${}$alembic$", constraints::RESTORE_MODES);
        Some(Execute::new(Task::RestoreModes, block))
    }

    fn refuses_in_schema(&self, sql: &str) -> Option<Refusal> {
        is_about_server(sql).then_some(Refusal::WholeServer)
    }

    /// What ends before its time is rolled back, or its connection is closed.
    fn undo(&self, _kind: &StatementKind) -> Option<String> {
        None
    }

    fn find_misread(&self, statements: &[FileStatement<'_>]) -> Option<usize> {
        literals::find_misread(statements)
    }

    fn forget_session(&mut self) {
        self.settings.forget_changes();
    }

    fn reach(&self, kind: &StatementKind) -> Reach {
        match kind.sets_for_session() {
            true => Reach::Revision,
            false => Reach::Statement,
        }
    }

    /// PostgreSQL enforces foreign keys.
    fn key_change(&self, _kind: &StatementKind) -> KeyChange {
        KeyChange::None
    }

    fn find_dangling<'a>(
        &'a mut self,
        _link: &'a Link<'_>,
        _change: KeyChange,
    ) -> Conversation<'a, Option<DanglingRows>> {
        answer(None)
    }

    fn compare_dangling<'a>(
        &'a self,
        _link: &'a Link<'_>,
        _before: &'a DanglingRows,
    ) -> Conversation<'a, Option<DanglingFault>> {
        answer(None)
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

    fn watch(&self) -> Option<Arc<Watch>> {
        self.watch.clone()
    }

    fn watch_outside(&self, process: i32, sql: &str) -> Option<Arc<Watch>> {
        Some(Arc::new(lock::watch_outside(process, sql)))
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

    fn find_execution<'a>(
        &'a self,
        link: &'a Link<'_>,
        progress: &'a Progress,
        _policy: Interruption,
    ) -> Conversation<'a, Execution> {
        // The row was written by the same process just before the statement was begun.
        let Some(process) = progress.process else {
            return answer(Execution::Over);
        };
        Box::pin(async move {
            // The server hides a process's work from some roles.
            let query = format!(
                "SELECT 1 FROM pg_catalog.pg_stat_activity \
                 WHERE pid OPERATOR(pg_catalog.=) {process} \
                 AND datname OPERATOR(pg_catalog.=) pg_catalog.current_database() \
                 AND pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() \
                 AND (state IS NULL OR state OPERATOR(pg_catalog.=) 'active' \
                 AND pg_catalog.age(query_start AT TIME ZONE 'UTC', \
                 pg_catalog.timestamp {since}) OPERATOR(pg_catalog.<) pg_catalog.interval '1 minute' \
                 AND pg_catalog.age(pg_catalog.timestamp {since}, \
                 query_start AT TIME ZONE 'UTC') OPERATOR(pg_catalog.<) \
                 pg_catalog.interval '1 minute')",
                since = literal(&progress.since)
            );
            let task = Task::Progress(ProgressTask::FindProcess);
            let rows = link.query(Query::new(task, query)).await?;
            Ok(match rows.as_slice() {
                [] => Execution::Over,
                _ => Execution::Process(process),
            })
        })
    }

    fn find_process<'a>(&'a self, link: &'a Link<'_>) -> Conversation<'a, Option<i32>> {
        Box::pin(async move {
            let query = "SELECT pg_catalog.pg_backend_pid()";
            let task = Task::Progress(ProgressTask::FindOwnProcess);
            let rows = link.query(Query::new(task, query)).await?;
            Ok(rows.first().and_then(|row| row.number(0).ok()))
        })
    }

    fn is_same_table(&self, name: &str, other: &str) -> bool {
        name == other
    }

    fn list_tables(&self) -> Query {
        // Tables of extensions belong to no crate.
        let query = "SELECT c.relname FROM pg_catalog.pg_class c \
                     JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
                     WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']) \
                     AND n.nspname OPERATOR(pg_catalog.=) pg_catalog.current_schema() \
                     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
                     WHERE d.classid OPERATOR(pg_catalog.=) \
                     pg_catalog.to_regclass('pg_catalog.pg_class')::pg_catalog.oid \
                     AND d.objid OPERATOR(pg_catalog.=) c.oid \
                     AND d.deptype OPERATOR(pg_catalog.=) 'e') ORDER BY 1";
        Query::new(Task::ListTables, query)
    }

    fn describe<'a>(
        &'a self,
        link: &'a mut Link<'_>,
        table: &'a VersionTable,
    ) -> Conversation<'a, String> {
        Box::pin(async move {
            self.begin_reading(link).await?;
            let rows = link.query(describe::query(table)).await?;
            Ok(describe::text(&rows))
        })
    }

    fn begin_reading<'a>(&'a self, link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        Box::pin(async move {
            lock::check_no_transaction(link).await?;
            lock::begin_with(link, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
            let turn = statement_lock_timeout(link).as_millis().max(1);
            link.query(describe::settings(turn)).await?;
            Ok(())
        })
    }
}

/// Returns whether the one row of an answer is true.
fn is_true(rows: &[crate::request::Row]) -> bool {
    rows.first().is_some_and(|row| row.is_true(0))
}
