//! Changes of tables.

use super::Alteration;
use crate::change::Hazard;
use crate::comparison::Comparison;
use crate::model::{Definition, ObjectId, Table};
use crate::postgres::create::table::security;
use crate::postgres::name::{self, quote};
use crate::postgres::{facts, kept, sequence};

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
        let owned = kept_sequences(&id, after, comparison);
        let mut statements: Vec<String> = owned
            .iter()
            .map(|(sequence, _)| format!("ALTER SEQUENCE {sequence} OWNED BY NONE"))
            .collect();
        statements.push(format!("ALTER TABLE {own} SET {word}"));
        for (sequence, column) in &owned {
            statements.push(format!("ALTER SEQUENCE {sequence} OWNED BY {own}.{column}"));
        }
        alteration.add(format!("made {id} {}", word.to_lowercase()), statements);
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

/// Returns the sequences, with the columns that own them, that are not logged or unlogged as their table will
/// be: from PostgreSQL 15 on, those that it owns become so with it.
fn kept_sequences(
    id: &ObjectId,
    after: &Table,
    comparison: Comparison<'_>,
) -> Vec<(String, String)> {
    let mut kept = Vec::new();
    for (column, _) in comparison.from.columns(id) {
        for owner in sequence::owned(comparison.from, column) {
            let sequence = sequence::of_owner(owner);
            let differs = match facts::definition(comparison.to, &sequence) {
                Some(Definition::Sequence(sequence)) => sequence.unlogged != after.unlogged,
                _ => false,
            };
            let [old, new] =
                [comparison.from, comparison.to].map(|schema| facts::definition(schema, owner));
            if differs && old == new {
                kept.push((name::of(&sequence), quote(&column.name)));
            }
        }
    }
    kept
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
