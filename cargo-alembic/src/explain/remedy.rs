//! Remedies for statements that are right as they are, but not where they stand.

/// What to do about a statement that is right as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Run it in a section outside of transactions.
    Section,
    /// Run what it needs in such a section before it.
    SectionBefore,
    /// Give each revision a transaction of its own.
    TransactionPerRevision,
    /// Check deferred constraints before it.
    ConstraintsBefore,
    /// Run it again: it was cancelled.
    Again,
    /// Change the rows, which do not fulfil what it demands of them.
    Rows,
}
