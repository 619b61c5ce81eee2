//! Reads what a struct says by its fields and attributes: one grammar, for the derive and for the
//! scanner.

mod arguments;
mod clauses;
mod column;
mod column_type;
mod emit;
mod finding;
mod foreign_key;
mod rust_type;
mod sql_text;
mod table;

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use syn::{DeriveInput, Path};

use crate::model::{ColumnsModel, TableModel, Text, TypeModel};

pub use finding::Finding;
pub use rust_type::{RustType, rust_types};

#[cfg(feature = "scan")]
pub(crate) use clauses::field_name as plain_name;
pub(crate) use finding::Findings;

/// What a path has to lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wanted {
    Table,
    Columns,
    Type,
}

/// The structs that a struct names, as its source writes them.
#[derive(Default)]
pub(crate) struct Paths {
    kept: BTreeMap<(Wanted, String), Path>,
    /// The path by which the struct reaches `alembic_migrate`, if it is not its own dependency.
    pub(crate) library: Option<Path>,
    /// Types without a path that are taken for those of well-known crates.
    pub(crate) assumed: Vec<Ident>,
}

impl Paths {
    /// Keeps a path, and returns the text that stands for it.
    pub(crate) fn keep(&mut self, wanted: Wanted, path: &Path) -> Text {
        let text = path_text(path);
        let kept = self.kept.entry((wanted, text.clone()));
        kept.or_insert_with(|| path.clone());
        text.into()
    }

    /// Returns the path that a text stands for.
    pub(crate) fn get(&self, wanted: Wanted, text: &str) -> Option<&Path> {
        self.kept.get(&(wanted, text.to_owned()))
    }
}

/// Returns a path without the space between its tokens.
pub(crate) fn path_text(path: &Path) -> String {
    let segments = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string());
    let segments: Vec<String> = segments.collect();
    let leading = if path.leading_colon.is_some() {
        "::"
    } else {
        ""
    };
    format!("{leading}{}", segments.join("::"))
}

/// What was read from a struct or an enum.
pub(crate) struct Reading<T> {
    pub(crate) model: T,
    pub(crate) paths: Paths,
    /// Where each field is.
    pub(crate) fields: BTreeMap<String, Span>,
}

/// Reads a struct with `derive(Table)`.
pub(crate) fn read_table(input: &DeriveInput) -> Result<Reading<TableModel>, Vec<Finding>> {
    table::read_table(input)
}

/// Reads a struct with `derive(Columns)`.
pub(crate) fn read_columns(input: &DeriveInput) -> Result<Reading<ColumnsModel>, Vec<Finding>> {
    table::read_columns(input)
}

/// Reads an enum or a newtype with `derive(ColumnType)`.
pub(crate) fn read_column_type(input: &DeriveInput) -> Result<Reading<TypeModel>, Vec<Finding>> {
    column_type::read(input)
}

/// Returns what `derive(Table)` adds to a struct.
///
/// # Errors
///
/// Everything that is wrong with the struct.
pub fn derive_table(input: &DeriveInput) -> Result<TokenStream, Vec<Finding>> {
    Ok(emit::table(input, &read_table(input)?))
}

/// Returns what `derive(Columns)` adds to a struct.
///
/// # Errors
///
/// Everything that is wrong with the struct.
pub fn derive_columns(input: &DeriveInput) -> Result<TokenStream, Vec<Finding>> {
    Ok(emit::columns(input, &read_columns(input)?))
}

/// Returns what `derive(ColumnType)` adds to an enum or a newtype.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn derive_column_type(input: &DeriveInput) -> Result<TokenStream, Vec<Finding>> {
    Ok(emit::column_type(input, &read_column_type(input)?))
}
