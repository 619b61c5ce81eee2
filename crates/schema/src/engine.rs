//! What the engines decide about objects: each question is answered in both of their rooms.

use std::borrow::Cow;
use std::collections::BTreeSet;

use alembic_sql::Dialect;

use crate::change::Change;
use crate::diff::{Comparison, Fate, Transition};
use crate::model::{ObjectId, ObjectKind, Schema};
use crate::{postgres, sqlite};

/// Returns the second schema with the names that the first one has for the same objects.
pub(crate) fn aligned<'s>(from: &Schema, to: &'s Schema) -> Cow<'s, Schema> {
    match to.dialect {
        Dialect::Sqlite => sqlite::aligned(from, to),
        Dialect::Postgres => Cow::Borrowed(to),
    }
}

/// Returns whether the transition of its table looks after an object.
pub(crate) const fn is_part(id: &ObjectId, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Sqlite => matches!(id.kind, ObjectKind::Column | ObjectKind::Constraint),
        Dialect::Postgres => false,
    }
}

/// Returns how the object that both schemas have becomes that of the second one.
pub(crate) fn transition(id: &ObjectId, comparison: Comparison<'_>) -> Transition {
    match comparison.to.dialect {
        Dialect::Sqlite => sqlite::transition(id, comparison),
        Dialect::Postgres => postgres::transition(id, comparison),
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
    match comparison.to.dialect {
        Dialect::Sqlite => sqlite::must_go(dependent, needed, fate, comparison),
        Dialect::Postgres => postgres::must_go(dependent, needed, fate, comparison),
    }
}

/// Returns which of the objects that are created the creation of this one can include.
pub(crate) fn covers(
    id: &ObjectId,
    created: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) -> BTreeSet<ObjectId> {
    match comparison.to.dialect {
        Dialect::Sqlite => sqlite::covers(id, created, comparison),
        Dialect::Postgres => postgres::covers(id, created, comparison),
    }
}

/// Returns the creation of an object of the second schema, and of what it covers.
pub(crate) fn create(
    id: &ObjectId,
    covered: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) -> Change {
    match comparison.to.dialect {
        Dialect::Sqlite => sqlite::create(id, covered, comparison),
        Dialect::Postgres => postgres::create(id, covered, comparison),
    }
}

/// Returns which of the objects that are dropped go along when this one is dropped.
pub(crate) fn drops_with(
    id: &ObjectId,
    dropped: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) -> BTreeSet<ObjectId> {
    match comparison.to.dialect {
        Dialect::Sqlite => sqlite::drops_with(id, dropped, comparison),
        Dialect::Postgres => postgres::drops_with(id, dropped, comparison),
    }
}

/// Returns the drop of an object of the first schema.
pub(crate) fn drop(id: &ObjectId, comparison: Comparison<'_>) -> Change {
    match comparison.to.dialect {
        Dialect::Sqlite => sqlite::drop(id, comparison),
        Dialect::Postgres => postgres::drop(id, comparison),
    }
}

/// Returns the change that gives an object another name, if two objects differ in nothing else and can
/// be renamed.
pub(crate) fn renamed(
    from: &ObjectId,
    to: &ObjectId,
    comparison: Comparison<'_>,
) -> Option<Change> {
    match comparison.to.dialect {
        // It renames nothing but tables and columns.
        Dialect::Sqlite => None,
        Dialect::Postgres => postgres::renamed(from, to, comparison),
    }
}
