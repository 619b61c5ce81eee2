//! What the table of a tool means for the revisions that were imported from it.

use std::collections::{HashMap, HashSet};

use alembic_history::{Graph, History, Node, RevisionId};

use crate::tools::flyway::Version;
use crate::{Applied, Key, Origin, Tool};

/// The place of a database among revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The revisions that the database is at; none if nothing is applied.
    pub targets: Vec<RevisionId>,
    /// How many revisions are applied.
    pub applied: usize,
    /// The revisions whose migration ran with another content than the file had that was imported.
    pub mismatches: Vec<Mismatch>,
    /// The revisions that run again, since they repeat what stands below others that are not applied.
    pub repeated: Vec<RevisionId>,
}

/// A migration that ran with another content than its file had when it was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The revision.
    pub revision: RevisionId,
    /// What the tool calls it.
    pub key: Key,
    /// The file that was imported.
    pub file: String,
}

/// Why a database has no place among revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappingError {
    /// No revision was imported from the tool.
    NothingImported,
    /// Migrations were begun and not finished.
    Dirty(Vec<Key>),
    /// Migrations are applied that no revision was imported from.
    Unknown(Vec<Key>),
    /// Revisions below applied ones are not applied.
    Holes {
        /// The revisions, in their order, each with the file that it was imported from.
        missing: Vec<(RevisionId, Option<String>)>,
        /// The applied revisions above them.
        above: Vec<RevisionId>,
    },
}

/// Finds the place of a database among the revisions of a history; versions in `ignored` need no revision.
///
/// # Errors
///
/// When the database is not at certain revisions and everything below them.
pub fn map(
    history: &History,
    tool: Tool,
    applied: &Applied,
    ignored: &[String],
) -> Result<Mapping, MappingError> {
    let graph = history.graph();
    let origins: HashMap<Node, Origin> = graph
        .nodes()
        .filter_map(|node| {
            let origin = Origin::find(&history.file(node).file.header.doc)?;
            (origin.tool == tool).then_some((node, origin))
        })
        .collect();
    if origins.is_empty() {
        return Err(MappingError::NothingImported);
    }
    if !applied.dirty.is_empty() {
        return Err(MappingError::Dirty(applied.dirty.clone()));
    }
    let by_key: HashMap<&Key, Node> = origins
        .iter()
        .map(|(node, origin)| (&origin.key, *node))
        .collect();
    let mut unknown = Vec::new();
    let mut mismatches: HashMap<Node, Mismatch> = HashMap::new();
    let mut done: HashSet<Node> = HashSet::new();
    for migration in &applied.migrations {
        let key = &migration.key;
        let Some(node) = by_key.get(key) else {
            if !ignored.iter().any(|ignored| ignored == key.name())
                && !is_below_baseline(applied, key)
            {
                unknown.push(key.clone());
            }
            continue;
        };
        done.insert(*node);
        let origin = &origins[node];
        if let (Some(known), Some(recorded)) = (&origin.checksum, &migration.checksum)
            && !known.allows(recorded)
        {
            let mismatch = Mismatch {
                revision: graph[*node].id.clone(),
                key: key.clone(),
                file: origin.file.clone(),
            };
            mismatches.insert(*node, mismatch);
        }
    }
    if !unknown.is_empty() {
        return Err(MappingError::Unknown(unknown));
    }
    // A database of the tool has its table.
    let tables = by_key
        .iter()
        .filter(|(key, _)| matches!(key, Key::Table(_)));
    done.extend(tables.map(|(_, node)| *node));
    done.extend(
        by_key
            .iter()
            .filter(|(key, _)| is_below_baseline(applied, key))
            .map(|(_, node)| *node),
    );
    let repeated = take_repeated(graph, &origins, &mut done);
    let targets = highest(graph, &done);
    let mut missing = graph.required_by(&targets);
    missing.retain(|node| !done.contains(&node));
    let missing = graph.in_order(&missing);
    if !missing.is_empty() {
        let missing = missing.into_iter().map(|node| {
            let file = origins.get(&node).map(|origin| origin.file.clone());
            (graph[node].id.clone(), file)
        });
        return Err(MappingError::Holes {
            missing: missing.collect(),
            above: graph.ids(&targets),
        });
    }
    let is_applied = |node: &&Node| !matches!(origins[*node].key, Key::Table(_));
    Ok(Mapping {
        targets: graph.ids(&targets),
        applied: done.iter().filter(is_applied).count(),
        mismatches: in_order(graph, mismatches),
        repeated,
    })
}

/// Returns what is known of nodes in the order of the graph.
fn in_order<T>(graph: &Graph, mut known: HashMap<Node, T>) -> Vec<T> {
    let newest_first = graph.newest_first();
    let mut found: Vec<T> = newest_first
        .filter_map(|node| known.remove(&node))
        .collect();
    found.reverse();
    found
}

/// Returns whether a version lies at or below the one that the tool began with.
fn is_below_baseline(applied: &Applied, key: &Key) -> bool {
    let Key::Version(version) = key else {
        return false;
    };
    match (&applied.baseline, Version::parse(version)) {
        (Some(baseline), Some(version)) => baseline.covers(&version),
        _ => false,
    }
}

/// Takes out what repeats itself while something below it is not applied: the tool has run it after each
/// of those that are.
fn take_repeated(
    graph: &Graph,
    origins: &HashMap<Node, Origin>,
    done: &mut HashSet<Node>,
) -> Vec<RevisionId> {
    let is_repeatable = |node: &Node| {
        let origin = origins.get(node);
        origin.is_some_and(|origin| matches!(origin.key, Key::Repeatable(_)))
    };
    let is_pending = |node: &Node| origins.contains_key(node) && !done.contains(node);
    let repeated: Vec<Node> = graph
        .nodes()
        .filter(|node| done.contains(node) && is_repeatable(node))
        .filter(|node| {
            graph
                .required_by(&[*node])
                .iter()
                .any(|below| is_pending(&below))
        })
        .collect();
    for node in &repeated {
        done.remove(node);
    }
    graph.ids(&repeated)
}

/// Returns the nodes that no other of them requires.
fn highest(graph: &Graph, nodes: &HashSet<Node>) -> Vec<Node> {
    let mut highest = Vec::new();
    let mut covered: HashSet<Node> = HashSet::new();
    for node in graph.newest_first().filter(|node| nodes.contains(node)) {
        if !covered.contains(&node) {
            covered.extend(graph.required_by(&[node]).iter());
            highest.push(node);
        }
    }
    highest.reverse();
    highest
}
