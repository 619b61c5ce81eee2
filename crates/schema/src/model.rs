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
        self.objects.iter().filter(move |(id, _)| {
            id.kind == kind && id.schema == owner.schema && id.parent.as_ref() == Some(&owner.name)
        })
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
