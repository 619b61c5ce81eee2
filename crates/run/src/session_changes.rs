//! The settings of a session that the statements of a revision may change.

use std::collections::BTreeSet;

use alembic_history::FileStatement;
use alembic_sql::SettingChanges;

/// The settings of a session that statements may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SessionChanges {
    /// Those of these names, in lower case.
    Named(BTreeSet<String>),
    /// Any.
    Any,
}

impl Default for SessionChanges {
    fn default() -> Self {
        Self::Named(BTreeSet::new())
    }
}

impl SessionChanges {
    /// Returns the settings that any of the statements may change.
    pub(crate) fn of(statements: &[FileStatement<'_>]) -> Self {
        let mut names = BTreeSet::new();
        for statement in statements {
            match &statement.setting_changes {
                SettingChanges::None => {}
                SettingChanges::One(name) => drop(names.insert(name.clone())),
                SettingChanges::Any => return Self::Any,
            }
        }
        Self::Named(names)
    }

    /// Returns whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Named(names) => names.is_empty(),
            Self::Any => false,
        }
    }

    /// Returns whether the setting of this name, in lower case, may be changed.
    pub(crate) fn include(&self, name: &str) -> bool {
        match self {
            Self::Named(names) => names.contains(name),
            Self::Any => true,
        }
    }
}

/// How far the setting of a statement reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It sets nothing for its session.
    Statement,
    /// To the end of its section outside of transactions.
    Section,
    /// To the end of its revision.
    Revision,
}
