//! SQLite: its write lock is its transaction, and foreign keys must be off while tables are rebuilt.

mod describe;

use std::future::{Future, ready};
use std::pin::Pin;
use std::time::Duration;

use alembic_history::VersionTable;
use alembic_sql::{SettingChanges, StatementKind, literal, quote};

use super::{Conversation, Engine, Probe, VersionTableLookup};
use crate::action::Action;
use crate::dangling::{DanglingCounts, new_violations};
use crate::database_error::DatabaseError;
use crate::failure::{Failure, Violation};
use crate::link::{Link, ROLLBACK, WAITING_TURN};
use crate::policy::Interruption;
use crate::refusal::Refusal;
use crate::refused_request::{RefusedRequest, attribute_to};
use crate::request::{Execute, Progress, Query, Task, VersionTask};
use crate::session_changes::SessionChanges;

/// A connection to SQLite, with the settings to restore.
#[derive(Debug, Default)]
pub(super) struct Sqlite {
    /// The connection's own lock timeout, in milliseconds.
    lock_timeout: Option<String>,
    /// Whether the connection enforced foreign keys.
    foreign_keys: Option<bool>,
}

/// SQLite's generic error code, which it also returns when it counts dangling rows and a foreign
/// key refers to columns that are not unique.
const SQLITE_ERROR: &str = "1";

fn is_uncountable(refused: &RefusedRequest) -> bool {
    refused.error.code() == Some(SQLITE_ERROR)
}

fn set_lock_timeout<'r>(milliseconds: &str) -> Execute<'r> {
    let task = Task::SetLockTimeout(milliseconds.to_owned());
    Execute::new(task, lock_timeout(milliseconds))
}

fn lock_timeout(milliseconds: &str) -> String {
    format!("PRAGMA busy_timeout = {milliseconds}")
}

fn switch_foreign_keys<'r>(on: bool) -> Execute<'r> {
    Execute::new(Task::SwitchForeignKeys { on }, foreign_keys(on))
}

fn foreign_keys(on: bool) -> &'static str {
    match on {
        true => "PRAGMA foreign_keys = ON",
        false => "PRAGMA foreign_keys = OFF",
    }
}

fn answer<'a, T: Send + 'a>(value: T) -> Conversation<'a, T> {
    Box::pin(ready(Ok(value)))
}

async fn count(link: &Link<'_>) -> Result<DanglingCounts, RefusedRequest> {
    let query = "SELECT \"table\", \"parent\", count(*) FROM pragma_foreign_key_check \
                 GROUP BY 1, 2";
    let rows = link.query(Query::new(Task::CountDangling, query)).await?;
    let mut dangling = DanglingCounts::new();
    for row in rows {
        let cell = |column| row.cell(column).unwrap_or_default().to_owned();
        let rows = row
            .number(2)
            .map_err(attribute_to(Action::CheckForeignKeys))?;
        dangling.insert((cell(0), cell(1)), rows);
    }
    Ok(dangling)
}

impl Engine for Sqlite {
    fn errors_abort(&self) -> bool {
        false
    }

