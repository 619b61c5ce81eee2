//! SQLite: its write lock is its transaction, and foreign keys must be off while tables are rebuilt.

mod alter;
mod broken;
mod catalog;
mod describe;
mod error;
mod foreign_keys;
mod session;
mod tool_tables;
mod versions;

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use alembic_history::{FileStatement, VersionTable};
use alembic_sql::{DropTable, IndexAction, SettingChanges, StatementKind};

use self::session::KeptSession;
use super::{Altered, Conversation, Engine, Execution, Probe, VersionTableLookup};
use crate::action::Action;
use crate::alter::{Means, Numbered};
use crate::broken::{Broken, BrokenObject};
use crate::dangling::{DanglingFault, DanglingRows, ForeignKey, KeyChange, compare};
use crate::database_error::DatabaseError;
use crate::event::Event;
use crate::link::{Link, ROLLBACK, WAITING_TURN};
use crate::policy::Interruption;
use crate::refusal::Refusal;
use crate::refused_request::RefusedRequest;
use crate::request::{Execute, Progress, Query, Task, Watch};
use crate::session_changes::{Reach, SessionChanges};

pub use error::sqlite_error;
pub(crate) use versions::schema_prefix;

/// A connection to SQLite, with the settings to restore.
#[derive(Debug, Default)]
pub(super) struct Sqlite {
    /// The connection's own lock timeout, in milliseconds.
    lock_timeout: Option<String>,
    /// Whether the connection enforced foreign keys.
    foreign_keys: Option<bool>,
    /// The foreign keys that were last reported as ignored.
    reported: Vec<ForeignKey>,
    session: KeptSession,
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
            let settings = self.session.restore_outside(link).await;
            let restored = match self.foreign_keys.take() {
                None => Ok(()),
                Some(found) => link.execute(switch_foreign_keys(found)).await.map(drop),
            };
            if let Some(found) = self.lock_timeout.take() {
                // The command is done, whether or not this works.
                let _ = link.execute(set_lock_timeout(&found)).await;
            }
            settings?;
            Ok(restored?)
        })
    }

    fn locate(&mut self, _found: &VersionTableLookup, _table: &mut VersionTable) {}

    fn has_place(&self, _table: &VersionTable) -> bool {
        true
    }

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
            self.session.restore_outside(link).await?;
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
        link: &'a Link<'_>,
        changes: SessionChanges,
    ) -> Conversation<'a, ()> {
        Box::pin(async move { Ok(self.session.keep(link, &changes).await?) })
    }

    fn restore_session(&self, is_open: bool) -> Vec<Execute<'static>> {
        self.session.restore(is_open)
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

    /// What a pragma defers is not enforced during a run.
    fn restore_modes(&self) -> Option<Execute<'static>> {
        None
    }

    fn undo(&self, kind: &StatementKind) -> Option<String> {
        self.session.undo(kind)
    }

    fn refusal(&self, kind: &StatementKind, is_open: bool) -> Option<Refusal> {
        match kind {
            // SQLite allows it in a transaction that has not written yet: with `OFF`, a later
            // `ROLLBACK` undoes nothing.
            kind if is_open && kind.sets_journal_mode() => Some(Refusal::JournalMode),
            StatementKind::Attach if is_open => Some(Refusal::Attach),
            StatementKind::DropTable(DropTable { cascade: true, .. }) => Some(Refusal::Cascade),
            kind if !is_open && alter::needs_rebuild(kind) => Some(Refusal::NoTransaction),
            _ => None,
        }
    }

    /// No rollback takes back what a pragma has set, so nothing waits for the commit.
    fn find_misread(&self, _statements: &[FileStatement<'_>]) -> Option<usize> {
        None
    }

    fn forget_session(&mut self) {}

    fn reach(&self, kind: &StatementKind) -> Reach {
        session::reach(kind)
    }

    fn alters(&self, kind: &StatementKind) -> Option<Means> {
        alter::means(kind)
    }

    fn alter<'a, 'h>(&'a self, link: &'a Link<'h>, statements: &'a [Numbered<'h>]) -> Altered<'a> {
        Box::pin(alter::alter(link, statements))
    }

    fn find_obstacles<'a>(
        &'a self,
        link: &'a Link<'_>,
        kind: &'a StatementKind,
        error: &'a DatabaseError,
    ) -> Conversation<'a, Vec<BrokenObject>> {
        Box::pin(async move {
            match alter::reads_all_objects(kind) && error.is_generic_sqlite_error() {
                true => Ok(broken::find_uncompiled(link).await?),
                false => Ok(Vec::new()),
            }
        })
    }

    fn losses(&self, kind: &StatementKind) -> Vec<(String, Query)> {
        alter::losses(kind)
    }

    /// The search for rows reads every row that refers to another table, so runs that only create
    /// objects do without it.
    ///
    /// A table or view may be the parent that a key of before was waiting for. No statement of the
    /// run shows such a key, so SQLite is asked whenever one is created; that reads no row.
    fn key_change(&self, kind: &StatementKind) -> KeyChange {
        match kind {
            kind if !kind.only_changes_schema() => KeyChange::Rows,
            StatementKind::CreateTable(_) | StatementKind::View => KeyChange::Keys,
            StatementKind::Index(index) if matches!(index.action, IndexAction::Drop { .. }) => {
                KeyChange::Keys
            }
            _ => KeyChange::None,
        }
    }

    fn find_dangling<'a>(
        &'a mut self,
        link: &'a Link<'_>,
        change: KeyChange,
    ) -> Conversation<'a, Option<DanglingRows>> {
        Box::pin(async move {
            let found = foreign_keys::find_dangling(link, change, None).await?;
            let unenforceable = &found.unenforceable;
            if !unenforceable.is_empty() && self.reported != *unenforceable {
                self.reported.clone_from(unenforceable);
                let keys = unenforceable.clone();
                link.report(Event::ForeignKeysIgnored { keys }).await;
            }
            Ok(Some(found))
        })
    }

    fn compare_dangling<'a>(
        &'a self,
        link: &'a Link<'_>,
        before: &'a DanglingRows,
    ) -> Conversation<'a, Option<DanglingFault>> {
        Box::pin(async move {
            let after =
                foreign_keys::find_dangling(link, before.checked, Some(&before.schemas)).await?;
            if after.rows.is_empty() && after.unenforceable.is_empty() || after == *before {
                return Ok(None);
            }
            let now = foreign_keys::read_schema(link, &after.schemas).await?;
            Ok(compare(before, after, &now))
        })
    }

    fn may_break(&self, kind: &StatementKind) -> bool {
        broken::may_break(kind)
    }

    fn find_broken<'a>(&'a self, link: &'a Link<'_>) -> Conversation<'a, Option<Broken>> {
        Box::pin(async move { Ok(Some(broken::find(link).await?)) })
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

    fn watch(&self) -> Option<Arc<Watch>> {
        None
    }

    fn watch_outside(&self, _process: i32, _sql: &str) -> Option<Arc<Watch>> {
        None
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
    /// A file does not show who works on it.
    fn find_execution<'a>(
        &'a self,
        _link: &'a Link<'_>,
        _progress: &'a Progress,
        policy: Interruption,
    ) -> Conversation<'a, Execution> {
        answer(match policy {
            Interruption::Refuse => Execution::Possible,
            Interruption::Again | Interruption::Skip => Execution::Over,
        })
    }

    fn find_process<'a>(&'a self, _link: &'a Link<'_>) -> Conversation<'a, Option<i32>> {
        answer(None)
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

    fn begin_reading<'a>(&'a self, link: &'a mut Link<'_>) -> Conversation<'a, ()> {
        Box::pin(async move {
            let begin = Execute::new(Task::Begin, "BEGIN").undone_by(ROLLBACK);
            link.execute(begin).await?;
            link.is_open = true;
            Ok(())
        })
    }
}
