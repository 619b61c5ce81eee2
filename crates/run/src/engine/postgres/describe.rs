//! The schema of a PostgreSQL database as text, in its own words.

use alembic_history::VersionTable;
use alembic_sql::literal;

use crate::describe::write;
use crate::request::{Query, Row, Task};

/// Returns the query that makes definitions identical on every connection, for the open
/// transaction: the names of all schemas except PostgreSQL's own are qualified.
pub(super) fn settings(lock_timeout: u128) -> Query {
    let lock_timeout = lock_timeout.to_string();
    let settings = [
        ("search_path", "pg_catalog, pg_temp"),
        ("lock_timeout", &lock_timeout),
        ("datestyle", "ISO"),
        ("intervalstyle", "postgres"),
        ("timezone", "UTC"),
        ("bytea_output", "hex"),
        ("extra_float_digits", "1"),
        ("quote_all_identifiers", "off"),
        // Compiling the query would take longer than running it.
        ("jit", "off"),
    ];
    let set =
        settings.map(|(name, value)| format!("pg_catalog.set_config('{name}', '{value}', true)"));
    let query = format!("SELECT {}", set.join(", "));
    Query::new(Task::SetForDescription, query)
}

pub(super) fn query(table: &VersionTable) -> Query {
    let schema = literal(table.schema.as_deref().unwrap_or_default());
    let own = [table, &table.log(), &table.progress()].map(|table| literal(&table.name));
    let own = own.map(|name| format!("({schema}, {name})")).join(", ");
    let query = include_str!("describe.sql");
    let query = format!("WITH left_out (schema, name) AS (VALUES {own}),\n{query}");
    Query::new(Task::DescribeSchema, query)
}

pub(super) fn text(rows: &[Row]) -> String {
    write(rows, indent)
}

fn indent(definition: &str) -> String {
    let lines = definition.trim().lines();
    lines
        .map(|line| format!("  {line}").trim_end().to_owned() + "\n")
        .collect()
}
