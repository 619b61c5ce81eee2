//! The tables of a database, as diesel's command declares them.

use std::collections::BTreeMap;

use alembic_migrate::schema::{
    Constraint, ConstraintKind, Definition, ObjectId, ObjectKind, Schema, SharedName,
};
use alembic_models::diesel::{DieselColumn, DieselJoin, DieselSchema, DieselTable};

use super::types;

/// The names that diesel gives an underscore: words of Rust and of its own macros.
const RESERVED: [&str; 57] = [
    "abstract",
    "alignof",
    "as",
    "async",
    "become",
    "bool",
    "box",
    "break",
    "columns",
    "const",
    "continue",
    "crate",
    "do",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "is_nullable",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "offsetof",
    "override",
    "priv",
    "proc",
    "pub",
    "pure",
    "ref",
    "return",
    "Self",
    "self",
    "sizeof",
    "static",
    "struct",
    "super",
    "table",
    "trait",
    "true",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Returns the tables of a schema, or the columns whose types diesel does not know.
pub(super) fn declared(schema: &Schema) -> Result<DieselSchema, Vec<String>> {
    let mut unknown = Vec::new();
    let mut tables = Vec::new();
    let mut joins = Vec::new();
    for (id, object) in &schema.objects {
        let is_plain = matches!(&object.definition, Definition::Table(table) if !table.is_virtual);
        let is_here = matches!(id.schema.as_str(), "" | "public") && !id.name.starts_with("__");
        let key = primary_key(schema, id);
        if !is_plain || !is_here {
            continue;
        }
        let name = rust_name(&id.name, None);
        let column = |name: &SharedName| rust_name(name, Some(&id.name));
        let columns = schema.columns(id).into_iter();
        let columns = columns.filter_map(|(column_id, column)| {
            let Some(found) = types::of(&column.data_type, schema) else {
                unknown.push(format!("{column_id} is {}", column.data_type));
                return None;
            };
            let data_type = match column.not_null {
                true => found.name,
                false => format!("Nullable<{}>", found.name),
            };
            Some(DieselColumn {
                name: rust_name(&column_id.name, Some(&id.name)),
                sql_name: column_id.name.to_string(),
                data_type,
                max_length: found.max_length,
                custom_type: found.custom,
            })
        });
        tables.push(DieselTable {
            name: name.clone(),
            sql_name: id.name.to_string(),
            columns: columns.collect(),
            primary_key: key.iter().map(column).collect(),
        });
        joins.extend(joins_of(schema, id));
    }
    let names: Vec<&String> = tables.iter().map(|table| &table.name).collect();
    joins.retain(|join| names.contains(&&join.parent));
    joins.sort();
    match unknown.is_empty() {
        true => Ok(DieselSchema { tables, joins }),
        false => Err(unknown),
    }
}

fn constraints<'s>(
    schema: &'s Schema,
    table: &'s ObjectId,
    kind: ConstraintKind,
) -> impl Iterator<Item = &'s Constraint> {
    let parts = schema.parts(table, ObjectKind::Constraint);
    parts.filter_map(move |(_, object)| match &object.definition {
        Definition::Constraint(constraint) if constraint.kind == kind => Some(&**constraint),
        _ => None,
    })
}

fn primary_key(schema: &Schema, table: &ObjectId) -> Vec<SharedName> {
    let mut keys = constraints(schema, table, ConstraintKind::PrimaryKey);
    keys.next()
        .map(|key| key.columns.clone())
        .unwrap_or_default()
}

/// Returns the keys of one column by which a table refers to another one, if there is one such key only.
fn joins_of(schema: &Schema, table: &ObjectId) -> Vec<DieselJoin> {
    let mut by_parent: BTreeMap<&SharedName, Vec<&Constraint>> = BTreeMap::new();
    for key in constraints(schema, table, ConstraintKind::ForeignKey) {
        if let Some((_, parent)) = &key.references
            && *parent != table.name
        {
            by_parent.entry(parent).or_default().push(key);
        }
    }
    let joins = by_parent
        .into_iter()
        .filter_map(|(parent, keys)| match keys.as_slice() {
            [key] if key.columns.len() == 1 => Some(DieselJoin {
                child: rust_name(&table.name, None),
                column: rust_name(&key.columns[0], Some(&table.name)),
                parent: rust_name(parent, None),
            }),
            _ => None,
        });
    joins.collect()
}

/// Returns what diesel calls a table, or a column of one.
fn rust_name(name: &str, table: Option<&str>) -> String {
    let is_reserved = RESERVED.contains(&name) || (name.starts_with("__") && !name.ends_with('_'));
    if is_reserved || table == Some(name) {
        return format!("{name}_");
    }
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if name.chars().all(is_plain) {
        return name.to_owned();
    }
    let mut plain: String = name
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    while plain.contains("__") {
        plain = plain.replace("__", "_");
    }
    plain
}
