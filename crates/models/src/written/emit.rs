//! Writes models as Rust, for a `static`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Data, DeriveInput, Path};

use super::clauses::field_name;
use super::{Paths, Reading, Wanted};
use crate::model::{
    Action, Column, ColumnsModel, Constraint, DataType, Each, Engines, EnumModel, Generated,
    Identity, Index, Link, List, Member, Naming, Part, Rule, TableModel, Target, Text, Timing,
    TypeModel,
};

/// Writes a value as the Rust that makes it.
trait Emit {
    fn emit(&self, paths: &Paths) -> TokenStream;
}

/// Writes the impl for a struct, field by field.
macro_rules! emit_struct {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl Emit for $name {
            fn emit(&self, paths: &Paths) -> TokenStream {
                let Self { $($field),* } = self;
                $(let $field = $field.emit(paths);)*
                quote!(__alembic::$name { $($field: #$field),* })
            }
        }
    )*};
}

/// Writes the impl for an enum without fields, variant by variant.
macro_rules! emit_enum {
    ($($name:ident { $($variant:ident),* $(,)? })*) => {$(
        impl Emit for $name {
            fn emit(&self, _: &Paths) -> TokenStream {
                match self {
                    $(Self::$variant => quote!(__alembic::$name::$variant),)*
                }
            }
        }
    )*};
}

/// Writes a variant with named fields.
macro_rules! emit_variant {
    ($paths:expr, $name:ident :: $variant:ident { $($field:ident),* }) => {{
        $(let $field = $field.emit($paths);)*
        quote!(__alembic::$name::$variant { $($field: #$field),* })
    }};
}

emit_struct! {
    Each { sqlite, postgres }
    TableModel { name, schema, renamed_from, comment, strict, without_rowid, columns }
    ColumnsModel { naming, members, constraints, indexes }
    Column {
        field, name, renamed_from, data_type, nullable, identity, default, generated, collation,
        comment,
    }
    EnumModel { values, native, schema, is_checked }
    Generated { expression, stored }
    Constraint { name, rule }
    Index {
        name, unique, nulls_not_distinct, parts, include, method, condition, engines,
    }
    Engines { sqlite, postgres }
    Naming { primary_key, unique, check, foreign_key, index }
}

emit_enum! {
    Identity { ByDefault, Always }
    Action { NoAction, Restrict, Cascade, SetNull, SetDefault }
    Timing { Immediate, Deferrable, Deferred }
}

impl Emit for bool {
    fn emit(&self, _: &Paths) -> TokenStream {
        quote!(#self)
    }
}

impl Emit for Text {
    fn emit(&self, _: &Paths) -> TokenStream {
        let text: &str = self;
        quote!(__alembic::Borrowed(#text))
    }
}

impl<T: Emit> Emit for Option<T> {
    fn emit(&self, paths: &Paths) -> TokenStream {
        match self {
            Some(value) => {
                let value = value.emit(paths);
                quote!(::core::option::Option::Some(#value))
            }
            None => quote!(::core::option::Option::None),
        }
    }
}

impl<T: Emit + Clone> Emit for List<T> {
    fn emit(&self, paths: &Paths) -> TokenStream {
        let items = self.iter().map(|item| item.emit(paths));
        quote!(__alembic::Borrowed(&[#(#items),*]))
    }
}

/// What a link leads to, and how the application gets there.
trait Linked {
    const WANTED: Wanted;

    fn function(path: &Path) -> TokenStream;
}

impl Linked for TableModel {
    const WANTED: Wanted = Wanted::Table;

    fn function(path: &Path) -> TokenStream {
        quote!(<#path as __models::Table>::table)
    }
}

impl Linked for ColumnsModel {
    const WANTED: Wanted = Wanted::Columns;

    fn function(path: &Path) -> TokenStream {
        quote!(<#path as __models::Columns>::columns)
    }
}

impl Linked for TypeModel {
    const WANTED: Wanted = Wanted::Type;

    fn function(path: &Path) -> TokenStream {
        quote!(<#path as __models::ColumnType>::data_type)
    }
}

/// Returns the path of a link as the source writes it.
fn path_of<'p, T: Linked>(link: &Link<T>, paths: &'p Paths) -> Option<&'p Path> {
    match link {
        Link::Path(path) => paths.get(T::WANTED, path),
        Link::Model(_) => None,
    }
}

impl<T: Linked> Emit for Link<T> {
    fn emit(&self, paths: &Paths) -> TokenStream {
        let function = path_of(self, paths).map(T::function);
        quote!(__alembic::Link::Model(#function))
    }
}

impl Emit for Member {
    fn emit(&self, paths: &Paths) -> TokenStream {
        match self {
            Self::Column(column) => {
                let column = column.emit(paths);
                quote!(__alembic::Member::Column(#column))
            }
            Self::Flatten { field, columns } => {
                emit_variant!(paths, Member::Flatten { field, columns })
            }
        }
    }
}

impl Emit for DataType {
    fn emit(&self, paths: &Paths) -> TokenStream {
        match self {
            Self::Sql(each) => {
                let each = each.emit(paths);
                quote!(__alembic::DataType::Sql(#each))
            }
            Self::Derived {
                of,
                is_array,
                stated,
            } => emit_variant!(
                paths,
                DataType::Derived {
                    of,
                    is_array,
                    stated
                }
            ),
        }
    }
}

impl Emit for TypeModel {
    fn emit(&self, paths: &Paths) -> TokenStream {
        match self {
            Self::Newtype(inner) => {
                let inner = inner.emit(paths);
                quote!(__alembic::TypeModel::Newtype(#inner))
            }
            Self::Enum(model) => {
                let model = model.emit(paths);
                quote!(__alembic::TypeModel::Enum(#model))
            }
        }
    }
}

impl Emit for Part {
    fn emit(&self, paths: &Paths) -> TokenStream {
        match self {
            Self::Field(field) => {
                let field = field.emit(paths);
                quote!(__alembic::Part::Field(#field))
            }
            Self::Sql(sql) => {
                let sql = sql.emit(paths);
                quote!(__alembic::Part::Sql(#sql))
            }
        }
    }
}

impl Emit for Rule {
    fn emit(&self, paths: &Paths) -> TokenStream {
        match self {
            Self::PrimaryKey { fields } => emit_variant!(paths, Rule::PrimaryKey { fields }),
            Self::Unique {
                fields,
                nulls_not_distinct,
                timing,
            } => emit_variant!(
                paths,
                Rule::Unique {
                    fields,
                    nulls_not_distinct,
                    timing
                }
            ),
            Self::Check { field, expression } => {
                emit_variant!(paths, Rule::Check { field, expression })
            }
            Self::ForeignKey {
                fields,
                target,
                on_delete,
                on_update,
                timing,
            } => emit_variant!(
                paths,
                Rule::ForeignKey {
                    fields,
                    target,
                    on_delete,
                    on_update,
                    timing
                }
            ),
        }
    }
}

impl Emit for Target {
    fn emit(&self, paths: &Paths) -> TokenStream {
        match self {
            Self::Struct { table, fields } => {
                emit_variant!(paths, Target::Struct { table, fields })
            }
            Self::Named {
                schema,
                table,
                columns,
            } => emit_variant!(
                paths,
                Target::Named {
                    schema,
                    table,
                    columns
                }
            ),
        }
    }
}

/// Returns the impl of `Columns`, which finds the columns by `found`, without the block around it.
fn impl_columns(
    input: &DeriveInput,
    model: &ColumnsModel,
    paths: &Paths,
    found: &TokenStream,
) -> TokenStream {
    let name = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    let names = format_ident!("__{}Columns", field_name(name));
    let (types, values) = names_of_columns(input, model, paths);
    quote! {
        #[doc(hidden)]
        #[allow(dead_code, non_snake_case, reason = "not every name is used")]
        pub struct #names { #(#types),* }

        // A derive would report what is wrong with a field once more.
        #[automatically_derived]
        impl ::core::clone::Clone for #names {
            fn clone(&self) -> Self {
                *self
            }
        }

        #[automatically_derived]
        impl ::core::marker::Copy for #names {}

        #[automatically_derived]
        impl #generics __models::Columns for #name #arguments #conditions {
            type Names = #names;

            const COLUMNS: #names = #names { #(#values),* };

            fn columns() -> &'static __alembic::ColumnsModel {
                #found
            }
        }
    }
}

/// Returns the types and the values of the fields that hold the names of columns.
fn names_of_columns(
    input: &DeriveInput,
    model: &ColumnsModel,
    paths: &Paths,
) -> (Vec<TokenStream>, Vec<TokenStream>) {
    let mut types = Vec::new();
    let mut values = Vec::new();
    for member in &*model.members {
        let (Member::Column(Column { field, .. }) | Member::Flatten { field, .. }) = member;
        let ident = ident_of(input, field);
        let (data_type, value) = match member {
            Member::Column(column) => {
                let name = &*column.name;
                (quote!(&'static str), quote!(#name))
            }
            Member::Flatten { columns, .. } => {
                let path = path_of(columns, paths);
                let columns = quote!(<#path as __models::Columns>);
                (quote!(#columns::Names), quote!(#columns::COLUMNS))
            }
        };
        types.push(quote!(pub #ident: #data_type));
        values.push(quote!(#ident: #value));
    }
    (types, values)
}

/// Returns a field's name as the struct writes it.
fn ident_of<'i>(input: &'i DeriveInput, field: &str) -> Option<&'i Ident> {
    let Data::Struct(data) = &input.data else {
        return None;
    };
    let mut idents = data.fields.iter().filter_map(|field| field.ident.as_ref());
    idents.find(|ident| field_name(ident) == field)
}

/// Encloses what a derive adds, so that its names meet no others.
fn block(paths: &Paths, items: &TokenStream) -> TokenStream {
    let usual = quote!(::alembic_migrate);
    let library = paths
        .library
        .as_ref()
        .map_or(usual, ToTokens::to_token_stream);
    quote! {
        const _: () = {
            use #library::models::{self as __models, model as __alembic};
            #items
        };
    }
}

pub(super) fn columns(input: &DeriveInput, reading: &Reading<ColumnsModel>) -> TokenStream {
    let model = reading.model.emit(&reading.paths);
    let found = quote! {
        static MODEL: __alembic::ColumnsModel = #model;
        &MODEL
    };
    block(
        &reading.paths,
        &impl_columns(input, &reading.model, &reading.paths, &found),
    )
}

pub(super) fn table(input: &DeriveInput, reading: &Reading<TableModel>) -> TokenStream {
    let name = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    let table = &*reading.model.name;
    let model = reading.model.emit(&reading.paths);
    let found = quote!(&<Self as __models::Table>::table().columns);
    let columns = impl_columns(input, &reading.model.columns, &reading.paths, &found);
    block(
        &reading.paths,
        &quote! {
            #columns

            #[automatically_derived]
            impl #generics __models::Table for #name #arguments #conditions {
                const NAME: &'static str = #table;

                fn table() -> &'static __alembic::TableModel {
                    static MODEL: __alembic::TableModel = #model;
                    &MODEL
                }
            }
        },
    )
}

pub(super) fn column_type(input: &DeriveInput, reading: &Reading<TypeModel>) -> TokenStream {
    let name = &input.ident;
    let model = reading.model.emit(&reading.paths);
    block(
        &reading.paths,
        &quote! {
            #[automatically_derived]
            impl __models::ColumnType for #name {
                fn data_type() -> &'static __alembic::TypeModel {
                    static MODEL: __alembic::TypeModel = #model;
                    &MODEL
                }
            }
        },
    )
}
