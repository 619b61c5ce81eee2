//! Tables that become partitions, are none any longer, or have other indexes in those of the whole table.
//!
//! PostgreSQL lets no index out of the one that it belongs to while its table is a partition, and makes
//! those that are missing when a table becomes one.

use std::collections::BTreeSet;

use super::Alteration;
use super::family::Moves;
use crate::change::Hazard;
use crate::comparison::Comparison;
use crate::model::{ConstraintKind, Definition, ObjectId, ObjectKind, Partition, Schema, Table};
use crate::postgres::facts;
use crate::postgres::name::{self, quote};

/// Adds what makes one place of a table of another.
pub(super) fn place(
    alteration: &mut Alteration,
    (before, after): (&Table, &Table),
    comparison: Comparison<'_>,
) {
    let Comparison { from, to, .. } = comparison;
    let moves = Moves::new(before, after);
    let (before, after) = (before.partition.as_ref(), after.partition.as_ref());
    let id = alteration.id.clone();
    let own = name::of(&id);
    let is_old = |seat: &ObjectId| from.objects.contains_key(seat);
    let is_kept = |seat: &ObjectId| to.objects.contains_key(seat);
    let stays = before.map(|place| &place.table) == after.map(|place| &place.table);
    // What the table has inherited becomes its own.
    let (remaining, left): (Vec<ObjectId>, Vec<ObjectId>) = match stays {
        true => (Vec::new(), Vec::new()),
        false => left_behind(&id, from)
            .into_iter()
            .partition(|seat| create(seat, &own, from) == create_again(seat, &id, to)),
    };
    let seats = match stays {
        true => moved(&id, comparison),
        false => Seats {
            old: left.into_iter().collect(),
            new: facts::seats(to, &id).into_values().collect(),
        },
    };
    if before == after && seats.old.is_empty() {
        return;
    }
    let table = |place: &Partition| name::qualified(&place.table.0, &place.table.1);
    let mut statements = Vec::new();
    if let Some(before) = before {
        let table = table(before);
        statements.push(format!("ALTER TABLE {table} DETACH PARTITION {own}"));
    }
    let mut kept_keys = Vec::new();
    if !stays {
        statements.extend(moves.leave(alteration, comparison));
        let (kept, gone): (Vec<_>, Vec<_>) = copied_keys(before, from)
            .into_iter()
            .partition(|key| is_left(key, &id, comparison));
        statements.extend(gone.iter().map(|key| {
            let name = quote(&key.name);
            format!("ALTER TABLE {own} DROP CONSTRAINT IF EXISTS {name}")
        }));
        let kept = kept.iter().map(|key| id.part(key.kind, &*key.name));
        kept_keys.extend(kept);
    }
    let old = seats.old.iter();
    statements.extend(old.filter_map(|seat| drop(seat, &own, from)));
    if !stays && after.is_some() {
        if !statements.is_empty() {
            alteration.add(format!("detached {id}"), std::mem::take(&mut statements));
        }
        moves.join(alteration, comparison);
    }
    let missing = seats.new.iter().filter(|seat| !is_old(seat));
    statements.extend(missing.filter_map(|seat| create(seat, &own, to)));
    let mut again: Vec<ObjectId> = seats
        .old
        .iter()
        .filter(|seat| stays && is_kept(seat))
        .cloned()
        .collect();
    if let Some(after) = after {
        let rivals = rivals(&id, &seats, comparison);
        statements.extend(rivals.iter().filter_map(|rival| drop(rival, &own, from)));
        again.extend(rivals);
        let (table, bound) = (table(after), &after.bound);
        statements.push(format!(
            "ALTER TABLE {table} ATTACH PARTITION {own} {bound}"
        ));
    }
    statements.extend(again.iter().filter_map(|seat| create(seat, &own, to)));
    let what = match (before, after) {
        (_, None) => format!("detached {id}"),
        (None, Some(_)) => format!("attached {id}"),
        (Some(before), Some(after)) if before != after => format!("changed the bound of {id}"),
        (Some(_), Some(_)) => format!("changed which indexes of {id} are parts of others"),
    };
    alteration.add(what, statements);
    if after.is_some() {
        alteration.risk(Hazard::Scans(id.clone()));
    }
    if after.is_some() && before != after {
        alteration.risk(Hazard::MayFail("rows are outside of the bound".to_owned()));
    }
    let Seats { old, new } = seats;
    let new = new.into_iter().filter(|seat| !is_old(seat) || stays);
    let (freed, old): (Vec<ObjectId>, Vec<ObjectId>) =
        old.into_iter().partition(|seat| !stays && is_kept(seat));
    alteration.made.disturbs.extend(old.iter().cloned());
    alteration.made.frees.extend(freed);
    let settled = old.into_iter().chain(new).chain(again);
    let settled = settled.chain(kept_keys).chain(remaining);
    alteration.made.settles.extend(settled);
}

