//! Questions about schemas that several statements depend on.

use std::collections::{BTreeMap, BTreeSet};

use super::name;
use crate::comparison::Comparison;
use crate::model::{
    Column, Constraint, ConstraintKind, Definition, Index, Object, ObjectId, ObjectKind, Schema,
    SharedName, Table,
};

/// Returns what an object is.
pub(super) fn definition<'s>(schema: &'s Schema, id: &ObjectId) -> Option<&'s Definition> {
    schema.get(id).map(|object| &object.definition)
}

/// Returns a column.
pub(super) fn column<'s>(schema: &'s Schema, id: &ObjectId) -> Option<&'s Column> {
    match definition(schema, id)? {
        Definition::Column(column) => Some(column),
        _ => None,
    }
}

/// Returns a constraint.
pub(super) fn constraint<'s>(schema: &'s Schema, id: &ObjectId) -> Option<&'s Constraint> {
    match definition(schema, id)? {
        Definition::Constraint(constraint) => Some(constraint),
        _ => None,
    }
}

/// Returns a constraint without its name, as a statement writes it.
pub(super) fn constraint_clause(constraint: &Constraint) -> String {
    let definition = &constraint.definition;
    if constraint.storage.is_empty() {
        return definition.clone();
    }
    let (demand, mode) = split_mode(definition);
    format!("{demand} WITH ({}){mode}", constraint.storage.join(", "))
}

/// Splits when a constraint is checked, as it is written, from what it demands.
pub(super) fn split_mode(definition: &str) -> (&str, &str) {
    let modes = [" DEFERRABLE INITIALLY DEFERRED", " DEFERRABLE"];
    let ends = modes
        .iter()
        .filter_map(|mode| definition.strip_suffix(mode));
    let demand = ends.min_by_key(|demand| demand.len()).unwrap_or(definition);
    definition.split_at(demand.len())
}

/// Returns a table.
pub(super) fn table<'s>(schema: &'s Schema, id: &ObjectId) -> Option<&'s Table> {
    match definition(schema, id)? {
        Definition::Table(table) => Some(table),
        _ => None,
    }
}

/// Returns the expression of a column's default.
pub(super) fn default<'s>(schema: &'s Schema, column: &ObjectId) -> Option<&'s str> {
    match definition(schema, &column.of_kind(ObjectKind::Default))? {
        Definition::Default(expression) => Some(expression),
        _ => None,
    }
}

/// Returns the table that something is a part of.
pub(super) fn owner_table(id: &ObjectId) -> ObjectId {
    let name = id.parent.clone().unwrap_or_default();
    ObjectId::new(ObjectKind::Table, &id.schema, name)
}

/// Returns those of some objects that are parts of a table, view or domain.
pub(super) fn parts<'s>(
    ids: &'s BTreeSet<ObjectId>,
    owner: &'s ObjectId,
    kind: ObjectKind,
) -> impl Iterator<Item = &'s ObjectId> {
    let parts = ids.range(owner.part(kind, "")..);
    parts.take_while(move |id| id.is_part_of(owner, kind))
}

/// Returns the table or materialized view with this name.
pub(super) fn relation(schema: &Schema, of: &str, name: &str) -> Option<ObjectId> {
    [ObjectKind::Table, ObjectKind::MaterializedView]
        .map(|kind| ObjectId::new(kind, of, name))
        .into_iter()
        .find(|id| schema.objects.contains_key(id))
}

/// Returns whether a table consists of partitions.
pub(super) fn is_partitioned(schema: &Schema, of: &str, name: &str) -> bool {
    let id = ObjectId::new(ObjectKind::Table, of, name);
    table(schema, &id).is_some_and(|table| table.partition_key.is_some())
}

/// Returns the tables that inherit from a table, or are its partitions.
pub(super) fn children<'s>(
    schema: &'s Schema,
    parent: &'s ObjectId,
) -> impl Iterator<Item = &'s ObjectId> {
    let tables = schema.of_kind(ObjectKind::Table);
    let children = tables.filter(|(_, object)| match &object.definition {
        Definition::Table(table) => {
            parents(table).any(|(schema, name)| *schema == parent.schema && *name == parent.name)
        }
        _ => false,
    });
    children.map(|(id, _)| id)
}

/// Returns the tables that a table inherits from, or is a partition of.
pub(super) fn parents(table: &Table) -> impl Iterator<Item = &(SharedName, SharedName)> {
    let partitioned = table.partition.as_ref().map(|partition| &partition.table);
    table.parents.iter().chain(partitioned)
}

/// Returns the same part of each table that inherits it, directly or not.
pub(super) fn heirs(schema: &Schema, part: &ObjectId) -> Vec<ObjectId> {
    let mut heirs = Vec::new();
    let mut left = vec![owner_table(part)];
    while let Some(table) = left.pop() {
        for child in children(schema, &table) {
            let heir = child.part(part.kind, part.name.clone());
            if schema.objects.contains_key(&heir) && !heirs.contains(&heir) {
                heirs.push(heir);
            }
            left.push(child.clone());
        }
    }
    heirs
}

/// Returns the checks that a check which is not validated makes in other tables, each with whether it is
/// validated there.
pub(super) fn made_by_check(schema: &Schema, id: &ObjectId) -> Vec<(ObjectId, bool)> {
    let own = constraint(schema, id);
    let makes_others = own
        .is_some_and(|own| own.kind == ConstraintKind::Check && !own.validated && !own.inherited);
    if !makes_others {
        return Vec::new();
    }
    let heirs = heirs(schema, id).into_iter().filter_map(|heir| {
        let made = constraint(schema, &heir).filter(|made| made.inherited)?;
        Some((heir, made.validated))
    });
    heirs.collect()
}

