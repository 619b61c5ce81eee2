//! Revisions as lines and blocks of text, in the format that Alembic's users know.

use std::fmt::Write;

use alembic_history::{BranchLabel, Graph, History, Node, RevisionId};

/// The optional parts of a line, besides the id and whether it is a head or current.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts {
    /// The revisions that it follows and depends on.
    pub(crate) parents: bool,
    /// The labels of its branches.
    pub(crate) labels: bool,
    /// Whether it is a branch point or a merge point.
    pub(crate) tree: bool,
    /// The first paragraph of its header.
    pub(crate) message: bool,
}

/// The revisions to mark as current; empty if the database was not read.
pub(crate) type CurrentRevisions<'c> = &'c [Node];

/// Returns a revision's line:
/// `[DOWN, DOWN [(DEPENDS)] -> ]ID[ (labels)][ (head)][ (current)][ (branchpoint)][ (mergepoint)][, message]`.
pub(crate) fn line(
    graph: &Graph,
    node: Node,
    parts: Parts,
    current: CurrentRevisions<'_>,
) -> String {
    let revision = &graph[node];
    let mut line = String::new();
    if parts.parents {
        line.push_str(&down_revisions(graph, node));
        if !revision.depends_on.is_empty() {
            let _ = write!(line, " ({})", revision.depends_on.join(", "));
        }
        line.push_str(" -> ");
    }
    line.push_str(revision.id.as_str());
    let labels = graph.labels(node);
    if parts.labels && !labels.is_empty() {
        let labels: Vec<&str> = labels.iter().map(BranchLabel::as_str).collect();
        let _ = write!(line, " ({})", labels.join(", "));
    }
    if graph.is_real_head(node) {
        line.push_str(" (head)");
    } else if graph.is_head(node) {
        line.push_str(" (effective head)");
    }
    if current.contains(&node) {
        line.push_str(" (current)");
    }
    if parts.tree && graph.is_branch_point(node) {
        line.push_str(" (branchpoint)");
    }
    if parts.tree && graph.is_merge_point(node) {
        line.push_str(" (mergepoint)");
    }
    if parts.message {
        let _ = write!(line, ", {}", revision.message);
    }
    line
}

/// Returns the ids of a revision's parents, or `<base>`.
fn down_revisions(graph: &Graph, node: Node) -> String {
    match graph.parents(node) {
        [] => "<base>".to_owned(),
        parents => join(&graph.ids(parents)),
    }
}

pub(crate) fn join(ids: &[RevisionId]) -> String {
    let ids: Vec<&str> = ids.iter().map(RevisionId::as_str).collect();
    ids.join(", ")
}

/// Returns a revision in full, on several lines.
pub(crate) fn block(history: &History, node: Node, current: CurrentRevisions<'_>) -> String {
    let graph = history.graph();
    let revision = &graph[node];
    let file = history.file(node);
    let mut block = format!("Rev: {}", revision.id);
    let marks = [
        (graph.is_head(node), " (head)"),
        (graph.is_branch_point(node), " (branchpoint)"),
        (graph.is_merge_point(node), " (mergepoint)"),
        (current.contains(&node), " (current)"),
    ];
    for (_, mark) in marks.iter().filter(|(applies, _)| *applies) {
        block.push_str(mark);
    }
    let relation = if graph.is_merge_point(node) {
        "Merges"
    } else {
        "Parent"
    };
    let _ = writeln!(block, "\n{relation}: {}", down_revisions(graph, node));
    if !revision.depends_on.is_empty() {
        let _ = writeln!(block, "Also depends on: {}", revision.depends_on.join(", "));
    }
    if graph.is_branch_point(node) {
        let children = graph.ids(graph.children(node));
        let _ = writeln!(block, "Branches into: {}", join(&children));
    }
    let labels: Vec<&str> = graph.labels(node).iter().map(BranchLabel::as_str).collect();
    if !labels.is_empty() {
        let _ = writeln!(block, "Branch names: {}", labels.join(", "));
    }
    let _ = writeln!(block, "Path: {}\n", file.path.display());
    let header = &file.file.header;
    let mut doc = header.doc.clone();
    let _ = write!(doc, "\n\nRevision ID: {}\nRevises: ", revision.id);
    doc.push_str(&join(&revision.down_revisions));
    if let Some(date) = &header.create_date {
        let _ = write!(doc, "\nCreate Date: {date}");
    }
    for line in doc.lines() {
        let _ = writeln!(block, "{}", format!("    {line}").trim_end());
    }
    block
}
