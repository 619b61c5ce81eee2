//! What a caller decides where a run could go on in several ways.

/// What a run does about a statement outside of transactions that may have taken effect, because the
/// run that began it never told how it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interruption {
    /// It refuses to go on.
    #[default]
    Refuse,
    /// It runs the statement again.
    Again,
    /// It takes the statement for done.
    Skip,
}

/// What a stamp does with rows that no file explains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purge {
    /// It refuses to touch them.
    #[default]
    No,
    /// It empties the version table first.
    Yes,
}
