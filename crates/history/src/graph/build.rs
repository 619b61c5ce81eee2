//! Builds a graph from the declarations of revisions, or reports everything that is wrong with
//! them.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::OnceLock;

use super::{Edges, Graph, Links, Node};
use crate::id::join;
use crate::{BranchLabel, Revision, RevisionId};

/// An error that keeps revisions from being a valid history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphError {
    /// The position, among those given, of the revision whose header is wrong.
    pub revision: usize,
    /// The kind of the error.
    pub kind: GraphErrorKind,
}

/// The kinds of errors that keep revisions from being a valid history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GraphErrorKind {
    /// Another revision, at position `first`, has the same id.
    DuplicateId {
        /// The id that both declare.
        id: RevisionId,
        /// The position of the revision that declares it first.
        first: usize,
    },
    /// A down revision that no file declares.
    MissingParent {
        /// The revision whose header names it.
        id: RevisionId,
        /// The missing id.
        parent: RevisionId,
    },
    /// A dependency that is neither an id nor a label of a revision.
    MissingDependency {
        /// The revision whose header names it.
        id: RevisionId,
        /// The missing name.
        dependency: String,
    },
    /// A label that another revision already declares, or has as its id.
    DuplicateLabel {
        /// The revision whose header declares it.
        id: RevisionId,
        /// The label.
        label: BranchLabel,
        /// The revision that already has it.
        other: RevisionId,
    },
    /// A revision that follows itself.
    SelfLoop {
        /// The revision.
        id: RevisionId,
    },
    /// A revision that depends on itself.
    DependencySelfLoop {
        /// The revision.
        id: RevisionId,
    },
    /// Revisions that follow each other in a cycle, each followed by the one before it.
    Cycle {
        /// The revisions of the cycle.
        ids: Vec<RevisionId>,
    },
    /// Revisions that form a cycle when dependencies count.
    DependencyCycle {
        /// The revisions of the cycle.
        ids: Vec<RevisionId>,
    },
}

impl fmt::Display for GraphErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateId { id, .. } => {
                write!(f, "revision {id} is present more than once")
            }
            Self::MissingParent { id, parent } => {
                write!(f, "revision {id} follows {parent}, which does not exist")
            }
            Self::MissingDependency { id, dependency } => {
                write!(
                    f,
                    "revision {id} depends on {dependency}, which does not exist"
                )
            }
            Self::DuplicateLabel { id, label, other } => write!(
                f,
                "branch label '{label}' in revision {id} is already used by revision {other}"
            ),
            Self::SelfLoop { id } => write!(f, "revision {id} follows itself"),
            Self::DependencySelfLoop { id } => write!(f, "revision {id} depends on itself"),
            Self::Cycle { ids } => write!(f, "cycle in revisions {}", join(ids, " -> ")),
            Self::DependencyCycle { ids } => {
                write!(f, "dependency cycle in revisions {}", join(ids, " -> "))
            }
        }
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for GraphError {}

pub(super) fn build(revisions: Vec<Revision>) -> Result<Graph, Vec<GraphError>> {
    let mut builder = Builder {
        graph: Graph {
            links: vec![Links::default(); revisions.len()],
            ids: HashMap::with_capacity(revisions.len()),
            labels: HashMap::new(),
            names: OnceLock::new(),
            revisions,
        },
        errors: Vec::new(),
    };
    builder.name();
    builder.link();
    builder.find_cycles();
    if !builder.errors.is_empty() {
        builder.errors.sort_by_key(|error| error.revision);
        return Err(builder.errors);
    }
    let mut graph = builder.graph;
    graph.normalize_dependencies();
    graph.spread_labels();
    Ok(graph)
}

struct Builder {
    graph: Graph,
    errors: Vec<GraphError>,
}

impl Builder {
    fn error(&mut self, revision: Node, kind: GraphErrorKind) {
        self.errors.push(GraphError {
            revision: revision.index(),
            kind,
        });
    }

