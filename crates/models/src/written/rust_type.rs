//! Which types of SQL the usual types of Rust are stored as.

use proc_macro2::Ident;
use syn::{GenericArgument, Path, PathArguments, PathSegment, Type};

use crate::model::Each;

/// A type of Rust, and how its values are stored.
#[derive(Clone, Copy, Debug)]
pub struct RustType {
    /// The last segments of its paths, and what stands in angle brackets where that matters.
    pub names: &'static [&'static str],
    /// The crates that it is in; none is the standard library.
    pub crates: &'static [&'static str],
    /// Its type on SQLite.
    pub sqlite: &'static str,
    /// Its type on PostgreSQL.
    pub postgres: &'static str,
}

const fn row(
    names: &'static [&'static str],
    crates: &'static [&'static str],
    sqlite: &'static str,
    postgres: &'static str,
) -> RustType {
    RustType {
        names,
        crates,
        sqlite,
        postgres,
    }
}

const CHRONO: &[&str] = &["chrono"];
const DATES: &[&str] = &["time", "jiff", "jiff_sqlx"];

/// SQLite's types are those by which drivers read back what they write: sqlx decides by the declared
/// type, and a type with numeric affinity would change texts that look like numbers.
const TYPES: [RustType; 19] = [
    row(&["bool"], &[], "BOOLEAN", "BOOLEAN"),
    row(&["i8", "u8", "i16"], &[], "SMALLINT", "SMALLINT"),
    row(&["u16", "i32"], &[], "INTEGER", "INTEGER"),
    row(&["u32", "i64"], &[], "BIGINT", "BIGINT"),
    row(&["f32"], &[], "REAL", "REAL"),
    row(&["f64"], &[], "DOUBLE PRECISION", "DOUBLE PRECISION"),
    row(
        &[
            "String", "str", "Box<str>", "Arc<str>", "Rc<str>", "Cow<str>",
        ],
        &[],
        "TEXT",
        "TEXT",
    ),
    row(
        &["Vec<u8>", "Box<[u8]>", "[u8]", "[u8; N]", "Cow<[u8]>"],
        &[],
        "BLOB",
        "BYTEA",
    ),
    row(&["NaiveDate"], CHRONO, "DATE", "DATE"),
    row(&["NaiveTime"], CHRONO, "TIME", "TIME"),
    row(&["NaiveDateTime"], CHRONO, "TIMESTAMP", "TIMESTAMP"),
    row(
        &["DateTime<_>"],
        CHRONO,
        "TIMESTAMP",
        "TIMESTAMP WITH TIME ZONE",
    ),
    row(&["Date"], DATES, "DATE", "DATE"),
    row(&["Time"], DATES, "TIME", "TIME"),
    row(
        &["PrimitiveDateTime", "DateTime"],
        DATES,
        "TIMESTAMP",
        "TIMESTAMP",
    ),
    row(
        &["OffsetDateTime", "UtcDateTime", "Timestamp"],
        DATES,
        "TIMESTAMP",
        "TIMESTAMP WITH TIME ZONE",
    ),
    row(&["Uuid"], &["uuid", "sqlx"], "BLOB", "UUID"),
    row(
        &["Value", "JsonValue", "Json", "Json<_>"],
        &["serde_json", "sqlx"],
        "TEXT",
        "JSONB",
    ),
    row(
        &["Decimal", "BigDecimal"],
        &["rust_decimal", "bigdecimal", "sqlx"],
        "TEXT",
        "NUMERIC",
    ),
];

const NETWORK: RustType = row(
    &["IpNetwork", "IpAddr", "Ipv4Addr", "Ipv6Addr", "IpNet"],
    &["ipnetwork", "std", "core", "ipnet", "sqlx"],
    "TEXT",
    "INET",
);

/// Returns the types of Rust that are known, and how they are stored.
pub fn rust_types() -> impl Iterator<Item = &'static RustType> {
    TYPES.iter().chain(std::iter::once(&NETWORK))
}

/// What is read from the type of a field.
pub(super) struct FieldType {
    pub(super) nullable: bool,
    pub(super) stored: Stored,
}

/// How a type is stored.
pub(super) enum Stored {
    /// As a type that is known.
    Known {
        each: Each,
        family: Family,
        /// The name by which it was taken for a type of another crate.
        assumed: Option<Ident>,
    },
    /// As its own derive says, or as an array of that.
    Derived { path: Path, is_array: bool },
    /// In no way that is known.
    Unknown,
}

/// What may be said about a type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Integer,
    Text,
    Decimal,
    Array,
    Other,
}

/// Reads the type of a field.
pub(super) fn read(field: &Type) -> FieldType {
    match argument_of(field, "Option") {
        Some(inner) => FieldType {
            nullable: true,
            stored: stored(inner),
        },
        None => FieldType {
            nullable: false,
            stored: stored(field),
        },
    }
}

