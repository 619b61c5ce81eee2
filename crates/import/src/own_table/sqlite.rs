//! The types of SQLite in the tables of tools.

use super::Types;

pub(super) const TYPES: Types = Types {
    bytes: "BLOB",
    time: "TIMESTAMP",
};