    /// Enters ids, then labels, into the maps of names.
    fn name(&mut self) {
        for node in self.graph.nodes() {
            let id = self.graph[node].id.clone();
            match self.graph.ids.get(&id) {
                Some(first) => {
                    let first = first.index();
                    self.error(node, GraphErrorKind::DuplicateId { id, first });
                }
                None => {
                    self.graph.ids.insert(id, node);
                }
            }
        }
        for node in self.graph.nodes() {
            for label in self.graph[node].branch_labels.clone() {
                if let Some(other) = self.graph.named(label.as_str()) {
                    let kind = GraphErrorKind::DuplicateLabel {
                        id: self.graph[node].id.clone(),
                        label,
                        other: self.graph[other].id.clone(),
                    };
                    self.error(node, kind);
                } else {
                    self.graph.labels.insert(label, node);
                }
            }
        }
    }

    /// Turns the names of parents and dependencies into edges.
    fn link(&mut self) {
        let revisions = std::mem::take(&mut self.graph.revisions);
        for (index, revision) in revisions.iter().enumerate() {
            let node = Node::new(index);
            let id = &revision.id;
            for parent in &revision.down_revisions {
                match self.graph.node(parent.as_str()) {
                    _ if parent == id => {
                        self.error(node, GraphErrorKind::SelfLoop { id: id.clone() });
                    }
                    None => {
                        let (id, parent) = (id.clone(), parent.clone());
                        self.error(node, GraphErrorKind::MissingParent { id, parent });
                    }
                    Some(parent) => {
                        push_new(&mut self.graph.links[node.index()].parents, parent);
                        let links = &mut self.graph.links[parent.index()];
                        push_last(&mut links.children, node);
                        if let Some(dependents) = &mut links.dependents {
                            push_last(dependents, node);
                        }
                    }
                }
            }
            let dependencies = revision.depends_on.iter();
            for dependency in dependencies.filter(|name| !name.contains('@')) {
                match self.graph.named(dependency) {
                    Some(found) if revisions[found.index()].id == *id => {
                        self.error(node, GraphErrorKind::DependencySelfLoop { id: id.clone() });
                    }
                    None => {
                        let (id, dependency) = (id.clone(), dependency.clone());
                        self.error(node, GraphErrorKind::MissingDependency { id, dependency });
                    }
                    Some(found) => {
                        push_new(&mut self.graph.links[node.index()].dependencies, found);
                        let links = &mut self.graph.links[found.index()];
                        let children = &links.children;
                        let dependents = links.dependents.get_or_insert_with(|| children.clone());
                        push_last(dependents, node);
                    }
                }
            }
            let links = &mut self.graph.links[node.index()];
            if !links.dependencies.is_empty() {
                let mut requirements = links.parents.clone();
                for dependency in &links.dependencies {
                    push_new(&mut requirements, *dependency);
                }
                links.requirements = Some(requirements);
            }
        }
        self.graph.revisions = revisions;
    }

    /// Removes every revision that is not on a cycle, then reports one cycle for each component
    /// that is left.
    fn find_cycles(&mut self) {
        if !self.find_cycles_along(Edges::Lineage) {
            self.find_cycles_along(Edges::All);
        }
    }

    /// Reports the cycles along `edges` and returns whether there are any.
    fn find_cycles_along(&mut self, edges: Edges) -> bool {
        let mut rest = self.mark_cyclic(edges);
        let mut found = false;
        while let Some(cycle) = self.cycle_in(&rest, edges) {
            found = true;
            for node in &cycle {
                rest[node.index()] = false;
            }
            let ids = self.graph.ids(&cycle);
            let kind = match edges {
                Edges::Lineage => GraphErrorKind::Cycle { ids },
                Edges::All => GraphErrorKind::DependencyCycle { ids },
            };
            self.error(cycle[0], kind);
        }
        found
    }

    fn down(&self, node: Node, edges: Edges) -> &[Node] {
        match edges {
            Edges::Lineage => self.graph.parents(node),
            Edges::All => self.graph.requirements(node),
        }
    }

