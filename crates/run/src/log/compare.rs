//! Compares the log with the files and with the rows of the version table.

use alembic_history::{Digest, Graph, Node, NodeSet, Versions};

use super::entry::rows_text;
use super::{Log, LoggedRevision};

/// How the log differs from the files and the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    /// Below the rows, and never applied here, in the order in which they would be.
    pub(crate) hidden: Vec<Node>,
    /// Applied here with another content than their files have now.
    pub(crate) edited: Vec<(Node, LoggedRevision)>,
    /// Applied here, with a digest of an earlier version: whether they were edited is unknown.
    pub(crate) outdated: Vec<Node>,
    /// Applied here, and not below the rows: no file declares them, or it puts them elsewhere.
    pub(crate) removed: Vec<LoggedRevision>,
    /// What another program has done since the log was last written.
    pub(crate) moved: Option<Moved>,
}

/// What another program has done to the version table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    /// The rows that the log expected; `None` if there was no log.
    pub(crate) before: Option<String>,
    /// The revisions that count as applied now, in the order in which they would be.
    pub(crate) adopted: Vec<Node>,
    /// The rows that no file declares and that the log does not know.
    pub(crate) unknown: Vec<String>,
    /// The revisions that no longer count as applied, the last one first.
    pub(crate) left: Vec<LoggedRevision>,
}

impl Differences {
    /// Returns what is left of them once revisions have run and the log has them.
    pub(crate) fn rest(&self, log: &Log, graph: &Graph) -> Self {
        let mut rest = self.clone();
        rest.hidden
            .retain(|node| !log.has_applied(graph[*node].id.as_str()));
        rest.removed
            .retain(|logged| log.has_applied(&logged.revision));
        rest.outdated.retain(|node| is_outdated(log, graph, *node));
        rest.moved = None;
        rest
    }
}

/// Compares the log with the rows of the version table, and with the files.
pub(crate) fn compare(
    log: &Log,
    graph: &Graph,
    digests: &[Digest],
    versions: &Versions,
) -> Differences {
    let is_applied = |node: Node| log.has_applied(graph[node].id.as_str());
    let covered = covered(graph, versions.revisions.iter().map(|id| id.as_str()));
    let rows = rows_text(versions);
    let before = log.last.as_ref().map(|last| last.rows.as_str());
    let is_covered = |logged: &LoggedRevision| {
        graph
            .node(&logged.revision)
            .is_some_and(|node| covered.contains(node))
    };
    let lost = log.applied().into_iter().rev();
    let lost: Vec<LoggedRevision> = lost
        .filter(|logged| !is_covered(logged) && !versions.unknown.contains(&logged.revision))
        .cloned()
        .collect();
    let mut missing = covered.clone();
    missing.retain(|node| !is_applied(node));
    let mut differences = Differences {
        edited: edited(log, graph, digests, &covered),
        outdated: outdated(log, graph, &covered),
        ..Differences::default()
    };
    if before == Some(rows.as_str()) {
        differences.hidden = graph.in_order(&missing);
        // What lies between the files and a row that no file declares is not lost.
        if versions.unknown.is_empty() {
            differences.removed = lost;
        }
        return differences;
    }
    // Another program moved the rows: what lay below them before is still expected in the log.
    let expected = covered_by(graph, before.unwrap_or_default());
    let mut hidden = missing.clone();
    hidden.retain(|node| expected.contains(node));
    missing.retain(|node| !expected.contains(node));
    let unknown = versions.unknown.iter();
    let unknown = unknown.filter(|row| !log.has_applied(row)).cloned();
    differences.hidden = graph.in_order(&hidden);
    differences.moved = Some(Moved {
        before: before.map(ToOwned::to_owned),
        adopted: graph.in_order(&missing),
        unknown: unknown.collect(),
        left: match versions.unknown.is_empty() {
            true => lost,
            false => Vec::new(),
        },
    });
    differences
}

/// Returns the revisions that rows stand for, as the log holds the rows.
fn covered_by(graph: &Graph, rows: &str) -> NodeSet {
    covered(graph, rows.split(','))
}

fn covered<'r>(graph: &Graph, rows: impl Iterator<Item = &'r str>) -> NodeSet {
    let nodes: Vec<Node> = rows.filter_map(|row| graph.node(row)).collect();
    graph.required_by(&nodes)
}

fn edited(
    log: &Log,
    graph: &Graph,
    digests: &[Digest],
    covered: &NodeSet,
) -> Vec<(Node, LoggedRevision)> {
    let files = graph.nodes().zip(digests);
    let edited = files.filter(|(node, digest)| {
        let logged = log.digest(graph[*node].id.as_str());
        covered.contains(*node) && logged.is_some_and(|logged| logged.shows_change(**digest))
    });
    let edited = edited.filter_map(|(node, _)| {
        let logged = log.find(graph[node].id.as_str())?;
        Some((node, logged.clone()))
    });
    edited.collect()
}

fn outdated(log: &Log, graph: &Graph, covered: &NodeSet) -> Vec<Node> {
    let mut outdated = covered.clone();
    outdated.retain(|node| is_outdated(log, graph, node));
    graph.in_order(&outdated)
}

fn is_outdated(log: &Log, graph: &Graph, node: Node) -> bool {
    let digest = log.digest(graph[node].id.as_str());
    digest.is_some_and(|digest| digest.version() < Digest::VERSION)
}
