//! Walks through the graph: ancestors, descendants, lineage and the order of application.

use super::{Graph, Node};

/// Which edges a walk follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edges {
    /// Down revisions only: the lineage of a revision.
    Lineage,
    /// Down revisions and dependencies: the revisions that must be applied together.
    All,
}

/// A set of revisions of one graph; yields them in the order of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSet {
    members: Vec<bool>,
    len: usize,
}

impl NodeSet {
    pub(crate) fn empty(graph: &Graph) -> Self {
        Self {
            members: vec![false; graph.len()],
            len: 0,
        }
    }

    /// Adds `node` and returns whether it was new.
    pub(crate) fn insert(&mut self, node: Node) -> bool {
        let member = &mut self.members[node.index()];
        let new = !*member;
        *member = true;
        self.len += usize::from(new);
        new
    }

    /// Removes `node`.
    pub(crate) fn remove(&mut self, node: Node) {
        let member = &mut self.members[node.index()];
        self.len -= usize::from(*member);
        *member = false;
    }

    /// Keeps the members for which `keep` holds.
    pub fn retain(&mut self, keep: impl Fn(Node) -> bool) {
        for (index, member) in self.members.iter_mut().enumerate() {
            if *member && !keep(Node::new(index)) {
                *member = false;
                self.len -= 1;
            }
        }
    }

    /// Returns whether `node` is a member.
    #[must_use]
    pub fn contains(&self, node: Node) -> bool {
        self.members[node.index()]
    }

    /// Returns how many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the members in the order of the graph.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Node> + '_ {
        self.members
            .iter()
            .enumerate()
            .filter(|(_, member)| **member)
            .map(|(index, _)| Node::new(index))
    }
}

impl Graph {
    /// Returns `from` and all revisions that must be applied before them.
    #[must_use]
    pub fn required_by(&self, from: &[Node]) -> NodeSet {
        self.ancestors(from, Edges::All)
    }

    /// Returns every revision that `node` follows, directly or through others.
    #[must_use]
    pub fn followed_by(&self, node: Node) -> NodeSet {
        self.ancestors(self.parents(node), Edges::Lineage)
    }

    /// Returns `from` and all their ancestors.
    pub(crate) fn ancestors(&self, from: &[Node], edges: Edges) -> NodeSet {
        self.closure(from, |node| match edges {
            Edges::Lineage => self.parents(node),
            Edges::All => self.requirements(node),
        })
    }

    /// Returns `from` and all their descendants.
    pub(crate) fn descendants(&self, from: &[Node], edges: Edges) -> NodeSet {
        self.closure(from, |node| match edges {
            Edges::Lineage => self.children(node),
            Edges::All => self.dependents(node),
        })
    }

    /// Returns the line of `node`: its ancestors, itself, its descendants.
    pub(crate) fn lineage(&self, node: Node, edges: Edges) -> NodeSet {
        let mut lineage = self.ancestors(&[node], edges);
        for descendant in self.descendants(&[node], edges).iter() {
            lineage.insert(descendant);
        }
        lineage
    }

    fn closure<'g>(&'g self, from: &[Node], next: impl Fn(Node) -> &'g [Node]) -> NodeSet {
        let mut seen = NodeSet::empty(self);
        let mut todo = from.to_vec();
        while let Some(node) = todo.pop() {
            if seen.insert(node) {
                todo.extend_from_slice(next(node));
            }
        }
        seen
    }

    /// Returns those of `nodes` that no other of them follows; `nodes` holds all ancestors of its
    /// members.
    pub(crate) fn tips(&self, nodes: &NodeSet) -> Vec<Node> {
        let is_followed = |node: Node| {
            let mut children = self.children(node).iter();
            children.any(|child| nodes.contains(*child))
        };
        nodes.iter().filter(|node| !is_followed(*node)).collect()
    }

    /// Returns `nodes` in an order in which parents and dependencies come first.
    ///
    /// Otherwise, the order of the graph decides, so that adding a revision does not reorder the
    /// others.
    #[must_use]
    pub fn in_order(&self, nodes: &NodeSet) -> Vec<Node> {
        enum Visit {
            Enter(Node),
            Leave(Node),
        }
        let mut order = Vec::with_capacity(nodes.len());
        let mut seen = NodeSet::empty(self);
        let mut stack: Vec<Visit> = nodes.iter().rev().map(Visit::Enter).collect();
        while let Some(visit) = stack.pop() {
            match visit {
                Visit::Enter(node) => {
                    if nodes.contains(node) && seen.insert(node) {
                        stack.push(Visit::Leave(node));
                        let requirements = self.requirements(node).iter().rev();
                        stack.extend(requirements.map(|parent| Visit::Enter(*parent)));
                    }
                }
                Visit::Leave(node) => order.push(node),
            }
        }
        order
    }

    /// Returns every revision in an order in which each comes before its parents and dependencies.
    pub fn newest_first(&self) -> impl Iterator<Item = Node> + use<> {
        let mut all = NodeSet::empty(self);
        for node in self.nodes() {
            all.insert(node);
        }
        self.in_order(&all).into_iter().rev()
    }
}
