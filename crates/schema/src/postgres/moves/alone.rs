//! Schemas in which a table stands by itself.

use std::collections::BTreeSet;

use crate::model::{ConstraintKind, Definition, Object, ObjectId, ObjectKind, Schema, SharedName};
use crate::postgres::facts;

/// Changes a schema into what the server makes of it when a table leaves others: it keeps what it has from
/// them as its own.
pub(super) fn separate(schema: &mut Schema, id: &ObjectId, left: &[ObjectId]) {
    let Some(table) = facts::table(schema, id) else {
        return;
    };
    let is_left = |(of, name): &(SharedName, SharedName)| {
        let mut left = left.iter();
        left.any(|table| table.schema == *of && table.name == *name)
    };
    let was_partition = table
        .partition
        .as_ref()
        .is_some_and(|place| is_left(&place.table));
    let kept = facts::parents(table).filter(|parent| !is_left(parent));
    let kept: Vec<ObjectId> = kept
        .map(|(of, name)| ObjectId::new(ObjectKind::Table, of, name))
        .collect();
    let keys = match was_partition {
        true => copied_keys(id, schema),
        false => Vec::new(),
    };
    let kinds = [ObjectKind::Column, ObjectKind::Constraint];
    let parts = kinds.into_iter().flat_map(|kind| schema.parts(id, kind));
    let parts = parts.map(|(part, _)| part.clone());
    let indexes = facts::indexes_of(schema, id).map(|(index, _)| index.clone());
    let own: BTreeSet<ObjectId> = parts.chain(indexes).chain([id.clone()]).collect();
    let indexes = left
        .iter()
        .flat_map(|table| facts::indexes_of(schema, table));
    let others: BTreeSet<ObjectId> = indexes.map(|(index, _)| index.clone()).collect();
    let is_others = |needed: &ObjectId| {
        let mut left = left.iter();
        others.contains(needed)
            || left.any(|table| {
                table == needed
                    || table.schema == needed.schema && needed.parent.as_ref() == Some(&table.name)
            })
    };
    for part in &own {
        let is_given = kept.iter().any(|table| {
            schema
                .objects
                .contains_key(&table.part(part.kind, &*part.name))
        });
        let Some(object) = schema.objects.get_mut(part) else {
            continue;
        };
        match &mut object.definition {
            Definition::Table(table) => {
                table.partition.take_if(|place| is_left(&place.table));
                table.parents.retain(|parent| !is_left(parent));
            }
            Definition::Column(column) => {
                column.inherited &= is_given;
                // What the numbers come from is the partitioned table's.
                column
                    .identity
                    .take_if(|identity| was_partition && identity.name.is_empty());
            }
            Definition::Constraint(constraint) => match constraint.kind {
                // It leads to the same table as before.
                ConstraintKind::ForeignKey => continue,
                ConstraintKind::Check | ConstraintKind::NotNull => constraint.inherited &= is_given,
                ConstraintKind::PrimaryKey
                | ConstraintKind::Unique
                | ConstraintKind::Exclude
                | ConstraintKind::Trigger => {
                    constraint.inherited = false;
                    constraint.index_parent = None;
                }
            },
            Definition::Index(index) => index.parent = None,
            _ => {}
        }
        object.needs.retain(|needed| !is_others(needed));
    }
    // The indexes of the tables that are left take no part in those of this one.
    for index in &others {
        if let Some(object) = schema.objects.get_mut(index) {
            object.mentions.retain(|mentioned| !own.contains(mentioned));
        }
    }
    for (key, object) in keys {
        schema.objects.entry(key).or_insert(object);
    }
}

/// Returns the foreign keys that a partition has because of the tables that it is a part of, which may be
/// partitions themselves: no row of the catalog stands for them alone.
fn copied_keys(id: &ObjectId, schema: &Schema) -> Vec<(ObjectId, Object)> {
    let above = |id: &ObjectId| {
        let place = facts::table(schema, id)?.partition.as_ref()?;
        Some(ObjectId::new(
            ObjectKind::Table,
            &place.table.0,
            &place.table.1,
        ))
    };
    let tables = std::iter::successors(above(id), above);
    let mut copies = Vec::new();
    for table in tables {
        for (key, object) in facts::constraints_of(schema, &table, ConstraintKind::ForeignKey) {
            let Definition::Constraint(constraint) = &object.definition else {
                continue;
            };
            let mut copy = object.clone();
            copy.comment = None;
            let refers_to_itself = constraint
                .references
                .as_ref()
                .is_some_and(|(of, name)| *of == table.schema && *name == table.name);
            copy.needs.retain(|needed| {
                refers_to_itself || *needed != table && needed.parent.as_ref() != Some(&table.name)
            });
            copy.needs.insert(id.clone());
            let columns = constraint.columns.iter();
            let columns = columns.map(|column| id.part(ObjectKind::Column, column));
            copy.needs.extend(columns);
            copies.push((id.part(ObjectKind::Constraint, &*key.name), copy));
        }
    }
    copies
}
