//! Suggests what to do about a database that fails, or does not exist.

use std::io;

use alembic_history::Code;
use alembic_migrate::driver::{DatabaseError, DatabaseErrorKind};

use super::privileges::{self, RefusedOperation};
use super::{Evidence, Storage, postgres, sqlite};
use crate::output::{Cause, Diagnostic, Error, Hint, Subcommand, Suggestion};
use crate::url::DatabaseUrl;

/// Returns the error of a command that needs a database which exists, for the crate `name`.
pub(crate) fn missing_database(url: &DatabaseUrl, name: &str) -> Error {
    let cause = Cause::System(io::ErrorKind::NotFound.into());
    let upgrade = Suggestion::for_crate(Subcommand::Upgrade, name);
    Diagnostic::new(cause, format!("{url} does not exist"))
        .code(Code::DatabaseUnreachable)
        .note(format!("it is the database of crate `{name}`"))
        .help(Hint::from("correct the URL, or create the database with ").command(upgrade))
        .into()
}

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
