//! What tests read from the library's reports and errors, one function for each thing they ask.

use alembic_migrate::driver::{DatabaseError, DatabaseErrorKind};
use alembic_migrate::report::Action;
use alembic_migrate::{DatabaseState, RunError, Versions};
use alembic_run::{Failure, Violation};

/// Returns the rows of a version table, as `Migrations::current` reports them.
#[must_use]
pub fn rows(current: &Versions) -> Vec<String> {
    current.ids().into_iter().map(ToOwned::to_owned).collect()
}

/// Returns why a run failed, without the state that it leaves.
#[must_use]
pub fn failure(error: &RunError) -> String {
    error.failure().to_string()
}

/// Returns the text of an error without the database, which is another one in each test, and which not
/// every driver knows.
#[must_use]
pub fn text(error: &RunError) -> String {
    let text = error.to_string();
    match (error.package(), error.database()) {
        (Some(_), Some(database)) => text.replacen(&format!(" on {database}: "), ": ", 1),
        (None, Some(database)) => text.replacen(&format!("on {database}: "), "", 1),
        (_, None) => text,
    }
}

/// Returns the state that a failed run leaves.
#[must_use]
pub fn state(error: &RunError) -> &DatabaseState {
    error.state()
}

/// Returns whether the rollback of a failed run failed as well.
#[must_use]
pub fn has_failed_rollback(error: &RunError) -> bool {
    error.rollback_error().is_some()
}

fn database_error(error: &RunError) -> Option<(Option<Action>, &DatabaseError)> {
    match error.failure() {
        Failure::Database { action, error } => Some((Some(*action), error)),
        Failure::Statement { error, .. } => Some((None, error)),
        _ => None,
    }
}

/// Returns the kind of the database's error, where it is the reason.
#[must_use]
pub fn database_error_kind(error: &RunError) -> Option<DatabaseErrorKind> {
    database_error(error).map(|(_, error)| error.kind())
}

/// Returns what the run was about to do by itself when the database's error stopped it.
#[must_use]
pub fn action(error: &RunError) -> Option<Action> {
    database_error(error).and_then(|(action, _)| action)
}

/// Returns the rows that would refer to nothing, where they are the reason.
#[must_use]
pub fn violations(error: &RunError) -> Option<&[Violation]> {
    match error.failure() {
        Failure::ForeignKeys { violations, .. } => Some(violations),
        _ => None,
    }
}

/// Returns whether the reason is a statement that an earlier run began.
#[must_use]
pub fn is_interrupted(error: &RunError) -> bool {
    matches!(error.failure(), Failure::Interrupted { .. })
}

/// Returns whether the reason is that the driver has no second connection.
#[must_use]
pub fn has_no_second_connection(error: &RunError) -> bool {
    matches!(error.failure(), Failure::NoSecondConnection { .. })
}

/// Returns the number and the summary of a statement that an earlier run began, and what the
/// database's catalog says about it.
#[must_use]
pub fn interrupted_statement(error: &RunError) -> Option<(usize, &str, Option<&str>)> {
    match error.failure() {
        Failure::Interrupted {
            location, found, ..
        } => Some((location.statement, &location.summary, found.as_deref())),
        _ => None,
    }
}
