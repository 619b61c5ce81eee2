//! Indexes of partitions that take the place of others in an index of the whole table.
//!
//! PostgreSQL lets no index out of the one that it belongs to while its table is a partition.

use std::collections::BTreeSet;

use super::Alteration;
use crate::change::Hazard;
use crate::comparison::Comparison;
use crate::model::{Definition, ObjectId, Schema};
use crate::postgres::facts;
use crate::postgres::name::{self, quote};

/// Adds what lets other indexes of a partition belong to the indexes of its table: it is no partition
/// meanwhile. Returns whether that is done.
pub(super) fn reseat(alteration: &mut Alteration, comparison: Comparison<'_>) -> bool {
    let id = alteration.id.clone();
    let Comparison { from, to, .. } = comparison;
    let place = |schema| facts::table(schema, &id).and_then(|table| table.partition.as_ref());
    let (Some(before), Some(after)) = (place(from), place(to)) else {
        return false;
    };
    let (seats, new_seats) = (facts::seats(from, &id), facts::seats(to, &id));
    let moved = seats.iter().filter_map(|(parent, old)| {
        let new = new_seats.get(parent)?;
        let is_renamed = old.kind == new.kind
            && !to.objects.contains_key(old)
            && !from.objects.contains_key(new);
        let moves = old != new && !is_renamed && facts::is_kept_index(parent, comparison);
        moves.then_some((old, new))
    });
    let (old, new): (BTreeSet<&ObjectId>, BTreeSet<&ObjectId>) = moved.unzip();
    if old.is_empty() || before.table != after.table {
        return false;
    }
    let (own, (of, table)) = (name::of(&id), &after.table);
    let table = name::qualified(of, table);
    let is_new = |seat: &&&ObjectId| !from.objects.contains_key(**seat);
    let stays = |seat: &&&ObjectId| to.objects.contains_key(**seat);
    let mut statements = vec![format!("ALTER TABLE {table} DETACH PARTITION {own}")];
    statements.extend(old.iter().filter_map(|seat| drop(seat, &own, from)));
    statements.extend(
        new.iter()
            .filter(is_new)
            .filter_map(|seat| create(seat, &own, to)),
    );
    statements.push(format!(
        "ALTER TABLE {table} ATTACH PARTITION {own} {}",
        after.bound
    ));
    statements.extend(
        old.iter()
            .filter(stays)
            .filter_map(|seat| create(seat, &own, to)),
    );
    alteration.add(
        format!("changed which indexes of {id} belong to those of the whole table"),
        statements,
    );
    alteration.risk(Hazard::Scans(id));
    alteration
        .made
        .disturbs
        .extend(old.iter().map(|seat| (*seat).clone()));
    let settled = old.union(&new).map(|seat| (*seat).clone());
    alteration.made.settles.extend(settled);
    true
}

fn drop(seat: &ObjectId, table: &str, from: &Schema) -> Option<String> {
    match facts::definition(from, seat)? {
        Definition::Constraint(_) => {
            let name = quote(&seat.name);
            Some(format!("ALTER TABLE {table} DROP CONSTRAINT {name}"))
        }
        Definition::Index(_) => Some(format!("DROP INDEX {}", name::of(seat))),
        _ => None,
    }
}

fn create(seat: &ObjectId, table: &str, to: &Schema) -> Option<String> {
    match facts::definition(to, seat)? {
        Definition::Constraint(constraint) => {
            let (name, definition) = (quote(&seat.name), &constraint.definition);
            Some(format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
            ))
        }
        Definition::Index(index) => Some(index.sql.clone()),
        _ => None,
    }
}
