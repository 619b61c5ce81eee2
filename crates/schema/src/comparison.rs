//! Two schemas that are compared, and what the engines say of their objects.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

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
}

/// The tables that leave others before all other changes, and join others after them.
#[derive(Clone, Debug)]
pub(crate) struct Moves<'s> {
    /// The schema before, without what is left.
    pub(crate) from: Cow<'s, Schema>,
    /// The schema afterwards, without what is joined.
    pub(crate) to: Cow<'s, Schema>,
    /// What makes the difference.
    pub(crate) steps: Vec<Move>,
    /// The tables that are created in others, each with the objects that are created, changed or dropped
    /// before.
    pub(crate) waiting: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
}

/// A table that leaves others, or joins others.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub(crate) kind: MoveKind,
    /// The statements.
    pub(crate) change: Change,
    /// The objects that are created, changed or dropped before.
    pub(crate) follows: BTreeSet<ObjectId>,
    /// The objects that are created, changed or dropped afterwards.
    pub(crate) precedes: BTreeSet<ObjectId>,
}

/// Where a table goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MoveKind {
    /// Out of other tables.
    Leave,
    /// Into other tables, once all that leave them have done so.
    Join,
}

impl<'s> Moves<'s> {
    /// Returns that no table moves.
    pub(crate) fn none(from: &'s Schema, to: &'s Schema) -> Self {
        Self {
            from: Cow::Borrowed(from),
            to: Cow::Borrowed(to),
            steps: Vec::new(),
            waiting: BTreeMap::new(),
        }
    }
}

/// What happens to an object that others need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is dropped, for good or to be created again.
    Dropped,
    /// Its dependents cannot stay while it changes.
    Disturbed,
}
