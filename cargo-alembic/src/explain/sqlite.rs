//! What to do about the errors of SQLite.

use alembic_migrate::{DatabaseError, DatabaseErrorKind};

use crate::output::Diagnostic;
use crate::url::SqliteUrl;

/// Adds what to do about an error.
pub(super) fn next_step(
    diagnostic: Diagnostic,
    error: &DatabaseError,
    url: &SqliteUrl,
) -> Diagnostic {
    match error.kind {
        DatabaseErrorKind::Busy => diagnostic.code("database-busy").help(
            "another process holds a lock: find it with `fuser <file>` or `lsof <file>`, and run \
             the command again",
        ),
        DatabaseErrorKind::ReadOnly => diagnostic.code("database-read-only").help(match url {
            SqliteUrl {
                read_only: true, ..
            } => "remove `mode=ro` from the URL",
            _ => "make the file and its folder writable",
        }),
        DatabaseErrorKind::CannotOpen | DatabaseErrorKind::ConnectionLost => diagnostic
            .code("database-unreachable")
            .help("check that the path is right and that you may read and write there"),
        DatabaseErrorKind::Corrupt => diagnostic
            .code("database-corrupt")
            .help("restore a backup, or save what can be read with `sqlite3 <file> .recover`"),
        DatabaseErrorKind::NotADatabase => diagnostic
            .code("not-a-database")
            .help("the file is not SQLite's, or it is encrypted: check the URL"),
        DatabaseErrorKind::Denied | DatabaseErrorKind::Other => diagnostic,
    }
}

/// Returns whether a statement may have been to create an object that exists: SQLite has one code
/// for everything that is wrong with a statement.
pub(super) fn may_exist_already(code: &str) -> bool {
    code == "1"
}
