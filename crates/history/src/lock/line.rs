//! Reads and writes the lines of lock files: `ID [revises ID,ID] DIALECT DIGEST... [depends NAMES]`,
//! with `new` instead of digests as long as the statements are being written.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::LockedRevision;
use crate::id::join;
use crate::{Dialect, RevisionId};

const REVISES: &str = "revises";
const DEPENDS: &str = "depends";
const NEW: &str = "new";

/// Returns the line of a revision, with its end.
pub(super) fn render(revision: &LockedRevision) -> String {
    let mut line = revision.id.to_string();
    if !revision.revises.is_empty() {
        let _ = write!(line, " {REVISES} {}", join(&revision.revises, ","));
    }
    if revision.digests.is_empty() {
        let _ = write!(line, " {NEW}");
    }
    for (dialect, digest) in &revision.digests {
        let _ = write!(line, " {dialect} {digest}");
    }
    // Last, since the names are not checked for white space.
    if !revision.depends_on.is_empty() {
        let _ = write!(line, " {DEPENDS} {}", revision.depends_on.join(","));
    }
    line.push('\n');
    line
}

/// Reads a line.
pub(super) fn parse(line: &str) -> Option<LockedRevision> {
    let (id, mut rest) = line.split_once(' ')?;
    let mut revision = LockedRevision {
        id: RevisionId::new(id).ok()?,
        revises: Vec::new(),
        depends_on: Vec::new(),
        digests: BTreeMap::new(),
    };
    let mut is_new = false;
    while !rest.is_empty() {
        let (key, after) = rest.split_once(' ').unwrap_or((rest, ""));
        if key == NEW {
            is_new = true;
            rest = after;
            continue;
        }
        if key == DEPENDS {
            revision.depends_on = after.split(',').map(ToOwned::to_owned).collect();
            break;
        }
        let (value, after) = after.split_once(' ').unwrap_or((after, ""));
        rest = after;
        if key == REVISES && revision.revises.is_empty() {
            let parents = value.split(',').map(RevisionId::new);
            revision.revises = parents.collect::<Result<_, _>>().ok()?;
            continue;
        }
        let dialect: Dialect = key.parse().ok()?;
        let earlier = revision.digests.insert(dialect, value.parse().ok()?);
        if earlier.is_some() {
            return None;
        }
    }
    (is_new == revision.digests.is_empty()).then_some(revision)
}
