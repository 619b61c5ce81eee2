//! The connection to the scripted database.

use std::time::Duration;

use alembic_history::{Dialect, VersionTable};

use super::content::{EXISTS, in_path};
use super::second::one;
use super::{Fake, PATH_FOUND, Second, clock, pass};
use crate::request::{Progress, ProgressTask, Task, VersionTask};
use crate::tests::log::request_line;
use crate::tests::revisions::StatementEffect;
use crate::{Batch, Connection, DatabaseError, Execute, Query, Row};

impl Connection for Fake {
    fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        let (task, sql) = (&statement.task, statement.sql());
        let name = request_line(task, sql, &self.graphs);
        self.answer(&name, sql, |fake| fake.change(task, sql))
    }

    fn query(&mut self, query: &Query) -> Result<Vec<Row>, DatabaseError> {
        let (task, sql) = (&query.task, query.sql());
        let name = request_line(task, sql, &self.graphs);
        self.answer(&name, sql, |fake| fake.find(task))
    }

    fn pause(&mut self, pause: Duration) {
        self.log.push("-> pause");
        pass(pause);
    }

    fn execute_all(&mut self, statements: &[Execute<'_>]) -> Option<Batch> {
        assert_eq!(self.dialect, Dialect::Postgres, "SQLite needs no messages");
        if !self.batches {
            return None;
        }
        self.batched.push(statements.len());
        let mut batch = Batch::default();
        for (index, statement) in statements.iter().enumerate() {
            match self.execute(statement) {
                Ok(rows) => batch.changed.push(rows),
                Err(error) => {
                    batch.failed = Some((index, error));
                    break;
                }
            }
        }
        if self.miscounts {
            batch.changed.pop();
        }
        Some(batch)
    }

    fn query_aside(&mut self, query: &Query) -> Result<Option<Vec<Row>>, DatabaseError> {
        assert_eq!(
            self.dialect,
            Dialect::Postgres,
            "SQLite needs no second connection"
        );
        let Task::Lock(task) = query.task else {
            panic!("the second connection is for the lock only: {query:?}");
        };
        let name = request_line(&query.task, query.sql(), &self.graphs);
        self.answer_aside(&format!("aside {name}"), task)
    }
}

impl Fake {
    /// Returns the rows of a query.
    fn find(&mut self, task: &Task) -> Vec<Row> {
        match task {
            Task::FindTransaction => {
                assert!(!self.is_open(), "the run's own transaction is open");
                one(if self.is_in_transaction { "t" } else { "f" })
            }
            Task::ReadJournalMode => one(self.journal_mode),
            Task::ReadLockTimeout => one(&self.busy_timeout),
            Task::ReadForeignKeys => one(if self.foreign_keys { "1" } else { "0" }),
            Task::ReadSearchPath => one(&self.path),
            Task::RestoreSearchPath(path) => {
                path.clone_into(&mut self.path);
                one(path)
            }
            Task::SetForTransaction(key) => {
                // They are to end with the transaction.
                assert!(self.is_open(), "settings for no transaction");
                // Besides the lock, each transaction has one of its own.
                assert!(self.keys.contains(&(key ^ 1)), "another lock: {key}");
                let is_alone = !self.at_work.contains(&self.transactions);
                self.transactions += 1;
                one(if is_alone { "true" } else { "false" })
            }
            Task::CountDangling => {
                let count = self.dangling.pop().unwrap_or("0");
                let cells = ["child", "parent", count].map(|cell| Some(cell.to_owned()));
                vec![Row::new(cells.to_vec())]
            }
            Task::ListTablesNow => [one("child"), one("parent")].concat(),
            Task::ListTables => self.tables.iter().flat_map(|table| one(table)).collect(),
            Task::CountChanges => one(&self.content.executed.len().to_string()),
            Task::Versions(table, VersionTask::Find) => vec![self.find_versions(table)],
            Task::Versions(table, VersionTask::Read) => {
                self.assert_qualified(table);
                let rows = self.content.rows_of(&table.name).iter().flatten();
                rows.flat_map(|row| one(row)).collect()
            }
            Task::Progress(ProgressTask::Read) => {
                let progress = self.content.progress.as_ref().unwrap().iter();
                progress.map(progress_row).collect()
            }
            Task::Progress(ProgressTask::FindProcess) => match clock() < self.alive_until {
                true => one("1"),
                false => Vec::new(),
            },
            Task::Lock(task) => self.answer_inside(*task),
            Task::FindIndexes(_) => {
                let indexes = self.content.indexes.iter().map(|(name, is_valid)| {
                    let is_valid = if *is_valid { "t" } else { "f" };
                    Row::new(vec![
                        Some(format!("public.{name}")),
                        Some(is_valid.to_owned()),
                    ])
                });
                indexes.collect()
            }
            Task::SetForDescription => {
                assert!(self.is_open(), "settings for no transaction");
                one("")
            }
            Task::DescribeSchema => vec![Row::new(vec![Some("schema".to_owned()), None])],
            Task::Begin
            | Task::Commit
            | Task::Rollback
            | Task::SetLockTimeout(_)
            | Task::SwitchForeignKeys { .. }
            | Task::Versions(..)
            | Task::Progress(_)
            | Task::RunStatement => panic!("not a query: {task:?}"),
        }
    }

