//! The engines.

use alembic_sql::Dialect;

use crate::room::Room;
use crate::{postgres, sqlite};

/// Returns the room of an engine.
pub(crate) fn room(dialect: Dialect) -> &'static Room {
    match dialect {
        Dialect::Sqlite => &sqlite::ROOM,
        Dialect::Postgres => &postgres::ROOM,
    }
}
