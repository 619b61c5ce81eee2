//! Where the catalog keeps an object.

use std::hash::{Hash, Hasher};

/// A row of the catalog that stands for an object, or one of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// The table of the catalog.
    pub(super) catalog: &'a str,
    pub(super) oid: u32,
    /// The number of the column; 0 is all of the row.
    pub(super) column: i32,
}

impl<'a> Place<'a> {
    pub(super) const fn new(catalog: &'a str, oid: u32) -> Self {
        Self::of_column(catalog, oid, 0)
    }

    pub(super) const fn of_column(catalog: &'a str, oid: u32, column: i32) -> Self {
        Self {
            catalog,
            oid,
            column,
        }
    }

    /// Returns the place of a table, view, index or sequence.
    pub(super) const fn relation(oid: u32) -> Self {
        Self::new("pg_class", oid)
    }

    /// Returns the place of what a column is a part of.
    pub(super) const fn whole(self) -> Self {
        Self::new(self.catalog, self.oid)
    }
}

impl Hash for Place<'_> {
    /// Leaves out the catalog: rows of two catalogs hardly ever have the same number.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.oid) << 32 | u64::from(self.column.cast_unsigned()));
    }
}
