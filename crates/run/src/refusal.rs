//! What a run refuses to do, because it could not undo it.

use std::error::Error;
use std::fmt;

use super::{DatabaseError, DatabaseErrorKind};
use alembic_history::Dialect;
use alembic_sql::StatementKind;

/// Why a statement is not executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It would begin or end a transaction, which is for the run to do.
    ///
    /// Reading the files finds this too, for the dialects that it is asked to check.
    TransactionControl,
    /// It would change how SQLite undoes the transaction that is open.
    JournalMode,
    /// SQLite keeps no journal for this connection, so that it could undo nothing.
    NoJournal,
}

impl Refusal {
    /// Returns why `statement` is refused, if it is; `open` tells whether a transaction is open.
    pub(crate) fn of(statement: &str, dialect: Dialect, open: bool) -> Option<Self> {
        match StatementKind::of(statement, dialect) {
            StatementKind::TransactionControl => Some(Self::TransactionControl),
            // SQLite allows it within a transaction that has not written yet: with `OFF`, its
            // `ROLLBACK` then undoes nothing.
            StatementKind::JournalMode if open => Some(Self::JournalMode),
            StatementKind::JournalMode | StatementKind::SchemaOnly | StatementKind::Other => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TransactionControl => "transactions are begun and ended by the run itself",
            Self::JournalMode => {
                "journal_mode can be changed in a no-transaction section only, \
                 since a failure could not be undone"
            }
            Self::NoJournal => {
                "the connection's journal_mode is OFF, so that a failure could not be undone"
            }
        })
    }
}

impl Error for Refusal {}

impl From<Refusal> for DatabaseError {
    fn from(refusal: Refusal) -> Self {
        Self {
            kind: DatabaseErrorKind::Other,
            offset: None,
            code: None,
            source: Box::new(refusal),
        }
    }
}
