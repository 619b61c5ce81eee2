//! The histories of a crate that has several.

use super::kind::Kind;
use super::{Key, Scope, Settings, SettingsFault, Table, Value};

/// The tables of a crate's histories, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histories {
    tables: Vec<(String, Vec<(String, Value)>)>,
}

/// The settings of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistorySettings {
    /// Its name among the histories of its crate; `None` if the crate has only one.
    pub name: Option<String>,
    /// Its settings.
    pub settings: Settings,
}

impl HistorySettings {
    /// Returns the name by which a history of a crate is chosen and shown.
    #[must_use]
    pub fn full_name(&self, package: &str) -> String {
        full_name(package, self.name.as_deref())
    }
}

/// Separates the name of a crate from that of its history.
const SEPARATOR: char = '/';

/// Returns the name by which a history of a crate is chosen and shown: that of the crate if it has only
/// one.
#[must_use]
pub fn full_name(package: &str, history: Option<&str>) -> String {
    match history {
        Some(history) => format!("{package}{SEPARATOR}{history}"),
        None => package.to_owned(),
    }
}

/// Splits a name that [`full_name`] has made into that of the crate and that of its history.
#[must_use]
pub fn split_full_name(name: &str) -> (&str, Option<&str>) {
    match name.split_once(SEPARATOR) {
        Some((package, history)) => (package, Some(history)),
        None => (name, None),
    }
}

/// Returns what is wrong with the name of a history, which is part of names of files.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_history_name(name: &str) -> Result<(), String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !name.is_empty() && name.chars().all(is_allowed) {
        true => Ok(()),
        false => Err(format!(
            "`{}` is no name of a history: it has other characters than letters, digits, `-` and `_`",
            name.escape_debug()
        )),
    }
}

impl Kind for Histories {
    fn read(value: &Value) -> Result<Self, String> {
        let Value::Table(entries) = value else {
            return Err("it is not a table of histories".to_owned());
        };
        if entries.is_empty() {
            return Err("it names no history".to_owned());
        }
        let mut tables = Vec::new();
        for (name, value) in entries {
            check_history_name(name)?;
            let Value::Table(keys) = value else {
                return Err(format!("`{name}` is not a table"));
            };
            if keys.iter().any(|(key, _)| key == Key::Histories.as_str()) {
                return Err(format!("`{name}` has histories of its own"));
            }
            tables.push((name.clone(), keys.clone()));
        }
        tables.sort_by(|(name, _), (next, _)| name.cmp(next));
        Ok(Self { tables })
    }

    #[inline]
    fn description() -> String {
        "a table for each history".to_owned()
    }

    #[inline]
    fn in_manifest(&self) -> String {
        String::new()
    }
}

impl Settings {
    /// Reads tables, each of which overrides those before it, and returns the settings of each history
    /// of the crate: what the table of a history sets overrides what the crate's own table sets.
    ///
    /// # Errors
    ///
    /// All faults in the tables. A key of a history is named by its place in the crate's table.
    ///
    /// ```
    /// use alembic_history::{Settings, SettingsScope, SettingsTable, SettingsValue};
    ///
    /// let text = |text: &str| SettingsValue::Text(text.to_owned());
    /// let keys = vec![("migrations".to_owned(), text("migrations/records"))];
    /// let histories = vec![("records".to_owned(), SettingsValue::Table(keys))];
    /// let table = SettingsTable {
    ///     scope: SettingsScope::Package,
    ///     entries: vec![
    ///         ("url-env".to_owned(), text("RECORDS")),
    ///         ("histories".to_owned(), SettingsValue::Table(histories)),
    ///     ],
    /// };
    /// let read = Settings::read_histories(&[table]).unwrap();
    /// assert_eq!(read[0].full_name("client"), "client/records");
    /// assert_eq!(read[0].settings.url_env, "RECORDS");
    /// assert_eq!(read[0].settings.migrations, ["migrations/records"]);
    /// ```
    pub fn read_histories(tables: &[Table]) -> Result<Vec<HistorySettings>, Vec<SettingsFault>> {
        let key = Key::Histories.as_str();
        let has_histories = |table: &Table| table.entries.iter().any(|(name, _)| name == key);
        let Some(own) = tables.iter().rposition(has_histories) else {
            let settings = Self::read(tables)?;
            return Ok(vec![HistorySettings {
                name: None,
                settings,
            }]);
        };
        let (whole, faults) = Self::set_all(tables);
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut tables = tables.to_vec();
        tables[own].entries.retain(|(name, _)| name != key);
        let mut read = Vec::new();
        let mut faults: Vec<SettingsFault> = Vec::new();
        for (name, entries) in whole.histories.tables {
            tables.push(Table {
                scope: Scope::Package,
                entries,
            });
            match Self::read(&tables) {
                Ok(settings) => read.push(HistorySettings {
                    name: Some(name),
                    settings,
                }),
                Err(found) => {
                    for mut fault in found {
                        if fault.table == tables.len() - 1 {
                            fault.table = own;
                            fault.key = format!("{key}.{name}.{}", fault.key);
                        }
                        // What all of them share is told once.
                        if !faults.contains(&fault) {
                            faults.push(fault);
                        }
                    }
                }
            }
            tables.pop();
        }
        match faults.is_empty() {
            true => Ok(read),
            false => Err(faults),
        }
    }
}
