//! Plans an upgrade: every revision that the targets require and the rows do not.

use super::{Direction, Plan, Step};
use crate::resolve::Resolver;
use crate::rows::PlannedRows;
use crate::{Expression, Graph, Node, PlanError};

impl Graph {
    /// Plans the upgrade from `rows` to `target`.
    ///
    /// A target that is applied already is not an error: the plan is empty.
    ///
    /// # Errors
    ///
    /// When the target cannot be resolved, or the rows contradict each other.
    ///
    /// ```
    /// # use alembic_history::{Graph, Revision, RevisionId};
    /// # let id = |id: &str| RevisionId::new(id).unwrap();
    /// # let graph = Graph::new(vec![
    /// #     Revision::new(id("aaaa"), vec![]),
    /// #     Revision::new(id("bbbb"), vec![id("aaaa")]),
    /// # ]).unwrap();
    /// let plan = graph.plan_upgrade(&[], &"head".parse().unwrap()).unwrap();
    /// let ids: Vec<_> = plan.steps.iter().map(|step| graph[step.revision].id.as_str()).collect();
    /// assert_eq!(ids, ["aaaa", "bbbb"]);
    /// ```
    pub fn plan_upgrade(&self, rows: &[Node], target: &Expression) -> Result<Plan, PlanError> {
        let resolver = Resolver {
            graph: self,
            rows: None,
        };
        let targets = resolver.upgrade(target, rows)?;
        self.check_rows(rows)?;
        Ok(self.plan_upgrade_to(rows, &targets))
    }

    /// Plans the upgrade to `targets`.
    pub(super) fn plan_upgrade_to(&self, rows: &[Node], targets: &[Node]) -> Plan {
        let applied = self.required_by(rows);
        let mut needed = self.required_by(targets);
        needed.retain(|node| !applied.contains(node));
        let mut rows = PlannedRows::new(self, rows);
        let steps = self
            .in_order(&needed)
            .into_iter()
            .map(|revision| Step {
                revision,
                rows: rows.upgrade(revision),
            })
            .collect();
        Plan {
            direction: Direction::Upgrade,
            steps,
            rows: rows.into_nodes(),
        }
    }
}
