//! What to do about PostgreSQL's errors, which are distinguished by their SQLSTATE.

use alembic_history::Code;
use alembic_migrate::driver::{DatabaseError, DatabaseErrorKind};
use sqlx::postgres::PgConnectOptions;

use super::Lifetime;
use super::existence::Existence;
use super::remedy::Remedy;
use crate::output::{Diagnostic, quote_for_shell};
use crate::url::{PostgresUrl, UserSource};

/// Adds the next step after an error.
pub(super) fn next_step(
    diagnostic: Diagnostic,
    error: &DatabaseError,
    url: &PostgresUrl,
    lifetime: Lifetime,
) -> Diagnostic {
    let longer = match lifetime {
        Lifetime::Lasting => ", or wait longer with `--lock-timeout`",
        // `test` has no such option.
        Lifetime::Temporary => "",
    };
    match error.kind() {
        DatabaseErrorKind::Busy => diagnostic.code(Code::DatabaseBusy).help(format!(
            "another session holds a lock: find it with `SELECT pid, application_name, state, \
             query FROM pg_stat_activity`, and run the command again{longer}"
        )),
        DatabaseErrorKind::ReadOnly => diagnostic
            .code(Code::DatabaseReadOnly)
            .help("connect to the primary server, as a user whose transactions may write"),
        DatabaseErrorKind::CannotOpen | DatabaseErrorKind::NotADatabase => diagnostic
            .code(Code::DatabaseUnreachable)
            .help(refusal(error.code(), url)),
        DatabaseErrorKind::TooManyConnections => diagnostic.code(Code::TooManyConnections).help(format!(
            "run the command again when other connections are closed{longer}; the server's limits \
             are `max_connections` and the CONNECTION LIMIT of the database and the role, \
             PgBouncer's is `default_pool_size`"
        )),
        DatabaseErrorKind::ConnectionLost => diagnostic.code(Code::ConnectionLost).help(
            "find the cause in the log of the server or its pooler, and run the command again",
        ),
        DatabaseErrorKind::Corrupt => diagnostic
            .code(Code::DatabaseCorrupt)
            .help("restore a backup"),
        _ => diagnostic,
    }
}

/// Returns what to do about a refused connection; without a code, the server was not reached.
pub(crate) fn refusal(code: Option<&str>, url: &PostgresUrl) -> String {
    let user = match url.user {
        UserSource::Url => return advice(code, url),
        UserSource::Environment => "PGUSER",
        UserSource::System => "the operating system",
    };
    let advice = advice(code, url);
    let name = url.options.get_username();
    format!("{advice}; the URL names no user, so it is `{name}`, from {user}")
}

fn advice(code: Option<&str>, url: &PostgresUrl) -> String {
    match code.unwrap_or_default() {
        // invalid_catalog_name
        "3D000" => format!(
            "create the database with `createdb{} {}`, or correct the URL",
            options(url),
            quote_for_shell(url.database())
        ),
        // cannot_connect_now
        "57P03" => "the server is starting, stopping or recovering: run the command again in a \
                    moment"
            .to_owned(),
        // invalid_password
        "28P01" => "check the user and the password in the URL; the password can also be in \
                    PGPASSWORD or ~/.pgpass"
            .to_owned(),
        // invalid_authorization_specification
        code if code.starts_with("28") => {
            "check that the server's pg_hba.conf allows this user, database, address and \
             encryption, and that the URL has the right ones; `?sslmode=require` asks for \
             encryption, and the password can also be in PGPASSWORD or ~/.pgpass"
                .to_owned()
        }
        // connection_exception, protocol_violation: PgBouncer's code for whatever it refuses
        code if code.starts_with("08") => {
            "a pooler in front of the server, or the server itself, refuses the connection: check \
             the database, the user, the password, the parameters and the `sslmode` in the URL, and \
             whether the pooler reaches its server and has connections to spare; its log says more"
                .to_owned()
        }
        _ => "check that the server is running and that the URL has the right host, port, `sslmode`, \
              user and database"
            .to_owned(),
    }
}

