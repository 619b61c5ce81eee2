//! Explains why schemas cannot be compared.

use alembic_history::Code;
use alembic_migrate::Dialect;
use alembic_migrate::schema::DiffError;

use crate::output::{Cause, Diagnostic, Error};

/// Explains that no order of statements makes one schema of another.
pub(crate) fn circle(error: &DiffError, name: &str, dialect: Dialect) -> Error {
    Diagnostic::new(Cause::Revision, error.to_string())
        .code(Code::CircleOfObjects)
        .note(format!("in crate `{name}`, on {}", dialect.product()))
        .help("write the revision by hand, with `cargo alembic revision`")
        .into()
}
