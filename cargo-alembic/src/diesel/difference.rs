//! How the declarations of a file differ from those of a database.

use std::collections::BTreeSet;

use alembic_models::diesel::{DieselColumn, DieselSchema, DieselTable};

/// Types of diesel that have several names.
const ALIASES: [(&str, &str); 13] = [
    ("Int2", "SmallInt"),
    ("Int4", "Integer"),
    ("Int8", "BigInt"),
    ("Float4", "Float"),
    ("Float8", "Double"),
    ("Decimal", "Numeric"),
    ("Varchar", "Text"),
    ("VarChar", "Text"),
    ("Bpchar", "Text"),
    ("Char", "Text"),
    ("Bytea", "Binary"),
    ("Blob", "Binary"),
    ("Datetime", "Timestamp"),
];

/// Returns what a file declares otherwise than the database has it, a line for each.
///
/// A file may hold `joinable!` for columns without a foreign key.
pub(super) fn differences(file: &DieselSchema, database: &DieselSchema) -> Vec<String> {
    let mut lines = Vec::new();
    for table in &file.tables {
        match named(database, &table.sql_name) {
            Some(found) => compare(table, found, &mut lines),
            None => lines.push(format!("table {} does not exist", table.sql_name)),
        }
    }
    for found in &database.tables {
        // diesel has no tables without a key, unless a person writes one.
        if named(file, &found.sql_name).is_none() && !found.primary_key.is_empty() {
            lines.push(format!("table {} is not declared", found.sql_name));
        }
    }
    let declared: BTreeSet<_> = file.joins.iter().collect();
    for join in database
        .joins
        .iter()
        .filter(|join| !declared.contains(join))
    {
        lines.push(format!(
            "`joinable!({} -> {} ({}))` is not declared",
            join.child, join.parent, join.column
        ));
    }
    lines
}

fn named<'s>(schema: &'s DieselSchema, name: &str) -> Option<&'s DieselTable> {
    schema.tables.iter().find(|table| table.sql_name == name)
}

fn compare(table: &DieselTable, found: &DieselTable, lines: &mut Vec<String>) {
    let column = |table: &DieselTable, name: &str| -> Option<DieselColumn> {
        let mut columns = table.columns.iter();
        columns.find(|column| column.sql_name == name).cloned()
    };
    for declared in &table.columns {
        let name = format!("column {}.{}", table.sql_name, declared.sql_name);
        match column(found, &declared.sql_name) {
            None => lines.push(format!("{name} does not exist")),
            Some(found) if canonical(&declared.data_type) != canonical(&found.data_type) => {
                lines.push(format!(
                    "{name} is {}, and declared as {}",
                    found.data_type, declared.data_type
                ));
            }
            Some(_) => {}
        }
    }
    for found in &found.columns {
        if column(table, &found.sql_name).is_none() {
            lines.push(format!(
                "column {}.{} is not declared",
                table.sql_name, found.sql_name
            ));
        }
    }
    if table.primary_key != found.primary_key && !found.primary_key.is_empty() {
        lines.push(format!(
            "the primary key of {} is ({}), and declared as ({})",
            table.sql_name,
            found.primary_key.join(", "),
            table.primary_key.join(", ")
        ));
    }
}

/// Returns a type by one of its names, without the paths.
fn canonical(name: &str) -> String {
    let mut text = String::new();
    for part in name.split_inclusive(['<', '>']) {
        let (word, end) = match part.strip_suffix(['<', '>']) {
            Some(word) => (word, &part[word.len()..]),
            None => (part, ""),
        };
        let last = word.rsplit("::").next().unwrap_or(word);
        let alias = ALIASES.iter().find(|(alias, _)| *alias == last);
        text += alias.map_or(last, |(_, name)| name);
        text += end;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is declared, what there is, and how that reads.
    #[test]
    fn declarations_are_compared() {
        let database = "
            diesel::table! { posts (id) { id -> Int4, user_id -> Nullable<Int8>, title -> Varchar, } }
            diesel::table! { users (id) { id -> Int8, } }
            diesel::joinable!(posts -> users (user_id));";
        let schema = |text: &str| DieselSchema::read(text).unwrap();
        for (from, to, expected) in [
            ("Int4", "Integer", &[][..]),
            ("Varchar", "diesel::sql_types::Text", &[]),
            (
                "Nullable<Int8>",
                "Int8",
                &["column posts.user_id is Nullable<Int8>, and declared as Int8"],
            ),
            (
                "title -> Varchar,",
                "",
                &["column posts.title is not declared"],
            ),
            (
                "title ->",
                "name ->",
                &[
                    "column posts.name does not exist",
                    "column posts.title is not declared",
                ],
            ),
            (
                "posts (id)",
                "posts (id, title)",
                &["the primary key of posts is (id), and declared as (id, title)"],
            ),
            (
                "diesel::table! { users (id)",
                "table! { people (id)",
                &["table people does not exist", "table users is not declared"],
            ),
            (
                "diesel::joinable!(posts -> users (user_id));",
                "",
                &["`joinable!(posts -> users (user_id))` is not declared"],
            ),
            (
                "(user_id));",
                "(user_id)); joinable!(users -> posts (id));",
                &[],
            ),
        ] {
            let file = schema(&database.replace(from, to));
            assert_eq!(differences(&file, &schema(database)), expected, "{to}");
        }
    }
}
