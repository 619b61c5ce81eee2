//! What tells objects apart.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::SharedName;

/// What identifies an object in its schema; copies share one [`ObjectName`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ObjectId(Arc<ObjectName>);

/// The kind of an object, and its whole name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// Its kind.
    pub kind: ObjectKind,
    /// The schema that it is in; empty on SQLite, and for what is in no schema.
    pub schema: SharedName,
    /// The table, view or domain that it is part of.
    pub parent: Option<SharedName>,
    /// Its name; for a routine, with the types of its arguments.
    pub name: SharedName,
}

impl From<ObjectName> for ObjectId {
    fn from(name: ObjectName) -> Self {
        Self(Arc::new(name))
    }
}

impl Deref for ObjectId {
    type Target = ObjectName;

    fn deref(&self) -> &ObjectName {
        &self.0
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Ord for ObjectId {
    fn cmp(&self, other: &Self) -> Ordering {
        match Arc::ptr_eq(&self.0, &other.0) {
            true => Ordering::Equal,
            false => self.0.cmp(&other.0),
        }
    }
}

impl PartialOrd for ObjectId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
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
    /// A dictionary of text search.
    TextSearchDictionary,
    /// A configuration of text search.
    TextSearchConfiguration,
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
    /// An operator, named with the types that it is between.
    Operator,
    /// A cast, named by its types.
    Cast,
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

impl ObjectId {
    /// Identifies an object that stands by itself.
    #[must_use]
    pub fn new(
        kind: ObjectKind,
        schema: impl Into<SharedName>,
        name: impl Into<SharedName>,
    ) -> Self {
        Self::from(ObjectName {
            kind,
            schema: schema.into(),
            parent: None,
            name: name.into(),
        })
    }

    /// Identifies an object of another kind that is called the same.
    #[must_use]
    pub fn of_kind(&self, kind: ObjectKind) -> Self {
        Self::from(ObjectName {
            kind,
            ..(**self).clone()
        })
    }

    /// Returns whether this is a part of one kind of a table, view or domain.
    pub(crate) fn is_part_of(&self, owner: &Self, kind: ObjectKind) -> bool {
        self.kind == kind
            && self.schema == owner.schema
            && self.parent.as_ref() == Some(&owner.name)
    }

    /// Identifies a part of this table, view or domain.
    #[must_use]
    pub fn part(&self, kind: ObjectKind, name: impl Into<SharedName>) -> Self {
        Self::from(ObjectName {
            kind,
            schema: self.schema.clone(),
            parent: Some(self.name.clone()),
            name: name.into(),
        })
    }
}

impl ObjectKind {
    /// All of them, in the order in which an empty database gets them.
    pub const ALL: [Self; 24] = [
        Self::Schema,
        Self::Extension,
        Self::Collation,
        Self::TextSearchDictionary,
        Self::TextSearchConfiguration,
        Self::Enum,
        Self::Composite,
        Self::Range,
        Self::Domain,
        Self::Sequence,
        Self::Table,
        Self::Column,
        Self::SequenceOwner,
        Self::Routine,
        Self::Operator,
        Self::Cast,
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
            Self::TextSearchDictionary => "text search dictionary",
            Self::TextSearchConfiguration => "text search configuration",
            Self::Enum => "enum",
            Self::Composite => "composite type",
            Self::Range => "range type",
            Self::Domain => "domain",
            Self::Sequence => "sequence",
            Self::Table => "table",
            Self::Column => "column",
            Self::SequenceOwner => "owner of sequence",
            Self::Routine => "routine",
            Self::Operator => "operator",
            Self::Cast => "cast",
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
