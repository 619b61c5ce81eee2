//! Answers about what was done to databases, derived from the library's reports.

use std::collections::HashSet;
use std::time::Duration;

use alembic_history::{Direction, RevisionId};
use alembic_migrate::report::{Ensured, StampReport, StepReport};
use alembic_migrate::{EnsureReport, Report, Versions};
#[cfg(feature = "schema")]
use schemars::JsonSchema;
use serde::Serialize;

use crate::url::DatabaseUrl;

/// The result of `upgrade` and `downgrade`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Run"))]
pub(crate) struct RunJson {
    /// The database, without its password.
    database: String,
    /// The revisions that were applied or reverted, in order.
    steps: Vec<StepJson>,
    /// The rows of the version table before the command.
    before: Vec<String>,
    /// The rows of the version table after it.
    after: Vec<String>,
    /// How long it took in seconds.
    seconds: f64,
}

/// A revision that was applied or reverted.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Step"))]
pub(crate) struct StepJson {
    /// `upgrade` or `downgrade`.
    direction: String,
    /// The revision's id.
    revision: String,
    /// The first paragraph of its header.
    message: String,
    /// How long it took in seconds, without the commit.
    seconds: f64,
    /// Whether its upgrade section has no statements, although the heading does not say `empty`: what
    /// is added there now never runs on this database.
    empty: bool,
}

impl StepJson {
    fn new(direction: Direction, step: &StepReport, empty: &HashSet<RevisionId>) -> Self {
        Self {
            empty: empty.contains(&step.revision),
            direction: direction.to_string(),
            revision: step.revision.to_string(),
            message: step.message.clone(),
            seconds: step.took.as_secs_f64(),
        }
    }
}

/// The result of `stamp`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Stamp"))]
pub(crate) struct StampJson {
    /// The database, without its password.
    database: String,
    /// The rows of the version table before the command.
    before: Vec<String>,
    /// The rows of the version table after it.
    after: Vec<String>,
}

/// The result of `ensure`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Ensure"))]
pub(crate) struct EnsureJson {
    /// The database, without its password.
    database: String,
    /// The state in which the database was found: `fresh`, `legacy` or `tracked`.
    scenario: String,
    /// What was done: `ready` (nothing), `created`, `migrated`, or `ahead` (nothing).
    outcome: String,
    /// The revisions that were applied, in order.
    steps: Vec<StepJson>,
    /// The rows of the version table before the command.
    before: Vec<String>,
    /// The rows of the version table after it.
    after: Vec<String>,
    /// How long it took in seconds.
    seconds: f64,
}

/// The result of `ensure-version`.
#[derive(Debug, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(JsonSchema),
    schemars(rename = "EnsureVersion")
)]
pub(crate) struct EnsureVersionJson {
    /// The database, without its password.
    database: String,
    /// Whether the version table was created; false if it already existed.
    created: bool,
}

impl RunJson {
    /// `empty` are the revisions that were applied without statements.
    pub(crate) fn new(
        url: &DatabaseUrl,
        report: &Report,
        took: Duration,
        empty: &HashSet<RevisionId>,
    ) -> Self {
        Self {
            database: url.to_string(),
            steps: steps(report.direction, &report.steps, empty),
            before: rows(&report.before),
            after: rows(&report.after),
            seconds: took.as_secs_f64(),
        }
    }
}

impl StampJson {
    pub(crate) fn new(url: &DatabaseUrl, report: &StampReport) -> Self {
        Self {
            database: url.to_string(),
            before: rows(&report.before),
            after: rows(&report.after),
        }
    }
}

impl EnsureJson {
    /// `empty` are the revisions that were applied without statements.
    pub(crate) fn new(
        url: &DatabaseUrl,
        report: &EnsureReport,
        empty: &HashSet<RevisionId>,
    ) -> Self {
        Self {
            database: url.to_string(),
            scenario: report.scenario.to_string(),
            outcome: report.outcome.to_string(),
            steps: steps(Direction::Upgrade, &report.steps, empty),
            before: rows(&report.before),
            after: rows(&report.after),
            seconds: report.took.as_secs_f64(),
        }
    }
}

impl EnsureVersionJson {
    pub(crate) fn new(url: &DatabaseUrl, ensured: Ensured) -> Self {
        Self {
            database: url.to_string(),
            created: match ensured {
                Ensured::Created => true,
                Ensured::Existed => false,
            },
        }
    }
}

/// Returns the rows of a version table, sorted.
pub(crate) fn rows(versions: &Versions) -> Vec<String> {
    versions.ids().into_iter().map(ToOwned::to_owned).collect()
}

fn steps(direction: Direction, steps: &[StepReport], empty: &HashSet<RevisionId>) -> Vec<StepJson> {
    let steps = steps.iter();
    let steps = steps.map(|step| StepJson::new(direction, step, empty));
    steps.collect()
}
