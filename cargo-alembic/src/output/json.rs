//! Answers for programs: the shape of `--format json`.
//!
//! Every answer is one object with one entry per crate. `docs/json-schema.json` is derived from
//! these types.

mod revisions;
mod runs;

#[cfg(feature = "schema")]
use schemars::JsonSchema;
use serde::Serialize;

use super::Diagnostic;
pub(crate) use revisions::{
    BranchPoint, Branches, CurrentJson, RevisionJson, Revisions, UnfinishedJson, ids,
};
pub(crate) use runs::{EnsureJson, EnsureVersionJson, RunJson, StampJson, rows};

/// The answer of a command.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "{T}Answer"))]
struct Document<T> {
    /// One entry per crate, in the order in which the command went through them.
    crates: Vec<CrateAnswer<T>>,
    /// What is wrong, where the command failed; absent where it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<ErrorJson>>,
}

/// What a command answers for one crate.
#[derive(Debug, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(JsonSchema),
    schemars(rename = "{T}OfCrate")
)]
struct CrateAnswer<T> {
    /// The crate's name.
    #[serde(rename = "crate")]
    name: String,
    #[serde(flatten)]
    answer: T,
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Error"))]
struct ErrorJson {
    /// The code that names this kind of error, as in docs/diagnostics.md; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What is wrong.
    message: String,
    /// The database's own code, where it gave one: an SQLSTATE such as `42501` on PostgreSQL, the
    /// extended result code as a decimal number on SQLite.
    #[serde(skip_serializing_if = "Option::is_none")]
    database_code: Option<String>,
}

impl ErrorJson {
    fn new(diagnostic: &Diagnostic) -> Self {
        Self {
            code: diagnostic.code.map(|code| code.to_string()),
            message: diagnostic.title.clone(),
            database_code: diagnostic.cause.database_code(),
        }
    }
}

/// Returns the answers for crates, and what is wrong, as one JSON object.
pub(crate) fn document(
    answers: impl IntoIterator<Item = (String, AnswerJson)>,
    errors: Option<&[Diagnostic]>,
) -> String {
    let crates = answers.into_iter();
    let crates = crates.map(|(name, answer)| CrateAnswer { name, answer });
    let document = Document {
        crates: crates.collect(),
        errors: errors.map(|errors| errors.iter().map(ErrorJson::new).collect()),
    };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// Everything that a command can answer for a crate.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum AnswerJson {
    Branches(Branches),
    Current(CurrentJson),
    Ensure(EnsureJson),
    EnsureVersion(EnsureVersionJson),
    Init(InitJson),
    NewRevision(NewRevisionJson),
    Revisions(Revisions),
    Run(RunJson),
    Script(ScriptJson),
    Stamp(StampJson),
    Test(TestJson),
}

/// The answer of commands with `--sql`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Script"))]
pub(crate) struct ScriptJson {
    /// What the script is for: `sqlite` or `postgres`.
    pub(crate) dialect: String,
    /// The script.
    pub(crate) script: String,
}

/// The answer of `revision` and `merge`.
#[derive(Debug, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(JsonSchema),
    schemars(rename = "NewRevision")
)]
pub(crate) struct NewRevisionJson {
    /// The new revision's id.
    pub(crate) id: String,
    /// Its file.
    pub(crate) path: String,
}

/// The answer of `test`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Test"))]
pub(crate) struct TestJson {
    /// The checks, in the order in which they were made.
    pub(crate) checks: Vec<CheckJson>,
}

/// A check of `test`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Check"))]
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
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Init"))]
pub(crate) struct InitJson {
    /// The folder for the revision files.
    pub(crate) folder: String,
    /// The manifest that holds the configuration.
    pub(crate) manifest: String,
}

/// Everything that `--format json` can answer, by command.
#[cfg(feature = "schema")]
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes the answers, and is never built")]
struct Answers {
    branches: Document<Branches>,
    current: Document<CurrentJson>,
    downgrade: Document<RunJson>,
    ensure: Document<EnsureJson>,
    #[serde(rename = "ensure-version")]
    ensure_version: Document<EnsureVersionJson>,
    heads: Document<Revisions>,
    history: Document<Revisions>,
    init: Document<InitJson>,
    merge: Document<NewRevisionJson>,
    revision: Document<NewRevisionJson>,
    show: Document<Revisions>,
    /// What `upgrade`, `downgrade`, `stamp` and `ensure-version` answer with `--sql`.
    sql: Document<ScriptJson>,
    stamp: Document<StampJson>,
    test: Document<TestJson>,
    upgrade: Document<RunJson>,
}

/// Returns the JSON schema of every answer, by command, as text.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Answers);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
