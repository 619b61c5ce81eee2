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
    name(&mut words, dialect)
}

/// Returns the new name of the table that `statement` renames, without its quotes.
///
/// # Examples
///
/// ```
/// use alembic_history::{Dialect, sql::renamed_table};
///
/// let table = renamed_table("ALTER TABLE a RENAME TO \"b\"", Dialect::Sqlite);
/// assert_eq!(table.as_deref(), Some("b"));
/// assert_eq!(renamed_table("ALTER TABLE a RENAME b TO c", Dialect::Sqlite), None);
/// ```
#[must_use]
pub fn renamed_table(statement: &str, dialect: Dialect) -> Option<String> {
    let mut words = Cursor::new(statement, dialect);
    if !(words.eat("ALTER") && words.eat("TABLE")) {
        return None;
    }
    if words.eat("IF") {
        words.eat("EXISTS");
    }
    words.eat("ONLY");
    name(&mut words, dialect)?;
    if !(words.eat("RENAME") && words.eat("TO")) {
        return None;
    }
    name(&mut words, dialect)
}

/// Reads a name, and leaves out the schema before it.
fn name(words: &mut Cursor<'_>, dialect: Dialect) -> Option<String> {
    let mut name = words.next()?;
    while words.eat(".") {
        name = words.next()?;
    }
    Some(unquoted(name, dialect))
}

fn unquoted(name: &str, dialect: Dialect) -> String {
    for (open, close) in [('"', '"'), ('`', '`'), ('[', ']'), ('\'', '\'')] {
        let inner = name
            .strip_prefix(open)
            .and_then(|name| name.strip_suffix(close));
        if let Some(inner) = inner {
            return inner.replace(&format!("{close}{close}"), &close.to_string());
        }
    }
    match dialect {
        Dialect::Sqlite => name.to_owned(),
        // As the database keeps it.
        Dialect::Postgres => name.to_lowercase(),
    }
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
    #[test]
    fn names_are_as_the_database_keeps_them() {
        for (statement, expected) in [
            ("CREATE TABLE Users (id INTEGER)", "users"),
            ("CREATE TABLE app.\"Users\" (id INTEGER)", "Users"),
        ] {
            let found = created_table(statement, Dialect::Postgres);
            assert_eq!(found.as_deref(), Some(expected), "{statement}");
        }
    }

    #[test]
    fn renamed_tables_are_named_as_they_are_called_afterwards() {
        for (statement, expected) in [
            ("ALTER TABLE a RENAME TO b", Some("b")),
            ("alter table main.[a b] rename to `c d`", Some("c d")),
            ("ALTER TABLE a RENAME COLUMN b TO c", None),
            ("ALTER TABLE a RENAME b TO c", None),
            ("ALTER TABLE a ADD COLUMN b", None),
            ("ALTER TABLE", None),
            ("DROP TABLE a", None),
        ] {
            let found = renamed_table(statement, Dialect::Sqlite);
            assert_eq!(found.as_deref(), expected, "{statement}");
        }
        let found = renamed_table(
            "ALTER TABLE IF EXISTS ONLY a RENAME TO B",
            Dialect::Postgres,
        );
        assert_eq!(found.as_deref(), Some("b"));
    }
}
