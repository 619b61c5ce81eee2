//! What came of an attempt.

/// What came of changing one schema into another, and back.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// Everything is as it must be.
    Passed {
        /// Whether the rows were in the way, and kept the change from being made.
        refused: bool,
    },
    /// Something is not.
    Failed {
        /// What is wrong, in a few words that are the same for faults of one kind.
        cause: String,
        /// What was written, and what differs.
        details: String,
    },
}

/// What is wrong with an attempt.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) cause: String,
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

impl From<Result<bool, Fault>> for Verdict {
    fn from(result: Result<bool, Fault>) -> Self {
        match result {
            Ok(refused) => Self::Passed { refused },
            Err(Fault { cause, details }) => Self::Failed { cause, details },
        }
    }
}
