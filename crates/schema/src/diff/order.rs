//! Puts changes into an order in which each finds what it needs.

use std::collections::{BTreeMap, BTreeSet};

use super::DiffError;
use super::operations::{Found, Operation};
use super::rank::Rank;
use crate::change::{Change, Verb};
use crate::comparison::{Comparison, MoveKind, Moves};
use crate::engine::room;
use crate::model::{ConstraintKind, Definition, Object, ObjectId, ObjectKind, Schema};

/// Returns the changes in their order.
pub(super) fn sorted(
    comparison: Comparison<'_>,
    mut found: Found,
    moves: &Moves<'_>,
) -> Result<Vec<Change>, DiffError> {
    let mut apart = BTreeSet::new();
    // The operations that do not wait for what they could do without.
    let mut hasty = BTreeSet::new();
    loop {
        let mut operations = found.operations(&apart, comparison);
        operations
            .iter_mut()
            .for_each(|operation| operation.wait(&moves.waiting));
        operations.extend(moves.steps.iter().map(Operation::of_move));
        match order(&operations, &hasty, comparison) {
            Ok(order) => {
                let mut operations: Vec<Option<Operation>> =
                    operations.into_iter().map(Some).collect();
                let ordered = order.into_iter().filter_map(|at| operations[at].take());
                return Ok(ordered.flat_map(|operation| operation.changes).collect());
            }
            Err(circle) => {
                let names = exchanged(&operations, &circle, comparison);
                if !names.is_empty() {
                    found.give_up_renames(&names, comparison);
                    continue;
                }
                let before = hasty.len();
                hasty.extend(
                    circle
                        .iter()
                        .filter(|at| can_hurry(&operations[**at], comparison)),
                );
                if hasty.len() > before {
                    continue;
                }
                hasty.clear();
                let before = apart.len();
                apart.extend(separable(&operations, &circle, comparison));
                if apart.len() == before {
                    let touched = circle.iter().flat_map(|at| touched(&operations[*at]));
                    return Err(DiffError {
                        cycle: touched.cloned().collect(),
                    });
                }
            }
        }
    }
}

/// Returns what would get a name that another rename in the circle has yet to leave.
fn exchanged(
    operations: &[Operation],
    circle: &[usize],
    comparison: Comparison<'_>,
) -> BTreeSet<ObjectId> {
    let renames = circle.iter().map(|at| &operations[*at]);
    let renames: Vec<&Operation> = renames.filter(|operation| is_rename(operation)).collect();
    let left = renames.iter().flat_map(|rename| &rename.drops);
    let left: BTreeSet<Place<'_>> = left.flat_map(|id| places(id, comparison.from)).collect();
    let waits = |rename: &&Operation| {
        let mut wanted = rename.creates.iter();
        wanted.any(|id| {
            let mut places = places(id, comparison.to).into_iter();
            places.any(|place| left.contains(&place))
        })
    };
    let waiting = renames.into_iter().filter(waits);
    waiting
        .flat_map(|rename| rename.drops.iter().cloned())
        .collect()
}

/// Returns whether an operation could do without something that it waits for: it makes what mentions other
/// objects, or is about a table beside others that change.
fn can_hurry(operation: &Operation, comparison: Comparison<'_>) -> bool {
    let mut made = operation.creates.iter().chain(&operation.alters);
    operation.touches().any(is_table)
        || made.any(|id| {
            let object = comparison.to.get(id);
            object.is_some_and(|object| !object.mentions.is_empty())
        })
}

fn is_table(id: &ObjectId) -> bool {
    id.kind == ObjectKind::Table
}

/// Returns the objects that an operation is about.
fn touched(operation: &Operation) -> impl Iterator<Item = &ObjectId> {
    operation.changes.iter().map(|change| &change.object)
}