    fn open<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        Box::pin(async move {
            let read = Query::new(Task::ReadLockTimeout, "PRAGMA busy_timeout");
            let found = link.query(read).await?;
            let found = found.first().and_then(|row| row.cell(0));
            // Short waits, so that the run can report them in between.
            let turn = link.lock_timeout.min(WAITING_TURN).as_millis();
            let mut set = set_lock_timeout(&turn.to_string());
            if let Some(found) = found {
                set = set.undone_by(lock_timeout(found));
            }
            link.execute(set).await?;
            self.lock_timeout = found.map(ToOwned::to_owned);
            Ok(())
        })
    }

    fn close<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        Box::pin(async move {
            let restored = match self.foreign_keys.take() {
                None => Ok(()),
                Some(found) => link.execute(switch_foreign_keys(found)).await.map(drop),
            };
            if let Some(found) = self.lock_timeout.take() {
                // The command is done, whether or not this works.
                let _ = link.execute(set_lock_timeout(&found)).await;
            }
            Ok(restored?)
        })
    }

    fn locate(&mut self, _found: &VersionTableLookup, _table: &mut VersionTable) {}

    fn first_action(&self, _error: &DatabaseError, action: Action) -> Action {
        action
    }

    fn hold_foreign_keys<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        Box::pin(async move {
            let read = Query::new(Task::ReadForeignKeys, "PRAGMA foreign_keys");
            let found = link.query(read).await?;
            let is_on = found.first().is_some_and(|row| row.is_true(0));
            if is_on {
                let off = switch_foreign_keys(false).undone_by(foreign_keys(true));
                link.execute(off).await?;
            }
            self.foreign_keys.get_or_insert(is_on);
            Ok(())
        })
    }

    fn begin<'a>(
        &'a mut self,
        link: &'a mut Link<'_>,
        _table: &'a VersionTable,
    ) -> Conversation<'a, ()> {
        Box::pin(async move {
            // A deferred transaction could not wait at its first write: SQLite would fail at once,
            // because another connection may have written since it read.
            let begin = Execute::new(Task::Begin, "BEGIN IMMEDIATE").undone_by(ROLLBACK);
            link.execute_patiently(begin).await?;
            link.is_open = true;
            let mode = Query::new(Task::ReadJournalMode, "PRAGMA journal_mode");
            let mode = link.query(mode).await?;
            if mode.first().and_then(|row| row.cell(0)) == Some("off") {
                return Err(RefusedRequest::new(Action::Begin, Refusal::NoJournal.into()).into());
            }
            Ok(())
        })
    }

    fn commit<'a>(&'a mut self, link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        Box::pin(async move {
            let commit = Execute::new(Task::Commit, "COMMIT");
            link.execute_patiently(commit).await?;
            Ok(())
        })
    }

    fn check_lock<'a>(&'a self, _link: &'a Link<'_>) -> Conversation<'a, ()> {
        answer(())
    }

    fn release<'a>(&'a mut self, _link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        answer(())
    }

    fn locks_outside(&self) -> Option<bool> {
        Some(false)
    }

    fn retried_after(&self, _link: &Link<'_>) -> Option<Duration> {
        None
    }

    fn message_length(&self, _statements: &[Execute<'_>]) -> usize {
        1
    }

    fn keep_session<'a>(
        &'a mut self,
        _link: &'a Link<'_>,
        _changes: SessionChanges,
    ) -> Conversation<'a, ()> {
        answer(())
    }

    fn restore_session(&self, _is_open: bool) -> Vec<Execute<'static>> {
        Vec::new()
    }

    fn restore_for_work(&self) -> Option<Execute<'static>> {
        None
    }

    fn suspend_session<'a>(
        &'a self,
        _link: &'a Link<'_>,
    ) -> Conversation<'a, Vec<Execute<'static>>> {
        answer(Vec::new())
    }

    fn restore_reading(
        &self,
        _changes: &SettingChanges,
        _is_open: bool,
    ) -> Option<Execute<'static>> {
        None
    }

    fn forget_session(&mut self) {}

    fn is_repeated(&self, _kind: &StatementKind) -> bool {
        false
    }

    /// The check reads every row that refers to another table, so runs that only create objects
    /// skip it.
    fn may_dangle(&self, kind: &StatementKind) -> bool {
        !kind.only_changes_schema()
    }

    /// If SQLite cannot count because of the existing schema, the steps are not to blame.
    fn count_dangling<'a>(
        &'a self,
        link: &'a Link<'_>,
    ) -> Conversation<'a, Option<DanglingCounts>> {
        Box::pin(async move {
            match count(link).await {
                Ok(dangling) => Ok(Some(dangling)),
                Err(refused) if is_uncountable(&refused) => Ok(None),
                Err(refused) => Err(refused.into()),
            }
        })
    }

    fn find_violations<'a>(
        &'a self,
        link: &'a Link<'_>,
        before: &'a DanglingCounts,
    ) -> Conversation<'a, Vec<Violation>> {
        Box::pin(async move {
            let after = match count(link).await {
                Ok(after) => after,
                // Before the steps everything could be counted, so they caused it.
                Err(refused) if is_uncountable(&refused) => {
                    return Err(Failure::ForeignKeyMismatch {
                        message: refused.error.to_string(),
                    });
                }
                Err(refused) => return Err(refused.into()),
            };
            if after.is_empty() || after == *before {
                return Ok(Vec::new());
            }
            let query = "SELECT name FROM sqlite_master WHERE type = 'table'";
            let tables = link.query(Query::new(Task::ListTablesNow, query)).await?;
            let tables = tables.iter().filter_map(|row| row.cell(0));
            let tables: Vec<String> = tables.map(ToOwned::to_owned).collect();
            Ok(new_violations(before, &after, &tables))
        })
    }

    /// Outside of a transaction, a statement that meets a lock changes nothing.
    fn execute_outside<'a, 'h>(
        &'a self,
        link: &'a Link<'h>,
        statement: Execute<'h>,
    ) -> Pin<Box<dyn Future<Output = Result<(), DatabaseError>> + Send + 'a>> {
        Box::pin(async move {
            let executed = link.execute_patiently(statement).await;
            executed.map(drop).map_err(|refused| refused.error)
        })
    }

    fn count_changes<'a>(&'a self, link: &'a Link<'_>) -> Conversation<'a, Option<String>> {
        Box::pin(async move {
            let query = Query::new(Task::CountChanges, "SELECT total_changes()");
            let rows = link.query(query).await?;
            Ok(rows
                .first()
                .and_then(|row| row.cell(0))
                .map(ToOwned::to_owned))
        })
    }

    /// With the conflict clause `FAIL`, the changes made so far stay.
    fn may_be_done<'a>(
        &'a self,
        link: &'a Link<'_>,
        _kind: &'a StatementKind,
        before: Option<&'a str>,
    ) -> Conversation<'a, bool> {
        Box::pin(async move {
            let now = self.count_changes(link).await.ok().flatten();
            Ok(now.as_deref() != before)
        })
    }

    fn find_invalid_target<'a>(
        &'a self,
        _link: &'a Link<'_>,
        _kind: &'a StatementKind,
    ) -> Conversation<'a, Option<String>> {
        answer(None)
    }

    fn find_leftover<'a>(
        &'a self,
        _link: &'a Link<'_>,
        _kind: &'a StatementKind,
    ) -> Conversation<'a, Vec<String>> {
        answer(Vec::new())
    }

    fn probe<'a>(
        &'a self,
        _link: &'a Link<'_>,
        _kind: &'a StatementKind,
    ) -> Conversation<'a, Option<Probe>> {
        answer(None)
    }

    /// SQLite does not show it; the caller that chooses how to continue knows.
    fn may_still_run<'a>(
        &'a self,
        _link: &'a Link<'_>,
        _progress: &'a Progress,
        policy: Interruption,
    ) -> Conversation<'a, bool> {
        answer(policy == Interruption::Refuse)
    }

    fn running(&self) -> Option<&'static str> {
        None
    }

    fn is_same_table(&self, name: &str, other: &str) -> bool {
        name.eq_ignore_ascii_case(other)
    }

    fn list_tables(&self) -> Query {
        let query = "SELECT name FROM sqlite_master WHERE type = 'table' \
                     AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
        Query::new(Task::ListTables, query)
    }

    fn describe<'a>(
        &'a self,
        link: &'a mut Link<'_>,
        table: &'a VersionTable,
    ) -> Conversation<'a, String> {
        Box::pin(async move {
            let rows = link.query_patiently(describe::query(table)).await?;
            Ok(describe::text(&rows))
        })
    }

    fn find_versions(&self, table: &VersionTable) -> Query {
        let named = format!(
            "name = {} COLLATE NOCASE AND type IN ('table', 'view')",
            literal(&table.name)
        );
        let schema = table
            .schema
            .as_deref()
            .map_or(String::new(), |schema| format!("{}.", quote(schema)));
        let temporary = match &table.schema {
            Some(_) => String::new(),
            // A temporary object would hide the table.
            None => format!(
                "SELECT 'temporary ' || type FROM sqlite_temp_master WHERE {named} UNION ALL "
            ),
        };
        let query = format!(
            "SELECT ({temporary}SELECT type FROM {schema}sqlite_master WHERE {named} LIMIT 1), \
             (SELECT 1 FROM {schema}sqlite_master WHERE name = {} COLLATE NOCASE)",
            literal(&table.progress().name)
        );
        Query::new(Task::Versions(table.clone(), VersionTask::Find), query)
    }

    fn new_id_limit(&self) -> Option<usize> {
        // The width of a column has no meaning.
        None
    }

    fn reading(&self, _table: &VersionTable, select: String, _is_open: bool) -> String {
        select
    }

    fn equals(&self) -> &'static str {
        "="
    }

    fn process_and_time(&self) -> (&'static str, &'static str) {
        ("NULL", "CURRENT_TIMESTAMP")
    }
}
