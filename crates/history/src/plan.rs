//! Plans: the revisions that a command applies or reverts, their order, and the changes to the rows
//! of the version table.

mod downgrade;
mod stamp;
mod upgrade;

use std::fmt;

use crate::graph::Edges;
use crate::id::join;
use crate::{Graph, Node, ResolveError, RevisionId, RowChange};

/// The direction of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Applies a revision.
    Upgrade,
    /// Reverts a revision.
    Downgrade,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Upgrade => "upgrade",
            Direction::Downgrade => "downgrade",
        })
    }
}

/// One revision to apply or revert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The revision.
    pub revision: Node,
    /// The changes of the step to the version table, in this order.
    pub rows: Vec<RowChange>,
}

/// The steps of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The direction of every step.
    pub direction: Direction,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The rows of the version table after the last step, in the order of the graph.
    pub rows: Vec<Node>,
}

/// The changes of a stamp to the version table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampPlan {
    /// The changes, in this order.
    pub changes: Vec<RowChange>,
    /// The rows of the version table after the last step, in the order of the graph.
    pub rows: Vec<Node>,
}

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

impl Graph {
    /// Finds the revisions that the rows of a version table name.
    ///
    /// # Errors
    ///
    /// [`PlanError::UnknownRows`] with every id that no revision has exactly.
    pub fn rows<S: AsRef<str>>(&self, rows: &[S]) -> Result<Vec<Node>, PlanError> {
        let mut nodes = Vec::new();
        let mut unknown = Vec::new();
        for row in rows {
            match self.node(row.as_ref()) {
                Some(node) => nodes.push(node),
                None => unknown.push(row.as_ref().to_owned()),
            }
        }
        if !unknown.is_empty() {
            unknown.sort_unstable();
            return Err(PlanError::UnknownRows { rows: unknown });
        }
        nodes.sort_unstable();
        nodes.dedup();
        Ok(nodes)
    }

    /// Returns the current revisions: the rows, and the tips of branches that the rows only imply.
    #[must_use]
    pub fn current(&self, rows: &[Node]) -> Vec<Node> {
        self.tips(&self.required_by(rows))
    }

    /// Returns the pending revisions, in the order in which they will be applied.
    #[must_use]
    pub fn pending(&self, rows: &[Node]) -> Vec<Node> {
        let applied = self.required_by(rows);
        let heads: Vec<Node> = self.real_heads().collect();
        let mut pending = self.required_by(&heads);
        pending.retain(|node| !applied.contains(node));
        self.in_order(&pending)
    }

    /// Returns the rest of `plan` when the rows have moved on since it was made.
    #[must_use]
    pub fn resume(&self, plan: &Plan, rows: &[Node]) -> Plan {
        let planned: Vec<Node> = plan.steps.iter().map(|step| step.revision).collect();
        match plan.direction {
            Direction::Upgrade => self.plan_upgrade_to(rows, &planned),
            Direction::Downgrade => self.plan_downgrade_of(rows, &planned),
        }
    }

    /// Returns a member of `nodes` that another one implies, and that other one.
    fn overlap(&self, nodes: &[Node]) -> Option<(RevisionId, RevisionId)> {
        if nodes.len() < 2 {
            return None;
        }
        nodes.iter().find_map(|descendant| {
            let implied = self.ancestors(self.requirements(*descendant), Edges::All);
            let ancestor = nodes.iter().find(|node| implied.contains(**node))?;
            Some((self[*ancestor].id.clone(), self[*descendant].id.clone()))
        })
    }

    fn check_rows(&self, rows: &[Node]) -> Result<(), PlanError> {
        match self.overlap(rows) {
            None => Ok(()),
            Some((ancestor, descendant)) => Err(PlanError::OverlappingRows {
                ancestor,
                descendant,
            }),
        }
    }
}
