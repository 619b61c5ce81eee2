//! What to do about failures on databases that end with their check: what a failed run has left there
//! is gone, no other program uses them, and only the revisions can be mended.

use alembic_run::Failure;

/// Returns what to do instead of what the failure would ask for on a lasting database.
pub(super) fn next_step(fault: &Failure) -> Option<&'static str> {
    match fault {
        Failure::IdTooLong { .. } => {
            Some("give the revision a shorter id, if no database has applied it yet")
        }
        Failure::ManagedByAnotherTool { .. }
        | Failure::Unfinished { .. }
        | Failure::Interrupted { .. }
        | Failure::ChangedMeanwhile { .. }
        | Failure::InvalidIndex { .. } => Some("correct the revisions, and run the command again"),
        Failure::History(_)
        | Failure::Plan(_)
        | Failure::Requirements(_)
        | Failure::UnknownRows { .. }
        | Failure::Hidden { .. }
        | Failure::Edited { .. }
        | Failure::Removed { .. }
        | Failure::NothingToAccept { .. }
        | Failure::NoLog { .. }
        | Failure::UntrustedLog { .. }
        | Failure::WayBackMoved { .. }
        | Failure::LogRowCount { .. }
        | Failure::Statement { .. }
        | Failure::SharedVersionTable { .. }
        | Failure::NoSchema
        | Failure::MalformedVersionTable { .. }
        | Failure::InvalidVersionTable { .. }
        | Failure::Irreversible { .. }
        | Failure::UncheckedDialect { .. }
        | Failure::Alter { .. }
        | Failure::Schema { .. }
        | Failure::RowCount { .. }
        | Failure::RowsMoved { .. }
        | Failure::ForeignKeys { .. }
        | Failure::ForeignKeyMismatch { .. }
        | Failure::Broken { .. }
        | Failure::NoSecondConnection { .. }
        | Failure::NotTakenBack { .. }
        | Failure::NotEmpty { .. }
        | Failure::Drift(_)
        | Failure::Database { .. } => None,
    }
}
