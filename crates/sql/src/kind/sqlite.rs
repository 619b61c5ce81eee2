//! The statements of SQLite.

use super::{Rules, StatementKind};
use crate::cursor::Cursor;
use crate::name::Name;
use crate::{Setting, SettingChanges, SettingName, SettingScope};

pub(super) static RULES: Rules = Rules {
    concurrent_indexes: false,
    read_kind,
    setting_changes,
};

/// Reads a pragma with a value.
fn read_kind(first: &str, mut words: Cursor<'_>) -> Option<StatementKind> {
    if first != "PRAGMA" {
        return None;
    }
    let name = Name::read(&mut words)?.kept().to_ascii_lowercase();
    let has_value = words.eat_any(&["=", "("]);
    has_value.then_some(StatementKind::Setting(Setting {
        name: SettingName::One(name),
        scope: SettingScope::Varies,
    }))
}

/// Only a pragma changes settings.
fn setting_changes(_: Cursor<'_>, kind: &StatementKind) -> SettingChanges {
    kind.setting()
        .map_or(SettingChanges::None, Setting::changes)
}
