//! Plans: which revisions a command applies or reverts, in which order, and what that does to the
//! rows of the version table.

mod downgrade;
mod stamp;
mod upgrade;

use std::fmt;

use crate::graph::Edges;
use crate::{Graph, Node, PlanError, RevisionId, RowChange, Rows};

/// Which way a step goes.
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
    /// What the step changes in the version table, in this order.
    pub rows: Vec<RowChange>,
}

/// What a command does, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Which way every step goes.
    pub direction: Direction,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The rows of the version table when all is done, in the order of the graph.
    pub rows: Vec<Node>,
}

/// What a stamp does to the version table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampPlan {
    /// The changes, in this order.
    pub changes: Vec<RowChange>,
    /// The rows of the version table when all is done, in the order of the graph.
    pub rows: Vec<Node>,
}

impl Graph {
    /// Finds the revisions that the rows of a version table name.
    ///
    /// # Errors
    ///
    /// [`PlanError::UnknownRows`] with every id that no revision has exactly.
    pub fn rows<S: AsRef<str>>(&self, rows: &[S]) -> Result<Vec<Node>, PlanError> {
        let rows = rows.iter().map(|row| row.as_ref().to_owned());
        let mut nodes = Rows::read(self, rows).known()?.to_vec();
        nodes.dedup();
        Ok(nodes)
    }

    /// Returns what is current: the rows, and the tips of branches that the rows only imply.
    #[must_use]
    pub fn current(&self, rows: &[Node]) -> Vec<Node> {
        self.tips(&self.required_by(rows))
    }

    /// Returns the revisions that are not applied yet, in the order in which they will be.
    #[must_use]
    pub fn pending(&self, rows: &[Node]) -> Vec<Node> {
        let applied = self.required_by(rows);
        let heads: Vec<Node> = self.real_heads().collect();
        let mut pending = self.required_by(&heads);
        pending.retain(|node| !applied.contains(node));
        self.in_order(&pending)
    }

    /// Returns what is left of `plan` when the rows have moved on since it was made.
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
