//! Types of columns that are stated roughly.

use crate::model::{Definition, ObjectKind, Schema};

/// Types as the server writes them, and the other ones that hold the same values as programs read and
/// write them.
const TYPES: [(&str, &[&str]); 9] = [
    (
        "character varying",
        &[
            "text",
            "character",
            "citext",
            "name",
            "\"char\"",
            "bpchar",
            "interval",
            "macaddr",
            "ltree",
        ],
    ),
    ("text", &["citext"]),
    ("character", &["\"char\"", "bpchar"]),
    ("json", &["jsonb"]),
    ("numeric", &["money"]),
    ("bytea", &["bit", "bit varying"]),
    ("boolean", &["bit"]),
    ("inet", &["cidr"]),
    ("cidr", &["inet"]),
];

/// Returns whether a column may keep its type where another one is stated. What is stated with arguments
/// is meant exactly.
pub(crate) fn fits(stated: &str, current: &str, schema: &Schema) -> bool {
    if stated == current {
        return true;
    }
    if let (Some(stated), Some(current)) = (stated.strip_suffix("[]"), current.strip_suffix("[]")) {
        return fits(stated, current, schema);
    }
    let known = type_named(current, schema);
    match known {
        Some(Definition::Domain(domain)) => return fits(stated, &domain.data_type, schema),
        // A type of this name may be in another schema than the search path says.
        Some(_) => return last_name(stated) == last_name(current),
        None => {}
    }
    // An extension may be in any schema.
    let current = match current.rsplit_once('.') {
        Some((_, name)) => without_arguments(name),
        None => without_arguments(current),
    };
    let row = TYPES.iter().find(|(name, _)| *name == stated);
    stated == current || row.is_some_and(|(_, others)| others.contains(&current.as_str()))
}

/// Returns a type without its arguments: `timestamp with time zone` for `timestamp(3) with time zone`.
fn without_arguments(name: &str) -> String {
    match (name.find('('), name.find(')')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", &name[..start], &name[end + 1..])
        }
        _ => name.to_owned(),
    }
}

fn last_name(name: &str) -> &str {
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    name.trim_matches('"')
}

/// Returns a type that the schema has itself.
fn type_named<'s>(name: &str, schema: &'s Schema) -> Option<&'s Definition> {
    let name = last_name(name);
    let kinds = [
        ObjectKind::Enum,
        ObjectKind::Composite,
        ObjectKind::Range,
        ObjectKind::Domain,
    ];
    let mut types = kinds.into_iter().flat_map(|kind| schema.of_kind(kind));
    let found = types.find(|(id, _)| id.name == name);
    found.map(|(_, object)| &object.definition)
}
