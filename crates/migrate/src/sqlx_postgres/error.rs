//! Errors of sqlx's PostgreSQL in terms of a run.

use std::error::Error;
use std::fmt;

use alembic_run::{DatabaseError, DatabaseErrorKind};
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

/// PostgreSQL's message, with its detail, hint and context.
#[derive(Debug)]
struct PostgresError {
    message: String,
    source: sqlx::Error,
}

impl fmt::Display for PostgresError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for PostgresError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// What becomes of a connection after an error on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aftermath {
    /// It still answers: the error is the request's own.
    Usable,
    /// It was closed instead of the first answer, with an error: a pooler or the server refuses it.
    Refused,
    /// It is gone.
    Lost,
}

/// Describes why a connection could not be opened.
pub(super) fn connect_error(error: sqlx::Error) -> DatabaseError {
    let kind = match server_error(&error) {
        Some(server) => refusal(server.code()),
        None => DatabaseErrorKind::CannotOpen,
    };
    let message = match (server_error(&error), &error) {
        (Some(server), _) => message(server),
        (None, sqlx::Error::Io(cause)) => cause.to_string(),
        (None, error) => error.to_string(),
    };
    described(kind, message, error)
}

/// Describes the error of a request.
pub(super) fn request_error(error: sqlx::Error, sql: &str, aftermath: Aftermath) -> DatabaseError {
    if let Some(server) = server_error(&error) {
        let kind = match aftermath {
            Aftermath::Usable if is_catalog_race(server) => DatabaseErrorKind::Busy,
            Aftermath::Usable => kind(server.code()),
            Aftermath::Refused if refuses_connection(server.code()) => refusal(server.code()),
            Aftermath::Refused | Aftermath::Lost => DatabaseErrorKind::ConnectionLost,
        };
        let offset = offset(server, sql).or_else(|| unknown_character(server, sql));
        return described(kind, message(server), error).with_offset(offset);
    }
    let message = match (&error, aftermath) {
        // sqlx's name for an answer that it does not expect.
        (sqlx::Error::Protocol(why), _) if why.contains("CopyOutResponse") => {
            "the statement sends rows to its client, which does not accept them".to_owned()
        }
        (sqlx::Error::Protocol(_), Aftermath::Usable) if is_notification(&error) => {
            "a notification took the place of the answer: the outcome is unknown".to_owned()
        }
        (_, Aftermath::Usable) => error.to_string(),
        (sqlx::Error::Io(cause), Aftermath::Refused | Aftermath::Lost) => {
            format!("the connection was lost: {cause}")
        }
        (_, Aftermath::Refused | Aftermath::Lost) => format!("the connection was lost: {error}"),
    };
    let kind = match aftermath {
        Aftermath::Usable => DatabaseErrorKind::Other,
        Aftermath::Refused | Aftermath::Lost => DatabaseErrorKind::ConnectionLost,
    };
    described(kind, message, error)
}

/// Returns whether a notification came, which sqlx does not expect; it has no other name for that.
pub(super) fn is_notification(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Protocol(why) if why.contains("NotificationResponse"))
}

fn server_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    match error {
        sqlx::Error::Database(error) => error.try_downcast_ref(),
        _ => None,
    }
}

fn described(kind: DatabaseErrorKind, message: String, source: sqlx::Error) -> DatabaseError {
    let code = server_error(&source).map(|server| server.code().to_owned());
    let error = DatabaseError::new(kind, PostgresError { message, source });
    match code {
        Some(code) => error.with_code(code),
        None => error,
    }
}

/// Returns whether a code says that there will be no connection, rather than that it ended.
fn refuses_connection(code: &str) -> bool {
    // cannot_connect_now, too_many_connections, invalid_catalog_name
    let other = ["57P03", "53300", "3D000"].contains(&code);
    // connection_exception, invalid_authorization_specification
    other || code.starts_with("08") || code.starts_with("28")
}

/// Returns the kind of an error that refuses a connection.
fn refusal(code: &str) -> DatabaseErrorKind {
    match code {
        // too_many_connections
        "53300" => DatabaseErrorKind::TooManyConnections,
        _ => DatabaseErrorKind::CannotOpen,
    }
}

/// Returns the kind of an error of a statement, on a connection that has outlived it.
fn kind(code: &str) -> DatabaseErrorKind {
    match code {
        // lock_not_available, deadlock_detected, serialization_failure
        "55P03" | "40P01" | "40001" => DatabaseErrorKind::Busy,
        // read_only_sql_transaction
        "25006" => DatabaseErrorKind::ReadOnly,
        // insufficient_privilege
        "42501" => DatabaseErrorKind::Denied,
        // data_corrupted, index_corrupted
        "XX001" | "XX002" => DatabaseErrorKind::Corrupt,
        _ => DatabaseErrorKind::Other,
    }
}

/// Returns whether another session changed the same row of a system catalog at the same time.
///
/// The server's messages depend on its language, unlike the names of its functions.
fn is_catalog_race(error: &PgDatabaseError) -> bool {
    match error.code() {
        // unique_violation
        "23505" => error.schema() == Some("pg_catalog"),
        // internal_error
        "XX000" => matches!(
            error.routine(),
            Some("simple_heap_update" | "simple_heap_delete" | "relation_open")
        ),
        _ => false,
    }
}

/// Returns the byte of the statement that the server points to.
fn offset(error: &PgDatabaseError, sql: &str) -> Option<usize> {
    match error.position()? {
        // It counts characters, from 1.
        PgErrorPosition::Original(position) => {
            let mut offsets = sql.char_indices().map(|(offset, _)| offset);
            // The position may be right after the last character.
            Some(offsets.nth(position.checked_sub(1)?).unwrap_or(sql.len()))
        }
        // The position may be in the body of a function, for example.
        PgErrorPosition::Internal { .. } => None,
    }
}

/// Returns the byte of the first character that the database's encoding lacks, if that is the
/// error: the server reads no statement of a message with such a character.
fn unknown_character(error: &PgDatabaseError, sql: &str) -> Option<usize> {
    // untranslatable_character
    if error.code() != "22P05" {
        return None;
    }
    let mut characters = sql
        .char_indices()
        .filter(|(_, character)| !character.is_ascii());
    let unknown = characters.find(|(_, character)| {
        let mut bytes = [0; 4];
        let bytes = character.encode_utf8(&mut bytes).bytes();
        let bytes: Vec<String> = bytes.map(|byte| format!("0x{byte:02x}")).collect();
        error.message().contains(&bytes.join(" "))
    });
    unknown.map(|(offset, _)| offset)
}

fn message(error: &PgDatabaseError) -> String {
    let mut message = error.message().to_owned();
    for (before, more) in [
        ("; ", error.detail()),
        ("; hint: ", error.hint()),
        (
            "; in ",
            error.r#where().and_then(|text| text.lines().next()),
        ),
    ] {
        if let Some(more) = more {
            message += before;
            message += more.trim_end_matches('.');
        }
    }
    message
}