    fn find_versions(&self, table: &VersionTable) -> Row {
        let rows = self.content.rows_of(&table.name);
        let kind = rows.as_ref().map(|_| self.kind.to_owned());
        let has_progress = table.name == "alembic_version" && self.content.progress.is_some();
        let mut cells = vec![kind, has_progress.then(|| "1".to_owned())];
        if self.dialect == Dialect::Postgres {
            assert!(
                table.schema.is_some() || self.path == PATH_FOUND,
                "another schema is looked at"
            );
            cells.extend(["public", "app"].map(|cell| Some(cell.to_owned())));
        }
        Row::new(cells)
    }

    /// Executes a statement, and returns how many rows it changed.
    fn change(&mut self, task: &Task, sql: &str) -> u64 {
        match task {
            Task::SetLockTimeout(milliseconds) => self.busy_timeout.clone_from(milliseconds),
            // As in SQLite, without effect in a transaction.
            Task::SwitchForeignKeys { on } => {
                if self.before.is_none() {
                    self.foreign_keys = *on;
                }
            }
            Task::Begin => {
                assert_eq!(self.before, None, "a transaction within a transaction");
                assert!(!self.is_in_transaction, "a transaction within another one");
                if self.dialect == Dialect::Sqlite
                    && let Some(content) = self.meanwhile.take()
                {
                    self.content = content;
                }
                self.before = Some((self.content.clone(), self.path.clone()));
            }
            Task::Commit => {
                assert!(self.before.take().is_some(), "nothing to commit");
                self.inside = false;
            }
            Task::Rollback => {
                let undone = std::mem::take(&mut self.undone);
                assert!(self.undo() || undone, "nothing to undo");
            }
            Task::Versions(table, task) => {
                self.assert_locked(sql);
                self.assert_qualified(table);
                let graph = &self.graphs[&table.name];
                return self.content.write_versions(&table.name, *task, graph);
            }
            Task::Progress(task) => {
                self.assert_locked(sql);
                assert!(
                    self.is_open() || *task != ProgressTask::Create,
                    "a table for nothing"
                );
                let process = (self.dialect == Dialect::Postgres).then_some(4711);
                return self.content.write_progress(task, process);
            }
            Task::RunStatement => self.run_statement(sql),
            Task::FindTransaction
            | Task::ReadJournalMode
            | Task::SetForTransaction(_)
            | Task::ReadLockTimeout
            | Task::ReadForeignKeys
            | Task::CountDangling
            | Task::ListTablesNow
            | Task::CountChanges
            | Task::ReadSearchPath
            | Task::RestoreSearchPath(_)
            | Task::Lock(_)
            | Task::FindIndexes(_)
            | Task::ListTables
            | Task::SetForDescription
            | Task::DescribeSchema => panic!("nothing is executed by {task:?}"),
        }
        1
    }

    fn run_statement(&mut self, sql: &str) {
        self.assert_locked(sql);
        assert!(
            self.dialect == Dialect::Sqlite || self.is_open() || self.second == Second::Granted,
            "executed outside of transactions without the lock: {sql}"
        );
        let content = &mut self.content;
        match StatementEffect::of(sql) {
            Some(StatementEffect::SetPath(path)) => path.clone_into(&mut self.path),
            // As in SQLite, without effect in a transaction.
            Some(StatementEffect::EnforceForeignKeys) => {
                self.foreign_keys |= self.before.is_none();
            }
            Some(StatementEffect::BuildIndex(name)) => {
                assert!(self.before.is_none(), "{sql}");
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
    }

    /// On PostgreSQL, nothing is written without the lock.
    fn assert_locked(&self, sql: &str) {
        assert!(
            self.dialect == Dialect::Sqlite || self.is_locked() || self.second == Second::Lost,
            "executed without the lock: {sql}"
        );
    }

    /// On PostgreSQL, a version table without its schema may be another schema's.
    fn assert_qualified(&self, table: &VersionTable) {
        let schema = match self.dialect {
            Dialect::Sqlite => None,
            Dialect::Postgres => Some("public"),
        };
        assert_eq!(table.schema.as_deref(), schema, "{table:?}");
    }
}

fn progress_row(progress: &Progress) -> Row {
    let Progress {
        revision,
        direction,
        done,
        is_begun,
        digest,
        since,
        process,
    } = progress;
    Row::new(vec![
        Some(revision.clone()),
        Some(direction.clone()),
        Some(done.to_string()),
        is_begun.then(|| (done + 1).to_string()),
        Some(digest.clone()),
        Some(since.clone()),
        process.map(|process| process.to_string()),
    ])
}
