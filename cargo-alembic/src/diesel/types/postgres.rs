//! The types of columns on PostgreSQL, by the names that its catalogs have for them.

use alembic_migrate::Dialect;
use alembic_migrate::schema::{Definition, Schema};

use super::{DieselType, Room, length};

pub(super) const ROOM: Room = Room {
    dialect: Dialect::Postgres,
    of: |data_type, schema| Some(of(data_type, schema)),
};

/// Types as the server writes them, and diesel's names of them.
const TYPES: [(&str, &str); 30] = [
    ("bigint", "Int8"),
    ("bit", "Bit"),
    ("bit varying", "Varbit"),
    ("boolean", "Bool"),
    ("bytea", "Bytea"),
    ("\"char\"", "CChar"),
    ("character", "Bpchar"),
    ("character varying", "Varchar"),
    ("cidr", "Cidr"),
    ("citext", "Citext"),
    ("date", "Date"),
    ("double precision", "Float8"),
    ("inet", "Inet"),
    ("integer", "Int4"),
    ("interval", "Interval"),
    ("json", "Json"),
    ("jsonb", "Jsonb"),
    ("macaddr", "Macaddr"),
    ("macaddr8", "Macaddr8"),
    ("money", "Money"),
    ("name", "Name"),
    ("numeric", "Numeric"),
    ("oid", "Oid"),
    ("real", "Float4"),
    ("smallint", "Int2"),
    ("text", "Text"),
    ("time without time zone", "Time"),
    ("timestamp with time zone", "Timestamptz"),
    ("timestamp without time zone", "Timestamp"),
    ("uuid", "Uuid"),
];

fn of(data_type: &str, schema: &Schema) -> DieselType {
    if let Some(element) = data_type.strip_suffix("[]") {
        let element = of(element, schema);
        return DieselType {
            name: format!("Array<Nullable<{}>>", element.name),
            ..element
        };
    }
    let plain = data_type
        .rsplit_once('.')
        .map_or(data_type, |(_, name)| name);
    let plain = plain.trim_matches('"');
    let domain = schema
        .objects
        .iter()
        .find_map(|(id, object)| match &object.definition {
            Definition::Domain(domain) if id.name == plain => Some(domain),
            _ => None,
        });
    if let Some(domain) = domain {
        return of(&domain.data_type, schema);
    }
    let without = match (data_type.find('('), data_type.find(')')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", &data_type[..start], &data_type[end + 1..])
        }
        _ => data_type.to_owned(),
    };
    match TYPES.iter().find(|(name, _)| *name == without) {
        Some((name, found)) => DieselType {
            max_length: length(data_type).filter(|_| name.starts_with("character")),
            ..DieselType::named(*found)
        },
        None => {
            let name = camel(plain);
            DieselType {
                custom: Some(name.clone()),
                ..DieselType::named(name)
            }
        }
    }
}

fn camel(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words = words.map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}
