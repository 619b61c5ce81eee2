//! Why a command cannot be planned.

use std::fmt;

use crate::id::join;
use crate::{ResolveError, RevisionId};

/// The reason why a command cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// The target's expression cannot be resolved.
    Resolve(ResolveError),
    /// The version table holds ids that no revision has.
    UnknownRows {
        /// The ids, sorted.
        rows: Vec<String>,
    },
    /// A row of the version table is an ancestor of another, so the table contradicts itself.
    OverlappingRows {
        /// The row that the other implies.
        ancestor: RevisionId,
        /// The row that implies it.
        descendant: RevisionId,
    },
    /// The target of a downgrade is not below any row of the version table.
    NotADowngradeTarget {
        /// The expression.
        target: String,
        /// The rows.
        rows: Vec<RevisionId>,
    },
    /// `branch@base` would revert revisions of other branches that share the branch's root.
    SharedRoot {
        /// The branch.
        branch: String,
        /// The revisions of other branches that would be reverted.
        others: Vec<RevisionId>,
    },
    /// Targets of one stamp that imply each other.
    OverlappingTargets {
        /// The target that the other implies.
        ancestor: RevisionId,
        /// The target that implies it.
        descendant: RevisionId,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(error) => error.fmt(f),
            Self::UnknownRows { rows } => write!(
                f,
                "the version table names revisions that no file declares: {}",
                rows.join(", ")
            ),
            Self::OverlappingRows {
                ancestor,
                descendant,
            } => write!(
                f,
                "the version table holds both {ancestor} and {descendant}, which implies it"
            ),
            Self::NotADowngradeTarget { target, rows } => {
                write!(
                    f,
                    "destination {target} is not a valid downgrade target from "
                )?;
                match rows.as_slice() {
                    [] => f.write_str("<base>"),
                    rows => f.write_str(&join(rows, ", ")),
                }
            }
            Self::SharedRoot { branch, others } => write!(
                f,
                "'{branch}@base' would also revert revisions that are not on that branch: {}",
                join(others, ", ")
            ),
            Self::OverlappingTargets {
                ancestor,
                descendant,
            } => write!(
                f,
                "cannot stamp both {ancestor} and {descendant}, which implies it"
            ),
        }
    }
}

impl std::error::Error for PlanError {}

impl From<ResolveError> for PlanError {
    fn from(error: ResolveError) -> Self {
        PlanError::Resolve(error)
    }
}
