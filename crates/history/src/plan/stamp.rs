//! Plans a stamp: the rows of the version table move without running any revision.

use super::StampPlan;
use crate::graph::{Edges, NodeSet};
use crate::resolve::Resolver;
use crate::rows::PlannedRows;
use crate::{Expression, Graph, Node, PlanError, ResolveError};

impl Graph {
    /// Plans the stamp of `rows` with `targets`.
    ///
    /// Each target replaces the rows that it descends from or that descend from it, by dependencies
    /// too; rows of unrelated branches stay. `base` removes every row, `branch@base` those of the
    /// branch.
    ///
    /// # Errors
    ///
    /// When a target cannot be resolved, and when targets imply each other.
    pub fn plan_stamp(
        &self,
        rows: &[Node],
        targets: &[Expression],
    ) -> Result<StampPlan, PlanError> {
        let resolver = Resolver {
            graph: self,
            rows: None,
        };
        let mut replaced = NodeSet::empty(self);
        let mut stamped: Vec<Node> = Vec::new();
        for target in targets {
            let Some(symbol) = target.symbol.as_ref().filter(|_| target.offset.is_none()) else {
                return Err(PlanError::Resolve(ResolveError::NotAllowed {
                    expression: target.to_string(),
                }));
            };
            let nodes = resolver.symbol(target, symbol)?;
            let branch = resolver.branch_node(target)?;
            for row in self.rows_under(rows, &nodes, branch) {
                replaced.insert(row);
            }
            for node in nodes {
                if !stamped.contains(&node) {
                    stamped.push(node);
                }
            }
        }
        if let Some((ancestor, descendant)) = self.overlap(&stamped) {
            return Err(PlanError::OverlappingTargets {
                ancestor,
                descendant,
            });
        }
        let old: Vec<Node> = replaced
            .iter()
            .filter(|row| !stamped.contains(row))
            .collect();
        let new: Vec<Node> = stamped
            .into_iter()
            .filter(|node| !rows.contains(node))
            .collect();
        let mut rows = PlannedRows::new(self, rows);
        let changes = rows.replace(&old, &new);
        Ok(StampPlan {
            changes,
            rows: rows.into_nodes(),
        })
    }

    /// Returns the rows that a stamp with `nodes` replaces: those on the line of one of them or,
    /// once there are any, of the branch. Without a branch, the base is on the line of every row.
    fn rows_under(&self, rows: &[Node], nodes: &[Node], branch: Option<Node>) -> Vec<Node> {
        let lines = |of: &[Node]| -> Vec<NodeSet> {
            of.iter()
                .map(|node| self.lineage(*node, Edges::All))
                .collect()
        };
        let targets = lines(nodes);
        let branch = lines(branch.as_slice());
        let on = |lines: &[NodeSet], row: Node| lines.iter().any(|line| line.contains(row));
        if nodes.is_empty() {
            let all = branch.is_empty();
            return rows
                .iter()
                .copied()
                .filter(|row| all || on(&branch, *row))
                .collect();
        }
        // If the targets are rows already, there is nothing to replace.
        let stamped = nodes.iter().all(|node| rows.contains(node));
        if stamped || !rows.iter().any(|row| on(&targets, *row)) {
            return Vec::new();
        }
        let replaced = |row: &Node| on(&targets, *row) || on(&branch, *row);
        rows.iter().copied().filter(replaced).collect()
    }
}
