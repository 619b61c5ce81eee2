//! Tables as structs state them, and the DDL that creates them.
//!
//! An application has its tables by `derive(Table)`: [`Table::create_sql`] is the DDL of one,
//! [`create_sql`] of several. The command reads the same structs from the sources, with
//! the same code (features `source` and `scan`), so both say the same.

#[cfg(feature = "scan")]
pub mod diesel;
mod fault;
mod link;
pub mod model;
mod naming;
mod order;
#[cfg(feature = "scan")]
mod scan;
mod sql;
mod stated;
#[cfg(feature = "source")]
mod written;

pub use alembic_sql::Dialect;
pub use fault::{ModelError, ModelFault};
pub use naming::table_name;
#[cfg(feature = "scan")]
pub use scan::{Fault, Grammar, LeftColumn, Models, Rename, Sources, StatedTable, scan};
pub use stated::{ColumnType, Columns, Table, create_sql};
#[cfg(feature = "source")]
pub use written::{
    Finding, RustType, derive_column_type, derive_columns, derive_table, rust_types,
};
