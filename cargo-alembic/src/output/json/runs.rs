//! Answers about what was done to databases, derived from the library's reports.

use std::collections::HashSet;
use std::time::Duration;

use alembic_history::{Direction, RevisionId};
use alembic_migrate::report::{Ensured, LogEntry, LogGap, LoggedRevision, StampReport, StepReport};
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

/// The result of `upgrade` and `downgrade` with `--dry-run`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "DryRun"))]
pub(crate) struct DryRunJson {
    /// The database, without its password.
    pub(crate) database: String,
    /// The file of what is older than the revisions, if it would be created first; null otherwise.
    pub(crate) base: Option<String>,
    /// The revisions that would be applied or reverted, in order.
    pub(crate) steps: Vec<DryStepJson>,
    /// The rows of the version table before.
    pub(crate) before: Vec<String>,
    /// The rows of the version table that the command would leave.
    pub(crate) after: Vec<String>,
    /// How long it took in seconds.
    pub(crate) seconds: f64,
}

/// A revision that would be applied or reverted.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "DryStep"))]
pub(crate) struct DryStepJson {
    /// `upgrade` or `downgrade`.
    pub(crate) direction: String,
    /// The revision's id.
    pub(crate) revision: String,
    /// The first paragraph of its header.
    pub(crate) message: String,
    /// Its statements, in order.
    pub(crate) statements: Vec<ExecutedJson>,
}

/// A statement that was executed and taken back.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Executed"))]
pub(crate) struct ExecutedJson {
    /// The statement.
    pub(crate) sql: String,
    /// How long it took in seconds; null if it is carried out together with others.
    pub(crate) seconds: Option<f64>,
    /// What it destroys.
    pub(crate) losses: Vec<LostJson>,
    /// The rebuild of a table that carries out this statement and those before it; null if there is
    /// none.
    pub(crate) rebuild: Option<RebuildJson>,
}

/// Something that a statement destroys.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Lost"))]
pub(crate) struct LostJson {
    /// What it is: the rows of a table, or the values of a column.
    pub(crate) what: String,
    /// How many there are.
    pub(crate) count: u64,
}

/// The rebuild of a table.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Rebuild"))]
pub(crate) struct RebuildJson {
    /// The table.
    pub(crate) table: String,
    /// The statements that rebuild it.
    pub(crate) statements: Vec<String>,
    /// How many rows are copied.
    pub(crate) rows: u64,
    /// How long it took in seconds.
    pub(crate) seconds: f64,
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

/// The result of `log`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Log"))]
pub(crate) struct LogJson {
    /// The database, without its password.
    database: String,
    /// The entries, newest first.
    entries: Vec<LogEntryJson>,
    /// Why there is no log, or none is kept any more: `switched-off`, `missing` (the next run creates
    /// it), `not-allowed`, or `untrusted` (it belongs to another role than the version table); null if
    /// it is kept.
    gap: Option<&'static str>,
}

/// An entry of the log.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "LogEntry"))]
pub(crate) struct LogEntryJson {
    /// Its number, from 1.
    number: u64,
    /// `upgrade` if the revision is applied from then on, `downgrade` if it is not.
    direction: String,
    /// How that came to be: `run`, `create`, `stamp`, `adopt` or `accept`.
    action: String,
    /// The revision's id.
    revision: String,
    /// The first paragraph of its header.
    message: String,
    /// The digest of the statements that apply it; null if no file declared it.
    digest: Option<String>,
    /// When, in UTC.
    time: String,
    /// How long it took in seconds; null if nothing ran.
    seconds: Option<f64>,
    /// The user, if known.
    user: Option<String>,
    /// The machine of the program, if known.
    host: Option<String>,
    /// The program, if known.
    application: Option<String>,
    /// The version of cargo-alembic.
    tool_version: String,
    /// The rows of the version table afterwards.
    after: Vec<String>,
}

/// A revision as the log knows it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Logged"))]
pub(crate) struct LoggedJson {
    /// Its id.
    pub(crate) revision: String,
    /// The first paragraph of its header, as it was then.
    pub(crate) message: String,
    /// When it was logged, in UTC.
    time: String,
}

impl LoggedJson {
    pub(crate) fn new(logged: &LoggedRevision) -> Self {
        Self {
            revision: logged.revision.clone(),
            message: logged.message.clone(),
            time: logged.since.clone(),
        }
    }
}

impl LogJson {
    pub(crate) fn new(url: &DatabaseUrl, entries: &[LogEntry], gap: Option<&LogGap>) -> Self {
        let word = |gap: &LogGap| match gap {
            LogGap::SwitchedOff => "switched-off",
            LogGap::Missing => "missing",
            LogGap::Untrusted { .. } => "untrusted",
            _ => "not-allowed",
        };
        Self {
            database: url.to_string(),
            entries: entries.iter().map(LogEntryJson::new).collect(),
            gap: gap.map(word),
        }
    }
}

impl LogEntryJson {
    fn new(entry: &LogEntry) -> Self {
        let rows = entry.rows.split(',').filter(|row| !row.is_empty());
        Self {
            number: entry.number,
            direction: entry.direction.to_string(),
            action: entry.action.to_string(),
            revision: entry.revision.clone(),
            message: entry.message.clone(),
            digest: entry.digest.map(|digest| digest.to_string()),
            time: entry.logged_at.clone(),
            seconds: entry.took.map(|took| took.as_secs_f64()),
            user: entry.user.clone(),
            host: entry.host.clone(),
            application: entry.application.clone(),
            tool_version: entry.tool_version.clone(),
            after: rows.map(ToOwned::to_owned).collect(),
        }
    }
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

impl RunJson {
    /// Adds a run that follows.
    pub(crate) fn and_then(mut self, next: Self) -> Self {
        self.steps.extend(next.steps);
        self.after = next.after;
        self.seconds += next.seconds;
        self
    }

    /// Returns the answer when nothing was to be done.
    pub(crate) fn nothing(url: &DatabaseUrl, versions: &Versions) -> Self {
        Self {
            database: url.to_string(),
            steps: Vec::new(),
            before: rows(versions),
            after: rows(versions),
            seconds: 0.0,
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
