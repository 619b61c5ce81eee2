//! The settings of a session that the statements of a revision may change.

use std::collections::BTreeSet;

use alembic_history::FileStatement;
use alembic_sql::SettingChanges;

/// The settings of a session that statements may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionChanges {
    /// Whether it may be any setting; only the names tell those that the database does not know.
    any: bool,
    /// Whether statements may add settings.
    more: bool,
    /// The names, in lower case.
    names: BTreeSet<String>,
}

impl SessionChanges {
    /// Returns the settings that any of the statements may change.
    pub(crate) fn of(statements: &[FileStatement<'_>]) -> Self {
        let mut changes = Self::default();
        for statement in statements {
            match &statement.setting_changes {
                SettingChanges::None | SettingChanges::Constraints => {}
                SettingChanges::One(name) => drop(changes.names.insert(name.clone())),
                SettingChanges::Any => changes.any = true,
                SettingChanges::AnyAndMore => {
                    changes.any = true;
                    changes.more = true;
                }
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

    /// Returns whether statements may add settings.
    pub(crate) const fn may_add(&self) -> bool {
        self.more
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

/// The modes of constraints in the open transaction, which `SET CONSTRAINTS` changes until it ends.
///
/// A revision ends with the modes that the constraints were declared with. A later one in the same
/// transaction may create others, which would have the mode of a `SET CONSTRAINTS ALL` before it.
#[derive(Debug, Default)]
pub(crate) struct ConstraintModes {
    /// Whether an earlier revision of the transaction may have changed them.
    by_earlier: bool,
    /// The number of the last statement of the current revision that may have changed them.
    by_current: Option<usize>,
}

impl ConstraintModes {
    /// Enters a statement of the current revision, and returns whether the modes are to be put back
    /// after it.
    pub(crate) fn enter(&mut self, statement: FileStatement<'_>, number: usize) -> bool {
        if statement.setting_changes.include_constraints() {
            self.by_current = Some(number);
        }
        let is_own = self.by_current.is_some();
        self.by_earlier && !is_own && statement.kind().may_define_constraints()
    }

    /// Ends the current revision, and returns the number of its last statement that may have changed
    /// the modes, after which they are to be put back.
    pub(crate) fn end_revision(&mut self) -> Option<usize> {
        let by_current = self.by_current.take();
        self.by_earlier |= by_current.is_some();
        by_current
    }

    /// Ends the transaction, and the modes with it.
    pub(crate) fn end_transaction(&mut self) {
        *self = Self::default();
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
