//! Objects that do not work.

use std::fmt;

use alembic_schema::sqlite::{DanglingKey, ObjectKind};

/// An object that does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BrokenObject {
    /// A foreign key to a table or column that does not exist.
    ForeignKey(DanglingKey),
    /// A view, or one of several triggers, that the database does not compile.
    Uncompiled {
        /// The kind.
        kind: ObjectKind,
        /// The names.
        names: Vec<String>,
        /// The error of the database.
        error: String,
    },
}

impl fmt::Display for BrokenObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignKey(key) => {
                let (table, columns) = (&key.table, key.columns.join(", "));
                write!(f, "the foreign key {table} ({columns}) refers to ")?;
                match &key.missing_column {
                    None => write!(f, "a table {} that does not exist", key.parent),
                    Some(column) => {
                        write!(f, "a column {column} of {} that does not exist", key.parent)
                    }
                }
            }
            Self::Uncompiled { kind, names, error } => {
                let names = names.join("` or `");
                write!(
                    f,
                    "the {} `{names}` does not compile: {error}",
                    kind.as_str()
                )
            }
        }
    }
}

impl BrokenObject {
    /// Returns whether this is what `other` was before a run, which may have renamed tables.
    fn is_same(&self, other: &Self, is_there: impl Fn(&str) -> bool) -> bool {
        match (self, other) {
            (Self::ForeignKey(key), Self::ForeignKey(other)) => {
                let is_table = key.table == other.table || !is_there(&other.table);
                is_table && key.columns == other.columns && key.parent == other.parent
            }
            (
                Self::Uncompiled { kind, names, .. },
                Self::Uncompiled {
                    kind: other_kind,
                    names: other_names,
                    ..
                },
            ) => kind == other_kind && names.iter().any(|name| other_names.contains(name)),
            _ => false,
        }
    }
}

/// Returns what does not work after a run, and was not so before; `tables` are those that exist.
pub(crate) fn new_ones(
    before: &[BrokenObject],
    after: Vec<BrokenObject>,
    tables: &[String],
) -> Vec<BrokenObject> {
    let is_there = |name: &str| tables.iter().any(|table| table == name);
    let is_new = |object: &BrokenObject| !before.iter().any(|old| object.is_same(old, is_there));
    after.into_iter().filter(is_new).collect()
}

/// What does not work in a database, and the tables that it has.
#[derive(Debug, Default)]
pub(crate) struct Broken {
    pub(crate) objects: Vec<BrokenObject>,
    pub(crate) tables: Vec<String>,
}
