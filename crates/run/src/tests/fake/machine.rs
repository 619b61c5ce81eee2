//! What requests do to the scripted database, and how they are answered.

use alembic_history::{Dialect, RowChange, VersionTable};

use super::{Fake, PATH_FOUND, Second, clock, in_path};
use crate::Row;
use crate::other_tools;
use crate::request::{
    CatalogTask, ForeignKeyTask, LockTask, Progress, ProgressTask, Task, VersionTask,
};
use crate::tests::revisions::StatementEffect;

const EXISTS: &str = "the table exists";

/// The answer to a request.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// How many rows it changed.
    pub(super) changed: u64,
    /// The rows that it found.
    pub(super) rows: Vec<Row>,
}

fn changed(changed: usize) -> Answer {
    Answer {
        changed: changed as u64,
        rows: Vec::new(),
    }
}

fn found(cells: &[Option<&str>]) -> Answer {
    let cells = cells.iter().map(|cell| cell.map(ToOwned::to_owned));
    Answer {
        changed: 0,
        rows: vec![Row::new(cells.collect())],
    }
}

fn one(cell: &str) -> Answer {
    found(&[Some(cell)])
}

fn flag(is_true: bool) -> Answer {
    one(if is_true { "true" } else { "false" })
}

/// One row for each text.
fn column<'a>(texts: impl IntoIterator<Item = &'a str>) -> Answer {
    let rows = texts.into_iter().flat_map(|text| one(text).rows);
    Answer {
        changed: 0,
        rows: rows.collect(),
    }
}

impl Fake {
    /// Carries out a request.
    pub(super) fn perform(&mut self, task: &Task, sql: &str) -> Answer {
        let is_sqlite = self.dialect == Dialect::Sqlite;
        match task {
            Task::Begin => {
                assert!(!self.is_open() && !self.is_in_transaction, "begun twice");
                if is_sqlite && let Some(content) = self.meanwhile.take() {
                    self.content = content;
                }
                self.before = Some((self.content.clone(), self.path.clone()));
                changed(0)
            }
            Task::FindTransaction => {
                assert!(!self.is_open(), "the run's own transaction is open");
                flag(self.is_in_transaction)
            }
            Task::Commit => {
                assert!(self.before.take().is_some(), "nothing to commit");
                self.inside = false;
                changed(0)
            }
            Task::Rollback => {
                let undone = std::mem::take(&mut self.undone);
                assert!(self.undo() || undone, "nothing to undo");
                changed(0)
            }
            Task::SetForTransaction(key) => {
                assert!(self.is_open(), "settings are to end with a transaction");
                // Besides the lock, each transaction has one of its own.
                assert!(self.keys.contains(&(key ^ 1)), "another lock: {key}");
                self.transactions += 1;
                let is_alone = !self.at_work.contains(&(self.transactions - 1));
                found(&[None, None, Some(if is_alone { "true" } else { "false" })])
            }
            Task::ReadJournalMode => one(self.journal_mode),
            Task::ReadLockTimeout => one(&self.busy_timeout),
            Task::SetLockTimeout(milliseconds) => {
                self.busy_timeout.clone_from(milliseconds);
                changed(0)
            }
            Task::ReadForeignKeys => flag(self.foreign_keys),
            Task::SwitchForeignKeys { on } => {
                // As in SQLite, without effect in a transaction.
                if !self.is_open() {
                    self.foreign_keys = *on;
                }
                changed(0)
            }
            Task::ForeignKeys(task) => self.perform_foreign_keys(*task),
            Task::Catalog(CatalogTask::ListDatabases) => one("main"),
            Task::Catalog(CatalogTask::ListObjects) => Answer::default(),
            Task::FindBroken(task) => panic!("this database has no objects: {task:?}"),
            Task::Alter(_) => panic!("this database has no tables to change"),
            Task::CountChanges => one(&self.content.executed.len().to_string()),
            Task::ReadSettings if is_sqlite => one(if self.foreign_keys { "1" } else { "0" }),
            Task::ReadSettings => found(&[Some("search_path"), Some(&self.path)]),
            Task::RestoreSettings(settings) => {
                for (name, value) in settings {
                    let value = value.clone().expect("it always has a value");
                    match name.as_str() {
                        "search_path" => self.path = value,
                        "foreign_keys" if self.is_open() => {}
                        "foreign_keys" => self.foreign_keys = value == "1",
                        _ => panic!("another setting: {name}"),
                    }
                }
                changed(1)
            }
            Task::SetForWork | Task::RestoreReading => changed(1),
            Task::RestoreModes => changed(0),
            Task::Versions(table, task) => self.perform_versions(table, *task, sql),
            Task::ToolTable(task) => panic!("no other tool has a table here: {task:?}"),
            Task::Log(_) => panic!("this database lets nobody keep a log"),
            Task::Progress(task) => self.perform_progress(task, sql),
            Task::Lock(task) => self.perform_lock(*task),
            Task::FindIndexes(_) => {
                let indexes = self.content.indexes.iter().flat_map(|(name, is_valid)| {
                    let is_valid = if *is_valid { "t" } else { "f" };
                    found(&[Some(&format!("public.{name}")), Some(is_valid)]).rows
                });
                Answer {
                    changed: 0,
                    rows: indexes.collect(),
                }
            }
            Task::ListTables => column(self.tables.iter().copied()),
            Task::SetForDescription => {
                assert!(self.is_open(), "settings are to end with a transaction");
                one("")
            }
            Task::DescribeSchema => one("schema"),
            Task::RunStatement => self.run_statement(sql),
        }
    }

