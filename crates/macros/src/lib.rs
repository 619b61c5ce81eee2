//! The derives of cargo-alembic; use them through `alembic-migrate` with its feature `derive`.
//!
//! They read structs by the code that the command reads sources with, which is in `alembic-models`.

use alembic_models::Finding;
use proc_macro2::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// States a table: what its columns, constraints and indexes are.
///
/// ```
/// use alembic_migrate::Table;
///
/// #[derive(Table)]
/// #[table(name = "documents", unique(folder, filename))]
/// struct Document {
///     #[column(identity)]
///     id: i64,
///     #[column(length = 500)]
///     filename: String,
///     #[column(references(Folder), on_delete = cascade, index)]
///     folder: i64,
/// }
///
/// #[derive(Table)]
/// struct Folder {
///     #[column(identity)]
///     id: i64,
/// }
///
/// assert_eq!(Document::NAME, "documents");
/// ```
///
/// The [guide](https://github.com/cargo-alembic/cargo-alembic/blob/main/docs/models.md) lists all attributes.
#[proc_macro_derive(Table, attributes(table, column))]
pub fn table(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(alembic_models::derive_table(&input))
}

/// States columns that several tables share.
///
/// ```
/// use alembic_migrate::{Columns, Table};
///
/// #[derive(Columns)]
/// struct BaseModel {
///     #[column(identity)]
///     id: i64,
/// }
///
/// #[derive(Table)]
/// struct Project {
///     #[table(flatten)]
///     base: BaseModel,
///     name: String,
/// }
///
/// assert_eq!(Project::COLUMNS.base.id, "id");
/// ```
#[proc_macro_derive(Columns, attributes(table, column))]
pub fn columns(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(alembic_models::derive_columns(&input))
}

/// States how the values of an enum or a newtype are stored.
///
/// ```
/// use alembic_migrate::{ColumnType, Table};
///
/// #[derive(ColumnType)]
/// #[column(rename_all = "snake_case")]
/// enum Status {
///     Pending,
///     InProgress,
/// }
///
/// #[derive(Table)]
/// struct Task {
///     #[column(default = "'pending'")]
///     status: Status,
/// }
/// ```
#[proc_macro_derive(ColumnType, attributes(column))]
pub fn column_type(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(alembic_models::derive_column_type(&input))
}

/// Returns what is added, or every finding as an error of the compiler.
fn expand(derived: Result<TokenStream, Vec<Finding>>) -> proc_macro::TokenStream {
    let tokens = derived.unwrap_or_else(|findings| {
        let errors = findings.into_iter().map(|finding| {
            let text = match finding.help {
                Some(help) => format!("{}\nhelp: {help}", finding.text),
                None => finding.text,
            };
            syn::Error::new(finding.span, text).into_compile_error()
        });
        errors.collect()
    });
    tokens.into()
}
