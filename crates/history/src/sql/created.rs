//! Finds the tables that statements create.

use super::lexer::Cursor;
use crate::Dialect;

/// Returns the name of the table that `statement` creates, without its schema and quotes.
///
/// # Examples
///
/// ```
/// use alembic_history::{Dialect, sql::created_table};
///
/// let table = created_table("CREATE TABLE IF NOT EXISTS \"my table\" (id INTEGER)", Dialect::Sqlite);
/// assert_eq!(table.as_deref(), Some("my table"));
/// assert_eq!(created_table("CREATE INDEX i ON t (a)", Dialect::Sqlite), None);
/// ```
#[must_use]
pub fn created_table(statement: &str, dialect: Dialect) -> Option<String> {
    let mut words = Cursor::new(statement, dialect);
    if !words.eat("CREATE") {
        return None;
    }
    while words.eat_any(&["TEMP", "TEMPORARY", "UNLOGGED", "VIRTUAL"]) {}
    if !words.eat("TABLE") {
        return None;
    }
    if words.eat("IF") {
        words.eat("NOT");
        words.eat("EXISTS");
    }
    let mut name = words.next()?;
    while words.eat(".") {
        name = words.next()?;
    }
    Some(unquoted(name))
}

fn unquoted(name: &str) -> String {
    for (open, close) in [('"', '"'), ('`', '`'), ('[', ']'), ('\'', '\'')] {
        let inner = name
            .strip_prefix(open)
            .and_then(|name| name.strip_suffix(close));
        if let Some(inner) = inner {
            return inner.replace(&format!("{close}{close}"), &close.to_string());
        }
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_without_schema_and_quotes() {
        for (statement, expected) in [
            ("CREATE TABLE a (id INTEGER)", Some("a")),
            ("create temp table /* c */ a(id)", Some("a")),
            ("CREATE TABLE main.\"a \"\"b\"\"\" (id)", Some("a \"b\"")),
            ("CREATE TABLE [a b] (id)", Some("a b")),
            ("CREATE TABLE `a` (id)", Some("a")),
            ("CREATE VIRTUAL TABLE f USING fts5(x)", Some("f")),
            ("CREATE TABLE IF NOT EXISTS a AS SELECT 1", Some("a")),
            ("CREATE VIEW a AS SELECT 1", None),
            ("INSERT INTO a VALUES (1)", None),
            ("CREATE TABLE", None),
        ] {
            let found = created_table(statement, Dialect::Sqlite);
            assert_eq!(found.as_deref(), expected, "{statement}");
        }
    }
}
