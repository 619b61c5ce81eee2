//! The derives that state tables.

use super::sea_orm::TRAITS;

/// What states the tables of a crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grammar {
    /// The derives of this tool.
    #[default]
    Own,
    /// Those of sea-orm.
    SeaOrm,
}

/// A derive that states a table, or what is in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derive {
    Table,
    Columns,
    ColumnType,
    /// An entity of sea-orm.
    Entity,
    /// One that is written out: its columns are an enum.
    ExpandedEntity,
    Relations,
    ActiveEnum,
    ValueType,
    Json,
}

const OWN: [(&str, Derive); 3] = [
    ("Table", Derive::Table),
    ("Columns", Derive::Columns),
    ("ColumnType", Derive::ColumnType),
];

const SEA_ORM: [(&str, Derive); 6] = [
    ("DeriveEntityModel", Derive::Entity),
    ("DeriveEntity", Derive::ExpandedEntity),
    ("DeriveRelation", Derive::Relations),
    ("DeriveActiveEnum", Derive::ActiveEnum),
    ("DeriveValueType", Derive::ValueType),
    ("FromJsonQueryResult", Derive::Json),
];

/// The crates that have the derives of this tool.
const CRATES: [&str; 2] = ["alembic_migrate", "alembic_macros"];

impl Grammar {
    pub(super) fn derive(self, name: &str) -> Option<Derive> {
        let mut names = match self {
            Self::Own => OWN.iter(),
            Self::SeaOrm => SEA_ORM.iter(),
        };
        let found = names.find(|(known, _)| *known == name);
        found.map(|(_, derive)| *derive)
    }

    /// Returns the traits whose implementations are read.
    pub(super) fn traits(self) -> &'static [&'static str] {
        match self {
            Self::Own => &[],
            Self::SeaOrm => &TRAITS,
        }
    }

    /// Returns whether a crate has the derives. No other crate has any of the names of sea-orm's, which
    /// crates of applications export anew.
    pub(super) fn is_from(self, crate_name: &str) -> bool {
        match self {
            Self::Own => is_ours(crate_name),
            Self::SeaOrm => true,
        }
    }
}

impl Derive {
    /// Returns whether it states a table, so that it must not be overlooked.
    pub(super) fn is_table(self) -> bool {
        match self {
            Self::Table
            | Self::Columns
            | Self::ColumnType
            | Self::Entity
            | Self::ExpandedEntity => true,
            Self::Relations | Self::ActiveEnum | Self::ValueType | Self::Json => false,
        }
    }
}

/// Returns the derive of this tool that has a name.
pub(super) fn by_name(name: &str) -> Option<Derive> {
    Grammar::Own.derive(name)
}

/// Returns whether a crate has the derives of this tool.
pub(super) fn is_ours(crate_name: &str) -> bool {
    CRATES.contains(&crate_name)
}
