//! Compares two schemas, and returns the changes that make one of the other, in their order.
//!
//! What an object becomes is asked of its engine ([`Transition`]); what has to get out of its way,
//! and what comes first, is decided here, from what objects need.

mod operations;
mod order;

use std::collections::BTreeSet;
use std::fmt;

use crate::change::Change;
use crate::engine;
use crate::model::{ObjectId, Schema};

/// How two schemas are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffOptions {
    /// Whether the order of columns matters (SQLite).
    pub column_order: bool,
    /// Whether PostgreSQL's forms that do not lock a table for long are written.
    pub online: bool,
}

/// Two schemas of one engine that are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison<'s> {
    /// The schema before.
    pub(crate) from: &'s Schema,
    /// The schema afterwards.
    pub(crate) to: &'s Schema,
    /// How they are compared.
    pub(crate) options: DiffOptions,
}

/// How an object that both schemas have becomes that of the second one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    /// It is the same.
    Same,
    /// It is changed in place.
    Alter {
        /// The changes, in their order.
        changes: Vec<Change>,
        /// The objects whose dependents cannot stay meanwhile: a column whose type changes.
        disturbs: BTreeSet<ObjectId>,
        /// The other objects that the changes create, change or drop as well: the sequence that a
        /// column's own numbering takes the place of.
        settles: BTreeSet<ObjectId>,
    },
    /// It is dropped, and created again.
    Replace,
}

/// What happens to an object that others need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is dropped, for good or to be created again.
    Dropped,
    /// Its dependents cannot stay while it changes.
    Disturbed,
}

/// Two schemas that no order of statements makes one of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffError {
    /// Objects that need each other.
    pub cycle: Vec<ObjectId>,
}

impl fmt::Display for DiffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these objects need each other: ")?;
        for (number, id) in self.cycle.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{id}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DiffError {}

/// Returns the changes that make `to` of `from`, in an order in which they can be carried out.
///
/// A table or column that is called otherwise in `to` is dropped and created: whoever wants it to be
/// renamed renames it first, and compares what the database makes of that.
///
/// # Errors
///
/// Objects that need each other in a way that cannot be taken apart.
pub fn diff(from: &Schema, to: &Schema, options: DiffOptions) -> Result<Vec<Change>, DiffError> {
    let to = engine::aligned(from, to);
    let to = to.as_ref();
    let comparison = Comparison { from, to, options };
    order::sorted(comparison, operations::find(comparison))
}
