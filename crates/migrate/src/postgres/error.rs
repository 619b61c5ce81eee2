//! Errors of a PostgreSQL server in terms of a run.

use std::error::Error;
use std::fmt;

use alembic_run::{DatabaseError, DatabaseErrorKind};

/// PostgreSQL's message, with its detail, hint and context.
#[derive(Debug)]
struct PostgresError {
    message: String,
    source: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for PostgresError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for PostgresError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// Everything about an error but the error of the library that caused it.
pub(crate) struct Description {
    kind: DatabaseErrorKind,
    message: String,
    code: Option<String>,
    offset: Option<usize>,
}

impl Description {
    /// Describes an error that is not the server's.
    pub(crate) fn new(kind: DatabaseErrorKind, message: impl fmt::Display) -> Self {
        Self {
            kind,
            message: message.to_string(),
            code: None,
            offset: None,
        }
    }

    /// Describes an error of a request that is not the server's.
    pub(crate) fn of_request(aftermath: Aftermath, message: impl fmt::Display) -> Self {
        match aftermath {
            Aftermath::Usable => Self::new(DatabaseErrorKind::Other, message),
            Aftermath::Refused | Aftermath::Lost => Self::new(
                DatabaseErrorKind::ConnectionLost,
                format_args!("the connection was lost: {message}"),
            ),
        }
    }

    pub(crate) fn caused_by(self, source: impl Error + Send + Sync + 'static) -> DatabaseError {
        let error = PostgresError {
            message: self.message,
            source: Box::new(source),
        };
        let error = DatabaseError::new(self.kind, error).with_offset(self.offset);
        match self.code {
            Some(code) => error.with_code(code),
            None => error,
        }
    }
}

/// What becomes of a connection after an error on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aftermath {
    /// It still answers: the error is the request's own.
    Usable,
    /// It was closed instead of the first answer, with an error: a pooler or the server refuses it.
    Refused,
    /// It is gone.
    Lost,
}

/// The message about an answer that no library accepts: that of `COPY`.
pub(crate) const UNEXPECTED_ANSWER: &str =
    "the statement sends rows to its client, which does not accept them";

/// An error that the server sent, as any library returns it.
pub(crate) struct ServerError<'e> {
    /// The SQLSTATE.
    pub(crate) code: &'e str,
    pub(crate) message: &'e str,
    pub(crate) detail: Option<&'e str>,
    pub(crate) hint: Option<&'e str>,
    pub(crate) context: Option<&'e str>,
    /// The schema of the object that it is about.
    pub(crate) schema: Option<&'e str>,
    /// The function of the server that reported it.
    pub(crate) routine: Option<&'e str>,
    /// The character of the request that it points to, from 1.
    pub(crate) position: Option<usize>,
}

impl ServerError<'_> {
    /// Describes why a connection could not be opened.
    pub(crate) fn refusal(&self) -> Description {
        let kind = match self.code {
            // too_many_connections
            "53300" => DatabaseErrorKind::TooManyConnections,
            _ => DatabaseErrorKind::CannotOpen,
        };
        Description {
            code: Some(self.code.to_owned()),
            ..Description::new(kind, self.text())
        }
    }

    /// Describes the error of a request.
    pub(crate) fn failure(&self, sql: &str, aftermath: Aftermath) -> Description {
        let kind = match aftermath {
            Aftermath::Usable if self.is_catalog_race() => DatabaseErrorKind::Busy,
            Aftermath::Usable => kind(self.code),
            Aftermath::Refused if self.refuses_connection() => return self.refusal(),
            Aftermath::Refused | Aftermath::Lost => DatabaseErrorKind::ConnectionLost,
        };
        Description {
            code: Some(self.code.to_owned()),
            offset: self.offset(sql).or_else(|| self.unknown_character(sql)),
            ..Description::new(kind, self.text())
        }
    }

    /// Returns whether it says that there will be no connection, rather than that it ended.
    fn refuses_connection(&self) -> bool {
        // cannot_connect_now, too_many_connections, invalid_catalog_name
        let other = ["57P03", "53300", "3D000"].contains(&self.code);
        // connection_exception, invalid_authorization_specification
        other || self.code.starts_with("08") || self.code.starts_with("28")
    }

    /// Returns whether another session changed the same row of a system catalog at the same time.
    ///
    /// The server's messages depend on its language, unlike the names of its functions.
    fn is_catalog_race(&self) -> bool {
        match self.code {
            // unique_violation
            "23505" => self.schema == Some("pg_catalog"),
            // internal_error
            "XX000" => matches!(
                self.routine,
                Some("simple_heap_update" | "simple_heap_delete" | "relation_open")
            ),
            _ => false,
        }
    }

    /// Returns the byte of the request that the server points to.
    fn offset(&self, sql: &str) -> Option<usize> {
        let mut offsets = sql.char_indices().map(|(offset, _)| offset);
        // The position may be right after the last character.
        let position = self.position?.checked_sub(1)?;
        Some(offsets.nth(position).unwrap_or(sql.len()))
    }

    /// Returns the byte of the first character that the database's encoding lacks, if that is the
    /// error: the server reads no statement of a message with such a character.
    fn unknown_character(&self, sql: &str) -> Option<usize> {
        // untranslatable_character
        if self.code != "22P05" {
            return None;
        }
        let mut characters = sql
            .char_indices()
            .filter(|(_, character)| !character.is_ascii());
        let unknown = characters.find(|(_, character)| {
            let mut bytes = [0; 4];
            let bytes = character.encode_utf8(&mut bytes).bytes();
            let bytes: Vec<String> = bytes.map(|byte| format!("0x{byte:02x}")).collect();
            self.message.contains(&bytes.join(" "))
        });
        unknown.map(|(offset, _)| offset)
    }

    fn text(&self) -> String {
        let mut text = self.message.to_owned();
        let context = self.context.and_then(|text| text.lines().next());
        for (before, more) in [
            ("; ", self.detail),
            ("; hint: ", self.hint),
            ("; in ", context),
        ] {
            if let Some(more) = more {
                text += before;
                text += more.trim_end_matches('.');
            }
        }
        text
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
