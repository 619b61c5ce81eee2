//! What `pg_dump` says of a database: another way than the one that is tested.

use std::process::Command;

use alembic_sql::{Dialect, split};
use alembic_tests::postgres::program;

use super::OWN;
use crate::Result;

/// What begins a statement about what no comparison looks at.
const NOT_COMPARED: &[&str] = &[
    "SET ",
    "SELECT pg_catalog.set_config",
    "CREATE FOREIGN",
    "ALTER FOREIGN",
    "COMMENT ON FOREIGN",
    "CREATE SERVER",
    "ALTER SERVER",
    "COMMENT ON SERVER",
    "CREATE USER MAPPING",
    "CREATE OPERATOR CLASS",
    "CREATE OPERATOR FAMILY",
    "ALTER OPERATOR FAMILY",
    "CREATE PUBLICATION",
    "ALTER PUBLICATION",
    "COMMENT ON PUBLICATION",
    "CREATE SUBSCRIPTION",
    "ALTER SUBSCRIPTION",
    "COMMENT ON SUBSCRIPTION",
    "CREATE EVENT TRIGGER",
    "ALTER EVENT TRIGGER",
    "COMMENT ON EVENT TRIGGER",
    "CREATE TEXT SEARCH PARSER",
    "CREATE TEXT SEARCH TEMPLATE",
    "CREATE TRUSTED",
    "CREATE LANGUAGE",
    "CREATE ACCESS METHOD",
    "CREATE CONVERSION",
    "SECURITY LABEL",
];

/// Returns the statements of a dump, sorted; the order of columns is left out.
pub(super) fn of(url: &str) -> Result<Vec<String>> {
    let text = text(url)?;
    // The client's commands are no SQL.
    let lines = text.lines().filter(|line| !line.starts_with('\\'));
    let text: Vec<&str> = lines.collect();
    let text = text.join("\n");
    let found = split(&text, Dialect::Postgres);
    let mut statements: Vec<String> = found
        .statements
        .iter()
        .map(|statement| statement.span.text(&text).to_owned())
        .filter(|sql| !NOT_COMPARED.iter().any(|begin| sql.starts_with(begin)))
        .map(|sql| without_order(&sql))
        .collect();
    statements.sort();
    Ok(statements)
}

/// Returns a dump as it is.
pub(super) fn text(url: &str) -> Result<String> {
    let output = Command::new(program("pg_dump"))
        .args(["-s", "--no-owner", "--no-privileges", "-T"])
        .args([&format!("{OWN}*"), url])
        .output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}

/// Returns a `CREATE TABLE` or `CREATE STATISTICS` with its columns in the order of their names.
fn without_order(sql: &str) -> String {
    if sql.starts_with("CREATE STATISTICS")
        && let Some((head, columns)) = sql.split_once(" ON ")
        && let Some((columns, table)) = columns.split_once(" FROM ")
    {
        let mut columns: Vec<&str> = columns.split(", ").collect();
        columns.sort_unstable();
        return format!("{head} ON {} FROM {table}", columns.join(", "));
    }
    let is_table = sql.starts_with("CREATE TABLE") || sql.starts_with("CREATE UNLOGGED TABLE");
    if !is_table {
        return sql.to_owned();
    }
    let lines = sql.lines().map(|line| line.trim_end_matches(','));
    let mut lines: Vec<String> = lines.map(without_chosen_name).collect();
    let end = lines.iter().rposition(|line| line.starts_with(')'));
    if let Some(end) = end
        && let Some(columns) = lines.get_mut(1..end)
    {
        columns.sort_unstable();
    }
    lines.join("\n")
}

/// Returns a column without the name of its NOT NULL, if the server may have chosen that: it stays when the
/// table or the column is renamed, and when a partition leaves, and is not compared.
fn without_chosen_name(line: &str) -> String {
    let Some((column, rest)) = line.split_once(" CONSTRAINT ") else {
        return line.to_owned();
    };
    let name = rest.strip_suffix(" NOT NULL").unwrap_or_default();
    let name = name.trim_end_matches(|last: char| last.is_ascii_digit());
    match name.ends_with("_not_null") {
        true => format!("{column} NOT NULL"),
        false => line.to_owned(),
    }
}

/// Returns the statements that only one of two dumps has.
pub(super) fn difference(expected: &[String], found: &[String]) -> String {
    let missing = expected.iter().filter(|sql| !found.contains(sql));
    let added = found.iter().filter(|sql| !expected.contains(sql));
    let lines: Vec<String> = missing
        .map(|sql| format!("- {sql}"))
        .chain(added.map(|sql| format!("+ {sql}")))
        .collect();
    lines.join("\n")
}
