//! Schemas of databases, and how tables are changed without losing anything.
//!
//! Everything here is pure: it reads what a catalog says, and returns the statements that change it.

pub mod sqlite;