    /// Marks the revisions that have a cycle among their ancestors.
    fn mark_cyclic(&self, edges: Edges) -> Vec<bool> {
        let mut missing: Vec<usize> = self
            .graph
            .nodes()
            .map(|node| self.down(node, edges).len())
            .collect();
        let mut rest = vec![true; self.graph.len()];
        let mut free: Vec<Node> = self
            .graph
            .nodes()
            .filter(|node| missing[node.index()] == 0)
            .collect();
        while let Some(node) = free.pop() {
            rest[node.index()] = false;
            let up = match edges {
                Edges::Lineage => self.graph.children(node),
                Edges::All => self.graph.dependents(node),
            };
            for child in up {
                missing[child.index()] -= 1;
                if missing[child.index()] == 0 {
                    free.push(*child);
                }
            }
        }
        rest
    }

    /// Finds a cycle among the revisions marked in `rest`; it begins at its first revision.
    fn cycle_in(&self, rest: &[bool], edges: Edges) -> Option<Vec<Node>> {
        let mut done = vec![false; rest.len()];
        let mut on_path = vec![false; rest.len()];
        for start in self.graph.nodes() {
            if !rest[start.index()] || done[start.index()] {
                continue;
            }
            let mut path: Vec<(Node, usize)> = vec![(start, 0)];
            on_path[start.index()] = true;
            while let Some((node, next)) = path.last_mut() {
                let node = *node;
                let Some(parent) = self.down(node, edges).get(*next).copied() else {
                    done[node.index()] = true;
                    on_path[node.index()] = false;
                    path.pop();
                    continue;
                };
                *next += 1;
                if on_path[parent.index()] {
                    let from = path.iter().position(|(node, _)| *node == parent)?;
                    let mut cycle: Vec<Node> = path[from..].iter().map(|(node, _)| *node).collect();
                    let first = cycle
                        .iter()
                        .position(|node| Some(node) == cycle.iter().min())?;
                    cycle.rotate_left(first);
                    return Some(cycle);
                }
                if rest[parent.index()] && !done[parent.index()] {
                    on_path[parent.index()] = true;
                    path.push((parent, 0));
                }
            }
        }
        None
    }
}

fn push_new(nodes: &mut Vec<Node>, node: Node) {
    if !nodes.contains(&node) {
        nodes.push(node);
    }
}

/// Adds `node` to nodes that are added in order: if it is among them, it is the last.
fn push_last(nodes: &mut Vec<Node>, node: Node) {
    if nodes.last() != Some(&node) {
        nodes.push(node);
    }
}

impl Graph {
    /// Drops from the requirements each dependency that an ancestor already has.
    fn normalize_dependencies(&mut self) {
        // The revisions that depend on each one, of which only those with several matter.
        let mut holders: BTreeMap<Node, Vec<Node>> = BTreeMap::new();
        for node in self.nodes() {
            for dependency in self.dependencies(node) {
                holders.entry(*dependency).or_default().push(node);
            }
        }
        for (dependency, holders) in holders.iter().filter(|(_, holders)| holders.len() > 1) {
            let above: Vec<Node> = holders
                .iter()
                .flat_map(|holder| self.children(*holder))
                .copied()
                .collect();
            let above = self.descendants(&above, Edges::Lineage);
            for holder in holders.iter().filter(|holder| above.contains(**holder)) {
                let Links {
                    parents,
                    requirements,
                    ..
                } = &mut self.links[holder.index()];
                if let Some(requirements) = requirements
                    && !parents.contains(dependency)
                {
                    requirements.retain(|required| required != dependency);
                }
            }
        }
    }

    /// Gives each label to the descendants of its revision, and to the ancestors down to, but not
    /// including, the next branch point or merge point.
    fn spread_labels(&mut self) {
        for node in self.nodes() {
            for label in self[node].branch_labels.clone() {
                let mut below = node;
                while self.dependents(below).len() <= 1 && !self.is_merge_point(below) {
                    if below != node {
                        self.links[below.index()].labels.insert(label.clone());
                    }
                    match self.parents(below).first() {
                        Some(parent) => below = *parent,
                        None => break,
                    }
                }
                // Those that have the label are done, so that short branches are short work.
                let mut todo = vec![node];
                while let Some(member) = todo.pop() {
                    let Links {
                        labels, children, ..
                    } = &mut self.links[member.index()];
                    if labels.insert(label.clone()) {
                        todo.extend_from_slice(children);
                    }
                }
            }
        }
    }
}
