//! What to do about SQLite's errors.

use alembic_history::{Code, Section};
use alembic_migrate::Dialect;
use alembic_migrate::driver::{DatabaseError, DatabaseErrorKind};
use alembic_run::StatementLocation;
use alembic_sql::StatementKind;

use super::existence::Existence;
use super::remedy::Remedy;
use crate::output::Diagnostic;
use crate::url::SqliteUrl;

/// Adds the next step after an error.
pub(super) fn next_step(
    diagnostic: Diagnostic,
    error: &DatabaseError,
    url: &SqliteUrl,
) -> Diagnostic {
    match error.kind() {
        DatabaseErrorKind::Busy => diagnostic.code(Code::DatabaseBusy).help(
            "another process holds a lock: find it with `fuser <file>` or `lsof <file>`, and run \
             the command again",
        ),
        DatabaseErrorKind::ReadOnly => diagnostic.code(Code::DatabaseReadOnly).help(match url {
            SqliteUrl {
                read_only: true, ..
            } => "remove `mode=ro` from the URL",
            _ => "make the file and its folder writable",
        }),
        DatabaseErrorKind::CannotOpen | DatabaseErrorKind::ConnectionLost => diagnostic
            .code(Code::DatabaseUnreachable)
            .help("check that the path is correct and that you may read and write there"),
        DatabaseErrorKind::Corrupt => diagnostic
            .code(Code::DatabaseCorrupt)
            .help("restore a backup, or save what can be read with `sqlite3 <file> .recover`"),
        DatabaseErrorKind::NotADatabase => diagnostic
            .code(Code::NotADatabase)
            .help("the file is not a SQLite database, or it is encrypted: check the URL"),
        _ => diagnostic,
    }
}

/// Returns what to do about a statement that is right as it is.
pub(super) fn remedy(
    error: &DatabaseError,
    location: &StatementLocation,
    section: Option<&Section>,
) -> Option<Remedy> {
    // The run's own refusals have no code. A full disk, for one, is not about transactions.
    let code = error.code();
    let is_refusal = code.is_none() || code == Some(LOCKED) || error.is_generic_sqlite_error();
    if !is_refusal {
        return code.is_some_and(is_violation).then_some(Remedy::Rows);
    }
    let section = section.filter(|section| section.transaction)?;
    let mut statements = section.statements(Dialect::Sqlite);
    let failed = statements.find(|statement| statement.span == location.span)?;
    refuses_transaction(failed.kind()).then_some(Remedy::Section)
}

/// Returns whether rows violate a constraint.
fn is_violation(code: &str) -> bool {
    // SQLITE_CONSTRAINT and its extended codes
    code.parse::<u32>().is_ok_and(|code| code & 0xff == 19)
}

/// Returns whether a statement is one that SQLite, or the run, refuses inside a transaction.
fn refuses_transaction(kind: &StatementKind) -> bool {
    let settings = [
        "journal_mode",
        "synchronous",
        "temp_store",
        "wal_checkpoint",
    ];
    match kind {
        StatementKind::Attach | StatementKind::Detach | StatementKind::Vacuum => true,
        StatementKind::Setting(setting) => settings.iter().any(|name| setting.names(name)),
        StatementKind::Transaction(_)
        | StatementKind::CreateTable(_)
        | StatementKind::AlterTable(_)
        | StatementKind::DropTable(_)
        | StatementKind::Index(_)
        | StatementKind::View
        | StatementKind::Trigger
        | StatementKind::Rows
        | StatementKind::Call
        | StatementKind::Block { .. }
        | StatementKind::AddEnumValue(_)
        | StatementKind::Other => false,
    }
}

/// The code of a checkpoint that the transaction of its own connection is in the way of.
const LOCKED: &str = "6";

/// Returns what an error says about the object that a statement creates: the code only says that
/// something is wrong with the statement.
pub(super) fn existence(code: &str) -> Existence {
    match code {
        "1" => Existence::Possible,
        _ => Existence::Unrelated,
    }
}
