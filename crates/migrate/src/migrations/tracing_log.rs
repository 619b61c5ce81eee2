//! Logs the events of commands with `tracing`.

use alembic_run::{Event, Severity};
use tracing::{debug, info, warn};

/// Logs an event of a command.
pub(super) fn log(event: &Event) {
    match event {
        Event::Found { package, scenario } => info!(package, %scenario, "Found the database"),
        Event::NothingPending { package } => info!(package, "No pending migrations"),
        Event::SchemaCreated { package } => info!(package, "Created the target schema"),
        Event::BaseCreated { path } => {
            info!(path = %path.display(), "Created what is older than the revisions");
        }
        Event::StepFinished { step, took } => {
            // Not called `message`, which is tracing's name for the text of an event.
            let (revision, title) = (&step.revision, &step.message);
            info!(%revision, title, ?took, "Ran {}", step.direction);
        }
        Event::CommittingValue { before, value } => warn!(
            %before,
            value,
            "Committing earlier than the whole run, for a new value of an enum"
        ),
        Event::Committed => debug!("Committed"),
        Event::Waiting {
            waited,
            holder: Some(holder),
        } => warn!(?waited, %holder, "Waiting for another migrator"),
        Event::Waiting { waited, .. } => warn!(?waited, "Waiting for a lock on the database"),
        Event::Blocked { waited, holders } => {
            for holder in holders {
                warn!(?waited, %holder, "A statement waits for a lock of another session");
            }
        }
        Event::NoConnection { waited } => warn!(?waited, "Waiting for a second connection"),
        Event::Silence { waited } => warn!(?waited, "The server does not answer"),
        Event::Retrying { error, retries } => {
            warn!(error, retries, "Beginning the transaction again");
        }
        Event::ForeignKeysIgnored { keys } => {
            for key in keys {
                warn!(%key, "Not checking a foreign key that cannot be enforced");
            }
        }
        Event::RowsCopied(copied) => {
            debug!(table = copied.table, rows = copied.rows, "Copying rows");
        }
        Event::TableRebuilt(rebuilt) => info!(
            table = rebuilt.table,
            rows = rebuilt.rows,
            took = ?rebuilt.took,
            "Rebuilt a table"
        ),
        Event::Adopted {
            before,
            applied,
            unknown,
            reverted,
        } => warn!(
            before,
            applied = applied.len() + unknown.len(),
            reverted = reverted.len(),
            "Another program has moved the version table"
        ),
        Event::LogNotKept { table, owner } => {
            warn!(
                table,
                owner, "The log belongs to another role, so none is kept"
            );
        }
        Event::Edited { revisions } => {
            for revision in revisions {
                warn!(%revision, "An applied revision was edited");
            }
        }
        Event::Noticed { notice, origin } => {
            let origin = origin.as_ref().map(tracing::field::display);
            let code = notice.code.as_deref();
            match notice.severity {
                Severity::Warning => warn!(origin, code, "The server warns: {notice}"),
                Severity::Notice | Severity::Info => {
                    info!(origin, code, "The server says: {notice}");
                }
                _ => debug!(origin, code, "The server says: {notice}"),
            }
        }
        Event::Executed(executed) => {
            debug!(sql = executed.sql, took = ?executed.took, "Executed a statement");
        }
        // The end of a step is logged, so its beginning is not.
        _ => {}
    }
}
