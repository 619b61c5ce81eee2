//! The derives of cargo-alembic; use them through `alembic-migrate` with its feature `derive`.
//!
//! They read structs by the code that the command reads sources with, which is in `alembic-models`.

use alembic_models::Finding;
use proc_macro2::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// States a table: what its columns, constraints and indexes are.
#[proc_macro_derive(Table, attributes(table, column))]
pub fn table(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(alembic_models::derive_table(&input))
}

/// States columns that several tables share.
#[proc_macro_derive(Columns, attributes(table, column))]
pub fn columns(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(alembic_models::derive_columns(&input))
}

/// States how the values of an enum or a newtype are stored.
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
