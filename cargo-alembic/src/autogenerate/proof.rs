//! Runs a generated revision both ways before it is written.

use std::collections::BTreeSet;

use alembic_history::Code;
use alembic_migrate::RunError;
use alembic_migrate::schema::{Change, ObjectId};
use alembic_run::Failure;
use alembic_schema::Way;

use super::Side;
use crate::database::scratch::Scratch;
use crate::new_revision::PreparedRevision;
use crate::output::{Cause, Diagnostic, Error};

/// Why a revision is not proved.
pub(super) struct Unproved {
    pub(super) way: Way,
    /// The side that it fails on, by its index, and the objects whose changes are at fault, as far as they
    /// are known.
    pub(super) culprits: Option<(usize, BTreeSet<ObjectId>)>,
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
        Self {
            way,
            culprits: None,
            reason: Reason::Failed(error),
        }
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
    for (at, side) in sides.iter().enumerate() {
        let product = side.dialect().product();
        let up = |error| (Way::Upgrade, error);
        let down = |error| (Way::Downgrade, error);
        let mut scratch = side.origin.scratch.copy().map_err(up)?;
        let failed = |way, error: RunError, scratch: &Scratch| {
            let culprits = culprits(&error, text, side.changes(way));
            Unproved {
                way,
                culprits: Some((at, culprits)),
                reason: Reason::Failed(crate_with.explain_trial(error, &scratch.database)),
            }
        };
        let differs = |way, left: Vec<Change>| Unproved {
            way,
            culprits: Some((
                at,
                left.iter().map(|change| change.object.clone()).collect(),
            )),
            reason: Reason::Differs(product, left),
        };
        let run = crate_with.migrations.upgrade(&mut scratch.connection, id);
        run.map_err(|error| failed(Way::Upgrade, error, &scratch))?;
        let left = side.differences(&mut scratch, &side.target).map_err(up)?;
        if !left.is_empty() {
            return Err(differs(Way::Upgrade, left));
        }
        let run = crate_with.migrations.revert(&mut scratch.connection, id);
        run.map_err(|error| failed(Way::Downgrade, error, &scratch))?;
        let left = side.differences(&mut scratch, &side.before).map_err(down)?;
        if !left.is_empty() {
            return Err(differs(Way::Downgrade, left));
        }
    }
    Ok(())
}

/// Returns the objects of the changes whose statement failed.
fn culprits(error: &RunError, text: &str, changes: &[Change]) -> BTreeSet<ObjectId> {
    let span = match error.failure() {
        Failure::Statement { location, .. } | Failure::Alter { location, .. } => location.span,
        _ => return BTreeSet::new(),
    };
    let failed = text.get(span.start..span.end).unwrap_or_default().trim();
    let culprits = changes.iter().filter(|change| {
        let mut statements = change.statements.iter();
        statements.any(|statement| statement.sql.trim() == failed)
    });
    culprits.map(|change| change.object.clone()).collect()
}

impl Unproved {
    /// Returns the reason in a line, for a comment.
    pub(super) fn in_short(&self) -> String {
        let reason = match &self.reason {
            Reason::Failed(error) => {
                let mut diagnostics = error.diagnostics.iter();
                diagnostics.next().map_or("", |first| first.title.as_str())
            }
            Reason::Differs(..) => "its statements were run, and made something else",
        };
        reason.lines().next().unwrap_or_default().to_owned()
    }

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