/// Returns the foreign keys whose copies a partition keeps when it leaves: those of the table that it is a
/// part of, which may be a partition itself.
fn copied_keys(place: Option<&Partition>, schema: &Schema) -> Vec<ObjectId> {
    let table =
        |place: &Partition| ObjectId::new(ObjectKind::Table, &place.table.0, &place.table.1);
    let above = |id: &ObjectId| Some(table(facts::table(schema, id)?.partition.as_ref()?));
    let tables = std::iter::successors(place.map(table), above);
    let keys = tables.flat_map(|table| {
        let keys = facts::constraints_of(schema, &table, ConstraintKind::ForeignKey);
        keys.map(|(key, _)| key.clone()).collect::<Vec<_>>()
    });
    keys.collect()
}

/// Returns whether the copy of a foreign key is what a table that leaves has afterwards: the key itself
/// may be gone by then, unless it is to stay or goes with its table.
fn is_left(key: &ObjectId, table: &ObjectId, comparison: Comparison<'_>) -> bool {
    let Comparison { from, to, .. } = comparison;
    let text = |schema, id: &ObjectId| {
        facts::constraint(schema, id).map(|constraint| constraint.definition.clone())
    };
    let before = text(from, key);
    let stays = text(to, key) == before || !to.objects.contains_key(&facts::owner_table(key));
    stays && text(to, &table.part(key.kind, &*key.name)) == before
}

/// Returns the indexes of a table that the server could take instead of those that are to belong to the
/// indexes of the whole table.
fn rivals(id: &ObjectId, seats: &Seats, comparison: Comparison<'_>) -> Vec<ObjectId> {
    let Comparison { from, to, .. } = comparison;
    let definition = |seat: &ObjectId| match facts::definition(to, seat)? {
        Definition::Index(index) => Some(index.definition.clone()),
        _ => None,
    };
    let wanted: BTreeSet<String> = seats.new.iter().filter_map(definition).collect();
    let indexes = facts::indexes_of(to, id);
    let rivals = indexes.filter(|(rival, index)| {
        from.objects.contains_key(rival)
            && !seats.new.contains(rival)
            && !seats.old.contains(rival)
            && wanted.contains(&index.definition)
    });
    rivals.map(|(rival, _)| rival.clone()).collect()
}

/// What belongs to the indexes of a partitioned table.
#[derive(Default)]
struct Seats {
    /// What has to go.
    old: BTreeSet<ObjectId>,
    /// What comes, or is there already.
    new: BTreeSet<ObjectId>,
}

/// Returns the indexes of a partition that other ones take the place of.
fn moved(id: &ObjectId, comparison: Comparison<'_>) -> Seats {
    let Comparison { from, to, .. } = comparison;
    let (seats, new_seats) = (facts::seats(from, id), facts::seats(to, id));
    let moved = seats.into_iter().filter_map(|(parent, old)| {
        let new = new_seats.get(&parent)?.clone();
        let is_renamed = old.kind == new.kind
            && !to.objects.contains_key(&old)
            && !from.objects.contains_key(&new);
        let moves = old != new && !is_renamed && facts::is_kept_index(&parent, comparison);
        moves.then_some((old, new))
    });
    let (old, new) = moved.unzip();
    Seats { old, new }
}

/// Returns the keys and indexes that a table keeps when it is no partition any longer, although it had them
/// as one only.
fn left_behind(id: &ObjectId, from: &Schema) -> Vec<ObjectId> {
    let constraints = from.parts(id, ObjectKind::Constraint);
    let inherited = constraints.filter_map(|(part, object)| match &object.definition {
        Definition::Constraint(constraint)
            if constraint.inherited && constraint.kind != ConstraintKind::Check =>
        {
            Some(part.clone())
        }
        _ => None,
    });
    let seats = facts::seats(from, id).into_values();
    inherited.chain(seats).collect()
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

/// Returns the statement that creates a key or index, if it is one of this table.
fn create_again(seat: &ObjectId, table: &ObjectId, schema: &Schema) -> Option<String> {
    match facts::definition(schema, seat)? {
        Definition::Index(index) if index.table != table.name => None,
        _ => create(seat, &name::of(table), schema),
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