    fn perform_versions(&mut self, table: &VersionTable, task: VersionTask, sql: &str) -> Answer {
        let is_first = table.name == "alembic_version";
        let is_postgres = self.dialect == Dialect::Postgres;
        // A table without its schema may be another schema's.
        assert!(
            table.schema.is_some() == is_postgres
                || task == VersionTask::Find && self.path == PATH_FOUND,
            "another schema is looked at: {table:?}"
        );
        if !matches!(task, VersionTask::Find | VersionTask::Read) {
            self.assert_locked(sql);
        }
        let rows = match is_first {
            true => &mut self.content.rows,
            false => &mut self.content.second,
        };
        let id = |node| self.graphs[&table.name][node].id.as_str();
        match task {
            VersionTask::Find => {
                let kind = rows.as_ref().map(|_| self.kind);
                let has_progress = is_first && self.content.progress.is_some();
                let progress = has_progress.then_some("1");
                let mut tables = self.tables.iter().copied();
                let other_tool = tables.find(|table| is_in(&other_tools::tables(), table));
                match is_postgres {
                    true => found(&[kind, progress, Some("public"), Some("app"), other_tool]),
                    false => found(&[kind, progress, None, None, other_tool]),
                }
            }
            VersionTask::ReadWithLog => panic!("this database lets nobody keep a log"),
            VersionTask::Read => column(rows.iter().flatten().map(String::as_str)),
            VersionTask::Create => {
                assert_eq!(rows.replace(Vec::new()), None);
                changed(0)
            }
            VersionTask::Drop => {
                assert_eq!(rows.take(), Some(Vec::new()));
                changed(0)
            }
            VersionTask::Clear => changed(rows.as_mut().expect(EXISTS).drain(..).count()),
            VersionTask::Change(change) => {
                let rows = rows.as_mut().expect(EXISTS);
                changed(match change {
                    RowChange::Insert(node) => {
                        rows.push(id(node).to_owned());
                        1
                    }
                    RowChange::Delete(node) => rows.extract_if(.., |row| row == id(node)).count(),
                    RowChange::Update { from, to } => {
                        let rows = rows.iter_mut().filter(|row| *row == id(from));
                        rows.map(|row| id(to).clone_into(row)).count()
                    }
                })
            }
        }
    }

