//! Tables that leave those that they inherit from or are partitions of, and join others.
//!
//! Who leaves does so before everything else, and who joins does so afterwards. In between, such a table
//! stands by itself, so its parts are compared as if it always did: no change of one table then depends on
//! whether it reaches the other.

mod alone;

use std::collections::{BTreeMap, BTreeSet};

use super::create::partition;
use super::name;
use super::{facts, kept};
use crate::change::{Change, Hazard, Statement, Verb};
use crate::comparison::{Move, MoveKind, Moves};
use crate::model::{Definition, ObjectId, ObjectKind, Partition, Schema, Table};

/// Returns the tables that move, and the schemas in which they stand by themselves.
pub(crate) fn moves<'s>(from: &'s Schema, to: &'s Schema) -> Moves<'s> {
    let movers = movers(from, to);
    let mut moves = Moves::none(from, to);
    for mover in movers.iter().filter(|mover| !mover.left.is_empty()) {
        alone::separate(moves.from.to_mut(), &mover.id, &mover.left);
    }
    for mover in movers.iter().filter(|mover| !mover.joined.is_empty()) {
        alone::separate(moves.to.to_mut(), &mover.id, &mover.joined);
    }
    for mover in &movers {
        let own = [&*moves.from, &moves.to].map(|schema| whole(&mover.id, schema));
        let own = own.into_iter().flatten().collect();
        let steps = mover.steps(own, from, to);
        moves.steps.extend(steps);
    }
    moves.waiting = waiting(from, to);
    moves
}

/// Returns the new tables that begin with the defaults of others.
fn waiting(from: &Schema, to: &Schema) -> BTreeMap<ObjectId, BTreeSet<ObjectId>> {
    let tables = to.of_kind(ObjectKind::Table).map(|(id, _)| id);
    let new = tables.filter(|id| !from.objects.contains_key(*id));
    let new = new.filter_map(|id| {
        let above: Vec<ObjectId> = parents(facts::table(to, id)?).collect();
        let mut defaults = surroundings(&above, from, to);
        defaults.retain(|part| part.kind == ObjectKind::Default);
        (!defaults.is_empty()).then(|| (id.clone(), defaults))
    });
    new.collect()
}

/// A table that moves.
struct Mover<'s> {
    id: ObjectId,
    before: Option<&'s Table>,
    after: &'s Table,
    /// The tables that it leaves.
    left: Vec<ObjectId>,
    /// The tables that it joins; it may have left them for a while.
    joined: Vec<ObjectId>,
}

fn movers<'s>(from: &'s Schema, to: &'s Schema) -> Vec<Mover<'s>> {
    let tables = to.of_kind(ObjectKind::Table);
    let movers = tables.filter_map(|(id, _)| {
        let after = facts::table(to, id)?;
        let tables = facts::table(from, id).into_iter().chain([after]);
        tables.flat_map(parents).next()?;
        if !kept::is_kept_table(id, from, to) {
            let is_created_alone = after.partition.is_some() && !is_made_by_parent(id, from, to);
            return is_created_alone.then(|| Mover {
                id: id.clone(),
                before: None,
                after,
                left: Vec::new(),
                joined: parents(after).collect(),
            });
        }
        let before = facts::table(from, id)?;
        let is_kept = |parent: &ObjectId| stays(id, parent, from, to);
        Some(Mover {
            id: id.clone(),
            before: Some(before),
            after,
            left: parents(before).filter(|parent| !is_kept(parent)).collect(),
            joined: parents(after).filter(|parent| !is_kept(parent)).collect(),
        })
    });
    movers.collect()
}

fn parents(table: &Table) -> impl Iterator<Item = ObjectId> {
    let parents = facts::parents(table);
    parents.map(|(of, name)| ObjectId::new(ObjectKind::Table, of, name))
}

/// Returns whether the server makes of a new partition what it is to be, but for names. What belongs to an
/// index that exists must be there before the server makes another one for it.
fn is_made_by_parent(id: &ObjectId, from: &Schema, to: &Schema) -> bool {
    let seats = facts::seats(to, id);
    let has_own_seat = seats.iter().any(|(parent, seat)| {
        seat.kind == ObjectKind::Constraint && kept::is_kept_index(parent, from, to)
    });
    !has_own_seat && partition::has_clear_names(id, to)
}

