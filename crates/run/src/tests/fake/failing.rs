//! How the scripted database refuses requests.

use std::time::Duration;

use super::{Fake, pass};
use crate::tests::revisions::StatementEffect;
use crate::{DatabaseError, DatabaseErrorKind};
use alembic_history::Dialect;

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
    /// Since a foreign key is declared that can refer to nothing.
    Mismatch,
    /// The connection is gone, and no one is told whether the request took effect.
    Lost {
        happened: bool,
    },
}

/// A statement that the database refuses.
pub(in crate::tests) const REFUSED: Failing = Failing::Once(DatabaseErrorKind::Other);

/// Each way to refuse; no one waits for as long as the last one.
pub(in crate::tests) const FAILINGS: [Failing; 7] = [
    REFUSED,
    Failing::Undoing,
    Failing::AlsoRollback,
    Failing::Lost { happened: false },
    Failing::Lost { happened: true },
    Failing::Busy(1),
    Failing::Busy(usize::MAX),
];

impl Failing {
    pub(super) fn error(self) -> DatabaseError {
        let (kind, message) = match self {
            Self::Lost { .. } => return lost(),
            Self::Once(kind) => (kind, "refused"),
            Self::Undoing | Self::AlsoRollback => (DatabaseErrorKind::Other, "refused"),
            Self::Mismatch => {
                let message = "foreign key mismatch - \"a\" referencing \"b\"";
                return DatabaseError::new(DatabaseErrorKind::Other, message).with_code("1");
            }
            Self::Busy(_) => {
                pass(Duration::from_secs(1));
                (DatabaseErrorKind::Busy, "refused")
            }
        };
        DatabaseError::new(kind, message)
    }
}

pub(super) fn aborted() -> DatabaseError {
    DatabaseError::new(DatabaseErrorKind::Other, "the transaction has failed")
}

pub(super) fn lost() -> DatabaseError {
    DatabaseError::new(DatabaseErrorKind::ConnectionLost, "the connection was lost")
}

impl Fake {
    /// Answers a request, unless it is one to fail.
    pub(super) fn answer<T>(
        &mut self,
        name: &str,
        sql: &str,
        carry_out: impl FnOnce(&mut Self) -> T,
    ) -> Result<T, DatabaseError> {
        self.log.push(name);
        let failing = self.failing(name);
        if self.lost {
            return Err(lost());
        }
        assert!(
            !self.aborted || name == "roll back",
            "asked in a transaction that has failed: {name}"
        );
        let Some(failing) = failing else {
            return Ok(carry_out(self));
        };
        if failing == (Failing::Lost { happened: true }) {
            carry_out(self);
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
            (Dialect::Postgres, _) if name == "commit" => self.undone = self.undo(),
            (Dialect::Postgres, _) => self.aborted = self.is_open(),
            (Dialect::Sqlite, _) => {}
        }
        Err(failing.error())
    }

    /// Counts a request, and returns how it is to fail, if it is.
    pub(super) fn failing(&mut self, name: &str) -> Option<Failing> {
        let number = self.asked;
        self.asked += 1;
        let (at, failing) = self.failing?;
        let again = self
            .refused
            .as_ref()
            .is_some_and(|(first, _)| match failing {
                Failing::Busy(times) => first == name && self.refusals < times,
                Failing::AlsoRollback => name == "roll back",
                Failing::Once(_) | Failing::Undoing | Failing::Mismatch | Failing::Lost { .. } => {
                    false
                }
            });
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
        match self.before.take() {
            Some((content, path)) => {
                self.content = content;
                self.path = path;
                true
            }
            None => false,
        }
    }
}
