//! The types of PostgreSQL in the tables of tools.

use super::Types;

pub(super) const TYPES: Types = Types {
    bytes: "BYTEA",
    time: "TIMESTAMPTZ",
};
