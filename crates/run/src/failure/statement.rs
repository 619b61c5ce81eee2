//! Where a statement that failed is, and what it ran in.

use std::path::PathBuf;

use alembic_history::{Position, RevisionId, Span};

/// The location of a statement in the revision files.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatementLocation {
    /// The revision.
    pub revision: RevisionId,
    /// Its file.
    pub path: PathBuf,
    /// The line and column of the statement, or of the part of it that the database reports.
    pub position: Position,
    /// The bytes of the file that hold the statement.
    pub span: Span,
    /// The byte of the file at that position.
    pub offset: usize,
    /// The statement's number among those of its revision in this direction, from 1.
    pub statement: usize,
    /// The statement, in short.
    pub summary: String,
}

/// What a statement that failed ran in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementScope {
    /// Nothing: it was refused before anything of its revision ran.
    Refused,
    /// A transaction.
    Transaction {
        /// Whether other revisions ran in it before.
        is_shared: bool,
    },
    /// A section outside of transactions.
    Outside {
        /// The indexes that it left invalid.
        leftover: Vec<String>,
    },
}

impl StatementScope {
    /// Returns the indexes that the statement left invalid.
    #[must_use]
    pub fn leftover(&self) -> &[String] {
        match self {
            Self::Refused | Self::Transaction { .. } => &[],
            Self::Outside { leftover } => leftover,
        }
    }

    /// Returns whether other revisions ran in the same transaction before the statement.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Refused | Self::Outside { .. } => false,
            Self::Transaction { is_shared } => *is_shared,
        }
    }
}
