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

/// Describes an error of sqlx in terms of a run; `sql` is empty for an error of connecting.
pub(super) fn database_error(error: sqlx::Error, sql: &str) -> DatabaseError {
    let server = match &error {
        sqlx::Error::Database(error) => error.try_downcast_ref::<PgDatabaseError>(),
        _ => None,
    };
    let code = server.map(|server| server.code().to_owned());
    let (kind, offset, message) = match (server, &error) {
        (Some(server), _) => {
            let kind = match kind(server.code()) {
                _ if is_catalog_race(server) => DatabaseErrorKind::Busy,
                // For example, the server does not know a setting in the URL.
                DatabaseErrorKind::Denied | DatabaseErrorKind::Other if sql.is_empty() => {
                    DatabaseErrorKind::CannotOpen
                }
                kind => kind,
            };
            let offset = offset(server, sql).or_else(|| unknown_character(server, sql));
            (kind, offset, message(server))
        }
        (None, sqlx::Error::Io(cause)) if sql.is_empty() => {
            (DatabaseErrorKind::CannotOpen, None, cause.to_string())
        }
        (None, sqlx::Error::Io(cause)) => {
            let message = format!("the connection was lost: {cause}");
            (DatabaseErrorKind::ConnectionLost, None, message)
        }
        // sqlx's name for an answer that it does not expect.
        (None, sqlx::Error::Protocol(why)) if why.contains("CopyOutResponse") => {
            let message = "the statement sends rows to its client, which does not accept them";
            (DatabaseErrorKind::Other, None, message.to_owned())
        }
        (None, sqlx::Error::Protocol(_)) if !sql.is_empty() => {
            let message = format!("the connection was lost: {error}");
            (DatabaseErrorKind::ConnectionLost, None, message)
        }
        (
            None,
            sqlx::Error::Protocol(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Configuration(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed,
        ) => (DatabaseErrorKind::CannotOpen, None, error.to_string()),
        (None, _) => (DatabaseErrorKind::Other, None, error.to_string()),
    };
    let source = PostgresError {
        message,
        source: error,
    };
    let error = DatabaseError::new(kind, source).with_offset(offset);
    match code {
        Some(code) => error.with_code(code),
        None => error,
    }
}

fn kind(code: &str) -> DatabaseErrorKind {
    match code {
        // lock_not_available, deadlock_detected, serialization_failure
        "55P03" | "40P01" | "40001" => DatabaseErrorKind::Busy,
        // read_only_sql_transaction
        "25006" => DatabaseErrorKind::ReadOnly,
        // insufficient_privilege
        "42501" => DatabaseErrorKind::Denied,
        // admin_shutdown, crash_shutdown, database_dropped, idle_session_timeout,
        // idle_in_transaction_session_timeout, transaction_timeout
        "57P01" | "57P02" | "57P04" | "57P05" | "25P03" | "25P04" => {
            DatabaseErrorKind::ConnectionLost
        }
        // cannot_connect_now, too_many_connections, invalid_catalog_name
        "57P03" | "53300" | "3D000" => DatabaseErrorKind::CannotOpen,
        // connection_exception
        _ if code.starts_with("08") => DatabaseErrorKind::ConnectionLost,
        // invalid_authorization_specification
        _ if code.starts_with("28") => DatabaseErrorKind::CannotOpen,
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
