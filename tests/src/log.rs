//! How to read the log of what was applied.

/// What the log says, without what is different in every run.
pub const LOG: &str = "SELECT number, revision, direction, action, rows_after \
     FROM alembic_version_log ORDER BY number";
