//! The choices of a caller where a run could continue in several ways.

/// The treatment of a statement outside of transactions that may have taken effect, because the run
/// that began it did not record its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interruption {
    /// The run refuses to continue.
    #[default]
    Refuse,
    /// The run executes the statement again.
    Again,
    /// The run treats the statement as done.
    Skip,
}

/// The treatment of rows that no file explains, by a stamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purge {
    /// The stamp refuses to touch them.
    #[default]
    No,
    /// The stamp empties the version table first.
    Yes,
}

/// The treatment of revisions below the rows of the version table that never ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// The run refuses to change the database.
    #[default]
    Refuse,
    /// An upgrade applies them.
    Apply,
}
