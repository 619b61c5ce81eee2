//! Whether what a statement creates exists already.

/// What an error says about the object that a statement creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existence {
    /// It exists already.
    Certain,
    /// Something is wrong with the statement; that may be it.
    Possible,
    /// The error is about something else.
    Unrelated,
}
