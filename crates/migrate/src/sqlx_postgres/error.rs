//! Errors of sqlx's PostgreSQL in terms of a run.

use alembic_run::{DatabaseError, DatabaseErrorKind};
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use crate::postgres::{Aftermath, Description, ServerError, UNEXPECTED_ANSWER};

/// Describes why a connection could not be opened.
pub(super) fn connect_error(error: sqlx::Error) -> DatabaseError {
    let description = match (server_error(&error), &error) {
        (Some(server), _) => server.refusal(),
        (None, sqlx::Error::Io(cause)) => Description::new(DatabaseErrorKind::CannotOpen, cause),
        (None, error) => Description::new(DatabaseErrorKind::CannotOpen, error),
    };
    description.caused_by(error)
}

/// Describes the error of a request.
pub(super) fn request_error(error: sqlx::Error, sql: &str, aftermath: Aftermath) -> DatabaseError {
    let description = match (server_error(&error), &error) {
        (Some(server), _) => server.failure(sql, aftermath),
        // sqlx's name for an answer that it does not expect.
        (None, sqlx::Error::Protocol(why)) if why.contains("CopyOutResponse") => {
            Description::new(DatabaseErrorKind::Other, UNEXPECTED_ANSWER)
        }
        (None, error) if is_notification(error) => Description::of_request(
            aftermath,
            "a notification took the place of the answer, so that the outcome is unknown",
        ),
        (None, sqlx::Error::Io(cause)) => Description::of_request(aftermath, cause),
        (None, error) => Description::of_request(aftermath, error),
    };
    description.caused_by(error)
}

/// Returns whether a notification came, which sqlx does not expect; it has no other name for that.
pub(super) fn is_notification(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Protocol(why) if why.contains("NotificationResponse"))
}

fn server_error(error: &sqlx::Error) -> Option<ServerError<'_>> {
    let sqlx::Error::Database(error) = error else {
        return None;
    };
    let error = error.try_downcast_ref::<PgDatabaseError>()?;
    Some(ServerError {
        code: error.code(),
        message: error.message(),
        detail: error.detail(),
        hint: error.hint(),
        context: error.r#where(),
        schema: error.schema(),
        routine: error.routine(),
        position: match error.position() {
            Some(PgErrorPosition::Original(position)) => Some(position),
            // It may be in the body of a function, for example.
            Some(PgErrorPosition::Internal { .. }) | None => None,
        },
    })
}
