//! DDL of SQLite.

use alembic_sql::Dialect;

use super::Rules;
use super::default::{is_literal, significant};
use crate::link::{LinkedColumn, Stored};
use crate::model::TableModel;

pub(super) static RULES: Rules = Rules {
    text: |each| each.sqlite.as_ref(),
    exists: |engines| engines.sqlite,
    type_name,
    // `INTEGER PRIMARY KEY` numbers the rows.
    identity: |_| "",
    default,
    has_schemas: false,
    has_enums: false,
    adds_constraints: false,
    names_keys: false,
    has_comments: false,
    has_methods: false,
    defers_unique: false,
    options,
};

fn type_name(table: &TableModel, column: &LinkedColumn<'_>) -> Option<String> {
    if column.column.identity.is_some() {
        return Some("INTEGER".to_owned());
    }
    let name = match (column.stated.sqlite.as_deref(), column.stored) {
        (Some(stated), _) => stated,
        (None, _) if column.is_array => return None,
        (None, Stored::Sql(each)) => each.sqlite.as_deref()?,
        (None, Stored::Enum(_)) => "TEXT",
    };
    let name = if table.strict { strict(name) } else { name };
    Some(name.to_owned())
}

/// Returns the type that a `STRICT` table has in place of another: the one that holds its values as
/// drivers write them. Types that no driver maps stay, for SQLite to judge.
fn strict(name: &str) -> &str {
    let first = name.split(['(', ' ']).next().unwrap_or(name);
    match first.to_ascii_uppercase().as_str() {
        "BIGINT" | "BOOLEAN" | "SMALLINT" => "INTEGER",
        "DOUBLE" | "FLOAT" => "REAL",
        "CHAR" | "DATE" | "DATETIME" | "TIME" | "TIMESTAMP" | "VARCHAR" => "TEXT",
        _ => name,
    }
}

/// Returns a default as SQLite reads it: everything but a literal in parentheses.
fn default(text: &str) -> String {
    match is_literal(&significant(text, Dialect::Sqlite), text) {
        true => text.to_owned(),
        false => format!("({text})"),
    }
}

fn options(table: &TableModel) -> String {
    let strict = table.strict.then_some("STRICT");
    let without_rowid = table.without_rowid.then_some("WITHOUT ROWID");
    let options: Vec<&str> = strict.into_iter().chain(without_rowid).collect();
    match options.is_empty() {
        true => String::new(),
        false => format!(" {}", options.join(", ")),
    }
}
