//! Two schemas that are compared, and what the engines say of their objects.

use std::collections::BTreeSet;

use crate::change::Change;
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
    Alter(InPlace),
    /// It is dropped, and created again.
    Replace,
}

/// What changes an object in place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InPlace {
    /// The changes, in their order.
    pub(crate) changes: Vec<Change>,
    /// The objects whose dependents cannot stay meanwhile: a column whose type changes.
    pub(crate) disturbs: BTreeSet<ObjectId>,
    /// The other objects that the changes create, change or drop as well: the sequence that a column's
    /// own numbering takes the place of.
    pub(crate) settles: BTreeSet<ObjectId>,
    /// The other objects that the changes drop, although new ones of their names come later.
    pub(crate) frees: BTreeSet<ObjectId>,
    /// The objects whose own changes must be made before: columns of a table that this one joins.
    pub(crate) follows: BTreeSet<ObjectId>,
    /// The objects whose own changes must be made afterwards: columns of a table that this one leaves.
    pub(crate) precedes: BTreeSet<ObjectId>,
}

/// What happens to an object that others need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is dropped, for good or to be created again.
    Dropped,
    /// Its dependents cannot stay while it changes.
    Disturbed,
}
