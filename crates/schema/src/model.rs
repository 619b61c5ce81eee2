//! A schema as its database describes it: objects, what they are, and what they need.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use alembic_sql::Dialect;

mod definition;

pub use definition::{
    Attribute, Column, Constraint, ConstraintKind, Definition, Domain, Extension, Firing,
    Generated, Identity, Index, IndexUse, Partition, Routine, Sequence, Statistics, Table, Trigger,
    View,
};

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

/// What identifies an object in its schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// Its kind.
    pub kind: ObjectKind,
    /// The schema that it is in; empty on SQLite, and for what is in no schema.
    pub schema: String,
    /// The table, view or domain that it is part of.
    pub parent: Option<String>,
    /// Its name; for a routine, with the types of its arguments.
    pub name: String,
}

/// The kinds of objects, in the order in which an empty database gets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// A schema of PostgreSQL.
    Schema,
    /// An extension.
    Extension,
    /// A collation.
    Collation,
    /// A type with labels.
    Enum,
    /// A type that consists of attributes.
    Composite,
    /// A type of ranges.
    Range,
    /// A type with conditions.
    Domain,
    /// A sequence that is no identity column's.
    Sequence,
    /// A table.
    Table,
    /// A column of a table.
    Column,
    /// The column that a sequence is dropped with.
    SequenceOwner,
    /// A function, procedure or aggregate.
    Routine,
    /// The default of a column (PostgreSQL).
    Default,
    /// A constraint of a table or domain.
    Constraint,
    /// An index that is no constraint's.
    Index,
    /// A view.
    View,
    /// A view that stores its rows.
    MaterializedView,
    /// Extended statistics.
    Statistics,
    /// A rule.
    Rule,
    /// A trigger.
    Trigger,
    /// A policy for rows.
    Policy,
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
                Definition::Column(column) => Some((id, column)),
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

    /// Returns an object, and the table that it is left out with: the one that it belongs to, or whose column
    /// owns it.
    pub(crate) fn with_table(&self, id: &ObjectId) -> impl Iterator<Item = ObjectId> {
        let owner = ObjectId::new(ObjectKind::SequenceOwner, id.schema.as_str(), &id.name);
        let table = match (id.kind, self.get(&owner).map(|owner| &owner.definition)) {
            (
                ObjectKind::Sequence | ObjectKind::SequenceOwner,
                Some(Definition::SequenceOwner(table, _)),
            ) => {
                let table = ObjectId::new(ObjectKind::Table, id.schema.as_str(), table);
                self.objects.contains_key(&table).then_some(table)
            }
            _ => self.table_of(id),
        };
        [Some(id.clone()), table].into_iter().flatten()
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

impl ObjectId {
    /// Identifies an object that stands by itself.
    #[must_use]
    pub fn new(kind: ObjectKind, schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind,
            schema: schema.into(),
            parent: None,
            name: name.into(),
        }
    }

    /// Returns whether this is a part of one kind of a table, view or domain.
    pub(crate) fn is_part_of(&self, owner: &Self, kind: ObjectKind) -> bool {
        self.kind == kind
            && self.schema == owner.schema
            && self.parent.as_ref() == Some(&owner.name)
    }

    /// Identifies a part of this table, view or domain.
    #[must_use]
    pub fn part(&self, kind: ObjectKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            schema: self.schema.clone(),
            parent: Some(self.name.clone()),
            name: name.into(),
        }
    }
}

impl ObjectKind {
    /// All of them, in the order in which an empty database gets them.
    pub const ALL: [Self; 20] = [
        Self::Schema,
        Self::Extension,
        Self::Collation,
        Self::Enum,
        Self::Composite,
        Self::Range,
        Self::Domain,
        Self::Sequence,
        Self::Table,
        Self::Column,
        Self::SequenceOwner,
        Self::Routine,
        Self::Constraint,
        Self::Index,
        Self::View,
        Self::MaterializedView,
        Self::Statistics,
        Self::Rule,
        Self::Trigger,
        Self::Policy,
    ];

    /// Returns the kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the kind as a sentence names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Extension => "extension",
            Self::Collation => "collation",
            Self::Enum => "enum",
            Self::Composite => "composite type",
            Self::Range => "range type",
            Self::Domain => "domain",
            Self::Sequence => "sequence",
            Self::Table => "table",
            Self::Column => "column",
            Self::SequenceOwner => "owner of sequence",
            Self::Routine => "routine",
            Self::Default => "default",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Statistics => "statistics",
            Self::Rule => "rule",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
        }
    }
}

impl fmt::Display for ObjectId {
    /// Writes the kind and the name, with the schema unless it is `public`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind.as_str())?;
        if !matches!(self.schema.as_str(), "" | "public") {
            write!(f, "{}.", self.schema)?;
        }
        if let Some(parent) = &self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(&self.name)
    }
}
