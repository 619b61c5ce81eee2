//! Runs a generated revision both ways before it is written.

use alembic_history::Code;
use alembic_migrate::schema::Change;
use alembic_schema::Way;

use super::Side;
use crate::new_revision::PreparedRevision;
use crate::output::{Cause, Diagnostic, Error};

/// Why a revision is not proved.
pub(super) struct Unproved {
    pub(super) way: Way,
    reason: Reason,
}

enum Reason {
    /// It cannot be run, or read.
    Failed(Error),
    /// The schema is another one afterwards: these changes would be left.
    Differs(&'static str, Vec<Change>),
}

impl From<(Way, Error)> for Unproved {
    fn from((way, error): (Way, Error)) -> Self {
        let reason = Reason::Failed(error);
        Self { way, reason }
    }
}

/// Applies a revision to the history on each engine, where the result must be the target, and reverts
/// it, where it must be the history again.
pub(super) fn prove(
    prepared: &PreparedRevision<'_>,
    sides: &[Side<'_>],
    text: &str,
) -> Result<(), Unproved> {
    let history = prepared.history(text);
    let history = history.map_err(|error| (Way::Upgrade, error))?;
    let crate_with = prepared.owner.with_history(history);
    let id = prepared.new.id.as_str();
    for side in sides {
        let product = side.dialect().product();
        let up = |error| (Way::Upgrade, error);
        let down = |error| (Way::Downgrade, error);
        let mut scratch = side.origin.scratch.copy().map_err(up)?;
        let run = crate_with.migrations.upgrade(&mut scratch.connection, id);
        run.map_err(|error| up(crate_with.explain_trial(error, &scratch.database)))?;
        let left = side.differences(&mut scratch, &side.target).map_err(up)?;
        if !left.is_empty() {
            return Err(Unproved {
                way: Way::Upgrade,
                reason: Reason::Differs(product, left),
            });
        }
        let run = crate_with.migrations.revert(&mut scratch.connection, id);
        run.map_err(|error| down(crate_with.explain_trial(error, &scratch.database)))?;
        let left = side.differences(&mut scratch, &side.before).map_err(down)?;
        if !left.is_empty() {
            return Err(Unproved {
                way: Way::Downgrade,
                reason: Reason::Differs(product, left),
            });
        }
    }
    Ok(())
}

impl Unproved {
    pub(super) fn explain(self, prepared: &PreparedRevision<'_>) -> Error {
        let what = match self.way {
            Way::Upgrade => "the generated upgrade",
            Way::Downgrade => "the generated downgrade",
        };
        let help = "nothing was written: write the revision by hand with `cargo alembic revision`, or \
                    leave objects out with `--exclude-objects`";
        match self.reason {
            Reason::Failed(error) => error
                .note(format!(
                    "{what} was run to prove it; it would have been written to {}",
                    prepared.shown_path()
                ))
                .help(help),
            Reason::Differs(product, left) => {
                let title = format!("{what} does not make the schema that it should on {product}");
                let mut diagnostic =
                    Diagnostic::new(Cause::Check, title).code(Code::RevisionNotProved);
                for change in &left {
                    diagnostic = diagnostic.note(format!("left: {}", change.sentence));
                }
                diagnostic.help(help).into()
            }
        }
    }
}
