//! Statements that begin, end or divide transactions.

use crate::cursor::Cursor;

/// The effect of a statement on the transaction that it is part of.
///
/// `SET TRANSACTION` and other settings do nothing to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionControl {
    /// Begins it.
    Begin,
    /// Ends it, and keeps its changes.
    Commit,
    /// Ends it, and undoes its changes.
    Rollback,
    /// Marks a place in it.
    Savepoint,
    /// Forgets such a place.
    Release,
    /// Undoes the changes since such a place.
    RollbackToSavepoint,
    /// Ends it for this connection, so that any other one can end it for good; PostgreSQL only.
    Prepare,
    /// Commits one that was prepared; PostgreSQL only.
    CommitPrepared,
    /// Rolls back one that was prepared; PostgreSQL only.
    RollbackPrepared,
}

impl TransactionControl {
    /// Reads the transaction control that every dialect has, from its first word in upper case and
    /// the words after it.
    pub(crate) fn read(first: &str, mut words: Cursor<'_>) -> Option<Self> {
        Some(match first {
            "BEGIN" => Self::Begin,
            "COMMIT" | "END" => Self::Commit,
            "ROLLBACK" => {
                words.eat_any(&["TRANSACTION", "WORK"]);
                if words.at("TO") {
                    Self::RollbackToSavepoint
                } else {
                    Self::Rollback
                }
            }
            "SAVEPOINT" => Self::Savepoint,
            "RELEASE" => Self::Release,
            _ => return None,
        })
    }
}
