//! What each step changes in the version table: one row per revision that no other row implies.

use crate::graph::Edges;
use crate::{Graph, Node, RevisionId};

/// One change to the rows of the version table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// Adds a row.
    Insert(RevisionId),
    /// Removes a row.
    Delete(RevisionId),
    /// Changes the id in a row.
    Update {
        /// The id that the row holds.
        from: RevisionId,
        /// The id that it is to hold.
        to: RevisionId,
    },
}

/// The rows of the version table while steps are planned.
#[derive(Clone, Debug)]
pub(crate) struct Rows<'g> {
    graph: &'g Graph,
    nodes: Vec<Node>,
}

impl<'g> Rows<'g> {
    pub(crate) fn new(graph: &'g Graph, nodes: &[Node]) -> Self {
        let mut nodes = nodes.to_vec();
        nodes.sort_unstable();
        nodes.dedup();
        Self { graph, nodes }
    }

    pub(crate) fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }

    /// Applies `node` and returns what changes.
    ///
    /// The rows that `node` requires are what it replaces; where it requires none of them, they
    /// are implied by other rows, or there are none, and `node` gets a row of its own.
    pub(crate) fn upgrade(&mut self, node: Node) -> Vec<RowChange> {
        let replaced: Vec<Node> = self
            .graph
            .requirements(node)
            .iter()
            .copied()
            .filter(|required| self.nodes.contains(required))
            .collect();
        self.replace(&replaced, &[node])
    }

    /// Reverts `node` and returns what changes.
    ///
    /// What `node` required gets rows again, except what another row, or another of these, implies.
    pub(crate) fn downgrade(&mut self, node: Node) -> Vec<RowChange> {
        let mut uncovered = self.graph.requirements(node).to_vec();
        if uncovered.len() > 1 || self.nodes.len() > 1 {
            let others = self.nodes.iter().copied().filter(|row| *row != node);
            let below = uncovered
                .iter()
                .flat_map(|required| self.graph.requirements(*required));
            let implying: Vec<Node> = others.chain(below.copied()).collect();
            let implied = self.graph.ancestors(&implying, Edges::All);
            uncovered.retain(|required| !implied.contains(*required));
        }
        self.replace(&[node], &uncovered)
    }

    /// Puts `new` in the place of `old`: one row is updated where it can be, so that the table is
    /// never without the row that is moving.
    pub(crate) fn replace(&mut self, old: &[Node], new: &[Node]) -> Vec<RowChange> {
        let id = |node: &Node| self.graph[*node].id.clone();
        let mut changes = Vec::new();
        let moving = match (old, new) {
            ([dropped @ .., from], [added @ .., to]) => {
                changes.extend(dropped.iter().map(|node| RowChange::Delete(id(node))));
                changes.extend(added.iter().map(|node| RowChange::Insert(id(node))));
                Some(RowChange::Update {
                    from: id(from),
                    to: id(to),
                })
            }
            (dropped, added) => {
                changes.extend(dropped.iter().map(|node| RowChange::Delete(id(node))));
                changes.extend(added.iter().map(|node| RowChange::Insert(id(node))));
                None
            }
        };
        changes.extend(moving);
        self.nodes.retain(|row| !old.contains(row));
        self.nodes.extend_from_slice(new);
        self.nodes.sort_unstable();
        changes
    }
}