    fn perform_progress(&mut self, task: &ProgressTask, sql: &str) -> Answer {
        let reads = [
            ProgressTask::Read,
            ProgressTask::FindProcess,
            ProgressTask::FindOwnProcess,
        ];
        if !reads.contains(task) {
            self.assert_locked(sql);
        }
        let (is_open, rows) = (self.is_open(), &mut self.content.progress);
        match task {
            ProgressTask::Create => {
                assert!(is_open, "a table for nothing");
                assert_eq!(rows.replace(Vec::new()), None);
                changed(0)
            }
            ProgressTask::Drop => {
                assert!(rows.take().is_some(), "{EXISTS}");
                changed(0)
            }
            ProgressTask::Write { progress, is_first } => {
                let written = Progress {
                    since: "2026-01-02 03:04:05.678".to_owned(),
                    process: (self.dialect == Dialect::Postgres).then_some(4711),
                    ..progress.clone()
                };
                let rows = rows.as_mut().expect(EXISTS);
                if *is_first {
                    assert_eq!(*rows, [], "one revision at a time");
                    rows.push(written);
                } else {
                    // The row of another revision goes with the transaction that finishes that one.
                    let of = |row: &Progress| (row.revision.clone(), row.direction.clone());
                    let is_same = rows.iter().all(|row| of(row) == of(&written));
                    assert!(is_same || is_open && written.done == 0, "{rows:?}");
                    rows.fill(written);
                }
                changed(rows.len())
            }
            ProgressTask::Read => {
                let row = rows.as_ref().expect(EXISTS).first();
                row.map_or_else(Answer::default, progress_cells)
            }
            ProgressTask::FindOwnProcess => one("1"),
            ProgressTask::FindProcess => match clock() < self.alive_until {
                true => one("1"),
                false => Answer::default(),
            },
        }
    }

    /// Carries out a request about the rows of `child` that dangle, of which the last ones do.
    fn perform_foreign_keys(&mut self, task: ForeignKeyTask) -> Answer {
        match task {
            ForeignKeyTask::FindDangling => {
                self.dangle = self.dangling.pop().unwrap_or(0);
                match self.dangle {
                    0 => Answer::default(),
                    _ => found(&[Some("child"), Some("0")]),
                }
            }
            ForeignKeyTask::ExplainCheck
            | ForeignKeyTask::ListDatabases
            | ForeignKeyTask::ListIndexes => Answer::default(),
            ForeignKeyTask::ListTables => column(["child", "parent"]),
            ForeignKeyTask::List => {
                let (child, parent) = (Some("child"), Some("parent"));
                found(&[child, Some("0"), parent, Some("parent_id"), None, Some("1")])
            }
            ForeignKeyTask::ReadPrimaryKey => column(["id"]),
            ForeignKeyTask::ReadRows => {
                let rows = (0..self.dangle).map(|row| format!("{row}=9"));
                one(&rows.collect::<Vec<_>>().join(","))
            }
        }
    }

    /// Carries out a request about the lock on the first connection.
    fn perform_lock(&mut self, task: LockTask) -> Answer {
        match task {
            LockTask::Enter | LockTask::Leave => {
                assert!(self.is_open(), "{task:?} is for a transaction");
                return flag(true);
            }
            _ => assert_eq!(self.second, Second::Missing, "{task:?}"),
        }
        match task {
            LockTask::Try(key) => {
                assert!(self.is_open(), "the lock must belong to a transaction");
                self.inside = self.grant(key);
                flag(self.inside)
            }
            LockTask::FindHolder | LockTask::FindBlockers => holder(),
            LockTask::Enter
            | LockTask::Leave
            | LockTask::Begin
            | LockTask::Keep
            | LockTask::Check
            | LockTask::Release => {
                panic!("only for the second connection: {task:?}")
            }
        }
    }

