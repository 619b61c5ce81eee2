//! A schema as its database describes it: objects, what they are, and what they need.

use std::collections::{BTreeMap, BTreeSet};

use alembic_sql::Dialect;

mod definition;
mod object_id;
mod shared_name;

pub use definition::{
    Attribute, Column, Constraint, ConstraintKind, Definition, Domain, Extension, Firing,
    Generated, Identity, Index, IndexUse, Partition, Routine, Sequence, Statistics, Table, Trigger,
    View,
};
pub use object_id::{ObjectId, ObjectKind, ObjectName};
pub use shared_name::SharedName;

/// A schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The engine of its database.
    pub dialect: Dialect,
    /// The objects.
    pub objects: BTreeMap<ObjectId, Object>,
    /// What the database has and no comparison looks at, one line for each kind of object.
    pub not_compared: BTreeMap<String, BTreeSet<String>>,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// What it is.
    pub definition: Definition,
    /// The comment on it.
    pub comment: Option<String>,
    /// The objects that must exist for it to exist, as far as the database knows.
    pub needs: BTreeSet<ObjectId>,
    /// The objects that it may use without the database knowing: what the body of a function mentions.
    pub mentions: BTreeSet<ObjectId>,
}

impl Schema {
    /// Creates a schema without objects.
    #[must_use]
    pub const fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            objects: BTreeMap::new(),
            not_compared: BTreeMap::new(),
        }
    }

    /// Returns an object.
    #[must_use]
    pub fn get(&self, id: &ObjectId) -> Option<&Object> {
        self.objects.get(id)
    }

    /// Returns the objects of one kind, in the order of their names.
    pub(crate) fn of_kind(&self, kind: ObjectKind) -> impl Iterator<Item = (&ObjectId, &Object)> {
        // The first of them, if there were one without a name.
        let objects = self.objects.range(ObjectId::new(kind, "", "")..);
        objects.take_while(move |(id, _)| id.kind == kind)
    }

    /// Returns the parts of a table or view of one kind, in the order of their names.
    pub fn parts<'s>(
        &'s self,
        owner: &'s ObjectId,
        kind: ObjectKind,
    ) -> impl Iterator<Item = (&'s ObjectId, &'s Object)> {
        // The first of them, if there were one without a name.
        let parts = self.objects.range(owner.part(kind, "")..);
        parts.take_while(move |(id, _)| id.is_part_of(owner, kind))
    }

    /// Returns the columns of a table, in their order.
    #[must_use]
    pub fn columns<'s>(&'s self, table: &'s ObjectId) -> Vec<(&'s ObjectId, &'s Column)> {
        let parts = self.parts(table, ObjectKind::Column);
        let mut columns: Vec<_> = parts
            .filter_map(|(id, object)| match &object.definition {
                Definition::Column(column) => Some((id, &**column)),
                _ => None,
            })
            .collect();
        columns.sort_by_key(|(_, column)| column.position);
        columns
    }

    /// Returns the table that an object goes with when that is dropped: itself, if it is one.
    #[must_use]
    pub fn table_of(&self, id: &ObjectId) -> Option<ObjectId> {
        let name = match (&id.parent, self.get(id).map(|object| &object.definition)) {
            _ if id.kind == ObjectKind::Table => return Some(id.clone()),
            (Some(parent), _) => parent,
            (None, Some(Definition::Index(index))) => &index.table,
            (None, _) => return None,
        };
        let table = ObjectId::new(ObjectKind::Table, id.schema.as_str(), name);
        self.objects.contains_key(&table).then_some(table)
    }

    /// Returns the table that an object is left out with: the one that it belongs to, or whose column owns it.
    #[must_use]
    pub fn table_with(&self, id: &ObjectId) -> Option<ObjectId> {
        let owner = ObjectId::new(ObjectKind::SequenceOwner, id.schema.as_str(), &id.name);
        match (id.kind, self.get(&owner).map(|owner| &owner.definition)) {
            (
                ObjectKind::Sequence | ObjectKind::SequenceOwner,
                Some(Definition::SequenceOwner(table, _)),
            ) => {
                let table = ObjectId::new(ObjectKind::Table, id.schema.as_str(), table);
                self.objects.contains_key(&table).then_some(table)
            }
            _ => self.table_of(id),
        }
    }

    /// Returns an object, and the table that it is left out with.
    pub(crate) fn with_table(&self, id: &ObjectId) -> impl Iterator<Item = ObjectId> {
        [Some(id.clone()), self.table_with(id)]
            .into_iter()
            .flatten()
    }

    /// Removes objects, and what belongs to tables that are removed.
    pub fn leave_out(&mut self, is_left_out: impl Fn(&ObjectId) -> bool) {
        let ids = self.objects.keys().filter(|id| {
            let mut ids = self.with_table(id);
            ids.any(|id| is_left_out(&id))
        });
        for id in ids.cloned().collect::<Vec<_>>() {
            self.objects.remove(&id);
        }
    }

    /// Returns the objects that need this one.
    pub fn dependents<'s>(
        &'s self,
        needed: &'s ObjectId,
    ) -> impl Iterator<Item = (&'s ObjectId, &'s Object)> {
        self.objects
            .iter()
            .filter(move |(_, object)| object.needs.contains(needed))
    }
}