/// Returns what is made or dropped with tables in a circle of operations, and need not be.
fn separable(
    operations: &[Operation],
    circle: &[usize],
    comparison: Comparison<'_>,
) -> BTreeSet<ObjectId> {
    let operations = circle.iter().map(|at| &operations[*at]);
    let parts = operations.flat_map(|operation| {
        let created = operation.creates.iter().map(|id| (id, comparison.to));
        let dropped = operation.drops.iter().map(|id| (id, comparison.from));
        created.chain(dropped)
    });
    parts
        .filter(|(id, schema)| is_separable(id, schema))
        .map(|(id, _)| id.clone())
        .collect()
}

/// Returns whether an object can be made after its table: what may refer to other tables, or call
/// functions that know the table.
fn is_separable(id: &ObjectId, schema: &Schema) -> bool {
    schema
        .get(id)
        .is_some_and(|object| match &object.definition {
            Definition::Constraint(constraint) => matches!(
                constraint.kind,
                ConstraintKind::ForeignKey | ConstraintKind::Check
            ),
            Definition::Default(_) => true,
            _ => matches!(
                id.kind,
                ObjectKind::Policy | ObjectKind::Trigger | ObjectKind::Rule
            ),
        })
}

/// Returns the order of the operations, or those that wait for each other.
fn order(
    operations: &[Operation],
    hasty: &BTreeSet<usize>,
    comparison: Comparison<'_>,
) -> Result<Vec<usize>, Vec<usize>> {
    let mut followers = edges(operations, hasty, comparison);
    let mut waiting: Vec<usize> = vec![0; operations.len()];
    for follower in followers.iter().flatten() {
        waiting[*follower] += 1;
    }
    let mut ready: BTreeSet<(Rank<'_>, usize)> = (0..operations.len())
        .filter(|at| waiting[*at] == 0)
        .map(|at| (Rank::of(&operations[at], comparison.to), at))
        .collect();
    let mut order = Vec::with_capacity(operations.len());
    while let Some((_, at)) = ready.pop_first() {
        order.push(at);
        for follower in std::mem::take(&mut followers[at]) {
            waiting[follower] -= 1;
            if waiting[follower] == 0 {
                ready.insert((Rank::of(&operations[follower], comparison.to), follower));
            }
        }
    }
    if order.len() == operations.len() {
        return Ok(order);
    }
    Err((0..operations.len())
        .filter(|at| waiting[*at] > 0)
        .collect())
}

/// Returns which operations must follow each.
fn edges(
    operations: &[Operation],
    hasty: &BTreeSet<usize>,
    comparison: Comparison<'_>,
) -> Vec<BTreeSet<usize>> {
    let Comparison { from, to, .. } = comparison;
    let room = room(to.dialect);
    // A rename makes nothing, and takes nothing away but a name; a sequence is called by that.
    let creators = index(operations, |operation| {
        let is_named = |id: &&ObjectId| !is_rename(operation) || id.kind == ObjectKind::Sequence;
        operation.creates.iter().filter(is_named)
    });
    let alterers = index(operations, |operation| &operation.alters);
    let droppers = index(operations, |operation| match is_rename(operation) {
        true => &EMPTY,
        false => &operation.drops,
    });
    let touchers = index(operations, Operation::touches);
    let none = Vec::new();
    let by = |index: &BTreeMap<&ObjectId, Vec<usize>>, id: &ObjectId| {
        index.get(id).unwrap_or(&none).clone()
    };
    let mut followers = vec![BTreeSet::new(); operations.len()];
    let mut follow = |first: usize, second: usize| {
        if first != second {
            followers[first].insert(second);
        }
    };
    let of_kind = |kind| {
        let operations = operations.iter().enumerate();
        operations.filter(move |(_, operation)| operation.moves == Some(kind))
    };
    for (leaves, _) in of_kind(MoveKind::Leave) {
        for (joins, _) in of_kind(MoveKind::Join) {
            follow(leaves, joins);
        }
    }
    let keys = DroppedKeys::of(operations, from);
    let mut names: BTreeMap<Place<'_>, Vec<usize>> = BTreeMap::new();
    for (at, operation) in operations.iter().enumerate() {
        for id in &operation.drops {
            for place in places(id, comparison.from) {
                names.entry(place).or_default().push(at);
            }
        }
    }
    for (at, operation) in operations.iter().enumerate() {
        for id in &operation.creates {
            let places = places(id, comparison.to);
            for first in places.iter().filter_map(|place| names.get(place)).flatten() {
                follow(*first, at);
            }
        }
        if is_rename(operation) {
            // What becomes of what it needs makes no difference to its name.
            continue;
        }
        let is_hasty = |id: &ObjectId, needed: &ObjectId| {
            hasty.contains(&at) && is_table(id) && is_table(needed)
        };
        for id in &operation.follows {
            for first in by(&touchers, id) {
                follow(first, at);
            }
        }
        for id in &operation.precedes {
            for second in by(&touchers, id) {
                follow(at, second);
            }
        }
        // What it makes needs what others make or change.
        for id in operation.creates.iter().chain(&operation.alters) {
            let mentions = comparison.to.get(id).map(|object| &object.mentions);
            let mentions = mentions.filter(|_| !hasty.contains(&at));
            for mentioned in mentions.into_iter().flatten() {
                for first in by(&creators, mentioned) {
                    follow(first, at);
                }
            }
            let needs = comparison.to.get(id).map(|object| &object.needs);
            for needed in needs.into_iter().flatten() {
                for first in by(&creators, needed) {
                    follow(first, at);
                }
                // A new table may refer to another one before that is as it will be.
                let can_do_without = is_hasty(id, needed)
                    && (operation.creates.contains(id)
                        || !(room.loses_its_key)(id, needed, to, from));
                if !operation.alters.contains(needed) && !can_do_without {
                    for first in by(&alterers, needed) {
                        follow(first, at);
                    }
                }
            }
        }
        // What it puts back was taken away for what others drop.
        for id in &operation.creates {
            let needs = comparison.from.get(id).map(|object| &object.needs);
            for needed in needs.into_iter().flatten() {
                for first in by(&droppers, needed) {
                    follow(first, at);
                }
            }
        }
        for id in &operation.drops {
            for second in keys.may_carry(id, from) {
                follow(at, second);
            }
        }
        // What is dropped on the way waits for what the rest of its operation waits for.
        let altered = operation.alters.iter().filter_map(|id| to.get(id));
        let awaited: BTreeSet<&ObjectId> = altered.flat_map(|object| &object.needs).collect();
        // What it drops or changes lets go of what others drop.
        for id in operation.drops.iter().chain(&operation.alters) {
            let needs = comparison.from.get(id).map(|object| &object.needs);
            for needed in needs.into_iter().flatten() {
                for second in by(&droppers, needed) {
                    follow(at, second);
                }
                // Tables that SQLite rebuilds may refer to each other before and after, in other ways.
                let is_free = |object: &Object| {
                    id.kind != ObjectKind::Table && !object.needs.contains(needed)
                };
                let can_do_without = |needed: &ObjectId| {
                    awaited.contains(needed)
                        || is_hasty(id, needed) && !(room.loses_its_key)(id, needed, from, to)
                };
                if (to.get(id).is_none_or(is_free) || operation.drops.contains(id))
                    && !can_do_without(needed)
                {
                    for second in by(&alterers, needed) {
                        follow(at, second);
                    }
                }
            }
        }
    }
    followers
}

/// The keys and unique indexes that operations drop, by their tables: the columns that each needs, and the
/// operation.
///
/// Of several with the columns that a foreign key refers to, it needs one. That may be another one in another
/// database with the same schema: it depends on which of them was there first.
struct DroppedKeys<'s>(BTreeMap<ObjectId, Vec<(BTreeSet<&'s str>, usize)>>);

