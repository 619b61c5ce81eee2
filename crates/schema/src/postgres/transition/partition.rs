//! Tables that become partitions, are none any longer, or have other indexes in those of the whole table.
//!
//! PostgreSQL lets no index out of the one that it belongs to while its table is a partition, and makes
//! those that are missing when a table becomes one.

use std::collections::BTreeSet;

use super::Alteration;
use crate::change::Hazard;
use crate::comparison::Comparison;
use crate::model::{Definition, ObjectId, ObjectKind, Partition, Schema};
use crate::postgres::facts;
use crate::postgres::name::{self, quote};

/// Adds what makes one place of a table of another.
pub(super) fn place(
    alteration: &mut Alteration,
    (before, after): (Option<&Partition>, Option<&Partition>),
    comparison: Comparison<'_>,
) {
    let Comparison { from, to, .. } = comparison;
    let id = alteration.id.clone();
    let own = name::of(&id);
    let is_old = |seat: &ObjectId| from.objects.contains_key(seat);
    let is_kept = |seat: &ObjectId| to.objects.contains_key(seat);
    let stays = before.map(|place| &place.table) == after.map(|place| &place.table);
    let seats = match stays {
        true => moved(&id, comparison),
        false => Seats {
            // What the table has inherited becomes its own.
            old: left_behind(&id, from)
                .into_iter()
                .filter(|seat| !is_kept(seat))
                .collect(),
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
    let (old, new) = (seats.old.iter(), seats.new.iter());
    statements.extend(old.filter_map(|seat| drop(seat, &own, from)));
    let missing = new.filter(|seat| !is_old(seat));
    statements.extend(missing.filter_map(|seat| create(seat, &own, to)));
    let mut again: Vec<ObjectId> = seats
        .old
        .iter()
        .filter(|seat| is_kept(seat))
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
        alteration.risk(Hazard::Scans(id));
    }
    if after.is_some() && before != after {
        alteration.risk(Hazard::MayFail("rows are outside of the bound".to_owned()));
    }
    let Seats { old, new } = seats;
    alteration.made.disturbs.extend(old.iter().cloned());
    let new = new.into_iter().filter(|seat| !is_old(seat) || stays);
    let settled = old.into_iter().chain(new).chain(again);
    alteration.made.settles.extend(settled);
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

/// Returns what a table keeps when it is no partition any longer, although it had it as one only.
fn left_behind(id: &ObjectId, from: &Schema) -> Vec<ObjectId> {
    let constraints = from.parts(id, ObjectKind::Constraint);
    let inherited = constraints.filter_map(|(part, object)| match &object.definition {
        Definition::Constraint(constraint) if constraint.inherited => Some(part.clone()),
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
