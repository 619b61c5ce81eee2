//! Which types of diesel the types of a database are.

mod postgres;
mod sqlite;

use alembic_migrate::Dialect;
use alembic_migrate::schema::Schema;

/// A type of diesel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DieselType {
    /// Its name, with what it consists of.
    pub(super) name: String,
    pub(super) max_length: Option<String>,
    /// The name of the type that the file has to declare.
    pub(super) custom: Option<String>,
}

impl DieselType {
    fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// What is known of the types of an engine.
struct Room {
    dialect: Dialect,
    /// Returns the type of a column, if diesel knows it.
    of: fn(&str, &Schema) -> Option<DieselType>,
}

const ROOMS: [Room; Dialect::ALL.len()] = [postgres::ROOM, sqlite::ROOM];

/// Returns the type of a column, if diesel knows it.
pub(super) fn of(data_type: &str, schema: &Schema) -> Option<DieselType> {
    let room = ROOMS.iter().find(|room| room.dialect == schema.dialect)?;
    (room.of)(data_type, schema)
}

/// Returns the one argument of a type, as in `varchar(20)`.
fn length(data_type: &str) -> Option<String> {
    let (_, rest) = data_type.split_once('(')?;
    let (inner, _) = rest.split_once(')')?;
    inner
        .trim()
        .parse::<u32>()
        .ok()
        .map(|length| length.to_string())
}
