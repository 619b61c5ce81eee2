//! Describes what runs did, from the library's reports.

use std::fmt::{self, Display};
use std::time::Duration;

use alembic_history::Direction;
use alembic_migrate::report::StampReport;
use alembic_migrate::{EnsureReport, Outcome, Report, Versions};

/// Describes a finished upgrade or downgrade of the crate `name`, which has `pending` more
/// revisions to apply.
pub(crate) fn run(name: &str, report: &Report, pending: usize, took: Duration) -> String {
    let what = match (report.steps.len(), report.direction) {
        (0, Direction::Upgrade) if pending > 0 => {
            format!("nothing to apply ({pending} pending beyond the target)")
        }
        (0, Direction::Upgrade) => "no pending migrations".to_owned(),
        (0, Direction::Downgrade) => "nothing to revert".to_owned(),
        (1, _) => format!("1 revision in {}", HumanDuration(took)),
        (steps, _) => format!("{steps} revisions in {}", HumanDuration(took)),
    };
    format!("{name} at {}: {what}", report.after)
}

/// Describes a stamp as a step from old rows to new ones.
pub(crate) fn stamp(report: &StampReport) -> String {
    let rows = |versions: &Versions| versions.ids().join(", ");
    let (before, after) = (rows(&report.before), rows(&report.after));
    format!("stamp {before} -> {after}")
}

/// Describes the state in which a database was found, and what was done to get it ready.
pub(crate) fn ensure(report: &EnsureReport) -> String {
    let what = match (report.outcome, report.steps.len()) {
        (Outcome::Ready, _) => "no pending migrations".to_owned(),
        (Outcome::Created, _) => "created the target schema".to_owned(),
        (Outcome::Migrated, 1) => "1 revision".to_owned(),
        (Outcome::Migrated, steps) => format!("{steps} revisions"),
        (Outcome::Ahead, _) => "ahead of these migrations, left unchanged".to_owned(),
        (outcome, _) => outcome.to_string(),
    };
    let (name, scenario, took) = (&report.package, report.scenario, HumanDuration(report.took));
    let versions = &report.after;
    format!("{name} at {versions}: {scenario} database, {what} in {took}")
}

/// A duration, formatted for people.
pub(crate) struct HumanDuration(pub(crate) Duration);

impl Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        if seconds < 1.0 {
            write!(f, "{:.1} ms", seconds * 1e3)
        } else {
            write!(f, "{seconds:.2} s")
        }
    }
}
