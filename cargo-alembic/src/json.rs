//! Answers for programs: the shape of `--format json`.
//!
//! Every answer is one object with one entry per crate. `docs/json-schema.json` is made from
//! these types.

use alembic_history::{Direction, Graph, Node, RevisionId};
use alembic_migrate::{StepReport, UnfinishedRevision};
use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::Result;
use crate::member::Loaded;
use crate::shell::answer;

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// The answer of a command.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}Answer")]
pub(crate) struct Answer<T> {
    /// One entry per crate, in the order in which the command went through them.
    crates: Vec<CrateAnswer<T>>,
}

/// What a command answers for one crate.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}OfCrate")]
pub(crate) struct CrateAnswer<T> {
    /// The crate's name.
    #[serde(rename = "crate")]
    name: String,
    #[serde(flatten)]
    answer: T,
}

/// Writes the answer of a command for several crates as JSON.
pub(crate) fn write<T: Serialize>(answers: Vec<(String, T)>) -> Result<()> {
    let crates = answers
        .into_iter()
        .map(|(name, answer)| CrateAnswer { name, answer })
        .collect();
    let json = serde_json::to_string_pretty(&Answer { crates });
    answer(json.unwrap_or_default() + "\n")
}

/// A revision.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Revision")]
pub(crate) struct RevisionJson {
    /// The id.
    id: String,
    /// The first paragraph of the header.
    message: String,
    /// The ids of the revisions that it follows.
    down_revisions: Vec<String>,
    /// What it depends on, as its header says: ids or branch labels.
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
    /// When it was created, as its header says.
    create_date: Option<String>,
    /// Its file, relative to the current folder where it is below it.
    path: String,
    /// Whether a row of the version table names it; absent where the database was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_current: Option<bool>,
}

impl RevisionJson {
    pub(crate) fn new(loaded: &Loaded, node: Node, current: Option<&[Node]>) -> Self {
        let graph = loaded.graph();
        let file = loaded.history().file(node);
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

/// The answer of `heads`, `history` and `show`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Revisions {
    /// The revisions, the newest first.
    pub(crate) revisions: Vec<RevisionJson>,
}

impl Revisions {
    pub(crate) fn new(loaded: &Loaded, nodes: &[Node], current: Option<&[Node]>) -> Self {
        let revision = |node: &Node| RevisionJson::new(loaded, *node, current);
        Self {
            revisions: nodes.iter().map(revision).collect(),
        }
    }
}

/// The answer of `branches`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Branches {
    /// The branch points, the newest first.
    pub(crate) branch_points: Vec<BranchPoint>,
}

/// A revision that several others follow.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BranchPoint {
    /// The revision.
    #[serde(flatten)]
    pub(crate) revision: RevisionJson,
    /// The revisions that follow it.
    pub(crate) branches_into: Vec<RevisionJson>,
}

/// The answer of `current`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Current")]
pub(crate) struct CurrentJson {
    /// The database, without its password.
    pub(crate) database: String,
    /// The rows of the version table, sorted.
    pub(crate) rows: Vec<String>,
    /// The current revisions: those of the rows, and the tips of branches that the rows imply.
    pub(crate) revisions: Vec<RevisionJson>,
    /// The ids of the revisions that are not applied yet, in the order in which they will be.
    pub(crate) pending: Vec<String>,
    /// The revision that is done in part, because a statement outside of transactions failed or
    /// nobody knows how it ended.
    pub(crate) unfinished: Option<UnfinishedJson>,
}

