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

fn read_kind(first: &str, mut words: Cursor<'_>) -> Option<StatementKind> {
    match first {
        "PRAGMA" => read_pragma(words),
        // SQLite carries out most pragmas while it explains them.
        "EXPLAIN" => {
            words.eat_all(&["QUERY", "PLAN"]);
            words.eat("PRAGMA").then(|| read_pragma(words))?
        }
        "ATTACH" => Some(StatementKind::Attach),
        "DETACH" => Some(StatementKind::Detach),
        _ => None,
    }
}

/// Reads the rest of a pragma with a value, or of the one that acts without any.
fn read_pragma(mut words: Cursor<'_>) -> Option<StatementKind> {
    let name = Name::read(&mut words)?.kept().to_ascii_lowercase();
    let acts = words.eat_any(&["=", "("]) || name == "wal_checkpoint";
    acts.then_some(StatementKind::Setting(Setting {
        name: SettingName::One(name),
        scope: SettingScope::Varies,
    }))
}

/// Only a pragma changes settings; and `ATTACH` changes what the pragma `database_list` shows.
fn setting_changes(_: Cursor<'_>, kind: &StatementKind) -> SettingChanges {
    if *kind == StatementKind::Attach {
        return SettingChanges::One("database_list".to_owned());
    }
    kind.setting()
        .map_or(SettingChanges::None, Setting::changes)
}
