//! The declarations of a revision about its place in the history.

use crate::{BranchLabel, RevisionId};

/// One revision as its header declares it, before it becomes part of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The id, which the version table holds when this revision is the last applied.
    pub id: RevisionId,
    /// The revisions that this one follows; empty for a base, several for a merge point.
    pub down_revisions: Vec<RevisionId>,
    /// The labels that this revision declares for its branch.
    pub branch_labels: Vec<BranchLabel>,
    /// Revisions, by id or branch label, that must be applied first without being followed; one of
    /// another crate is written `crate@revision`, and means nothing to this history's graph.
    pub depends_on: Vec<String>,
    /// The first paragraph of the header.
    pub message: String,
}

impl Revision {
    /// Creates a revision that follows `down_revisions` and declares nothing else.
    #[must_use]
    pub fn new(id: RevisionId, down_revisions: Vec<RevisionId>) -> Self {
        Self {
            id,
            down_revisions,
            branch_labels: Vec::new(),
            depends_on: Vec::new(),
            message: String::new(),
        }
    }
}
