//! The settings of a session that the statements of a revision may change.

use std::collections::BTreeSet;

use alembic_history::FileStatement;
use alembic_sql::SettingChanges;

/// The settings of a session that statements may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionChanges {
    /// Whether it may be any setting; only the names tell those that the database does not know.
    any: bool,
    /// The names, in lower case.
    names: BTreeSet<String>,
}

impl SessionChanges {
    /// Returns the settings that any of the statements may change.
    pub(crate) fn of(statements: &[FileStatement<'_>]) -> Self {
        let mut changes = Self::default();
        for statement in statements {
            match &statement.setting_changes {
                SettingChanges::None => {}
                SettingChanges::One(name) => drop(changes.names.insert(name.clone())),
                SettingChanges::Any => changes.any = true,
                SettingChanges::AnyAnd(name) => {
                    changes.any = true;
                    changes.names.insert(name.clone());
                }
            }
        }
        changes
    }

    /// Returns whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any && self.names.is_empty()
    }

    /// Returns whether it may be any setting.
    pub(crate) const fn may_be_any(&self) -> bool {
        self.any
    }

    /// Returns the names of settings.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    /// Returns whether the setting of this name, in lower case, may be changed.
    pub(crate) fn include(&self, name: &str) -> bool {
        self.any || self.names.contains(name)
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
