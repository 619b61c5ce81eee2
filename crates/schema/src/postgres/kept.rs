//! What stays, rather than being dropped and created again.

use super::facts;
use crate::model::{Attribute, Definition, ObjectId, ObjectKind, Schema, Table};

/// Returns whether an index stays.
pub(super) fn is_kept_index(id: &ObjectId, from: &Schema, to: &Schema) -> bool {
    match (facts::definition(from, id), facts::definition(to, id)) {
        (Some(Definition::Index(before)), Some(Definition::Index(after))) => {
            let of = ObjectId::new(ObjectKind::Table, &id.schema, &before.table);
            before.sql == after.sql
                && (after.valid || !before.valid)
                && is_kept_table(&of, from, to)
        }
        _ => false,
    }
}

/// Returns whether a table stays.
pub(super) fn is_kept_table(id: &ObjectId, from: &Schema, to: &Schema) -> bool {
    match (facts::table(from, id), facts::table(to, id)) {
        (Some(before), Some(after)) => can_stay(id, before, after, from, to),
        _ => false,
    }
}

/// Returns whether one table can become another: the server changes neither how a table is partitioned nor
/// the types of the columns by which it is.
pub(super) fn can_stay(
    id: &ObjectId,
    before: &Table,
    after: &Table,
    from: &Schema,
    to: &Schema,
) -> bool {
    if before.partition_key.is_none() && after.partition_key.is_none() {
        return true;
    }
    let columns = from.columns(id).into_iter();
    let mut keys = columns.filter(|(column, _)| facts::is_key_of_partitions(from, column));
    before.partition_key == after.partition_key
        && keys.all(|(column, before)| {
            let is_same = facts::column(to, column).is_none_or(|after| {
                before.data_type == after.data_type && before.collation == after.collation
            });
            is_same && !uses_swapped(column, from, to)
        })
}

/// Returns whether another type takes the place of one that an object uses.
fn uses_swapped(id: &ObjectId, from: &Schema, to: &Schema) -> bool {
    let needs = from.get(id).map(|object| &object.needs);
    let mut needs = needs.into_iter().flatten();
    needs.any(|used| is_swapped(used, from, to))
}

/// Returns whether another type takes the place of one: those of domains go with the types that they are
/// over.
fn is_swapped(id: &ObjectId, from: &Schema, to: &Schema) -> bool {
    let (Some(before), Some(after)) = (facts::definition(from, id), facts::definition(to, id))
    else {
        return false;
    };
    match (before, after) {
        (Definition::Enum(before), Definition::Enum(after)) => !is_extended(before, after),
        (Definition::Domain(old), Definition::Domain(new)) => {
            let is_same = old.data_type == new.data_type && old.collation == new.collation;
            !is_same || uses_swapped(id, from, to)
        }
        (Definition::Composite(before), Definition::Composite(after)) => is_retyped(before, after),
        (Definition::Statement(before), Definition::Statement(after)) => {
            id.kind == ObjectKind::Range && before != after
        }
        _ => false,
    }
}

/// Returns whether an enum has the labels that it had, in their order, and may have others between them.
pub(super) fn is_extended(before: &[String], after: &[String]) -> bool {
    let kept = after.iter().filter(|label| before.contains(label));
    before.iter().eq(kept)
}

/// Returns whether attributes of a composite type get other types.
pub(super) fn is_retyped(before: &[Attribute], after: &[Attribute]) -> bool {
    before.iter().any(|old| {
        let mut after = after.iter();
        after.any(|new| {
            new.name == old.name
                && (new.data_type != old.data_type || new.collation != old.collation)
        })
    })
}
