//! The connection to the scripted database, and how it refuses requests.

use std::time::Duration;

use alembic_history::Dialect;

use super::{Fake, Second, pass};
use crate::request::Task;
use crate::tests::log::request_line;
use crate::tests::revisions::StatementEffect;
use crate::{Batch, Connection, DatabaseError, DatabaseErrorKind, Execute, Query, Row};

/// How the database refuses a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tests) enum Failing {
    Once(DatabaseErrorKind),
    /// And undoes the transaction by itself, on SQLite.
    Undoing,
    /// Another session holds a lock, for so many requests of the same kind.
    Busy(usize),
    /// And refuses to roll back, too.
    AlsoRollback,
    /// Since a foreign key cannot be enforced, from now on.
    Mismatch,
    /// The connection is gone, and it is unknown whether the request took effect.
    Lost {
        took_effect: bool,
    },
}

/// A statement that the database refuses.
pub(in crate::tests) const REFUSED: Failing = Failing::Once(DatabaseErrorKind::Other);

/// Each way to refuse; no one waits for as long as the last one.
pub(in crate::tests) const FAILINGS: [Failing; 7] = [
    REFUSED,
    Failing::Undoing,
    Failing::AlsoRollback,
    Failing::Lost { took_effect: false },
    Failing::Lost { took_effect: true },
    Failing::Busy(1),
    Failing::Busy(usize::MAX),
];

impl Failing {
    fn error(self) -> DatabaseError {
        let refused = |kind| DatabaseError::new(kind, "refused");
        match self {
            Self::Once(kind) => refused(kind),
            Self::Undoing | Self::AlsoRollback => refused(DatabaseErrorKind::Other),
            Self::Mismatch => {
                let message = "foreign key mismatch - \"a\" referencing \"b\"";
                DatabaseError::new(DatabaseErrorKind::Other, message).with_code("1")
            }
            Self::Busy(_) => {
                pass(Duration::from_secs(1));
                refused(DatabaseErrorKind::Busy)
            }
            Self::Lost { .. } => lost(),
        }
    }
}

fn lost() -> DatabaseError {
    DatabaseError::new(DatabaseErrorKind::ConnectionLost, "the connection was lost")
}

impl Connection for Fake {
    fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        let (task, sql) = (&statement.task, statement.sql());
        self.answer(task, sql, |fake| fake.perform(task, sql).changed)
    }

    fn query(&mut self, query: &Query) -> Result<Vec<Row>, DatabaseError> {
        let (task, sql) = (&query.task, query.sql());
        self.answer(task, sql, |fake| fake.perform(task, sql).rows)
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
        let name = format!("aside {}", request_line(&query.task, "", &self.graphs));
        self.log.push(name.as_str());
        if self.second == Second::Missing {
            return Ok(None);
        }
        let failing = self.failing(&name);
        if self.second == Second::Lost {
            return Err(lost());
        }
        if let Some(failing) = failing {
            self.second = match (self.second, failing) {
                (_, Failing::Lost { .. }) => Second::Lost,
                (Second::Transaction, _) => Second::Aborted(false),
                (Second::Granted, _) => Second::Aborted(true),
                (second, _) => second,
            };
            return Err(failing.error());
        }
        let aborted = || DatabaseError::new(DatabaseErrorKind::Other, "the transaction has failed");
        let answer = self.perform_aside(task).ok_or_else(aborted)?;
        Ok(Some(answer.rows))
    }
}

impl Fake {
    /// Answers a request, unless it is one to fail.
    fn answer<T>(
        &mut self,
        task: &Task,
        sql: &str,
        perform: impl FnOnce(&mut Self) -> T,
    ) -> Result<T, DatabaseError> {
        let name = request_line(task, sql, &self.graphs);
        self.log.push(name.as_str());
        let failing = self.failing(&name);
        if self.lost {
            return Err(lost());
        }
        assert!(
            !self.aborted || *task == Task::Rollback,
            "asked in a transaction that has failed: {name}"
        );
        let Some(failing) = failing else {
            return Ok(perform(self));
        };
        if failing == (Failing::Lost { took_effect: true }) {
            perform(self);
        } else if self.leaves_index
            && let Some(StatementEffect::BuildIndex(name)) = StatementEffect::of(sql)
        {
            self.content.indexes.push((name.to_owned(), false));
        }
        match (self.dialect, failing) {
            (_, Failing::Lost { .. }) => {
                self.undo();
                self.lost = true;
            }
            (Dialect::Sqlite, Failing::Undoing) => self.undone = self.undo(),
            // A commit that fails is a rollback.
            (Dialect::Postgres, _) if *task == Task::Commit => self.undone = self.undo(),
            (Dialect::Postgres, _) => self.aborted = self.is_open(),
            (Dialect::Sqlite, _) => {}
        }
        Err(failing.error())
    }

    /// Counts a request, and returns how it is to fail, if it is.
    fn failing(&mut self, name: &str) -> Option<Failing> {
        let number = self.asked;
        self.asked += 1;
        let (at, failing) = self.failing?;
        let again = match (&self.refused, failing) {
            (Some((first, _)), Failing::Busy(times)) => first == name && self.refusals < times,
            (Some((first, _)), Failing::Mismatch) => first == name,
            (Some(_), Failing::AlsoRollback) => name == "roll back",
            (None | Some(_), _) => false,
        };
        if number != at && !again {
            return None;
        }
        let open = self.is_open();
        self.refused.get_or_insert_with(|| (name.to_owned(), open));
        self.refusals += 1;
        self.log.push("-> refused");
        Some(failing)
    }

    /// Undoes the transaction, if one is open.
    pub(in crate::tests) fn undo(&mut self) -> bool {
        self.aborted = false;
        self.inside = false;
        let Some((content, path)) = self.before.take() else {
            return false;
        };
        (self.content, self.path) = (content, path);
        true
    }
}
