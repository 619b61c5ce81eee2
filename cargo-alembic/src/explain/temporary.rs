//! Explains failures on databases that end with their check: what a failed run has left there is gone,
//! no other program uses them, and only the revisions can be mended.

use alembic_run::Failure;

use super::statement::{self, FailedStatement};
use super::{Evidence, Storage, Subject, run};
use crate::output::Diagnostic;

/// Adds the database, and the next step.
pub(super) fn next_step(
    fault: &Failure,
    diagnostic: Diagnostic,
    subject: Subject<'_>,
    storage: &Storage<'_>,
    evidence: &Evidence,
) -> Diagnostic {
    let diagnostic = diagnostic.note(format!(
        "crate `{}`, temporary database {}",
        subject.name, storage.url
    ));
    match fault {
        Failure::Statement {
            location,
            error,
            leftover: _,
            shares_transaction,
        } => {
            let failed = FailedStatement {
                location,
                error,
                leftover: &[],
                shares_transaction: *shares_transaction,
            };
            statement::next_step(diagnostic, &failed, (subject, storage, evidence))
        }
        Failure::IdTooLong { .. } => {
            diagnostic.help("give the revision a shorter id, if no database has applied it yet")
        }
        Failure::ManagedByAnotherTool { .. }
        | Failure::Unfinished { .. }
        | Failure::Interrupted { .. }
        | Failure::ChangedMeanwhile { .. }
        | Failure::InvalidIndex { .. } => {
            diagnostic.help("correct the revisions, and run the command again")
        }
        Failure::History(_)
        | Failure::Plan(_)
        | Failure::Requirements(_)
        | Failure::SharedVersionTable { .. }
        | Failure::MalformedVersionTable { .. }
        | Failure::Irreversible { .. }
        | Failure::UncheckedDialect { .. }
        | Failure::Schema { .. }
        | Failure::RowCount { .. }
        | Failure::RowsMoved { .. }
        | Failure::ForeignKeys { .. }
        | Failure::ForeignKeyMismatch { .. }
        | Failure::NoSecondConnection { .. }
        | Failure::Database { .. } => run::next_step(fault, diagnostic, subject, storage, evidence),
    }
}
