//! What is created, and what has to go, together with something else.

use std::collections::BTreeSet;

use super::create::{column, table};
use super::{drop, facts};
use crate::comparison::{Comparison, Fate};
use crate::model::{ConstraintKind, Definition, ObjectId, ObjectKind};

/// Returns which of the created objects the creation of this one includes.
pub(crate) fn covers(
    id: &ObjectId,
    created: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) -> BTreeSet<ObjectId> {
    let schema = comparison.to;
    match facts::definition(schema, id) {
        Some(Definition::Table(_)) => table::covers(id, created, schema),
        Some(Definition::Column(own)) => {
            let mut covered = column::covers(id, own, created, schema);
            for heir in facts::heirs(schema, id) {
                covered.insert(heir.of_kind(ObjectKind::Default));
                covered.insert(heir);
            }
            covered.retain(|part| created.contains(part));
            covered
        }
        Some(Definition::Domain(_)) => {
            let parts = facts::parts(created, id, ObjectKind::Constraint);
            parts.cloned().collect()
        }
        Some(Definition::Constraint(_)) => {
            let table = facts::owner_table(id);
            if facts::children(schema, &table).next().is_none() {
                return BTreeSet::new();
            }
            let heirs = created
                .iter()
                .filter(|part| drop::inherits(part, id, schema));
            heirs.cloned().collect()
        }
        _ => BTreeSet::new(),
    }
}

/// Returns whether an object that both schemas have must be taken away because of what happens to
/// something that it needs.
pub(crate) fn must_go(
    dependent: &ObjectId,
    needed: &ObjectId,
    fate: Fate,
    comparison: Comparison<'_>,
) -> bool {
    let is_generated = || {
        facts::column(comparison.from, dependent).is_some_and(|column| column.generated.is_some())
    };
    // A check waits for the tables below its own, but can do without them.
    if dependent.kind == ObjectKind::Constraint
        && needed.kind == ObjectKind::Table
        && facts::made_by_check(comparison.from, dependent)
            .iter()
            .any(|(heir, _)| facts::owner_table(heir) == *needed)
    {
        return false;
    }
    match fate {
        Fate::Dropped => match dependent.kind {
            ObjectKind::Column => needed.kind == ObjectKind::Table || is_generated(),
            // What leaves its parent first can stay.
            ObjectKind::Table => facts::table(comparison.to, dependent).is_some_and(|table| {
                let mut parents = facts::parents(table);
                parents.any(|(of, name)| *of == needed.schema && *name == needed.name)
            }),
            ObjectKind::Schema
            | ObjectKind::Extension
            | ObjectKind::Collation
            | ObjectKind::Enum
            | ObjectKind::Composite
            | ObjectKind::Range
            | ObjectKind::Domain
            | ObjectKind::Sequence => false,
            ObjectKind::TextSearchDictionary
            | ObjectKind::TextSearchConfiguration
            | ObjectKind::SequenceOwner
            | ObjectKind::Routine
            | ObjectKind::Operator
            | ObjectKind::Cast
            | ObjectKind::Default
            | ObjectKind::Constraint
            | ObjectKind::Index
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Statistics
            | ObjectKind::Rule
            | ObjectKind::Trigger
            | ObjectKind::Policy => true,
        },
        Fate::Disturbed => match dependent.kind {
            ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Rule
            | ObjectKind::Trigger
            | ObjectKind::Policy
            | ObjectKind::Routine
            | ObjectKind::Operator
            | ObjectKind::Cast => true,
            ObjectKind::Column => is_generated(),
            // A table's constraints and indexes follow the type of a column, but not a type that takes
            // the place of another one.
            ObjectKind::Index => needed.kind != ObjectKind::Column,
            // A new domain has its constraints.
            ObjectKind::Constraint if dependent.parent.as_ref() == Some(&needed.name) => false,
            ObjectKind::Constraint => {
                needed.kind != ObjectKind::Column || changes_both_sides(dependent, comparison)
            }
            ObjectKind::Schema
            | ObjectKind::Extension
            | ObjectKind::Collation
            | ObjectKind::TextSearchDictionary
            | ObjectKind::TextSearchConfiguration
            | ObjectKind::Enum
            | ObjectKind::Composite
            | ObjectKind::Range
            | ObjectKind::Domain
            | ObjectKind::Sequence
            | ObjectKind::Table
            | ObjectKind::SequenceOwner
            | ObjectKind::Default
            | ObjectKind::Statistics => false,
        },
    }
}

/// Returns whether the columns of a foreign key change their types on both sides, one after the other.
fn changes_both_sides(id: &ObjectId, comparison: Comparison<'_>) -> bool {
    let is_key = facts::constraint(comparison.from, id)
        .is_some_and(|constraint| constraint.kind == ConstraintKind::ForeignKey);
    let needs = comparison.from.get(id).map(|object| &object.needs);
    let changed = needs.into_iter().flatten().filter(|needed| {
        match (
            facts::column(comparison.from, needed),
            facts::column(comparison.to, needed),
        ) {
            (Some(before), Some(after)) => before.data_type != after.data_type,
            _ => false,
        }
    });
    is_key && changed.count() > 1
}
