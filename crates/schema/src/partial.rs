//! Schemas that are stated in part only: what is not stated stays as another schema has it.

mod key;
mod merge;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::change::Statement;
use crate::comparison::DiffOptions;
use crate::diff::{DiffError, diff};
use crate::engine::room;
use crate::model::{Definition, ObjectId, ObjectKind, Schema};

use key::keys;
use merge::Merge;

/// A schema that does not state everything about its tables, and nothing about others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialSchema {
    /// What is stated.
    pub stated: Schema,
    /// The columns that stay as they are, whatever is stated about them.
    pub left: BTreeSet<ObjectId>,
}

impl PartialSchema {
    /// Returns the schema that has what is stated, and for all the rest what another schema has.
    ///
    /// Constraints, indexes and defaults stay, unless others are stated, and so do columns that are not
    /// stated, if rows can be inserted without a value for them. Tables and columns that are `dropped` do
    /// not, unless they are stated.
    #[must_use]
    pub fn completed(&self, current: &Schema, dropped: &BTreeSet<ObjectId>) -> Schema {
        let room = room(current.dialect);
        let stated = (room.aligned)(current, &self.stated);
        let whole = Merge::new(&stated, current, &self.left, dropped).finish();
        (room.settled)(current, whole)
    }

    /// Returns the objects of each kind that a completed schema has because another schema had them. What
    /// belongs to a table that is not stated is left out, but for the table.
    #[must_use]
    pub fn unstated(&self, completed: &Schema) -> BTreeMap<ObjectKind, Vec<ObjectId>> {
        let stated = (room(completed.dialect).aligned)(completed, &self.stated);
        let mut found: BTreeMap<ObjectKind, Vec<ObjectId>> = BTreeMap::new();
        let is_of_unstated = |id: &ObjectId| {
            let table = completed.table_of(id);
            table.is_some_and(|table| table != *id && stated.get(&table).is_none())
        };
        for (id, object) in &completed.objects {
            let is_unstated = match &object.definition {
                Definition::Schema
                | Definition::Extension(_)
                | Definition::Sequence(_)
                | Definition::SequenceOwner(..) => false,
                Definition::Constraint(_) | Definition::Index(_) => {
                    !is_key_stated(&stated, completed, id)
                }
                Definition::Column(column) => {
                    let default = stated.get(id).map(|known| &known.definition);
                    match default {
                        Some(Definition::Column(known)) => {
                            if column.default.is_some() && known.default.is_none() {
                                found
                                    .entry(ObjectKind::Default)
                                    .or_default()
                                    .push(id.clone());
                            }
                            false
                        }
                        _ => true,
                    }
                }
                Definition::Default(expression) if expression.starts_with("nextval(") => false,
                Definition::Default(_)
                | Definition::Enum(_)
                | Definition::Composite(_)
                | Definition::Domain(_)
                | Definition::Table(_)
                | Definition::View(_)
                | Definition::Routine(_)
                | Definition::Trigger(_)
                | Definition::Statistics(_)
                | Definition::Statements(_)
                | Definition::Statement(_) => stated.get(id).is_none(),
            };
            if is_unstated && !is_of_unstated(id) {
                found.entry(id.kind).or_default().push(id.clone());
            }
        }
        found
    }
}

/// Returns whether a schema states a constraint or an index of another one.
fn is_key_stated(stated: &Schema, completed: &Schema, id: &ObjectId) -> bool {
    let Some(table) = completed.table_of(id) else {
        return false;
    };
    let own = keys(completed, &table)
        .into_iter()
        .find(|key| key.id == *id);
    own.is_some_and(|own| keys(stated, &table).iter().any(|key| key.is_met_by(&own)))
}

/// Returns the statements that create what the columns of tables can be made of: types, and the schemas
/// and extensions that those are in. Types that are `stated` are left to their own statements.
///
/// # Errors
///
/// Types that need each other.
pub fn types(
    before: &Schema,
    current: &Schema,
    stated: &BTreeSet<String>,
) -> Result<Vec<Statement>, DiffError> {
    let mut whole = before.clone();
    for (id, object) in &current.objects {
        let is_type = match id.kind {
            ObjectKind::Schema
            | ObjectKind::Extension
            | ObjectKind::Collation
            | ObjectKind::TextSearchDictionary
            | ObjectKind::TextSearchConfiguration
            | ObjectKind::Composite
            | ObjectKind::Range
            | ObjectKind::Domain => true,
            ObjectKind::Enum => !stated.contains(id.name.as_str()),
            ObjectKind::Constraint => {
                let domain = id.parent.as_ref();
                let domain =
                    domain.map(|name| ObjectId::new(ObjectKind::Domain, id.schema.as_str(), name));
                domain.is_some_and(|domain| current.get(&domain).is_some())
            }
            ObjectKind::Sequence
            | ObjectKind::Table
            | ObjectKind::Column
            | ObjectKind::SequenceOwner
            | ObjectKind::Routine
            | ObjectKind::Operator
            | ObjectKind::Cast
            | ObjectKind::Default
            | ObjectKind::Index
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Statistics
            | ObjectKind::Rule
            | ObjectKind::Trigger
            | ObjectKind::Policy => false,
        };
        if is_type {
            whole
                .objects
                .entry(id.clone())
                .or_insert_with(|| object.clone());
        }
    }
    let changes = diff(before, &whole, DiffOptions::default())?;
    let statements = changes.into_iter().flat_map(|change| change.statements);
    Ok(statements.collect())
}
