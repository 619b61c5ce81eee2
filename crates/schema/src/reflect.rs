//! Reads a schema from what a connection answers.

use alembic_sql::Dialect;

use crate::answers::{ReflectError, Rows};
use crate::engine::room;
use crate::model::Schema;

/// Returns the queries that a schema is read by, each with its name; how many does not depend on the
/// database.
#[must_use]
pub fn queries(dialect: Dialect) -> &'static [(&'static str, &'static str)] {
    room(dialect).queries
}

/// Reads the answers to [`queries`], in their order.
///
/// # Errors
///
/// Answers that no database gives.
pub fn reflect(dialect: Dialect, answers: &[Rows]) -> Result<Schema, ReflectError> {
    (room(dialect).reflect)(answers)
}
