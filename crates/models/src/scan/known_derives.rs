//! The derives of this tool.

/// A derive of this tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derive {
    Table,
    Columns,
    ColumnType,
}

const NAMES: [(&str, Derive); 3] = [
    ("Table", Derive::Table),
    ("Columns", Derive::Columns),
    ("ColumnType", Derive::ColumnType),
];

/// The crates that have the derives.
const CRATES: [&str; 2] = ["alembic_migrate", "alembic_macros"];

pub(super) fn by_name(name: &str) -> Option<Derive> {
    let mut names = NAMES.iter();
    names
        .find(|(one, _)| *one == name)
        .map(|(_, derive)| *derive)
}

/// Returns whether a crate has the derives.
pub(super) fn is_ours(crate_name: &str) -> bool {
    CRATES.contains(&crate_name)
}
