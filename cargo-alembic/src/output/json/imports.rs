//! The answers of `import` and `baseline`.

#[cfg(feature = "schema")]
use schemars::JsonSchema;
use serde::Serialize;

use super::StampJson;

/// The result of `import` of a folder.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Import"))]
pub(crate) struct ImportJson {
    /// The tool: `sqlx`, `diesel`, `refinery`, `dbmate`, `goose`, `flyway` or `alembic`.
    pub(crate) tool: String,
    /// The folder of its migrations.
    pub(crate) from: String,
    /// The folder of the revision files.
    pub(crate) into: String,
    /// Whether the files were written; not with `--dry-run`.
    pub(crate) written: bool,
    /// The revisions: each follows the one before, unless they are Alembic's.
    pub(crate) revisions: Vec<ImportedJson>,
    /// What was changed and means the same.
    pub(crate) changes: Vec<FindingJson>,
    /// What somebody should look at.
    pub(crate) findings: Vec<FindingJson>,
}

/// A revision that stands for a migration of another tool.
#[derive(Debug, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(JsonSchema),
    schemars(rename = "ImportedRevision")
)]
pub(crate) struct ImportedJson {
    /// Its id.
    pub(crate) id: String,
    /// What the tool calls the migration: `version 1`, `repeatable views`, or `revision ae1027a6acf0`.
    pub(crate) version: String,
    /// The file of the tool, below its folder.
    pub(crate) file: String,
    /// The revision file.
    pub(crate) path: String,
}

/// Something to know about an import.
#[derive(Debug, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(JsonSchema),
    schemars(rename = "ImportFinding")
)]
pub(crate) struct FindingJson {
    /// The file, below the folder of the tool; null if it is about all of them.
    pub(crate) path: Option<String>,
    /// The line, from 1.
    pub(crate) line: Option<usize>,
    /// What it is.
    pub(crate) message: String,
}

/// The result of `import --database`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "TakeOver"))]
pub(crate) struct TakeOverJson {
    /// The tool.
    pub(crate) tool: String,
    /// Its table.
    pub(crate) table: String,
    /// How many revisions it has applied.
    pub(crate) applied: usize,
    /// The ids of the revisions whose migrations ran with another content than the imported one.
    pub(crate) edited: Vec<String>,
    /// The ids of the revisions that run again, since they repeat what stands below pending ones.
    pub(crate) repeated: Vec<String>,
    /// How the version table has changed.
    #[serde(flatten)]
    pub(crate) stamp: StampJson,
}

/// The result of `baseline`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Baseline"))]
pub(crate) struct BaselineJson {
    /// The id of the revision.
    pub(crate) id: String,
    /// Its file.
    pub(crate) path: String,
    /// What the database has and the revision does not make.
    pub(crate) not_compared: Vec<String>,
    /// How the version table has changed; null with `--dry-run`.
    pub(crate) stamp: Option<StampJson>,
}