impl<'s> DroppedKeys<'s> {
    fn of(operations: &[Operation], from: &'s Schema) -> Self {
        let mut keys: BTreeMap<ObjectId, Vec<_>> = BTreeMap::new();
        for (at, operation) in operations.iter().enumerate() {
            for id in operation.drops.iter().filter(|id| is_key(id, from)) {
                if let (Some(object), Some(table)) = (from.get(id), from.table_of(id)) {
                    let columns = columns_of(&table, object);
                    keys.entry(table).or_default().push((columns, at));
                }
            }
        }
        Self(keys)
    }

    /// Returns the operations that drop what a foreign key may need.
    fn may_carry(&self, id: &ObjectId, from: &Schema) -> Vec<usize> {
        let Some(object) = from.get(id) else {
            return Vec::new();
        };
        let Definition::Constraint(constraint) = &object.definition else {
            return Vec::new();
        };
        let Some((schema, name)) = &constraint.references else {
            return Vec::new();
        };
        let table = ObjectId::new(ObjectKind::Table, schema, name);
        let needed = columns_of(&table, object);
        let keys = self.0.get(&table).into_iter().flatten();
        // An index may have further columns, which it includes.
        let keys = keys.filter(|(columns, _)| !columns.is_disjoint(&needed));
        keys.map(|(_, at)| *at).collect()
    }
}

