//! Refusals of statements that a run could not undo.

use std::error::Error;
use std::fmt;

use crate::database_error::{DatabaseError, DatabaseErrorKind};

/// The reason why a statement is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It would begin or end a transaction, which is the run's task.
    ///
    /// The files are also checked for this, for the configured dialects.
    TransactionControl,
    /// It would change how SQLite rolls back the open transaction.
    JournalMode,
    /// SQLite could not detach the database before the end of the transaction, so later revisions
    /// would see it.
    Attach,
    /// A backslash was meant to be an escape, but would be itself.
    PlainBackslash,
    /// SQLite keeps no journal for this connection, so it could not roll back.
    NoJournal,
    /// SQLite has no such `ALTER TABLE`, and without a transaction a failure of what takes its place
    /// could not be undone.
    NoTransaction,
    /// SQLite does not know what depends on a table.
    Cascade,
    /// It would change what all databases of a server share, and a schema is that of one.
    WholeServer,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TransactionControl => "transactions are begun and ended by the run itself",
            Self::JournalMode => {
                "journal_mode can only be changed in a no-transaction section, \
                 since a failure could not be undone"
            }
            Self::Attach => {
                "a database can only be attached in a no-transaction section, \
                 since it could not be detached before the end of the transaction"
            }
            Self::PlainBackslash => {
                "standard_conforming_strings is off, but the statements of a revision are read \
                 with it on: write E'...' where a backslash is an escape"
            }
            Self::NoTransaction => {
                "SQLite has no such ALTER TABLE, and a new table in place of the old one needs a \
                 transaction: put the statement into a section without no-transaction"
            }
            Self::Cascade => {
                "SQLite has no CASCADE: drop what depends on the table with statements of its own"
            }
            Self::WholeServer => {
                "it is about the whole server, and a schema is that of one database: let a revision do it"
            }
            Self::NoJournal => {
                "the connection's journal_mode is OFF, so a failure could not be undone"
            }
        })
    }
}

impl Error for Refusal {}

impl From<Refusal> for DatabaseError {
    fn from(refusal: Refusal) -> Self {
        Self::new(DatabaseErrorKind::Other, refusal)
    }
}
