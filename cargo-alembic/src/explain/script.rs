//! Explains why there is no script.

use alembic_history::Code;
use std::rc::Rc;

use alembic_migrate::history::PlanError;
use alembic_run::Failure;
use alembic_run::{Obstacle, ScriptError};

use super::{Subject, excerpt, plan, run};
use crate::output::{Cause, Diagnostic, Error};

/// Explains why a run cannot be written as a script.
pub(crate) fn script(error: ScriptError, subject: Subject<'_>) -> Error {
    let error = Rc::new(error);
    let new = |title: String| Diagnostic::new(Cause::Script(Rc::clone(&error)), title);
    let in_crate = format!("in crate `{}`", subject.name);
    let diagnostic = || new(error.to_string()).note(&in_crate);
    let diagnostic = match &*error {
        ScriptError::Failure(fault) => match &**fault {
            Failure::Plan(PlanError::NotADowngradeTarget { .. }) => {
                diagnostic().help("write `START:END`, where END is below START")
            }
            Failure::Plan(error) => return plan(error, subject, None),
            fault => run::refused(fault, new(run::title(fault)), subject),
        },
        ScriptError::NoStart { .. } => {
            diagnostic()
                .help("name the revision that the database is at, as in `ae10:head`, or have it read there, as in `current:head`")
        }
        ScriptError::OpenRange { .. } => diagnostic()
            .help("write `START:END`: the revision that the database is at, and the target"),
        ScriptError::SeveralStarts => {
            diagnostic().help("write the same `START:` before every revision")
        }
        ScriptError::Statement { location, obstacle } => {
            let help = match obstacle {
                Obstacle::Parameter(_) => "write the value in its place",
                Obstacle::Terminator(_) => "join it with another line",
                _ => "write names like `begin` in quotes, or the body as `$$ ... $$`",
            };
            new(obstacle.to_string())
                .code(Code::NotScriptable)
                .excerpt(excerpt(location, subject.history))
                .note(&in_crate)
                .help(help)
        }
        _ => diagnostic(),
    };
    diagnostic.into()
}