/// Returns what an error says about the object that a statement creates.
pub(super) fn existence(code: &str) -> Existence {
    match code {
        // duplicate_schema, duplicate_column, duplicate_object, duplicate_table
        "42P06" | "42701" | "42710" | "42P07" => Existence::Certain,
        _ => Existence::Unrelated,
    }
}

/// What surrounds a statement.
pub(super) struct Surroundings<'f> {
    /// Whether other revisions ran in the same transaction before it.
    pub(super) shares_transaction: bool,
    /// Whether it creates a temporary object.
    pub(super) is_temporary: bool,
    /// The text of its revision before it.
    pub(super) before: &'f str,
}

/// Returns what to do about a statement that is right as it is.
pub(super) fn remedy(error: &DatabaseError, around: &Surroundings<'_>) -> Option<Remedy> {
    let code = error.code().unwrap_or_default();
    if refuses_transaction(code) {
        return Some(Remedy::Section);
    }
    if is_cancelled(code) {
        return Some(Remedy::Again);
    }
    let is_own_value =
        uses_new_value(code) && around.before.to_ascii_lowercase().contains("add value");
    if around.shares_transaction && !is_own_value && needs_commit_before(code, around.is_temporary)
    {
        return Some(Remedy::TransactionPerRevision);
    }
    if has_pending_triggers(code) {
        return Some(Remedy::ConstraintsBefore);
    }
    if is_violation(code) {
        return Some(Remedy::Rows);
    }
    uses_new_value(code).then_some(Remedy::SectionBefore)
}

/// Returns whether a statement cannot run in a transaction.
fn refuses_transaction(code: &str) -> bool {
    // active_sql_transaction
    code == "25001"
}

/// Returns whether rows violate a constraint, or cannot be what a statement makes of them.
fn is_violation(code: &str) -> bool {
    // the class integrity_constraint_violation; string_data_right_truncation, numeric_value_out_of_range,
    // invalid_datetime_format, datetime_field_overflow, invalid_text_representation
    code.starts_with("23") || ["22001", "22003", "22007", "22008", "22P02"].contains(&code)
}

/// Returns whether a person or a timeout has cancelled a statement.
fn is_cancelled(code: &str) -> bool {
    // query_canceled
    code == "57014"
}

/// Returns whether a statement may fail only because what ran before it in its transaction is not
/// committed; `is_temporary` says whether it creates a temporary object.
fn needs_commit_before(code: &str, is_temporary: bool) -> bool {
    match code {
        // duplicate_table: a table that the commit would have dropped
        "42P07" => is_temporary,
        // out_of_memory, which the server also reports when it has too many locks
        "53200" => true,
        code => has_pending_triggers(code) || uses_new_value(code),
    }
}

/// Returns whether rows of the table wait for triggers, or a cursor is open on it.
fn has_pending_triggers(code: &str) -> bool {
    // object_in_use
    code == "55006"
}

/// Returns whether a statement uses a value of an enum that its own transaction has added.
fn uses_new_value(code: &str) -> bool {
    // unsafe_new_enum_value_usage
    code == "55P04"
}

/// Returns the options that PostgreSQL's programs need to find the server of a URL, leaving out
/// those that equal the defaults.
fn options(url: &PostgresUrl) -> String {
    let place = |options: &PgConnectOptions| {
        let host = match options.get_socket() {
            Some(folder) => folder.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let (port, user) = (options.get_port(), options.get_username().to_owned());
        [("-h", host), ("-p", port.to_string()), ("-U", user)]
    };
    let given = place(&url.options).into_iter();
    let usual = place(&PgConnectOptions::new_without_pgpass());
    let is_socket = url.options.get_socket().is_some();
    given
        .zip(usual)
        // Without a host, programs of PostgreSQL take the socket.
        .filter(|(given, usual)| given != usual || (given.0 == "-h" && !is_socket))
        .map(|((option, value), _)| format!(" {option} {}", quote_for_shell(&value)))
        .collect()
}
