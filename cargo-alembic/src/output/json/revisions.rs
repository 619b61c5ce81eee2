//! Answers about revisions: what their files say, and which ones databases are at.

use alembic_history::{History, Node, RevisionId};
use alembic_migrate::report::{OtherTool, UnfinishedRevision};
#[cfg(feature = "schema")]
use schemars::JsonSchema;
use serde::Serialize;

use super::LoggedJson;

/// A revision.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Revision"))]
pub(crate) struct RevisionJson {
    /// The id.
    id: String,
    /// The first paragraph of the header.
    message: String,
    /// The ids of the revisions that it follows.
    down_revisions: Vec<String>,
    /// The revisions it depends on, as in its header: ids or branch labels.
    depends_on: Vec<String>,
    /// The labels of the branches that it is on.
    branch_labels: Vec<String>,
    /// Whether no revision follows it.
    is_head: bool,
    /// Whether no revision follows it or depends on it.
    is_real_head: bool,
    /// Whether several revisions follow it.
    is_branch_point: bool,
    /// Whether it follows several revisions.
    is_merge_point: bool,
    /// When it was created, according to its header.
    create_date: Option<String>,
    /// Its file, relative to the current folder if it is inside it.
    path: String,
    /// Whether a row of the version table names it; absent if the database was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_current: Option<bool>,
}

impl RevisionJson {
    pub(crate) fn new(history: &History, node: Node, current: Option<&[Node]>) -> Self {
        let graph = history.graph();
        let file = history.file(node);
        let revision = &graph[node];
        Self {
            id: revision.id.to_string(),
            message: revision.message.clone(),
            down_revisions: strings(&revision.down_revisions),
            depends_on: revision.depends_on.clone(),
            branch_labels: graph.labels(node).iter().map(ToString::to_string).collect(),
            is_head: graph.is_head(node),
            is_real_head: graph.is_real_head(node),
            is_branch_point: graph.is_branch_point(node),
            is_merge_point: graph.is_merge_point(node),
            create_date: file.file.header.create_date.clone(),
            path: file.path.display().to_string(),
            is_current: current.map(|current| current.contains(&node)),
        }
    }
}

pub(crate) fn strings(ids: &[RevisionId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// The result of `heads`, `history` and `show`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(crate) struct Revisions {
    /// The revisions, newest first.
    pub(crate) revisions: Vec<RevisionJson>,
}

impl Revisions {
    pub(crate) fn new(history: &History, nodes: &[Node], current: Option<&[Node]>) -> Self {
        let revision = |node: &Node| RevisionJson::new(history, *node, current);
        Self {
            revisions: nodes.iter().map(revision).collect(),
        }
    }
}

/// The result of `branches`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(crate) struct Branches {
    /// The branch points, newest first.
    pub(crate) branch_points: Vec<BranchPoint>,
}

/// A revision that several others follow.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(crate) struct BranchPoint {
    /// The revision.
    #[serde(flatten)]
    pub(crate) revision: RevisionJson,
    /// The revisions that follow it.
    pub(crate) branches_into: Vec<RevisionJson>,
}

/// The result of `current`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Current"))]
pub(crate) struct CurrentJson {
    /// The database, without its password.
    pub(crate) database: String,
    /// The rows of the version table, sorted.
    pub(crate) rows: Vec<String>,
    /// The current revisions: the ones that the rows name, and the tips of branches that they
    /// imply.
    pub(crate) revisions: Vec<RevisionJson>,
    /// The ids of the revisions that are not applied yet, in the order in which they will be
    /// applied.
    pub(crate) pending: Vec<String>,
    /// The ids of the revisions that lie below the rows and never ran here, in the order in which
    /// they would be applied.
    pub(crate) hidden: Vec<String>,
    /// The revisions that were applied with another content than their files have now.
    pub(crate) edited: Vec<LoggedJson>,
    /// The revisions that were applied, and that the files no longer have below the rows.
    pub(crate) removed: Vec<LoggedJson>,
    /// The unfinished revision, if a statement outside of transactions failed or its outcome is
    /// unknown.
    pub(crate) unfinished: Option<UnfinishedJson>,
}

/// The result of `status`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Status"))]
pub(crate) struct StatusJson {
    /// The database, without its password.
    pub(crate) database: String,
    /// Whether it exists; a server is asked, and answers.
    pub(crate) exists: bool,
    /// Whether it is at all of its heads, and nothing is unknown, hidden, removed or unfinished.
    pub(crate) at_heads: bool,
    /// The rows of the version table, sorted.
    pub(crate) rows: Vec<String>,
    /// The revisions that the rows name.
    pub(crate) current: Vec<RevisionTitleJson>,
    /// The rows that no file explains; if there are any, nothing else is known.
    pub(crate) unknown: Vec<String>,
    /// The revisions that are not applied yet, in the order in which they will be applied.
    pub(crate) pending: Vec<RevisionTitleJson>,
    /// The revisions that lie below the rows and never ran here.
    pub(crate) hidden: Vec<RevisionTitleJson>,
    /// The revisions that were applied with another content than their files have now.
    pub(crate) edited: Vec<LoggedJson>,
    /// The revisions that were applied, and that the files no longer have below the rows.
    pub(crate) removed: Vec<LoggedJson>,
    /// The unfinished revision, if a statement outside of transactions failed or its outcome is
    /// unknown.
    pub(crate) unfinished: Option<UnfinishedJson>,
    /// The other tool that manages the database, if one does; then revisions are not applied before that is settled.
    pub(crate) managed_by: Option<ManagedByJson>,
}

/// Another migration tool that manages a database.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "ManagedBy"))]
pub(crate) struct ManagedByJson {
    /// Its name, or those of the tools that have such a table.
    pub(crate) tool: String,
    /// The table in which it records what it has run.
    pub(crate) table: String,
}

impl ManagedByJson {
    pub(crate) fn new(tool: OtherTool) -> Self {
        Self {
            tool: tool.name.to_owned(),
            table: tool.table,
        }
    }
}

/// A revision in short.
#[derive(Debug, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(JsonSchema),
    schemars(rename = "RevisionTitle")
)]
pub(crate) struct RevisionTitleJson {
    /// The id.
    id: String,
    /// The first paragraph of the header.
    message: String,
    /// Its file, relative to the current folder if it is inside it.
    path: String,
}

impl RevisionTitleJson {
    pub(crate) fn new(history: &History, node: Node) -> Self {
        let revision = &history.graph()[node];
        Self {
            id: revision.id.to_string(),
            message: revision.message.clone(),
            path: history.file(node).path.display().to_string(),
        }
    }
}

impl std::fmt::Display for RevisionTitleJson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.id, self.message)
    }
}

/// An unfinished revision.
#[derive(Debug, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(JsonSchema),
    schemars(rename = "Unfinished")
)]
pub(crate) struct UnfinishedJson {
    /// Its id.
    pub(crate) revision: String,
    /// `upgrade` or `downgrade`.
    pub(crate) direction: String,
    /// How many of its statements are done.
    pub(crate) statements: usize,
    /// The number of the statement that was begun, if its outcome is unknown.
    pub(crate) begun: Option<usize>,
    /// When this was recorded, in UTC.
    pub(crate) since: String,
    /// The same as text.
    #[serde(skip)]
    pub(crate) text: String,
}

impl UnfinishedJson {
    pub(crate) fn new(unfinished: UnfinishedRevision) -> Self {
        Self {
            text: unfinished.to_string(),
            revision: unfinished.revision,
            direction: unfinished.direction,
            statements: unfinished.statements,
            begun: unfinished.begun,
            since: unfinished.since,
        }
    }
}
