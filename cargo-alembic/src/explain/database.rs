//! Suggests what to do about an error of a database.

use alembic_history::Code;
use alembic_migrate::driver::{DatabaseError, DatabaseErrorKind};

use super::privileges::{self, RefusedOperation};
use super::{Evidence, Storage, postgres, sqlite};
use crate::output::Diagnostic;
use crate::url::DatabaseUrl;

/// Adds the next step after a database refused the operation `refused`.
pub(super) fn next_step(
    diagnostic: Diagnostic,
    error: &DatabaseError,
    refused: &RefusedOperation<'_>,
    storage: &Storage<'_>,
    evidence: &Evidence,
) -> Diagnostic {
    match storage.url {
        DatabaseUrl::Sqlite(url) => sqlite::next_step(diagnostic, error, url),
        DatabaseUrl::Postgres(_) if error.kind() == DatabaseErrorKind::Denied => diagnostic
            .code(Code::PermissionDenied)
            .help(privileges::hint(refused, evidence)),
        DatabaseUrl::Postgres(url) => postgres::next_step(diagnostic, error, url, storage.lifetime),
    }
}
