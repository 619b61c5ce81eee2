//! Commands as data, and their outcome as text.

use alembic_migrate::history::RevisionId;
use alembic_migrate::options::Purge;
use alembic_migrate::report::StepReport;
use alembic_migrate::{Migrations, RunError, Versions};

use crate::Handle;

/// A command of [`Migrations`].
#[derive(Clone, Copy, Debug)]
pub enum Command {
    /// Applies what the target needs.
    Upgrade(&'static str),
    /// Reverts what is above the target.
    Downgrade(&'static str),
    /// Reverts one revision and what needs it.
    Revert(&'static str),
    /// Moves the version table.
    Stamp(&'static [&'static str], Purge),
    /// Reads the version table.
    Current,
    /// Reports what is pending.
    Status,
    /// Creates the version table.
    EnsureVersion,
    /// Makes a database ready.
    Ensure,
}

impl Command {
    /// Carries out the command; returns its report as text, without times.
    ///
    /// # Errors
    ///
    /// The error of the command.
    pub fn run(self, migrations: &Migrations, handle: &mut dyn Handle) -> Result<String, RunError> {
        let report = match self {
            Self::Upgrade(target) => handle.upgrade(migrations, target)?,
            Self::Downgrade(target) => handle.downgrade(migrations, target)?,
            Self::Revert(revision) => handle.revert(migrations, revision)?,
            Self::Stamp(targets, purge) => {
                let report = handle.stamp(migrations, targets, purge)?;
                return Ok(format!(
                    "{} to {}",
                    rows(&report.before),
                    rows(&report.after)
                ));
            }
            Self::Current => return Ok(list(&handle.current(migrations)?)),
            Self::Status => {
                let status = handle.status(migrations)?;
                let pending: Vec<&str> = status.pending.iter().map(RevisionId::as_str).collect();
                return Ok(format!(
                    "{}, pending {}",
                    rows(&status.versions),
                    list(&pending)
                ));
            }
            Self::EnsureVersion => return Ok(format!("{:?}", handle.ensure_version(migrations)?)),
            Self::Ensure => {
                let report = handle.ensure(migrations)?;
                let (scenario, outcome) = (report.scenario, report.outcome);
                let (before, after) = (rows(&report.before), rows(&report.after));
                let steps = steps(&report.steps);
                return Ok(format!(
                    "{scenario}, {outcome}: {before} to {after} by {steps}"
                ));
            }
        };
        let (before, after) = (rows(&report.before), rows(&report.after));
        let steps = steps(&report.steps);
        Ok(format!(
            "{}: {before} to {after} by {steps}",
            report.direction
        ))
    }
}

fn rows(versions: &Versions) -> String {
    list(&versions.ids())
}

fn list(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    format!("[{}]", names.join(" "))
}

fn steps(steps: &[StepReport]) -> String {
    let steps = steps.iter();
    let steps = steps.map(|step| format!("{} ({})", step.revision.as_str(), step.message));
    format!("[{}]", steps.collect::<Vec<_>>().join(", "))
}
