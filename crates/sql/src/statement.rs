//! The statements of a split text.

use std::ops::Deref;

use crate::{SettingChanges, Span, StatementKind};

/// One statement of a split text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The bytes from the first to the last token, without the `;` and without the comments
    /// around it; comments between the tokens stay.
    pub span: Span,
    /// The kind of the statement.
    pub kind: StatementKind,
    /// The settings of its session that the statement may change: directly, or in code that it
    /// runs.
    pub setting_changes: SettingChanges,
}

/// A statement together with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStatement<'f> {
    /// The statement as it is sent to the database.
    pub sql: &'f str,
    /// Its span in the file, and its kind.
    pub statement: &'f Statement,
}

impl<'f> FileStatement<'f> {
    /// Returns the kind of the statement.
    #[must_use]
    pub const fn kind(self) -> &'f StatementKind {
        &self.statement.kind
    }
}

impl Deref for FileStatement<'_> {
    type Target = Statement;

    fn deref(&self) -> &Statement {
        self.statement
    }
}
