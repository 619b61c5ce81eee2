//! PostgreSQL: what its catalogs say, and the statements that change its objects.

mod queries;
mod reflect;

use std::collections::BTreeSet;

use crate::change::Change;
use crate::diff::{Comparison, Fate, Transition};
use crate::model::ObjectId;

pub(crate) use queries::QUERIES;
pub(crate) use reflect::reflect;

pub(crate) fn transition(id: &ObjectId, comparison: Comparison<'_>) -> Transition {
    let _ = (id, comparison);
    Transition::Same
}

pub(crate) fn must_go(
    dependent: &ObjectId,
    needed: &ObjectId,
    fate: Fate,
    comparison: Comparison<'_>,
) -> bool {
    let _ = (dependent, needed, fate, comparison);
    false
}

pub(crate) fn covers(
    id: &ObjectId,
    created: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) -> BTreeSet<ObjectId> {
    let _ = (id, created, comparison);
    BTreeSet::new()
}

pub(crate) fn create(
    id: &ObjectId,
    covered: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) -> Change {
    let _ = (id, covered, comparison);
    todo!()
}

pub(crate) fn drops_with(
    id: &ObjectId,
    dropped: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) -> BTreeSet<ObjectId> {
    let _ = (id, dropped, comparison);
    BTreeSet::new()
}

pub(crate) fn drop(id: &ObjectId, comparison: Comparison<'_>) -> Change {
    let _ = (id, comparison);
    todo!()
}

pub(crate) fn is_renamed(from: &ObjectId, to: &ObjectId, comparison: Comparison<'_>) -> bool {
    let _ = (from, to, comparison);
    false
}

pub(crate) fn rename(from: &ObjectId, to: &ObjectId, comparison: Comparison<'_>) -> Change {
    let _ = (from, to, comparison);
    todo!()
}
