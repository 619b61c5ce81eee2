//! What a derive states about a struct, for the application.

use alembic_sql::Dialect;

use crate::fault::ModelError;
use crate::link::Compiled;
use crate::model::{ColumnsModel, TableModel, TypeModel};
use crate::sql;

/// The columns of a struct; written by `derive(Columns)` and `derive(Table)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no columns to flatten",
    label = "no `derive(Columns)`",
    note = "add `#[derive(Columns)]` to `{Self}`"
)]
pub trait Columns {
    /// A struct with a field for each field, which holds the name of its column.
    type Names: Copy + 'static;

    /// The names of the columns.
    const COLUMNS: Self::Names;

    /// Returns the columns, and what holds for them.
    fn columns() -> &'static ColumnsModel;
}

/// A struct that states a table; written by `derive(Table)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` states no table",
    label = "no `derive(Table)`",
    note = "add `#[derive(Table)]` to `{Self}`, or name the table: `references(\"table\", \"column\")`"
)]
pub trait Table: Columns {
    /// The name of the table.
    const NAME: &'static str;

    /// Returns the table.
    fn table() -> &'static TableModel;

    /// Returns the statements that create the table and its indexes.
    ///
    /// # Errors
    ///
    /// When the structs that make up the table do not fit together, or the engine has no type for a
    /// column.
    fn create_sql(dialect: Dialect) -> Result<String, ModelError> {
        create_sql(&[Self::table()], dialect)
    }
}

/// A type whose values can be stored; written by `derive(ColumnType)`.
#[diagnostic::on_unimplemented(
    message = "no column type is known for `{Self}`",
    label = "say `#[column(type = \"...\")]`",
    note = "an enum or newtype may have `#[derive(ColumnType)]`; for any other type, say how it is stored: \
            `#[column(type = \"TEXT\")]`, or for each engine: `#[column(type(sqlite = \"TEXT\", postgres = \"INET\"))]`"
)]
pub trait ColumnType {
    /// Returns how the values are stored.
    fn data_type() -> &'static TypeModel;
}

/// Returns the statements that create several tables, in an order in which every table is there
/// before another refers to it.
///
/// # Errors
///
/// When the structs that make up a table do not fit together, or the engine has no type for a
/// column.
pub fn create_sql(tables: &[&TableModel], dialect: Dialect) -> Result<String, ModelError> {
    sql::create_sql(tables, &Compiled, dialect).map_err(|mut errors| errors.remove(0))
}
