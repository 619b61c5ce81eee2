//! Differences that no statement makes.
//!
//! A column or check that a table inherits can also be its own, which it then keeps when the parent loses
//! it. `INHERIT` makes it so, `CREATE TABLE ... INHERITS` does not, and nothing changes it afterwards.

use super::{facts, kept, moves};
use crate::model::{ConstraintKind, Definition, ObjectId, Schema};

const KIND: &str = "own definition of what is inherited";

/// Returns the kind and the name of each difference that is left when one schema has become the other.
pub(crate) fn lasting(from: &Schema, to: &Schema) -> Vec<(&'static str, String)> {
    let alone = moves::moves(from, to);
    let ids = to.objects.keys().filter(|id| {
        let table = facts::owner_table(id);
        is_inherited(to, id).is_some_and(|wanted| {
            let found = match (is_inherited(&alone.from, id), is_inherited(&alone.to, id)) {
                (Some(found), _) | (None, Some(found)) => found,
                (None, None) => wanted,
            };
            found != wanted && is_given(to, id) && kept::is_kept_table(&table, from, to)
        })
    });
    ids.map(|id| (KIND, id.to_string())).collect()
}

/// Returns whether a part of a table is its parents' alone, if it is of a kind that tables inherit.
fn is_inherited(schema: &Schema, id: &ObjectId) -> Option<bool> {
    match facts::definition(schema, id)? {
        Definition::Column(column) => Some(column.inherited),
        Definition::Constraint(constraint) => match constraint.kind {
            ConstraintKind::Check | ConstraintKind::NotNull => Some(constraint.inherited),
            ConstraintKind::PrimaryKey
            | ConstraintKind::Unique
            | ConstraintKind::Exclude
            | ConstraintKind::ForeignKey
            | ConstraintKind::Trigger => None,
        },
        _ => None,
    }
}

/// Returns whether a table inherits a part from others; what a partition has is never its own.
fn is_given(schema: &Schema, id: &ObjectId) -> bool {
    let table = facts::table(schema, &facts::owner_table(id));
    table.is_some_and(|table| table.partition.is_none())
        && facts::inherited_from(schema, id).is_some()
}
