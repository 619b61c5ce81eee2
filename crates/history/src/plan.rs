//! Plans: the revisions that a command applies or reverts, their order, and the changes to the rows
//! of the version table.

mod downgrade;
mod stamp;
mod upgrade;

use std::fmt;

use crate::graph::Edges;
use crate::{Graph, Node, PlanError, RevisionId, RowChange, Rows};

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
        let below: Vec<Node> = nodes
            .iter()
            .flat_map(|node| self.requirements(*node))
            .copied()
            .collect();
        let implied = self.ancestors(&below, Edges::All);
        if !nodes.iter().any(|node| implied.contains(*node)) {
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
