//! Statements that change settings.

/// A change of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What is set.
    pub name: SettingName,
    /// How long it stays.
    pub scope: SettingScope,
}

/// What a statement sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingName {
    /// The setting of this name, in lower case.
    One(String),
    /// Every setting, as `RESET ALL` does.
    All,
    /// A setting whose name the statement computes, or something that has no name of its own, as in
    /// `SET TRANSACTION`.
    Unknown,
}

/// How long a setting stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettingScope {
    /// As long as the transaction.
    Transaction,
    /// As long as the connection, unless the transaction is undone.
    Session,
    /// This depends on the setting: some of SQLite's pragmas last as long as the connection, some
    /// are kept in the file.
    Varies,
}

impl Setting {
    /// Returns whether the statement sets, among others, what is called `name`.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        match &self.name {
            SettingName::One(one) => one == name,
            SettingName::All => true,
            SettingName::Unknown => false,
        }
    }
}
