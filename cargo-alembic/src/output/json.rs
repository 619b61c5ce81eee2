//! Answers for programs: the objects that `--format json` prints.
//!
//! Every answer is one object with one entry per crate. `docs/json-schema.json` is derived from
//! these types.

mod findings;
mod imports;
mod revisions;
mod runs;
mod schemas;

#[cfg(feature = "schema")]
use schemars::JsonSchema;
use serde::Serialize;

use super::printable::printable_json;
use super::{Call, Diagnostic};
use findings::ErrorJson;
pub(crate) use findings::WarningJson;
pub(crate) use imports::{BaselineJson, FindingJson, ImportJson, ImportedJson, TakeOverJson};
pub(crate) use revisions::{
    BranchPoint, Branches, CurrentJson, ManagedByJson, RevisionJson, RevisionTitleJson, Revisions,
    StatusJson, UnfinishedJson, strings,
};
pub(crate) use runs::{
    DryRunJson, DryStepJson, EnsureJson, EnsureVersionJson, ExecutedJson, LogJson, LoggedJson,
    LostJson, RebuildJson, RunJson, StampJson, rows,
};
pub(crate) use schemas::{
    AutogenerateJson, ChangeJson, DiffJson, DriftJson, DumpJson, EngineChangesJson, OmissionJson,
};

/// The result of a command.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "{T}Answer"))]
struct Document<T> {
    /// One entry per crate, in the order in which the command processed them.
    crates: Vec<CrateAnswer<T>>,
    /// What is wrong, if the command failed; absent if it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<ErrorJson>>,
    /// What it warns of, and what servers said; absent if there is nothing of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<WarningJson>>,
}

/// The result of a command for one crate.
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

/// Returns the answers for all crates, the errors and the warnings as one JSON object.
pub(crate) fn document(
    answers: impl IntoIterator<Item = (String, AnswerJson)>,
    errors: Option<&[Diagnostic]>,
    warnings: Vec<WarningJson>,
    call: &Call,
) -> String {
    let crates = answers.into_iter();
    let crates = crates.map(|(name, answer)| CrateAnswer { name, answer });
    let document = Document {
        crates: crates.collect(),
        errors: errors.map(|errors| {
            let errors = errors.iter();
            errors
                .flat_map(|error| ErrorJson::of(error, call))
                .collect()
        }),
        warnings: Some(warnings).filter(|warnings| !warnings.is_empty()),
    };
    printable_json(&serde_json::to_string_pretty(&document).unwrap_or_default()) + "\n"
}

/// Every kind of answer that a command can give for a crate.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum AnswerJson {
    Autogenerate(AutogenerateJson),
    Baseline(BaselineJson),
    Branches(Branches),
    Current(CurrentJson),
    Diff(DiffJson),
    Drift(DriftJson),
    Dump(DumpJson),
    DryRun(DryRunJson),
    Ensure(EnsureJson),
    EnsureVersion(EnsureVersionJson),
    Import(ImportJson),
    Init(InitJson),
    Lock(LockJson),
    Log(LogJson),
    NewRevision(NewRevisionJson),
    Rebase(RebaseJson),
    Revisions(Revisions),
    Run(RunJson),
    Script(ScriptJson),
    Stamp(StampJson),
    Status(StatusJson),
    TakeOver(TakeOverJson),
    Test(TestJson),
}

/// The result of a command with `--sql`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Script"))]
pub(crate) struct ScriptJson {
    /// The dialect of the script: `sqlite` or `postgres`.
    pub(crate) dialect: String,
    /// The script.
    pub(crate) script: String,
}

/// The result of `revision` and `merge`.
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

/// The result of `lock`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Lock"))]
pub(crate) struct LockJson {
    /// The lock file.
    pub(crate) path: String,
    /// The ids of the revisions that it did not have.
    pub(crate) added: Vec<String>,
    /// The ids of the new revisions whose statements it has now.
    pub(crate) recorded: Vec<String>,
    /// The ids of the revisions whose parents, dependencies or statements are not as before.
    pub(crate) changed: Vec<String>,
    /// The ids of the revisions that no file declares any more.
    pub(crate) removed: Vec<String>,
}

/// The result of `rebase`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Rebase"))]
pub(crate) struct RebaseJson {
    /// The id of the revision that the others are put on.
    pub(crate) onto: String,
    /// The revisions whose files change, in the order of the history.
    pub(crate) revisions: Vec<RebasedJson>,
}

/// A revision that `rebase` has moved.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Rebased"))]
pub(crate) struct RebasedJson {
    /// The id.
    pub(crate) id: String,
    /// The ids of the revisions that it follows now.
    pub(crate) down_revisions: Vec<String>,
    /// Its file, as it is named now.
    pub(crate) path: String,
}

/// The result of `test`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Test"))]
pub(crate) struct TestJson {
    /// The checks, in the order in which they ran.
    pub(crate) checks: Vec<CheckJson>,
}

/// A check of `test`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Check"))]
pub(crate) struct CheckJson {
    /// Its name: `chain`, `lock`, `upgrade`, `up-down-up`, `fresh`, `legacy`, `second-start`, `models` or
    /// `engines`; `server` if there is none to run the others on.
    pub(crate) name: String,
    /// The dialect of the databases that it ran on: `sqlite` or `postgres`; null for `chain` and
    /// `lock`, which need no database.
    pub(crate) dialect: Option<String>,
    /// `passed`, `failed` or `skipped`.
    pub(crate) verdict: String,
    /// What was checked, why it was skipped, or what is wrong, one entry per item.
    pub(crate) details: Vec<String>,
}

/// The result of `init`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Init"))]
pub(crate) struct InitJson {
    /// The folder for the revision files.
    pub(crate) folder: String,
    /// The manifest that holds the configuration.
    pub(crate) manifest: String,
    /// The URL of the database that commands use, without its password.
    pub(crate) database: String,
}

/// Every result that `--format json` can print, by command.
#[cfg(feature = "schema")]
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes the answers, and is never built")]
struct Answers {
    /// The result of `revision --autogenerate`.
    autogenerate: Document<AutogenerateJson>,
    baseline: Document<BaselineJson>,
    branches: Document<Branches>,
    check: Document<DiffJson>,
    current: Document<CurrentJson>,
    diff: Document<DiffJson>,
    /// The result of `upgrade` and `downgrade` with `--dry-run`.
    #[serde(rename = "dry-run")]
    dry_run: Document<DryRunJson>,
    downgrade: Document<RunJson>,
    dump: Document<DumpJson>,
    ensure: Document<EnsureJson>,
    #[serde(rename = "ensure-version")]
    ensure_version: Document<EnsureVersionJson>,
    heads: Document<Revisions>,
    history: Document<Revisions>,
    import: Document<ImportJson>,
    /// The result of `import --database`.
    #[serde(rename = "import-database")]
    import_database: Document<TakeOverJson>,
    init: Document<InitJson>,
    lock: Document<LockJson>,
    log: Document<LogJson>,
    merge: Document<NewRevisionJson>,
    rebase: Document<RebaseJson>,
    revision: Document<NewRevisionJson>,
    show: Document<Revisions>,
    /// The result of `upgrade`, `downgrade`, `stamp` and `ensure-version` with `--sql`.
    sql: Document<ScriptJson>,
    stamp: Document<StampJson>,
    status: Document<StatusJson>,
    test: Document<TestJson>,
    upgrade: Document<RunJson>,
    verify: Document<DriftJson>,
}

/// Returns the JSON schema of every answer, by command, as text.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Answers);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