/// Returns whether a table stays where it is in another one.
fn stays(id: &ObjectId, parent: &ObjectId, from: &Schema, to: &Schema) -> bool {
    let (Some(before), Some(after)) = (facts::table(from, id), facts::table(to, id)) else {
        return false;
    };
    before.partition == after.partition
        && parents(before).any(|found| found == *parent)
        && parents(after).any(|found| found == *parent)
        && kept::is_kept_table(parent, from, to)
        && !changes_seats(id, from, to)
}

/// Returns whether other indexes of a partition take the place of those that belong to the indexes of the
/// partitioned table: the server lets none out while the table is a partition.
fn changes_seats(id: &ObjectId, from: &Schema, to: &Schema) -> bool {
    let new_seats = facts::seats(to, id);
    facts::seats(from, id).into_iter().any(|(parent, old)| {
        new_seats.get(&parent).is_some_and(|new| {
            let is_renamed = old.kind == new.kind
                && !to.objects.contains_key(&old)
                && !from.objects.contains_key(new);
            old != *new && !is_renamed && kept::is_kept_index(&parent, from, to)
        })
    })
}

impl Mover<'_> {
    fn place_before(&self) -> Option<&Partition> {
        self.before.and_then(|table| table.partition.as_deref())
    }

    fn change(&self, sentence: String, statements: Vec<String>) -> Change {
        Change {
            verb: Verb::Alter,
            object: self.id.clone(),
            sentence,
            hazards: Vec::new(),
            statements: statements.into_iter().map(Statement::new).collect(),
        }
    }

    /// Returns the steps that take the table out of others and put it into others; `own` are its parts
    /// while it stands by itself.
    fn steps(&self, own: BTreeSet<ObjectId>, from: &Schema, to: &Schema) -> Vec<Move> {
        let leave = (!self.left.is_empty()).then(|| self.leave(own.clone(), from, to));
        let join = (!self.joined.is_empty()).then(|| self.join(own.clone(), from, to));
        leave.into_iter().chain(join).collect()
    }

    fn leave(&self, own: BTreeSet<ObjectId>, from: &Schema, to: &Schema) -> Move {
        let id = &self.id;
        let name = name::of(id);
        let statements = self.left.iter().map(|table| {
            let table = name::of(table);
            match self.place_before() {
                Some(_) => format!("ALTER TABLE {table} DETACH PARTITION {name}"),
                None => format!("ALTER TABLE {name} NO INHERIT {table}"),
            }
        });
        let what = match self.place_before() {
            Some(_) => format!("detached {id}"),
            None => format!("changed what {id} inherits from"),
        };
        let mut precedes = own;
        precedes.extend(surroundings(&self.left, from, to));
        // Their rows could belong into the partition that leaves.
        precedes.extend(partitions(&self.left, to, from));
        Move {
            kind: MoveKind::Leave,
            change: self.change(what, statements.collect()),
            follows: BTreeSet::new(),
            precedes,
        }
    }

    fn join(&self, own: BTreeSet<ObjectId>, from: &Schema, to: &Schema) -> Move {
        let id = &self.id;
        let name = name::of(id);
        let mut statements = Vec::new();
        let mut hazards = Vec::new();
        let mut what = format!("changed what {id} inherits from");
        match (self.place_before(), self.after.partition.as_deref()) {
            (before, Some(after)) => {
                let rivals = rivals(id, to);
                statements.extend(
                    rivals
                        .iter()
                        .map(|rival| format!("DROP INDEX {}", name::of(rival))),
                );
                let (of, table) = &after.table;
                statements.push(format!(
                    "ALTER TABLE {} ATTACH PARTITION {name} {}",
                    name::qualified(of, table),
                    after.bound
                ));
                statements.extend(rivals.iter().filter_map(|rival| {
                    match facts::definition(to, rival)? {
                        Definition::Index(index) => Some(index.sql.clone()),
                        _ => None,
                    }
                }));
                hazards.push(Hazard::ScansLocked(id.clone()));
                hazards.push(Hazard::MayFail("rows are outside of the bound".to_owned()));
                what = match before {
                    Some(before) if before == after => format!("attached {id} again"),
                    Some(before) if before.table == after.table => {
                        format!("changed the bound of {id}")
                    }
                    Some(_) | None => format!("attached {id}"),
                };
            }
            (_, None) => statements.extend(
                self.joined
                    .iter()
                    .map(|table| format!("ALTER TABLE {name} INHERIT {}", name::of(table))),
            ),
        }
        let mut follows = own;
        follows.extend(surroundings(&self.joined, from, to));
        // They could have the rows of the one that joins.
        follows.extend(partitions(&self.joined, from, to));
        let precedes = new_references(&self.joined, from, to);
        let precedes = precedes
            .into_iter()
            .filter(|key| !follows.contains(key))
            .collect();
        let mut change = self.change(what, statements);
        change.hazards = hazards;
        Move {
            kind: MoveKind::Join,
            change,
            follows,
            precedes,
        }
    }
}

