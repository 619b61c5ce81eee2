//! What came of an attempt.

/// What came of changing one schema into another, and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Everything is as it must be, with rows and without.
    Passed,
    /// So it is without rows; with them, they are in the way, and nothing was changed.
    Refused,
    /// One of the schemas does not work by itself: a foreign key or view leads nowhere. Runs refuse
    /// that.
    Broken,
}

/// What is wrong with an attempt.
#[derive(Debug)]
pub(super) struct Fault {
    /// A few words that are the same for faults of one kind.
    pub(super) cause: String,
    /// What was written, and what differs.
    pub(super) details: String,
}

impl Fault {
    pub(super) fn new(cause: impl Into<String>, details: impl Into<String>) -> Self {
        Self {
            cause: cause.into(),
            details: details.into(),
        }
    }
}