/// A revision that is done in part.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Unfinished")]
pub(crate) struct UnfinishedJson {
    /// Its id.
    pub(crate) revision: String,
    /// `upgrade` or `downgrade`.
    pub(crate) direction: String,
    /// How many of its statements are done.
    pub(crate) statements: usize,
    /// The number of the statement that was begun, where nobody knows how that ended.
    pub(crate) begun: Option<usize>,
    /// When that was recorded, in UTC.
    pub(crate) since: String,
    /// All of it in words.
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

/// The answer of `upgrade` and `downgrade`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Run")]
pub(crate) struct RunJson {
    /// The database, without its password.
    pub(crate) database: String,
    /// The revisions that were applied or reverted, in this order.
    pub(crate) steps: Vec<StepJson>,
    /// The rows of the version table before.
    pub(crate) before: Vec<String>,
    /// The rows of the version table now.
    pub(crate) after: Vec<String>,
    /// How long it took, in seconds.
    pub(crate) seconds: f64,
}

/// A revision that was applied or reverted.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Step")]
pub(crate) struct StepJson {
    /// `upgrade` or `downgrade`.
    pub(crate) direction: String,
    /// The revision's id.
    pub(crate) revision: String,
    /// The first paragraph of its header.
    pub(crate) message: String,
    /// How long it took, in seconds, without the commit.
    pub(crate) seconds: f64,
}

impl StepJson {
    pub(crate) fn new(direction: Direction, step: &StepReport) -> Self {
        Self {
            direction: direction.to_string(),
            revision: step.revision.to_string(),
            message: step.message.clone(),
            seconds: step.took.as_secs_f64(),
        }
    }
}

/// The answer of `stamp`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Stamp")]
pub(crate) struct StampJson {
    /// The database, without its password.
    pub(crate) database: String,
    /// The rows of the version table before.
    pub(crate) before: Vec<String>,
    /// The rows of the version table now.
    pub(crate) after: Vec<String>,
}

/// The answer of `ensure`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Ensure")]
pub(crate) struct EnsureJson {
    /// The database, without its password.
    pub(crate) database: String,
    /// How the database was found: `fresh`, `legacy` or `tracked`.
    pub(crate) scenario: String,
    /// What was done: `ready` (nothing), `created`, `migrated`, or `ahead` (nothing).
    pub(crate) outcome: String,
    /// The revisions that were applied, in this order.
    pub(crate) steps: Vec<StepJson>,
    /// The rows of the version table before.
    pub(crate) before: Vec<String>,
    /// The rows of the version table now.
    pub(crate) after: Vec<String>,
    /// How long it took, in seconds.
    pub(crate) seconds: f64,
}

/// The answer of `ensure-version`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EnsureVersion")]
pub(crate) struct EnsureVersionJson {
    /// The database, without its password.
    pub(crate) database: String,
    /// Whether the version table was created, not there already.
    pub(crate) created: bool,
}

/// The answer of commands with `--sql`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Script")]
pub(crate) struct ScriptJson {
    /// What the script is for: `sqlite` or `postgres`.
    pub(crate) dialect: String,
    /// The script.
    pub(crate) script: String,
}

/// The answer of `revision` and `merge`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewRevision")]
pub(crate) struct NewRevisionJson {
    /// The new revision's id.
    pub(crate) id: String,
    /// Its file.
    pub(crate) path: String,
}

/// The answer of `test`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Test")]
pub(crate) struct TestJson {
    /// The checks, in the order in which they were made.
    pub(crate) checks: Vec<CheckJson>,
}

/// A check of `test`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Check")]
pub(crate) struct CheckJson {
    /// Its name: `chain`, `upgrade`, `up-down-up`, `fresh`, `legacy` or `second-start`; `server`
    /// where there is none to make the others on.
    pub(crate) name: String,
    /// What the databases speak on which it was made: `sqlite` or `postgres`; null for `chain`,
    /// which needs none.
    pub(crate) dialect: Option<String>,
    /// `passed`, `failed` or `skipped`.
    pub(crate) verdict: String,
    /// What was looked at, why it was skipped, or what is wrong, one entry for each thing.
    pub(crate) details: Vec<String>,
}

/// The answer of `init`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Init")]
pub(crate) struct InitJson {
    /// The folder for the revision files.
    pub(crate) folder: String,
    /// The manifest that holds the configuration.
    pub(crate) manifest: String,
}

/// Everything that `--format json` can answer, by command.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes the answers, and is never made")]
struct Answers {
    branches: Answer<Branches>,
    current: Answer<CurrentJson>,
    downgrade: Answer<RunJson>,
    ensure: Answer<EnsureJson>,
    #[serde(rename = "ensure-version")]
    ensure_version: Answer<EnsureVersionJson>,
    heads: Answer<Revisions>,
    history: Answer<Revisions>,
    init: Answer<InitJson>,
    merge: Answer<NewRevisionJson>,
    revision: Answer<NewRevisionJson>,
    show: Answer<Revisions>,
    /// What `upgrade`, `downgrade`, `stamp` and `ensure-version` answer with `--sql`.
    sql: Answer<ScriptJson>,
    stamp: Answer<StampJson>,
    test: Answer<TestJson>,
    upgrade: Answer<RunJson>,
}

/// Returns the JSON schema of every answer, by command, as text.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Answers);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

/// Returns the ids of `nodes`.
pub(crate) fn ids(graph: &Graph, nodes: &[Node]) -> Vec<String> {
    strings(&graph.ids(nodes))
}