fn stored(field: &Type) -> Stored {
    let field = plain(field);
    if let Some(row) = find(field) {
        return known(row, assumed(field, row));
    }
    if let Some(element) = argument_of(field, "Vec") {
        let inner = argument_of(element, "Option").unwrap_or(element);
        return match find(plain(inner)) {
            Some(row) => Stored::Known {
                each: Each {
                    sqlite: None,
                    postgres: Some(format!("{}[]", row.postgres).into()),
                },
                family: Family::Array,
                assumed: assumed(plain(inner), row),
            },
            None => derived(plain(element), true),
        };
    }
    derived(field, false)
}

/// Returns that a type is stored as its own derive says, if it may have one.
fn derived(field: &Type, is_array: bool) -> Stored {
    match field {
        Type::Path(path) if path.qself.is_none() && has_no_arguments(&path.path) => {
            let last = path.path.segments.last();
            match last.is_some_and(|last| is_primitive(&last.ident.to_string())) {
                true => Stored::Unknown,
                false => Stored::Derived {
                    path: path.path.clone(),
                    is_array,
                },
            }
        }
        _ => Stored::Unknown,
    }
}

/// Returns whether a name is that of a type of the language that is not stored.
fn is_primitive(name: &str) -> bool {
    ["u64", "i128", "u128", "usize", "isize", "char"].contains(&name)
}

fn has_no_arguments(path: &Path) -> bool {
    path.segments
        .iter()
        .all(|segment| segment.arguments.is_none())
}

fn known(row: &RustType, assumed: Option<Ident>) -> Stored {
    let family = match row.postgres {
        "SMALLINT" | "INTEGER" | "BIGINT" => Family::Integer,
        "TEXT" => Family::Text,
        "NUMERIC" => Family::Decimal,
        _ => Family::Other,
    };
    Stored::Known {
        each: Each {
            sqlite: Some(row.sqlite.into()),
            postgres: Some(row.postgres.into()),
        },
        family,
        assumed,
    }
}

/// Returns the name of a type that has no path, unless everyone has it in scope.
fn assumed(field: &Type, row: &RustType) -> Option<Ident> {
    match field {
        Type::Path(path) if path.path.segments.len() == 1 && !row.crates.is_empty() => {
            Some(path.path.segments[0].ident.clone())
        }
        _ => None,
    }
}

/// Removes what does not change how a type is stored: references, parentheses and invisible groups.
fn plain(field: &Type) -> &Type {
    match field {
        Type::Reference(reference) => plain(&reference.elem),
        Type::Paren(paren) => plain(&paren.elem),
        Type::Group(group) => plain(&group.elem),
        other => other,
    }
}

/// Finds the row of a type, by the name that it would have in the table.
fn find(field: &Type) -> Option<&'static RustType> {
    let (name, path) = table_name(field)?;
    let generic = name.split_once('<').map(|(outer, _)| format!("{outer}<_>"));
    rust_types().find(|row| {
        let is_name = |one: &&str| *one == name || Some(*one) == generic.as_deref();
        row.names.iter().any(is_name) && path.is_none_or(|path| is_in(path, row))
    })
}

/// Returns whether a path is that of a row: unqualified, or by one of its crates.
fn is_in(path: &Path, row: &RustType) -> bool {
    let qualifiers = path.segments.iter().rev().skip(1);
    let qualifiers: Vec<String> = qualifiers
        .map(|segment| segment.ident.to_string())
        .collect();
    let std = ["std", "core", "alloc"];
    let is_crate = |name: &String| match row.crates.is_empty() {
        true => std.contains(&name.as_str()),
        false => row.crates.contains(&name.as_str()),
    };
    qualifiers.is_empty() || qualifiers.iter().any(is_crate)
}

/// Returns how the table of types writes a type, and its path if it has one.
fn table_name(field: &Type) -> Option<(String, Option<&Path>)> {
    match field {
        Type::Path(path) if path.qself.is_none() => {
            let last = path.path.segments.last()?;
            let name = match segment_argument(last) {
                Some(argument) => format!("{}<{}>", last.ident, argument_name(argument)),
                None => last.ident.to_string(),
            };
            Some((name, Some(&path.path)))
        }
        Type::Slice(slice) => is_byte(&slice.elem).then(|| ("[u8]".to_owned(), None)),
        Type::Array(array) => is_byte(&array.elem).then(|| ("[u8; N]".to_owned(), None)),
        _ => None,
    }
}

fn argument_name(argument: &Type) -> String {
    table_name(plain(argument)).map_or_else(|| "_".to_owned(), |(name, _)| name)
}

fn is_byte(field: &Type) -> bool {
    matches!(field, Type::Path(path) if path.path.is_ident("u8"))
}

/// Returns the only type in the angle brackets of a segment, after lifetimes.
fn segment_argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(argument) => Some(argument),
        _ => None,
    });
    types.next().filter(|_| types.next().is_none())
}

/// Returns the `T` of an `Outer<T>`.
fn argument_of<'t>(field: &'t Type, outer: &str) -> Option<&'t Type> {
    let Type::Path(path) = plain(field) else {
        return None;
    };
    let last = path.path.segments.last()?;
    match last.ident == outer {
        true => segment_argument(last),
        false => None,
    }
}
