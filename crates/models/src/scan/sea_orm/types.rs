//! Which types of SQL sea-orm stores values as.

use proc_macro2::Span;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Expr, GenericArgument, Lit, Path, PathArguments, Type};

use super::{Declared, Scope};
use crate::model::{DataType, Each, Link, Text, TypeModel};
use crate::written::{Findings, Paths, Wanted};

/// A variant of sea-orm's `ColumnType`.
struct Row {
    variant: &'static str,
    sqlite: Option<Name>,
    postgres: Option<Name>,
    /// The types of Rust that are stored like that, by the last segments of their paths.
    rust: &'static [&'static str],
}

/// The name of a type, and whether the arguments of the variant are its arguments.
#[derive(Clone, Copy)]
enum Name {
    Plain(&'static str),
    WithArguments(&'static str),
}

use Name::{Plain, WithArguments};

const fn both(variant: &'static str, name: Name, rust: &'static [&'static str]) -> Row {
    each(variant, name, name, rust)
}

const fn each(
    variant: &'static str,
    sqlite: Name,
    postgres: Name,
    rust: &'static [&'static str],
) -> Row {
    Row {
        variant,
        sqlite: Some(sqlite),
        postgres: Some(postgres),
        rust,
    }
}

const fn postgres(variant: &'static str, name: Name, rust: &'static [&'static str]) -> Row {
    Row {
        variant,
        sqlite: None,
        postgres: Some(name),
        rust,
    }
}

/// The names are those that sea-orm writes. An array of a type has the name of that on PostgreSQL, and
/// none on SQLite.
const TYPES: [Row; 34] = [
    both("Char", WithArguments("char"), &["char"]),
    both("String", WithArguments("varchar"), &["String", "str"]),
    both("Text", Plain("text"), &["TextUuid"]),
    each("TinyInteger", Plain("tinyint"), Plain("smallint"), &["i8"]),
    both("SmallInteger", Plain("smallint"), &["i16"]),
    both("Integer", Plain("integer"), &["i32"]),
    both(
        "BigInteger",
        Plain("bigint"),
        &[
            "i64",
            "ChronoUnixTimestamp",
            "ChronoUnixTimestampMillis",
            "TimeUnixTimestamp",
            "TimeUnixTimestampMillis",
        ],
    ),
    each("TinyUnsigned", Plain("tinyint"), Plain("smallint"), &["u8"]),
    each(
        "SmallUnsigned",
        Plain("smallint"),
        Plain("integer"),
        &["u16"],
    ),
    each("Unsigned", Plain("integer"), Plain("bigint"), &["u32"]),
    both("BigUnsigned", Plain("bigint"), &["u64"]),
    each("Float", Plain("float"), Plain("real"), &["f32"]),
    each(
        "Double",
        Plain("double"),
        Plain("double precision"),
        &["f64"],
    ),
    each(
        "Decimal",
        WithArguments("real_decimal"),
        WithArguments("decimal"),
        &["Decimal", "BigDecimal"],
    ),
    each(
        "DateTime",
        Plain("datetime_text"),
        Plain("timestamp"),
        &[
            "DateTime",
            "NaiveDateTime",
            "ChronoDateTime",
            "TimeDateTime",
            "PrimitiveDateTime",
        ],
    ),
    each(
        "Timestamp",
        Plain("timestamp_text"),
        Plain("timestamp"),
        &[],
    ),
    each(
        "TimestampWithTimeZone",
        Plain("timestamp_with_timezone_text"),
        Plain("timestamp with time zone"),
        &[
            "DateTime<_>",
            "DateTimeUtc",
            "DateTimeLocal",
            "DateTimeWithTimeZone",
            "ChronoDateTimeUtc",
            "ChronoDateTimeLocal",
            "ChronoDateTimeWithTimeZone",
            "TimeDateTimeWithTimeZone",
            "OffsetDateTime",
            "Timestamp",
        ],
    ),
    each(
        "Time",
        Plain("time_text"),
        Plain("time"),
        &["Time", "NaiveTime", "ChronoTime", "TimeTime"],
    ),
    each(
        "Date",
        Plain("date_text"),
        Plain("date"),
        &["Date", "NaiveDate", "ChronoDate", "TimeDate"],
    ),
    postgres("Interval", Plain("interval"), &[]),
    each("Binary", WithArguments("blob"), Plain("bytea"), &[]),
    each(
        "VarBinary",
        WithArguments("varbinary_blob"),
        Plain("bytea"),
        &["Vec<u8>"],
    ),
    each("Blob", Plain("blob"), Plain("bytea"), &[]),
    both("Boolean", Plain("boolean"), &["bool"]),
    each("Money", WithArguments("real_money"), Plain("money"), &[]),
    each(
        "Json",
        Plain("json_text"),
        Plain("json"),
        &["Json", "JsonValue", "Value"],
    ),
    each("JsonBinary", Plain("jsonb_text"), Plain("jsonb"), &[]),
    each(
        "Uuid",
        Plain("uuid_text"),
        Plain("uuid"),
        &["Uuid", "Braced", "Hyphenated", "Simple", "Urn"],
    ),
    postgres("Cidr", Plain("cidr"), &["IpNetwork"]),
    postgres("Inet", Plain("inet"), &[]),
    postgres("MacAddr", Plain("macaddr"), &["MacAddress"]),
    postgres("Bit", WithArguments("bit"), &[]),
    postgres("VarBit", WithArguments("varbit"), &[]),
    postgres("LTree", Plain("ltree"), &[]),
];

/// Of an extension, as are its values.
const VECTOR: Row = postgres("Vector", WithArguments("vector"), &["PgVector", "Vector"]);

fn rows() -> impl Iterator<Item = &'static Row> {
    TYPES.iter().chain([&VECTOR])
}

impl Row {
    fn with(&self, arguments: &[String]) -> Each {
        let name = |name: Option<Name>| {
            name.map(|name| match name {
                WithArguments(name) if !arguments.is_empty() => {
                    format!("{name}({})", arguments.join(", ")).into()
                }
                Plain(name) | WithArguments(name) => name.into(),
            })
        };
        Each {
            sqlite: name(self.sqlite),
            postgres: name(self.postgres),
        }
    }
}

/// Returns the type of an array's elements as that of the array.
fn array_of(element: &Each) -> Each {
    Each {
        sqlite: None,
        postgres: element
            .postgres
            .as_ref()
            .map(|name| format!("{name}[]").into()),
    }
}

/// Returns whether a type holds integers on every engine.
pub(in crate::scan) fn is_integer(model: &TypeModel) -> bool {
    match model {
        TypeModel::Newtype(DataType::Sql(each)) => is_integer_name(each),
        TypeModel::Newtype(DataType::Derived { .. }) | TypeModel::Enum(_) => false,
    }
}

pub(super) fn is_integer_name(each: &Each) -> bool {
    let name = each.postgres.as_deref();
    name.is_some_and(|name| ["smallint", "integer", "bigint"].contains(&name))
}

/// Reads a value of `ColumnType`, as in `column_type = "String(StringLen::N(255))"`.
pub(super) fn column_type(code: &Expr, span: Span, findings: &mut Findings) -> Option<Each> {
    let (callee, arguments) = match code {
        Expr::Call(call) => (&*call.func, Some(&call.args)),
        other => (other, None),
    };
    let variant = match callee {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    };
    let variant = variant.unwrap_or_default();
    let literals = Literals::of(code);
    if variant.eq_ignore_ascii_case("custom")
        && let Some(name) = literals.texts.first()
    {
        return Some(Each {
            sqlite: Some(name.clone().into()),
            postgres: Some(name.clone().into()),
        });
    }
    // `Array(Arc::new(ColumnType::Text))`, and `Arc::new(...)` itself.
    if let Some(arguments) = arguments
        && let Some(inner) = arguments.first()
    {
        match variant.as_str() {
            "Array" => return Some(array_of(&column_type(inner, span, findings)?)),
            "new" => return column_type(inner, span, findings),
            _ => {}
        }
    }
    // `VarBinary(StringLen::N(32))` is `var_binary(32)`, too.
    let plain = variant.replace('_', "");
    if let Some(row) = rows().find(|row| row.variant.eq_ignore_ascii_case(&plain)) {
        return Some(row.with(&literals.numbers));
    }
    let text = format!("unknown column type `{}`", code.to_token_stream());
    let help = "use a variant of sea-orm's `ColumnType`, or `custom(\"...\")`; or leave it to the type of \
                Rust: `#[cfg_attr(not(alembic), sea_orm(column_type = \"...\"))]`";
    findings.add_with_help(span, text, help);
    None
}

/// The literals in some code.
#[derive(Default)]
struct Literals {
    texts: Vec<String>,
    numbers: Vec<String>,
}

impl Literals {
    fn of(code: &Expr) -> Self {
        let mut literals = Self::default();
        literals.visit_expr(code);
        literals
    }
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_lit(&mut self, literal: &'ast Lit) {
        match literal {
            Lit::Str(text) => self.texts.push(text.value()),
            Lit::Int(number) => self.numbers.push(number.base10_digits().to_owned()),
            _ => {}
        }
        visit::visit_lit(self, literal);
    }
}

/// What the type of a field says.
#[derive(Default)]
pub(super) struct FieldType {
    pub(super) nullable: bool,
    pub(super) stored: Option<DataType>,
    /// Whether the values are integers, by which rows can be numbered.
    pub(super) is_integer: bool,
}

/// Reads the type of a field.
pub(super) fn field_type(field: &Type, scope: &dyn Scope, paths: &mut Paths) -> FieldType {
    let (nullable, inner) = match argument_of(field, "Option") {
        Some(inner) => (true, inner),
        None => (false, field),
    };
    if let Type::Path(path) = inner
        && let Some(declared) = scope.declared(&path.path)
    {
        let text = paths.keep(Wanted::Type, &path.path);
        return FieldType {
            nullable,
            stored: Some(derived(text, false)),
            is_integer: declared == Declared::Integer,
        };
    }
    if let Some(element) = argument_of(inner, "Vec")
        && let Type::Path(path) = argument_of(element, "Option").unwrap_or(element)
        && scope.declared(&path.path).is_some()
    {
        let text = paths.keep(Wanted::Type, &path.path);
        return FieldType {
            nullable,
            stored: Some(derived(text, true)),
            is_integer: false,
        };
    }
    let stored = known(inner, scope);
    FieldType {
        nullable,
        is_integer: stored.as_ref().is_some_and(is_integer_name),
        stored: stored.map(DataType::Sql),
    }
}

/// Returns that a column has the type at a path, or arrays of it.
fn derived(path: Text, is_array: bool) -> DataType {
    DataType::Derived {
        of: Link::Path(path),
        is_array,
        stated: Each::default(),
    }
}

/// Returns how values of an alias are stored, if its type is known.
pub(in crate::scan) fn stored_alias(of: &Type, scope: &dyn Scope) -> Option<TypeModel> {
    known(of, scope).map(|each| TypeModel::Newtype(DataType::Sql(each)))
}

/// Returns how the values of a well-known type are stored.
fn known(field: &Type, scope: &dyn Scope) -> Option<Each> {
    let Type::Path(path) = field else {
        return None;
    };
    if scope.declared(&path.path).is_some() {
        return None;
    }
    let last = path.path.segments.last()?;
    let name = last.ident.to_string();
    let argument = argument_of(field, &name);
    let is_byte =
        |argument: &Type| matches!(argument, Type::Path(path) if path.path.is_ident("u8"));
    let name = match argument {
        Some(element) if name == "Vec" && !is_byte(element) => {
            let element = argument_of(element, "Option").unwrap_or(element);
            return known(element, scope).map(|element| array_of(&element));
        }
        Some(_) if name == "Vec" => "Vec<u8>".to_owned(),
        Some(_) => format!("{name}<_>"),
        None => name,
    };
    of_rust(&name)
}

/// Returns the `T` of an `Outer<T>`.
pub(super) fn argument_of<'t>(field: &'t Type, outer: &str) -> Option<&'t Type> {
    let Type::Path(path) = field else {
        return None;
    };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == outer)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(argument) => Some(argument),
        _ => None,
    })
}

/// Returns the path of a type that has no arguments.
pub(super) fn path_of(field: &Type) -> Option<&Path> {
    match field {
        Type::Path(path) if path.qself.is_none() => Some(&path.path),
        _ => None,
    }
}

/// Returns how a text is stored.
pub(super) fn text() -> Option<Each> {
    of_rust("String")
}

/// Returns how a value of JSON is stored.
pub(super) fn json() -> Option<Each> {
    of_rust("Json")
}

fn of_rust(name: &str) -> Option<Each> {
    let row = rows().find(|row| row.rust.contains(&name));
    row.map(|row| row.with(&[]))
}
