//! Plans a downgrade: the target's applied descendants and their dependents are reverted.

use super::{Direction, Plan, Step};
use crate::graph::Edges;
use crate::resolve::Resolver;
use crate::rows::PlannedRows;
use crate::{Expression, Graph, Node, PlanError, Symbol};

impl Graph {
    /// Plans the downgrade from `rows` to `target`.
    ///
    /// Reverts every applied revision above the target, and all applied revisions that depend on
    /// them.
    ///
    /// # Errors
    ///
    /// When the target cannot be resolved or is not below the rows, when the rows contradict each
    /// other, and when `branch@base` would also revert other branches.
    pub fn plan_downgrade(&self, rows: &[Node], target: &Expression) -> Result<Plan, PlanError> {
        let resolver = Resolver {
            graph: self,
            rows: None,
        };
        let (place, branch) = resolver.downgrade(target, rows)?;
        self.check_rows(rows)?;
        let not_a_target = || PlanError::NotADowngradeTarget {
            target: target.to_string(),
            rows: self.ids(rows),
        };
        let mut roots: Vec<Node> = match place {
            None => self.bases().collect(),
            Some(node) => self.children(node).to_vec(),
        };
        if let Some(branch) = branch
            && roots.len() > 1
        {
            let line = self.ancestors(&[branch], Edges::Lineage);
            roots.retain(|root| line.contains(*root));
            if roots.is_empty() {
                return Err(not_a_target());
            }
        }
        let active = self.required_by(rows);
        let mut reverted = self.descendants(&roots, Edges::All);
        reverted.retain(|node| active.contains(node));
        if let Some(place) = place
            && reverted.is_empty()
            && !rows.contains(&place)
        {
            return Err(not_a_target());
        }
        if let (Some(Symbol::Base), None, Some(branch), Some(label)) =
            (&target.symbol, target.offset, branch, &target.branch)
        {
            // `branch@base` does not include siblings that merely share the branch's root.
            let line = self.lineage(branch, Edges::Lineage);
            let mut others = self.descendants(&roots, Edges::Lineage);
            others.retain(|node| reverted.contains(node) && !line.contains(node));
            if !others.is_empty() {
                return Err(PlanError::SharedRoot {
                    branch: label.clone(),
                    others: others.iter().map(|node| self[node].id.clone()).collect(),
                });
            }
        }
        let reverted: Vec<Node> = reverted.iter().collect();
        Ok(self.plan_downgrade_of(rows, &reverted))
    }

    /// Plans the revert of one revision, and of every applied revision that depends on it.
    ///
    /// Unlike a downgrade to its parent, this leaves its siblings alone.
    ///
    /// # Errors
    ///
    /// When the revision cannot be resolved, and when the rows contradict each other.
    pub fn plan_revert(&self, rows: &[Node], revision: &Expression) -> Result<Plan, PlanError> {
        let revisions = self.resolve(revision, None)?;
        self.plan_reverts(rows, &revisions)
    }

    /// Plans the revert of the applied ones of `revisions`, and of every applied revision that
    /// depends on them.
    ///
    /// # Errors
    ///
    /// When the rows contradict each other.
    pub fn plan_reverts(&self, rows: &[Node], revisions: &[Node]) -> Result<Plan, PlanError> {
        self.check_rows(rows)?;
        Ok(self.plan_downgrade_of(rows, revisions))
    }

    /// Plans the revert of the applied ones of `revisions`, and of every applied revision that
    /// depends on them.
    pub(super) fn plan_downgrade_of(&self, rows: &[Node], revisions: &[Node]) -> Plan {
        let mut applied = self.required_by(rows);
        let mut reverted = self.descendants(revisions, Edges::All);
        reverted.retain(|node| applied.contains(node));
        let mut rows = PlannedRows::new(self, rows);
        let steps = self
            .in_order(&reverted)
            .into_iter()
            .rev()
            .map(|revision| {
                applied.remove(revision);
                Step {
                    revision,
                    rows: rows.downgrade(revision, &applied),
                }
            })
            .collect();
        Plan {
            direction: Direction::Downgrade,
            steps,
            rows: rows.into_nodes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Revision, RevisionId};

    #[test]
    fn a_downgrade_takes_down_what_was_put_on_top_meanwhile() {
        let id = |number: usize| RevisionId::new(format!("r{number}")).unwrap();
        let revisions = (1..=4).map(|number| {
            let parents = if number > 1 {
                vec![id(number - 1)]
            } else {
                vec![]
            };
            Revision::new(id(number), parents)
        });
        let graph = Graph::new(revisions.collect()).unwrap();
        let node = |number: usize| graph.node(id(number).as_str()).unwrap();
        let plan = graph
            .plan_downgrade(&[node(2)], &"base".parse().unwrap())
            .unwrap();
        // Another migrator upgrades to r4 before the plan continues.
        let rest = graph.resume(&plan, &[node(4)]);
        let reverted: Vec<Node> = rest.steps.iter().map(|step| step.revision).collect();
        assert_eq!(reverted, [node(4), node(3), node(2), node(1)]);
    }
}
