//! Statements that begin, end or divide transactions.

use crate::cursor::Cursor;

/// What a statement does to the transaction that it is part of.
///
/// `SET TRANSACTION` and other settings do nothing to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionControl {
    /// Begins it.
    Begin,
    /// Ends it, and what was done stays.
    Commit,
    /// Ends it, and undoes what was done.
    Rollback,
    /// Marks a place in it.
    Savepoint,
    /// Forgets such a place.
    Release,
    /// Undoes what was done since such a place.
    RollbackToSavepoint,
    /// Ends it for this connection, so that any other one can end it for good; PostgreSQL only.
    Prepare,
    /// Ends, with this result, one that was prepared; PostgreSQL only.
    CommitPrepared,
    /// Ends and undoes one that was prepared; PostgreSQL only.
    RollbackPrepared,
}

impl TransactionControl {
    /// Reads what every dialect has, from its first word in upper case and what follows it.
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
