//! Changes of tables.

use super::Alteration;
use crate::change::Hazard;
use crate::comparison::Comparison;
use crate::model::Table;
use crate::postgres::create::table::security;
use crate::postgres::kept;
use crate::postgres::name::{self, quote};

/// Adds what makes one table of another, besides its parts.
pub(super) fn table(
    alteration: &mut Alteration,
    before: &Table,
    after: &Table,
    comparison: Comparison<'_>,
) -> bool {
    let id = alteration.id.clone();
    if !kept::can_stay(&id, before, after, comparison.from, comparison.to) {
        return false;
    }
    if before == after {
        return true;
    }
    let own = name::of(&id);
    if before.unlogged != after.unlogged {
        let word = match after.unlogged {
            true => "UNLOGGED",
            false => "LOGGED",
        };
        let sql = format!("ALTER TABLE {own} SET {word}");
        alteration.add(format!("made {id} {}", word.to_lowercase()), [sql]);
        alteration.risk(Hazard::Rewrites(id.clone()));
    }
    if before.access_method != after.access_method {
        let method = after.access_method.as_deref().unwrap_or("heap");
        let sql = format!("ALTER TABLE {own} SET ACCESS METHOD {}", quote(method));
        alteration.add(format!("changed the access method of {id}"), [sql]);
        alteration.risk(Hazard::Rewrites(id.clone()));
    }
    if before.of_type != after.of_type {
        let action = match &after.of_type {
            Some(of) => format!("OF {of}"),
            None => "NOT OF".to_owned(),
        };
        alteration.add(
            format!("changed the type of {id}"),
            [format!("ALTER TABLE {own} {action}")],
        );
    }
    let mut actions = Vec::new();
    actions.extend(reset(&before.storage, &after.storage));
    actions.extend(set(&before.storage, &after.storage));
    if !actions.is_empty() {
        let sql = format!("ALTER TABLE {own} {}", actions.join(", "));
        alteration.add(format!("changed the storage parameters of {id}"), [sql]);
    }
    let actions = security(before, after);
    if !actions.is_empty() {
        let sql = format!("ALTER TABLE {own} {}", actions.join(", "));
        alteration.add(format!("changed the row-level security of {id}"), [sql]);
    }
    if before.replica_identity != after.replica_identity {
        let identity = after.replica_identity.as_deref().unwrap_or("DEFAULT");
        let sql = format!("ALTER TABLE {own} REPLICA IDENTITY {identity}");
        alteration.add(format!("changed the replica identity of {id}"), [sql]);
    }
    true
}

/// Returns the action that takes options away, if any go.
pub(super) fn reset(before: &[String], after: &[String]) -> Option<String> {
    let names = |options: &[String]| -> Vec<String> {
        let names = options.iter().map(|option| {
            option
                .split_once('=')
                .map_or(option.as_str(), |(name, _)| name)
        });
        names.map(str::to_owned).collect()
    };
    let kept = names(after);
    let gone: Vec<String> = names(before)
        .into_iter()
        .filter(|name| !kept.contains(name))
        .collect();
    (!gone.is_empty()).then(|| format!("RESET ({})", gone.join(", ")))
}

/// Returns the action that sets options, if any are new.
pub(super) fn set(before: &[String], after: &[String]) -> Option<String> {
    let new: Vec<&str> = after
        .iter()
        .filter(|option| !before.contains(option))
        .map(String::as_str)
        .collect();
    (!new.is_empty()).then(|| format!("SET ({})", new.join(", ")))
}
