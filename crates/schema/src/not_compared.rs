//! What schemas have and no comparison looks at.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::room;
use crate::model::Schema;

/// Returns what two schemas have that a comparison of them does not look at: the kinds of objects, and the
/// names of each kind.
#[must_use]
pub fn not_compared(from: &Schema, to: &Schema) -> BTreeMap<String, BTreeSet<String>> {
    let lasting = room(to.dialect).lasting;
    let lasting = [lasting(from, to), lasting(to, from)].into_iter().flatten();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let kinds = from.not_compared.iter().chain(&to.not_compared);
    for (kind, names) in kinds {
        let known = found.entry(kind.clone()).or_default();
        known.extend(names.iter().cloned());
    }
    for (kind, name) in lasting {
        found.entry(kind.to_owned()).or_default().insert(name);
    }
    found
}
