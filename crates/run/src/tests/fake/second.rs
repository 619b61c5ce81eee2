//! The second connection to the scripted database, and the lock that keeps other migrators away.

use super::failing::{Failing, aborted, lost};
use super::{Fake, clock};
use crate::request::LockTask;
use crate::{DatabaseError, Row};

/// The second connection, on PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tests) enum Second {
    /// The driver has none.
    Missing,
    Closed,
    Idle,
    Transaction,
    /// A transaction that holds the lock.
    Granted,
    /// A transaction that a request failed in, and whether it holds the lock.
    Aborted(bool),
    Lost,
}

impl Fake {
    /// Answers a request on the second connection; nothing where there is none.
    pub(super) fn answer_aside(
        &mut self,
        name: &str,
        task: LockTask,
    ) -> Result<Option<Vec<Row>>, DatabaseError> {
        self.log.push(name);
        if self.second == Second::Missing {
            return Ok(None);
        }
        let failing = self.failing(name);
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
        let (second, rows) = match (task, self.second) {
            (LockTask::Release, Second::Transaction | Second::Granted | Second::Aborted(_)) => {
                (Second::Idle, Vec::new())
            }
            (_, Second::Aborted(_)) => return Err(aborted()),
            (LockTask::Begin, Second::Closed | Second::Idle) => (Second::Transaction, Vec::new()),
            (LockTask::Try(key), Second::Transaction) => match self.grant(key) {
                true => (Second::Granted, one("t")),
                false => (Second::Transaction, one("f")),
            },
            (LockTask::FindHolder, Second::Idle) => (Second::Idle, holder()),
            (LockTask::Keep, Second::Granted) => (Second::Granted, one("0")),
            (LockTask::Check, Second::Granted) => (Second::Granted, one("1")),
            (task, second) => panic!("unexpected on the second connection, {second:?}: {task:?}"),
        };
        self.second = second;
        Ok(Some(rows))
    }

    /// Answers a request about the lock that is made on the first connection.
    pub(super) fn answer_inside(&mut self, task: LockTask) -> Vec<Row> {
        match task {
            LockTask::Try(key) => {
                assert!(self.is_open(), "the lock is to belong to a transaction");
                self.inside = self.grant(key);
                one(if self.inside { "t" } else { "f" })
            }
            LockTask::FindHolder => holder(),
            LockTask::Begin | LockTask::Keep | LockTask::Check | LockTask::Release => {
                panic!("not for the first connection: {task:?}")
            }
        }
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

    /// Returns whether this run keeps other migrators away.
    pub(super) fn is_locked(&self) -> bool {
        self.inside || matches!(self.second, Second::Granted | Second::Aborted(true))
    }
}

/// Returns one row of one cell.
pub(super) fn one(cell: &str) -> Vec<Row> {
    vec![Row::new(vec![Some(cell.to_owned())])]
}

/// Returns who holds the lock, when it is another session.
fn holder() -> Vec<Row> {
    let cells = ["4712", "shop", "app", "10.0.0.7", "2026-01-02 03:04:05"];
    let cells = cells.map(|cell| Some(cell.to_owned()));
    vec![Row::new(cells.to_vec())]
}
