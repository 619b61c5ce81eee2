//! Commands as data, and their outcome as text.

use alembic_migrate::{Migrations, Purge, RevisionId, RunError, StepReport};

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
    Check,
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
                return Ok(format!("{:?} to {}", report.before, ids(&report.after)));
            }
            Self::Current => return Ok(format!("{:?}", handle.current(migrations)?)),
            Self::Check => {
                let check = handle.check(migrations)?;
                let (rows, pending) = (ids(&check.rows), ids(&check.pending));
                return Ok(format!("{rows}, pending {pending}"));
            }
            Self::EnsureVersion => return Ok(format!("{:?}", handle.ensure_version(migrations)?)),
            Self::Ensure => {
                let report = handle.ensure(migrations)?;
                let (scenario, outcome) = (report.scenario, report.outcome);
                let (before, after, steps) = (report.before, report.after, steps(&report.steps));
                return Ok(format!(
                    "{scenario}, {outcome}: {before:?} to {after:?} by {steps}"
                ));
            }
        };
        let (before, after) = (ids(&report.before), ids(&report.after));
        let steps = steps(&report.steps);
        Ok(format!(
            "{}: {before} to {after} by {steps}",
            report.direction
        ))
    }
}

fn ids(revisions: &[RevisionId]) -> String {
    let ids = revisions.iter().map(RevisionId::as_str);
    format!("[{}]", ids.collect::<Vec<_>>().join(" "))
}

fn steps(steps: &[StepReport]) -> String {
    let steps = steps.iter();
    let steps = steps.map(|step| format!("{} ({})", step.revision.as_str(), step.message));
    format!("[{}]", steps.collect::<Vec<_>>().join(", "))
}
