//! Statements that change settings.

/// A change of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The setting.
    pub name: SettingName,
    /// How long it lasts.
    pub scope: SettingScope,
}

/// The setting that a statement changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingName {
    /// The setting of this name, in lower case.
    One(String),
    /// Every setting, as `RESET ALL` does.
    All,
    /// The modes of constraints, as `SET CONSTRAINTS` does: when they are checked.
    Constraints,
    /// A setting whose name the statement computes, or something that has no name of its own, as in
    /// `SET TRANSACTION`.
    Unknown,
}

/// How long a setting lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettingScope {
    /// Until the transaction ends.
    Transaction,
    /// Until the connection is closed, unless the transaction is rolled back.
    Session,
    /// It depends on the setting: some of SQLite's pragmas last as long as the connection, some are
    /// stored in the file.
    Varies,
}

/// The settings of its session that a statement may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingChanges {
    /// None, as far as the statement itself shows.
    None,
    /// The modes of constraints.
    Constraints,
    /// The setting of this name, in lower case.
    One(String),
    /// Any: it names none, or runs code that stands elsewhere.
    Any,
    /// Any, and the setting of this name.
    AnyAnd(String),
    /// Any, and it may add settings: those of a library that it loads.
    AnyAndMore,
}

impl SettingChanges {
    /// Returns whether the statement may change the modes of constraints.
    #[must_use]
    pub const fn include_constraints(&self) -> bool {
        match self {
            Self::Constraints | Self::Any | Self::AnyAnd(_) | Self::AnyAndMore => true,
            Self::None | Self::One(_) => false,
        }
    }
}

impl Setting {
    /// Returns the settings that the statement changes.
    pub(crate) fn changes(&self) -> SettingChanges {
        match (&self.name, self.scope) {
            (SettingName::One(name), _) => SettingChanges::One(name.clone()),
            (SettingName::Constraints, _) => SettingChanges::Constraints,
            // `SET TRANSACTION`, which changes no settings.
            (SettingName::Unknown, SettingScope::Transaction) => SettingChanges::None,
            (SettingName::All, _)
            | (SettingName::Unknown, SettingScope::Session | SettingScope::Varies) => {
                SettingChanges::Any
            }
        }
    }

    /// Returns whether the statement changes the setting `name`, possibly among others.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        match &self.name {
            SettingName::One(one) => one == name,
            SettingName::All => true,
            SettingName::Constraints | SettingName::Unknown => false,
        }
    }
}
