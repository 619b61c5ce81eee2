//! The requests and events of a run, line by line.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use alembic_history::{Graph, RowChange, VersionTable, join};

use crate::Event;
use crate::request::{
    CatalogTask, ForeignKeyTask, LockTask, Progress, ProgressTask, Task, VersionTask,
};

/// The lines, shared with the observer of a run's events.
#[derive(Debug, Default)]
pub(super) struct Log(Arc<Mutex<Vec<String>>>);

impl Clone for Log {
    fn clone(&self) -> Self {
        Self(Arc::new(Mutex::new(self.lines())))
    }
}

impl Log {
    pub(super) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    pub(super) fn push(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(super) fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// Returns the lines that begin like this.
    pub(super) fn starting_with(&self, start: &str) -> Vec<String> {
        let mut lines = self.lines();
        lines.retain(|line| line.starts_with(start));
        lines
    }
}

/// Writes an event, unless the request that follows says the same.
pub(super) fn event_line(event: &Event) -> Option<String> {
    Some(match event {
        Event::OutsideStatement { .. } => return None,
        Event::StepStarted { done, total, .. } => format!("-> step {} of {total}", done + 1),
        Event::StepFinished { .. } => "-> done".to_owned(),
        Event::Found { package, scenario } => format!("-> {package} is {scenario}"),
        Event::NothingPending { package } => format!("-> nothing is pending for {package}"),
        Event::SchemaCreated { package } => format!("-> the schema of {package} is created"),
        Event::BaseCreated { path } => format!("-> {} is created", path.display()),
        Event::Committed => "-> committed".to_owned(),
        Event::Unfinished { waited, .. } => {
            format!("-> waiting {}s for a statement", waited.as_secs())
        }
        Event::Waiting { waited, holder } => {
            let holder = holder.as_ref().map(|holder| format!(" for {holder}"));
            let holder = holder.unwrap_or_default();
            format!("-> waiting {}s{holder}", waited.as_secs())
        }
        Event::NoConnection { waited } => {
            format!("-> waiting {}s for a connection", waited.as_secs())
        }
        Event::Silence { waited } => format!("-> silence for {}s", waited.as_secs()),
        Event::CommittingValue { before, value } => format!("committing {value} before {before}"),
        Event::ForeignKeysIgnored { keys } => {
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            format!("-> ignoring {}", keys.join(" and "))
        }
        Event::Adopted { applied, .. } => format!("-> adopting {}", join(applied, ", ")),
        Event::LogNotKept { owner, .. } => format!("-> no log, since it is {owner}'s"),
        Event::Edited { revisions } => format!("-> {} edited", revisions.len()),
        Event::Executed(executed) => format!("-> executed {}", executed.sql),
        Event::RowsCopied(copied) => format!("-> copied {} of {}", copied.rows, copied.table),
        Event::TableRebuilt(rebuilt) => format!("-> rebuilt {}", rebuilt.table),
        Event::Retrying { error, retries } => format!("-> retrying {retries}: {error}"),
        Event::Blocked { waited, holders } => {
            format!("-> blocked {}s by {}", waited.as_secs(), holders.len())
        }
        Event::StatementStarted { summary } => format!("-> begins {summary}"),
        Event::Noticed { notice, .. } => format!("-> notice {notice}"),
    })
}

/// Writes the task of a request; a statement of a revision as it is.
pub(super) fn request_line(task: &Task, sql: &str, graphs: &BTreeMap<String, Graph>) -> String {
    match task {
        Task::Begin => "begin".to_owned(),
        Task::FindTransaction => "find transaction".to_owned(),
        Task::ReadJournalMode => "read journal mode".to_owned(),
        Task::SetForTransaction(_) => "set for transaction".to_owned(),
        Task::Commit => "commit".to_owned(),
        Task::Rollback => "roll back".to_owned(),
        Task::ReadLockTimeout => "read lock timeout".to_owned(),
        Task::SetLockTimeout(milliseconds) => format!("set lock timeout {milliseconds}"),
        Task::ReadForeignKeys => "read foreign keys".to_owned(),
        Task::SwitchForeignKeys { on: true } => "switch foreign keys on".to_owned(),
        Task::SwitchForeignKeys { on: false } => "switch foreign keys off".to_owned(),
        Task::ForeignKeys(task) => match task {
            ForeignKeyTask::FindDangling => "find dangling",
            ForeignKeyTask::ExplainCheck => "explain check",
            ForeignKeyTask::ListDatabases => "list databases",
            ForeignKeyTask::ListTables => "list tables now",
            ForeignKeyTask::List => "list foreign keys",
            ForeignKeyTask::ListIndexes => "list unique indexes",
            ForeignKeyTask::ReadPrimaryKey => "read primary key",
            ForeignKeyTask::ReadRows => "read dangling rows",
        }
        .to_owned(),
        Task::Alter(_) => "change a table".to_owned(),
        Task::Catalog(CatalogTask::ListDatabases) => "find databases".to_owned(),
        Task::Catalog(CatalogTask::ListObjects) => "read catalog".to_owned(),
        Task::FindBroken(_) => "find broken objects".to_owned(),
        Task::CountChanges => "count changes".to_owned(),
        Task::SetForWork => "restore for work".to_owned(),
        Task::RestoreReading => "restore reading".to_owned(),
        Task::RestoreModes => "restore modes".to_owned(),
        Task::ReadSettings => "read settings".to_owned(),
        Task::RestoreSettings(settings) => {
            let settings = settings.iter().map(|(name, value)| {
                let value = value.as_deref().unwrap_or("its default");
                format!("{name} to {value}")
            });
            format!("restore {}", settings.collect::<Vec<_>>().join(", "))
        }
        Task::Versions(table, task) => versions_line(table, *task, graphs),
        Task::ToolTable(task) => format!("{task:?} of the table of another tool"),
        Task::Log(task) => format!("{task:?} of the log"),
        Task::Progress(task) => progress_line(task),
        Task::Lock(task) => lock_line(*task).to_owned(),
        Task::FindIndexes(name) => format!("find index {name}"),
        Task::ListTables => "list tables".to_owned(),
        Task::SetForDescription => "set for description".to_owned(),
        Task::DescribeSchema => "describe schema".to_owned(),
        Task::RunStatement => sql.to_owned(),
    }
}

fn versions_line(
    table: &VersionTable,
    task: VersionTask,
    graphs: &BTreeMap<String, Graph>,
) -> String {
    let (name, of) = match table.name.as_str() {
        "alembic_version" => ("versions", String::new()),
        name => (name, format!(" of {name}")),
    };
    let id = |node| &graphs[&table.name][node].id;
    match task {
        VersionTask::Find => match &table.schema {
            Some(schema) => format!("find {name} in {schema}"),
            None => format!("find {name}"),
        },
        VersionTask::Read => format!("read {name}"),
        VersionTask::ReadWithLog => format!("read {name} and log"),
        VersionTask::Create => format!("create {name}"),
        VersionTask::Change(RowChange::Insert(node)) => format!("insert {}{of}", id(node)),
        VersionTask::Change(RowChange::Delete(node)) => format!("delete {}{of}", id(node)),
        VersionTask::Change(RowChange::Update { from, to }) => {
            format!("update {} to {}{of}", id(from), id(to))
        }
        VersionTask::Clear => format!("clear {name}"),
        VersionTask::Drop => format!("drop {name}"),
    }
}

fn progress_line(task: &ProgressTask) -> String {
    match task {
        ProgressTask::Create => "create progress".to_owned(),
        ProgressTask::Read => "read progress".to_owned(),
        ProgressTask::Write { progress, is_first } => {
            let Progress {
                revision,
                direction,
                done,
                is_begun,
                ..
            } = progress;
            let what = match is_first {
                true => format!("record {direction} of {revision}: {done} done"),
                false => format!("record {done} done"),
            };
            match is_begun {
                true => format!("{what}, {} begun", done + 1),
                false => what,
            }
        }
        ProgressTask::Drop => "drop progress".to_owned(),
        ProgressTask::FindProcess => "find process".to_owned(),
        ProgressTask::FindOwnProcess => "find own process".to_owned(),
    }
}

fn lock_line(task: LockTask) -> &'static str {
    match task {
        LockTask::Enter => "enter",
        LockTask::Leave => "leave",
        LockTask::Begin => "begin",
        LockTask::Try(_) => "try lock",
        LockTask::Keep => "keep lock",
        LockTask::Check => "check lock",
        LockTask::FindHolder => "find holder",
        LockTask::FindBlockers => "find blockers",
        LockTask::Release => "release lock",
    }
}
