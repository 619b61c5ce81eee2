//! The rows of the version table: the revisions that they name, and the changes of each step to
//! them.

use std::fmt;

use crate::graph::NodeSet;
use crate::{Graph, Node, PlanError, RevisionId};

/// The rows of a database's version table, as ids.
///
/// ```
/// use alembic_history::{RevisionId, Versions};
///
/// let versions = Versions {
///     revisions: vec![RevisionId::new("b2").unwrap()],
///     unknown: vec!["a1".to_owned()],
/// };
/// assert_eq!(versions.ids(), ["a1", "b2"]);
/// assert_eq!(versions.to_string(), "a1, b2");
/// assert_eq!(Versions::default().to_string(), "base");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The rows that name revisions of the history, sorted.
    pub revisions: Vec<RevisionId>,
    /// The rows that no revision file declares, sorted.
    pub unknown: Vec<String>,
}

impl Versions {
    /// Returns every row, sorted.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        let known = self.revisions.iter().map(RevisionId::as_str);
        let mut ids: Vec<&str> = known
            .chain(self.unknown.iter().map(String::as_str))
            .collect();
        ids.sort_unstable();
        ids
    }

    /// Returns whether the version table has no rows: nothing is applied.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revisions.is_empty() && self.unknown.is_empty()
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ids().as_slice() {
            [] => f.write_str("base"),
            ids => f.write_str(&ids.join(", ")),
        }
    }
}

/// One change to the rows of the version table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// Adds a row.
    Insert(Node),
    /// Removes a row.
    Delete(Node),
    /// Changes the revision of a row.
    Update {
        /// The revision that the row names before.
        from: Node,
        /// The revision that the row names afterwards.
        to: Node,
    },
}

/// The rows of a version table as revisions of a graph.
///
/// Text becomes rows once, when the table is read; every later step is arithmetic on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The revisions that rows name, in the order of the graph.
    nodes: Vec<Node>,
    /// The rows that no revision file declares, sorted.
    unknown: Vec<String>,
}

impl Rows {
    /// Reads the rows of the table.
    pub fn read(graph: &Graph, rows: impl IntoIterator<Item = String>) -> Self {
        let mut read = Self::default();
        for row in rows {
            match graph.node(&row) {
                Some(node) => read.nodes.push(node),
                None => read.unknown.push(row),
            }
        }
        read.nodes.sort_unstable();
        read.unknown.sort_unstable();
        read
    }

    /// Returns whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.unknown.is_empty()
    }

    /// Returns the revisions that rows name, whether or not others name something else.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the revisions that the rows name.
    ///
    /// # Errors
    ///
    /// [`PlanError::UnknownRows`] with every row that no revision file declares.
    pub fn known(&self) -> Result<&[Node], PlanError> {
        if self.unknown.is_empty() {
            return Ok(&self.nodes);
        }
        Err(PlanError::UnknownRows {
            rows: self.unknown.clone(),
        })
    }

    /// Makes one change.
    pub fn apply(&mut self, change: RowChange) {
        let (removed, added) = match change {
            RowChange::Insert(node) => (None, Some(node)),
            RowChange::Delete(node) => (Some(node), None),
            RowChange::Update { from, to } => (Some(from), Some(to)),
        };
        self.nodes.retain(|row| Some(*row) != removed);
        if let Some(added) = added {
            let place = self.nodes.partition_point(|row| *row < added);
            self.nodes.insert(place, added);
        }
    }

    /// Returns the rows as ids.
    #[must_use]
    pub fn versions(&self, graph: &Graph) -> Versions {
        let mut revisions = graph.ids(&self.nodes);
        revisions.sort_unstable();
        Versions {
            revisions,
            unknown: self.unknown.clone(),
        }
    }
}

impl From<&[Node]> for Rows {
    fn from(nodes: &[Node]) -> Self {
        let mut nodes = nodes.to_vec();
        nodes.sort_unstable();
        nodes.dedup();
        Self {
            nodes,
            unknown: Vec::new(),
        }
    }
}

/// The rows of the version table while steps are planned.
#[derive(Clone, Debug)]
pub(crate) struct PlannedRows<'g> {
    graph: &'g Graph,
    rows: Rows,
}

impl<'g> PlannedRows<'g> {
    pub(crate) fn new(graph: &'g Graph, nodes: &[Node]) -> Self {
        let rows = nodes.into();
        Self { graph, rows }
    }

    pub(crate) fn into_nodes(self) -> Vec<Node> {
        self.rows.nodes
    }

    /// Applies `node` and returns the changes.
    ///
    /// `node` replaces the rows that it requires; if it requires none of them, its requirements are
    /// implied by other rows or empty, and `node` gets its own row.
    pub(crate) fn upgrade(&mut self, node: Node) -> Vec<RowChange> {
        let required = self.graph.requirements(node).iter().copied();
        let replaced: Vec<Node> = required
            .filter(|required| self.rows.nodes.contains(required))
            .collect();
        self.replace(&replaced, &[node])
    }

    /// Reverts `node` and returns the changes; `applied` are the revisions that stay.
    ///
    /// The requirements of `node` get rows again, except those that another applied revision
    /// implies, which has a row or is implied by one.
    pub(crate) fn downgrade(&mut self, node: Node, applied: &NodeSet) -> Vec<RowChange> {
        let mut uncovered = self.graph.requirements(node).to_vec();
        uncovered.retain(|required| {
            let mut dependents = self.graph.dependents(*required).iter();
            !dependents.any(|dependent| applied.contains(*dependent))
        });
        self.replace(&[node], &uncovered)
    }

    /// Replaces `old` by `new`: one row is updated if possible, so that the table is never without
    /// the moving row.
    pub(crate) fn replace(&mut self, old: &[Node], new: &[Node]) -> Vec<RowChange> {
        let (dropped, added, moved) = match (old, new) {
            ([dropped @ .., from], [added @ .., to]) => (dropped, added, Some((*from, *to))),
            (dropped, added) => (dropped, added, None),
        };
        let dropped = dropped.iter().copied().map(RowChange::Delete);
        let added = added.iter().copied().map(RowChange::Insert);
        let moved = moved.map(|(from, to)| RowChange::Update { from, to });
        let changes: Vec<RowChange> = dropped.chain(added).chain(moved).collect();
        for change in &changes {
            self.rows.apply(*change);
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Revision;

    #[test]
    fn rows_are_read_once_and_changed_by_places() {
        let id = |id: &str| RevisionId::new(id).unwrap();
        let revisions = ["b", "a", "c"].map(|name| Revision::new(id(name), vec![]));
        let graph = Graph::new(revisions.to_vec()).unwrap();
        let node = |id: &str| graph.node(id).unwrap();
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut rows = Rows::read(&graph, texts(&["a", "x", "b"]));
        assert_eq!(rows.versions(&graph).ids(), ["a", "b", "x"]);
        assert_eq!(
            rows.known(),
            Err(PlanError::UnknownRows {
                rows: texts(&["x"])
            })
        );
        for (change, expected) in [
            (
                RowChange::Update {
                    from: node("b"),
                    to: node("c"),
                },
                &["a", "c", "x"][..],
            ),
            (RowChange::Insert(node("b")), &["a", "b", "c", "x"]),
            (RowChange::Delete(node("a")), &["b", "c", "x"]),
        ] {
            rows.apply(change);
            assert_eq!(rows.versions(&graph).ids(), expected);
            assert!(rows.nodes.is_sorted());
        }
    }
}
