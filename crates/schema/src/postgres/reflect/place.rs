//! Where the catalog keeps an object.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// A table of the catalog, by its number, which is the same in every database of every version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Catalog(pub(super) u32);

impl Catalog {
    pub(super) const ATTRDEF: Self = Self(2604);
    pub(super) const CAST: Self = Self(2605);
    pub(super) const CLASS: Self = Self(1259);
    pub(super) const COLLATION: Self = Self(3456);
    pub(super) const CONSTRAINT: Self = Self(2606);
    pub(super) const EXTENSION: Self = Self(3079);
    pub(super) const NAMESPACE: Self = Self(2615);
    pub(super) const OPERATOR: Self = Self(2617);
    pub(super) const POLICY: Self = Self(3256);
    pub(super) const PROC: Self = Self(1255);
    pub(super) const REWRITE: Self = Self(2618);
    pub(super) const STATISTIC_EXT: Self = Self(3381);
    pub(super) const TRIGGER: Self = Self(2620);
    pub(super) const TS_CONFIG: Self = Self(3602);
    pub(super) const TS_DICT: Self = Self(3600);
    pub(super) const TYPE: Self = Self(1247);
}

/// A row of the catalog that stands for an object, or one of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) catalog: Catalog,
    pub(super) oid: u32,
    /// The number of the column; 0 is all of the row.
    pub(super) column: i32,
}

impl Place {
    pub(super) const fn new(catalog: Catalog, oid: u32) -> Self {
        Self::of_column(catalog, oid, 0)
    }

    pub(super) const fn of_column(catalog: Catalog, oid: u32, column: i32) -> Self {
        Self {
            catalog,
            oid,
            column,
        }
    }

    /// Returns the place of a table, view, index or sequence.
    pub(super) const fn relation(oid: u32) -> Self {
        Self::new(Catalog::CLASS, oid)
    }

    /// Returns the place of what a column is a part of.
    pub(super) const fn whole(self) -> Self {
        Self::new(self.catalog, self.oid)
    }
}

impl Hash for Place {
    /// Leaves out the catalog: rows of two catalogs hardly ever have the same number.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.oid) << 32 | u64::from(self.column.cast_unsigned()));
    }
}

/// What is known of places.
pub(super) type Places<V> = HashMap<Place, V, BuildHasherDefault<PlaceHasher>>;

/// Hashes the one number of a [`Place`], which the server chooses, in one multiplication.
#[derive(Default)]
pub(super) struct PlaceHasher(u64);

impl Hasher for PlaceHasher {
    fn write_u64(&mut self, number: u64) {
        // By 2^64 divided by the golden ratio; the low bits, which the map takes first, are the least mixed.
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
