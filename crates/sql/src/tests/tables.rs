//! Statements that create and alter tables, and how the tables are called.

use super::kind;
use crate::Dialect::{self, Postgres, Sqlite};

fn created_table(statement: &str, dialect: Dialect) -> Option<String> {
    let kind = kind(statement, dialect);
    Some(kind.created_table()?.kept().to_owned())
}

fn renamed_table(statement: &str, dialect: Dialect) -> Option<String> {
    let kind = kind(statement, dialect);
    Some(kind.renamed_table()?.kept().to_owned())
}

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
        ("CREATE TABLE if (id)", Some("if")),
        ("CREATE TABLE 'a''b' (id)", Some("a'b")),
        ("CREATE TABLE", None),
        ("CREATE TABLE (id)", None),
        ("CREATE TABLE a.", None),
    ] {
        let found = created_table(statement, Sqlite);
        assert_eq!(found.as_deref(), expected, "{statement}");
    }
}

#[test]
fn names_are_as_postgres_keeps_them() {
    let long = "é".repeat(32);
    for (statement, expected) in [
        ("CREATE TABLE Users (id INTEGER)", Some("users")),
        ("CREATE TABLE app.\"Users\" (id INTEGER)", Some("Users")),
        ("CREATE TABLE ÄA$1 (id INTEGER)", Some("Äa$1")),
        (
            &format!("CREATE TABLE {long} (id INTEGER)"),
            Some(&long[..62]),
        ),
        (
            &format!("CREATE TABLE \"{long}\" (id INTEGER)"),
            Some(&long[..62]),
        ),
        ("CREATE UNLOGGED TABLE IF NOT EXISTS a . b ()", Some("b")),
        ("CREATE GLOBAL TEMPORARY TABLE a (id INTEGER)", Some("a")),
        ("create local /* c */ temp table a ()", Some("a")),
        ("CREATE TABLE a PARTITION OF b DEFAULT", Some("a")),
        ("CREATE TABLE a OF t", Some("a")),
        ("CREATE TABLE a AS SELECT 1", Some("a")),
        ("CREATE TABLE a AS EXECUTE b", Some("a")),
        ("CREATE FOREIGN TABLE a () SERVER s", Some("a")),
        ("CREATE FOREIGN DATA WRAPPER a", None),
        ("CREATE TABLE \"a.b\".\"c\"\"d\" ()", Some("c\"d")),
        (r#"CREATE TABLE U&"d\0061t" ()"#, None),
        ("CREATE MATERIALIZED VIEW a AS SELECT 1", None),
        ("SELECT 1 INTO a", None),
    ] {
        let found = created_table(statement, Postgres);
        assert_eq!(found.as_deref(), expected, "{statement}");
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
        ("ALTER TABLE only RENAME TO b", Some("b")),
        ("ALTER TABLE", None),
        ("DROP TABLE a", None),
    ] {
        let found = renamed_table(statement, Sqlite);
        assert_eq!(found.as_deref(), expected, "{statement}");
    }
}

#[test]
fn renamed_tables_are_named_as_postgres_keeps_them() {
    for (statement, expected) in [
        ("ALTER TABLE IF EXISTS ONLY a RENAME TO B", Some("b")),
        ("ALTER TABLE ONLY (a.b) RENAME TO c", Some("c")),
        ("ALTER TABLE a.\"B\" * RENAME TO \"C\"", Some("C")),
        ("ALTER TABLE if RENAME TO exists", Some("exists")),
        ("ALTER FOREIGN TABLE a RENAME TO b", Some("b")),
        ("ALTER TABLE a RENAME CONSTRAINT b TO c", None),
        ("ALTER TABLE a SET SCHEMA b", None),
        ("ALTER INDEX a RENAME TO b", None),
    ] {
        let found = renamed_table(statement, Postgres);
        assert_eq!(found.as_deref(), expected, "{statement}");
    }
}