    /// Carries out a request on the second connection, unless its transaction has failed.
    pub(super) fn perform_aside(&mut self, task: LockTask) -> Option<Answer> {
        let (second, answer) = match (task, self.second) {
            (LockTask::Release, Second::Transaction | Second::Granted | Second::Aborted(_)) => {
                (Second::Idle, Answer::default())
            }
            (_, Second::Aborted(_)) => return None,
            (LockTask::Begin, Second::Closed | Second::Idle) => {
                (Second::Transaction, Answer::default())
            }
            (LockTask::Try(key), Second::Transaction) => match self.grant(key) {
                true => (Second::Granted, flag(true)),
                false => (Second::Transaction, flag(false)),
            },
            (LockTask::FindHolder, Second::Idle) => (Second::Idle, holder()),
            (LockTask::Keep | LockTask::Check, Second::Granted) => (Second::Granted, one("1")),
            (task, second) => panic!("unexpected on the second connection, {second:?}: {task:?}"),
        };
        self.second = second;
        Some(answer)
    }

    /// Returns whether the lock is free, and lets time pass that another session used.
    fn grant(&mut self, key: i64) -> bool {
        self.keys.insert(key);
        let granted = clock() >= self.held_until;
        if granted && let Some(content) = self.meanwhile.take() {
            if let Some((before, _)) = &mut self.before {
                before.clone_from(&content);
            }
            self.content = content;
        }
        granted
    }

    fn run_statement(&mut self, sql: &str) -> Answer {
        self.assert_locked(sql);
        let (is_open, content) = (self.before.is_some(), &mut self.content);
        assert!(
            self.dialect == Dialect::Sqlite || is_open || self.second == Second::Granted,
            "executed outside of transactions without the lock: {sql}"
        );
        match StatementEffect::of(sql) {
            Some(StatementEffect::SetPath(path)) => path.clone_into(&mut self.path),
            // As in SQLite, without effect in a transaction.
            Some(StatementEffect::EnforceForeignKeys) => self.foreign_keys |= !is_open,
            Some(StatementEffect::BuildIndex(name)) => {
                assert!(!is_open, "{sql}");
                content.indexes.push((name.to_owned(), true));
                content.executed.push(sql.to_owned());
            }
            Some(StatementEffect::CreateVersions) => content.rows = Some(Vec::new()),
            Some(StatementEffect::AddRow(row)) => {
                content.rows.as_mut().expect(EXISTS).push(row.to_owned());
            }
            Some(StatementEffect::ClearProgress) => {
                content.progress.as_mut().expect(EXISTS).clear();
            }
            None => content.executed.push(in_path(sql, &self.path)),
        }
        changed(1)
    }

    /// On PostgreSQL, nothing is written without the lock.
    fn assert_locked(&self, sql: &str) {
        let is_locked =
            self.inside || matches!(self.second, Second::Granted | Second::Aborted(true));
        assert!(
            self.dialect == Dialect::Sqlite || is_locked || self.second == Second::Lost,
            "executed without the lock: {sql}"
        );
    }
}

/// Returns whether a list of SQL literals holds a name, in any case.
fn is_in(literals: &str, name: &str) -> bool {
    let mut literals = literals.split(", ");
    literals.any(|literal| literal.trim_matches('\'').eq_ignore_ascii_case(name))
}

/// Returns the holder of the lock, if it is another session.
fn holder() -> Answer {
    let cells = ["4712", "shop", "app", "10.0.0.7", "2026-01-02 03:04:05"];
    found(&cells.map(Some))
}

fn progress_cells(row: &Progress) -> Answer {
    let begun = row.is_begun.then(|| (row.done + 1).to_string());
    let process = row.process.map(|process| process.to_string());
    found(&[
        Some(&row.revision),
        Some(&row.direction),
        Some(&row.done.to_string()),
        begun.as_deref(),
        Some(&row.digest),
        Some(&row.since),
        process.as_deref(),
    ])
}
