//! Answers about schemas: how they differ, and the SQL that makes them.

use alembic_migrate::schema::{Change, Hazard};
#[cfg(feature = "schema")]
use schemars::JsonSchema;
use serde::Serialize;

/// The result of `revision --autogenerate`.
#[derive(Debug, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(JsonSchema),
    schemars(rename = "Autogenerate")
)]
pub(crate) struct AutogenerateJson {
    /// The new revision's id; null if nothing was written.
    pub(crate) id: Option<String>,
    /// Its file; null if nothing was written.
    pub(crate) path: Option<String>,
    /// The text of the file; null if there are no changes.
    pub(crate) text: Option<String>,
    /// The changes, on each engine of the crate.
    pub(crate) engines: Vec<EngineChangesJson>,
    /// What was detected and is left to be written by hand.
    pub(crate) not_written: Vec<OmissionJson>,
}

/// A change that was detected and could not be written.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Omission"))]
pub(crate) struct OmissionJson {
    /// The dialect of the engine.
    pub(crate) dialect: String,
    /// The change, as a sentence.
    pub(crate) sentence: String,
    /// Why it could not be written.
    pub(crate) reason: String,
}

/// The result of `check` and `diff`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Diff"))]
pub(crate) struct DiffJson {
    /// The schema before, as it was named.
    pub(crate) from: String,
    /// The schema afterwards, as it was named.
    pub(crate) to: String,
    /// The changes that make the second schema of the first, on each engine.
    pub(crate) engines: Vec<EngineChangesJson>,
}

/// The result of `verify`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Drift"))]
pub(crate) struct DriftJson {
    /// The database, without its password.
    pub(crate) database: String,
    /// The rows of its version table.
    pub(crate) rows: Vec<String>,
    /// What the database has otherwise than its revisions make it, as changes that make it so.
    pub(crate) drift: Vec<ChangeJson>,
    /// The SQL that would undo it.
    pub(crate) undo: String,
    /// What the database has and no comparison looks at.
    pub(crate) not_compared: Vec<String>,
}

/// The result of `dump`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Dump"))]
pub(crate) struct DumpJson {
    /// The dialect of the SQL.
    pub(crate) dialect: String,
    /// The SQL that makes the schema.
    pub(crate) sql: String,
    /// The file that it was written to; null if it was printed.
    pub(crate) path: Option<String>,
    /// What the schema has and the SQL does not make.
    pub(crate) not_compared: Vec<String>,
}

/// How two schemas differ on one engine.
#[derive(Debug, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(JsonSchema),
    schemars(rename = "EngineChanges")
)]
pub(crate) struct EngineChangesJson {
    /// The dialect of the engine.
    pub(crate) dialect: String,
    /// The changes, in the order in which they can be carried out.
    pub(crate) changes: Vec<ChangeJson>,
    /// What the schemas have and no comparison looks at.
    pub(crate) not_compared: Vec<String>,
}

/// A change of an object.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Change"))]
pub(crate) struct ChangeJson {
    /// What happens: `create`, `alter`, `rename`, `take-away`, `put-back` or `drop`.
    verb: &'static str,
    /// The kind of the object: `table`, `column`, `index` and so on.
    kind: &'static str,
    /// Its schema; empty on SQLite.
    schema: String,
    /// The table or view that it is part of; null if it stands by itself.
    parent: Option<String>,
    /// Its name; the new one, if it is renamed.
    name: String,
    /// What happens, as a sentence.
    sentence: String,
    /// What it costs: `additive`, `widening`, `rebuild`, `may-fail` or `destructive`.
    cost: &'static str,
    /// What may go wrong, or be lost, as sentences.
    hazards: Vec<String>,
    /// The statements that make the change.
    statements: Vec<String>,
}

impl DriftJson {
    /// Returns the drift as lines, and the SQL that would undo it.
    pub(crate) fn text(&self) -> String {
        if self.drift.is_empty() {
            return String::new();
        }
        let lines = self
            .drift
            .iter()
            .map(|change| change.sentence.clone() + "\n");
        let undo = self.undo.lines().map(|line| match line {
            "" => "\n".to_owned(),
            line => format!("    {line}\n"),
        });
        lines
            .chain(["\nThis would undo it:\n\n".to_owned()])
            .chain(undo)
            .collect()
    }
}

impl ChangeJson {
    pub(crate) fn new(change: &Change) -> Self {
        let object = &change.object;
        let statements = change.statements.iter();
        Self {
            verb: change.verb.as_str(),
            kind: object.kind.as_str(),
            schema: object.schema.to_string(),
            parent: object.parent.as_ref().map(ToString::to_string),
            name: object.name.to_string(),
            sentence: change.sentence.clone(),
            cost: change.cost().as_str(),
            hazards: change.hazards.iter().map(Hazard::sentence).collect(),
            statements: statements.map(|statement| statement.sql.clone()).collect(),
        }
    }

    pub(crate) fn all(changes: &[Change]) -> Vec<Self> {
        changes.iter().map(Self::new).collect()
    }
}
