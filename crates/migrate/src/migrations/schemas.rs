//! SQL that creates schemas, by dialect.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use alembic_run::{Schema, SchemaRole};
use alembic_sql::SqlText;

use crate::Dialect;

/// SQL that creates a schema, on all dialects or on one.
#[derive(Clone, Debug, Default)]
pub(super) struct Schemas {
    pub(super) shared: Option<Schema>,
    /// What takes precedence on single dialects.
    pub(super) own: BTreeMap<Dialect, Schema>,
}

impl Schemas {
    pub(super) fn of(&self, dialect: Dialect) -> Option<Schema> {
        self.own.get(&dialect).or(self.shared.as_ref()).cloned()
    }
}

/// Returns SQL that creates a schema; `path` is shown when it fails.
pub(super) fn schema(
    role: SchemaRole,
    path: impl Into<PathBuf>,
    sql: impl Into<Arc<str>>,
) -> Schema {
    Schema {
        role,
        path: path.into(),
        text: SqlText::new(sql),
    }
}
