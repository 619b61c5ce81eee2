//! The graph of revisions: their parents, their dependencies, and the labels of their branches.

mod build;
mod walk;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use crate::{BranchLabel, Revision, RevisionId};

pub use build::{GraphError, GraphErrorKind};
pub(crate) use walk::Edges;
pub use walk::NodeSet;

/// A revision in its [`Graph`]: its position in the order in which revisions were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(u32);

impl Node {
    pub(crate) fn new(index: usize) -> Self {
        Node(u32::try_from(index).expect("a history has fewer than 2^32 revisions"))
    }

    /// Returns the position as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A valid history: every parent exists, no revision is its own ancestor, every name is unique.
///
/// Two kinds of edges run through it. A revision *follows* its down revisions, which defines
/// lineage, branches, heads and labels. It may also *depend on* other revisions, which must be
/// applied first, and only count for the order and for the rows of the version table.
///
/// ```
/// use alembic_history::{Graph, Revision, RevisionId};
///
/// let id = |id: &str| RevisionId::new(id).unwrap();
/// let graph = Graph::new(vec![
///     Revision::new(id("aaaa"), vec![]),
///     Revision::new(id("bbbb"), vec![id("aaaa")]),
/// ])
/// .unwrap();
/// let heads: Vec<_> = graph.heads().map(|node| graph[node].id.as_str()).collect();
/// assert_eq!(heads, ["bbbb"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Graph {
    revisions: Vec<Revision>,
    links: Vec<Links>,
    ids: HashMap<RevisionId, Node>,
    /// The labels, with the revisions that declare them.
    labels: HashMap<BranchLabel, Node>,
    /// Ids and labels in one sorted map for look-ups by prefix, built at the first one.
    names: OnceLock<BTreeMap<String, Node>>,
}

/// The edges and labels of one revision.
#[derive(Clone, Debug, Default)]
struct Links {
    /// The revisions it follows, in the order of its header.
    parents: Vec<Node>,
    /// The revisions that follow it.
    children: Vec<Node>,
    /// The revisions that its header says it depends on.
    dependencies: Vec<Node>,
    /// Parents, and the dependencies that no ancestor already has; `None` if it has no
    /// dependencies.
    requirements: Option<Vec<Node>>,
    /// The revisions that follow it or depend on it; `None` if no revision depends on it.
    dependents: Option<Vec<Node>>,
    /// The labels of the branches that it is on.
    labels: BTreeSet<BranchLabel>,
}

impl Graph {
    /// Builds the graph of `revisions`.
    ///
    /// # Errors
    ///
    /// All errors that keep the revisions from being a valid history.
    pub fn new(revisions: Vec<Revision>) -> Result<Self, Vec<GraphError>> {
        build::build(revisions)
    }

    /// Returns how many revisions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.revisions.len()
    }

    /// Returns whether there are no revisions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revisions.is_empty()
    }

    /// Returns every revision, in the order in which they were given.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = Node> + use<> {
        (0..self.len()).map(Node::new)
    }

    /// Returns the revision with exactly this id.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<Node> {
        self.ids.get(id).copied()
    }

    /// Returns the revision that has exactly this id, or declares exactly this label.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Node> {
        self.node(name).or_else(|| self.labels.get(name).copied())
    }

    /// Returns the ids and labels that begin with `prefix`, sorted, with their revisions.
    pub fn names_from<'g>(&'g self, prefix: &'g str) -> impl Iterator<Item = (&'g str, Node)> {
        self.all_names()
            .range::<str, _>((
                std::ops::Bound::Included(prefix),
                std::ops::Bound::Unbounded,
            ))
            .map(|(name, node)| (name.as_str(), *node))
            .take_while(move |(name, _)| name.starts_with(prefix))
    }

    fn all_names(&self) -> &BTreeMap<String, Node> {
        self.names.get_or_init(|| {
            let ids = self.ids.iter().map(|(id, node)| (id.as_str(), *node));
            let labels = self.labels.iter();
            let labels = labels.map(|(label, node)| (label.as_str(), *node));
            let names = ids.chain(labels);
            names.map(|(name, node)| (name.to_owned(), node)).collect()
        })
    }

    /// Returns every id and label, sorted, with its revision.
    pub fn names(&self) -> impl Iterator<Item = (&str, Node)> {
        self.names_from("")
    }

    /// Returns the revisions that `node` follows, in the order of its header.
    #[must_use]
    pub fn parents(&self, node: Node) -> &[Node] {
        &self.links[node.index()].parents
    }

    /// Returns the revisions that follow `node`.
    #[must_use]
    pub fn children(&self, node: Node) -> &[Node] {
        &self.links[node.index()].children
    }

    /// Returns the revisions that must be applied right before `node`: its parents, and the
    /// dependencies that none of its ancestors already has.
    #[must_use]
    pub fn requirements(&self, node: Node) -> &[Node] {
        let links = &self.links[node.index()];
        links.requirements.as_ref().unwrap_or(&links.parents)
    }

    /// Returns the revisions that `node` depends on, besides its parents.
    #[must_use]
    pub fn dependencies(&self, node: Node) -> &[Node] {
        &self.links[node.index()].dependencies
    }

    /// Returns the revisions that follow `node` or depend on it.
    pub(crate) fn dependents(&self, node: Node) -> &[Node] {
        let links = &self.links[node.index()];
        links.dependents.as_ref().unwrap_or(&links.children)
    }

    /// Returns the labels of the branches that `node` is on.
    #[must_use]
    pub fn labels(&self, node: Node) -> &BTreeSet<BranchLabel> {
        &self.links[node.index()].labels
    }

    /// Returns the heads: the revisions that no other follows.
    pub fn heads(&self) -> impl DoubleEndedIterator<Item = Node> + '_ {
        self.nodes().filter(|node| self.is_head(*node))
    }

    /// Returns the revisions that no other follows or depends on: the rows of the version table
    /// when everything is applied.
    pub fn real_heads(&self) -> impl DoubleEndedIterator<Item = Node> + '_ {
        self.nodes().filter(|node| self.is_real_head(*node))
    }

    /// Returns the bases: the revisions that follow no other.
    pub fn bases(&self) -> impl DoubleEndedIterator<Item = Node> + '_ {
        self.nodes().filter(|node| self.parents(*node).is_empty())
    }

    /// Returns whether no revision follows `node`.
    #[must_use]
    pub fn is_head(&self, node: Node) -> bool {
        self.children(node).is_empty()
    }

    /// Returns whether no revision follows `node` or depends on it.
    #[must_use]
    pub fn is_real_head(&self, node: Node) -> bool {
        self.dependents(node).is_empty()
    }

    /// Returns whether several revisions follow `node`.
    #[must_use]
    pub fn is_branch_point(&self, node: Node) -> bool {
        self.children(node).len() > 1
    }

    /// Returns whether `node` follows several revisions.
    #[must_use]
    pub fn is_merge_point(&self, node: Node) -> bool {
        self.parents(node).len() > 1
    }

    /// Returns the ids of `nodes`, in their order.
    #[must_use]
    pub fn ids(&self, nodes: &[Node]) -> Vec<RevisionId> {
        nodes.iter().map(|node| self[*node].id.clone()).collect()
    }
}

impl std::ops::Index<Node> for Graph {
    type Output = Revision;

    fn index(&self, node: Node) -> &Revision {
        &self.revisions[node.index()]
    }
}
