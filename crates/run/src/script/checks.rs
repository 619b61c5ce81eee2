//! Conditions that must hold, or a script fails.

/// A condition that must hold, or the script fails.
pub(super) struct Check {
    pub(super) condition: String,
    /// The error message otherwise.
    pub(super) message: String,
}

impl Check {
    pub(super) fn new(condition: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            condition: condition.into(),
            message: message.into(),
        }
    }
}

/// Returns rows as they are shown to people.
pub(super) fn place(rows: &[&str]) -> String {
    match rows {
        [] => "base".to_owned(),
        rows => rows.join(", "),
    }
}