/// Returns tables, those above them, and the parts of all of them.
fn surroundings(tables: &[ObjectId], from: &Schema, to: &Schema) -> BTreeSet<ObjectId> {
    let parts = [from, to].into_iter().flat_map(|schema| {
        let tables = with_ancestors(tables, schema).into_iter();
        tables.flat_map(|table| whole(&table, schema).collect::<Vec<_>>())
    });
    parts.collect()
}

/// Returns tables and those above them.
fn with_ancestors(tables: &[ObjectId], schema: &Schema) -> BTreeSet<ObjectId> {
    let mut found = BTreeSet::new();
    let mut left = tables.to_vec();
    while let Some(id) = left.pop() {
        left.extend(facts::table(schema, &id).into_iter().flat_map(parents));
        found.insert(id);
    }
    found
}

/// Returns a table, and what of it reaches the tables below it or must fit those above it.
fn whole<'s>(table: &'s ObjectId, schema: &'s Schema) -> impl Iterator<Item = ObjectId> {
    let kinds = [
        ObjectKind::Column,
        ObjectKind::Default,
        ObjectKind::Constraint,
        ObjectKind::Trigger,
    ];
    let parts = kinds.into_iter().flat_map(|kind| schema.parts(table, kind));
    let parts = parts.map(|(part, _)| part.clone());
    let indexes = facts::indexes_of(schema, table).map(|(index, _)| index.clone());
    std::iter::once(table.clone()).chain(parts).chain(indexes)
}

/// Returns the partitions of some tables that one schema has and the other one has not.
fn partitions(tables: &[ObjectId], schema: &Schema, other: &Schema) -> Vec<ObjectId> {
    let children = tables
        .iter()
        .flat_map(|table| facts::children(schema, table));
    let children = children.filter(|child| !other.objects.contains_key(*child));
    children.cloned().collect()
}

/// Returns the new foreign keys that refer to some tables or to those above them: rows may refer to those of
/// a table that joins. Partitioned tables can refer to each other, and those that join them need their keys.
fn new_references(tables: &[ObjectId], from: &Schema, to: &Schema) -> Vec<ObjectId> {
    let tables = with_ancestors(tables, to);
    let is_new = |id: &ObjectId| {
        let owner = facts::owner_table(id);
        !from.objects.contains_key(id) && !facts::is_partitioned(to, &owner.schema, &owner.name)
    };
    let constraints = to.objects.iter().filter(|(id, _)| is_new(id));
    let keys = constraints.filter(|(_, object)| match &object.definition {
        Definition::Constraint(constraint) => {
            let references = constraint.references.as_ref();
            references.is_some_and(|(of, name)| {
                tables.contains(&ObjectId::new(ObjectKind::Table, of, name))
            })
        }
        _ => false,
    });
    keys.map(|(id, _)| id.clone()).collect()
}

/// Returns the indexes of a table that the server could take instead of those that are to belong to the
/// indexes of the partitioned table.
fn rivals(id: &ObjectId, to: &Schema) -> Vec<ObjectId> {
    let indexes = || facts::indexes_of(to, id);
    let seats = indexes().filter(|(_, index)| index.parent.is_some());
    let seats: BTreeSet<&str> = seats.map(|(_, index)| index.definition.as_str()).collect();
    let rivals = indexes()
        .filter(|(_, index)| index.parent.is_none() && seats.contains(index.definition.as_str()));
    rivals.map(|(rival, _)| rival.clone()).collect()
}