/// Returns which columns of a table an object needs.
fn columns_of<'s>(table: &ObjectId, object: &'s Object) -> BTreeSet<&'s str> {
    let needed = object.needs.iter();
    let columns = needed.filter(|needed| needed.is_part_of(table, ObjectKind::Column));
    columns.map(|column| &*column.name).collect()
}

/// Returns whether a foreign key could need an object.
fn is_key(id: &ObjectId, schema: &Schema) -> bool {
    match schema.get(id).map(|object| &object.definition) {
        Some(Definition::Index(index)) => index.unique,
        Some(Definition::Constraint(constraint)) => match constraint.kind {
            ConstraintKind::PrimaryKey | ConstraintKind::Unique => true,
            ConstraintKind::Check
            | ConstraintKind::Exclude
            | ConstraintKind::NotNull
            | ConstraintKind::ForeignKey
            | ConstraintKind::Trigger => false,
        },
        _ => false,
    }
}

static EMPTY: BTreeSet<ObjectId> = BTreeSet::new();

fn is_rename(operation: &Operation) -> bool {
    let mut changes = operation.changes.iter();
    changes.any(|change| change.verb == Verb::Rename)
}

/// A name that only one object can have: the schema, the owner, the name.
type Place<'s> = (&'s str, Option<&'s str>, &'s str);

/// Returns the names that an object takes: its own, and those of the index and the sequence that come
/// with it.
fn places<'s>(id: &'s ObjectId, schema: &'s Schema) -> Vec<Place<'s>> {
    let mut places = vec![(id.schema.as_str(), id.parent.as_deref(), id.name.as_str())];
    match schema.get(id).map(|object| &object.definition) {
        Some(Definition::Constraint(constraint)) => match constraint.kind {
            ConstraintKind::PrimaryKey => {
                places.push((&id.schema, None, &id.name));
                // A table has one, whatever its name.
                places.push((&id.schema, id.parent.as_deref(), ""));
            }
            ConstraintKind::Unique | ConstraintKind::Exclude => {
                places.push((&id.schema, None, &id.name));
            }
            ConstraintKind::Check
            | ConstraintKind::NotNull
            | ConstraintKind::ForeignKey
            | ConstraintKind::Trigger => {}
        },
        Some(Definition::Column(column)) => {
            let identity = column.identity.as_ref();
            places.extend(identity.map(|identity| (&*id.schema, None, &*identity.name)));
        }
        _ => {}
    }
    places
}

fn index<'o, I: IntoIterator<Item = &'o ObjectId>>(
    operations: &'o [Operation],
    ids: impl Fn(&'o Operation) -> I,
) -> BTreeMap<&'o ObjectId, Vec<usize>> {
    let mut index: BTreeMap<&ObjectId, Vec<usize>> = BTreeMap::new();
    for (at, operation) in operations.iter().enumerate() {
        for id in ids(operation) {
            index.entry(id).or_default().push(at);
        }
    }
    index
}
