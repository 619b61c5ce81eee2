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

/// Returns the type of a column, if diesel knows it.
pub(super) fn of(data_type: &str, schema: &Schema) -> Option<DieselType> {
    match schema.dialect {
        Dialect::Sqlite => sqlite::of(data_type),
        Dialect::Postgres => Some(postgres::of(data_type, schema)),
    }
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