/// Returns the same part of a table that the table of this one inherits from.
pub(super) fn inherited_from(schema: &Schema, part: &ObjectId) -> Option<ObjectId> {
    let table = table(schema, &owner_table(part))?;
    let mut parts = parents(table).map(|(of, name)| {
        ObjectId::new(ObjectKind::Table, of, name).part(part.kind, part.name.clone())
    });
    parts.find(|part| schema.objects.contains_key(part))
}

/// Returns the name of the table of a part, with `ONLY` where the statement would reach others.
pub(super) fn only(part: &ObjectId, schema: &Schema) -> String {
    let table = owner_table(part);
    match children(schema, &table).next().is_some() {
        true => format!("ONLY {}", name::of(&table)),
        false => name::of(&table),
    }
}

/// Returns whether a routine mentions something that changes, so that its body can only be checked at
/// the end.
pub(super) fn mentions_changes(routine: &Object, comparison: Comparison<'_>) -> bool {
    let Comparison { from, to, .. } = comparison;
    let columns = |schema, table| -> Vec<_> {
        let columns = Schema::columns(schema, table).into_iter();
        columns
            .map(|(id, column)| (id.clone(), column.clone()))
            .collect()
    };
    routine
        .mentions
        .iter()
        .any(|mentioned| match mentioned.kind {
            // It may be away for a while.
            ObjectKind::View | ObjectKind::MaterializedView => true,
            ObjectKind::Table => {
                from.get(mentioned).is_none() || columns(from, mentioned) != columns(to, mentioned)
            }
            _ => from.get(mentioned) != to.get(mentioned),
        })
}

/// Returns the type and the collation of a column or domain.
pub(super) fn collated(data_type: &str, collation: Option<&str>) -> String {
    match collation {
        Some(collation) => format!("{data_type} COLLATE {collation}"),
        None => data_type.to_owned(),
    }
}

/// Returns whether an index is one of a partition, and belongs to this one.
pub(super) fn belongs_to(part: &ObjectId, parent: &ObjectId, schema: &Schema) -> bool {
    let parents = std::iter::successors(index_parent(part, schema), |part| {
        index_parent(part, schema)
    });
    parents.into_iter().any(|found| found == *parent)
}

/// Returns the index of the partitioned table that an index of a partition belongs to.
pub(super) fn index_parent(id: &ObjectId, schema: &Schema) -> Option<ObjectId> {
    let Definition::Index(index) = definition(schema, id)? else {
        return None;
    };
    let partition = ObjectId::new(ObjectKind::Table, &id.schema, &index.table);
    let partition = table(schema, &partition)?.partition.as_ref()?;
    let name = index.parent.as_ref()?;
    Some(ObjectId::new(ObjectKind::Index, &partition.table.0, name))
}

/// Returns the index, or the constraint of the index, that a partition has for each index of its table.
pub(super) fn seats(schema: &Schema, partition: &ObjectId) -> BTreeMap<ObjectId, ObjectId> {
    let Some(of) = table(schema, partition).and_then(|table| table.partition.as_ref()) else {
        return BTreeMap::new();
    };
    let of = &of.table.0;
    let parent = |name: &Option<SharedName>| {
        let name = name.as_deref()?;
        Some(ObjectId::new(ObjectKind::Index, of, name))
    };
    let indexes = indexes_of(schema, partition);
    let indexes = indexes.filter_map(|(id, index)| Some((parent(&index.parent)?, id.clone())));
    let constraints = schema.parts(partition, ObjectKind::Constraint);
    let constraints = constraints.filter_map(|(id, object)| match &object.definition {
        Definition::Constraint(constraint) => Some((parent(&constraint.index_parent)?, id.clone())),
        _ => None,
    });
    indexes.chain(constraints).collect()
}

/// Returns the indexes of a table that are no constraint's.
pub(super) fn indexes_of<'s>(
    schema: &'s Schema,
    table: &'s ObjectId,
) -> impl Iterator<Item = (&'s ObjectId, &'s Index)> {
    let first = ObjectId::new(ObjectKind::Index, table.schema.as_str(), "");
    let indexes = schema.objects.range(first..);
    let indexes =
        indexes.take_while(|(id, _)| id.kind == ObjectKind::Index && id.schema == table.schema);
    indexes.filter_map(|(id, object)| match &object.definition {
        Definition::Index(index) if index.table == table.name => Some((id, &**index)),
        _ => None,
    })
}

/// Returns the constraints of a kind that a table has.
pub(super) fn constraints_of<'s>(
    schema: &'s Schema,
    table: &'s ObjectId,
    kind: ConstraintKind,
) -> impl Iterator<Item = (&'s ObjectId, &'s Object)> {
    let constraints = schema.parts(table, ObjectKind::Constraint);
    constraints.filter(move |(_, object)| match &object.definition {
        Definition::Constraint(constraint) => constraint.kind == kind,
        _ => false,
    })
}

/// Returns whether a table is partitioned by a column.
pub(super) fn is_key_of_partitions(schema: &Schema, column: &ObjectId) -> bool {
    let key = table(schema, &owner_table(column)).and_then(|table| table.partition_key.as_ref());
    let name = name::quote(&column.name);
    key.is_some_and(|key| match name.starts_with('"') {
        true => key.contains(&name),
        false => {
            let mut words = key.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            words.any(|word| word == name)
        }
    })
}
