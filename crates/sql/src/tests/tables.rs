//! Statements that create and alter tables, and how the tables are called.

use super::kind;
use crate::Dialect::{self, Postgres, Sqlite};
use crate::{NamedObject, ObjectClass, SqlText};

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

#[test]
fn objects_are_named_by_their_statements() {
    use ObjectClass::{
        Collation, Extension, Index, Policy, Relation, Routine, Rule, Schema, Sequence, Statistics,
        TextSearch, Trigger, Type,
    };
    for (statement, expected) in [
        ("CREATE TABLE s.a (id int)", Some((Relation, "a"))),
        ("ALTER TABLE a RENAME TO \"B\"", Some((Relation, "B"))),
        ("CREATE VIEW A AS SELECT 1", Some((Relation, "a"))),
        (
            "CREATE OR REPLACE TEMP RECURSIVE VIEW a (x) AS SELECT 1",
            Some((Relation, "a")),
        ),
        (
            "CREATE MATERIALIZED VIEW IF NOT EXISTS s.a AS SELECT 1",
            Some((Relation, "a")),
        ),
        (
            "ALTER MATERIALIZED VIEW IF EXISTS s.a RENAME TO b",
            Some((Relation, "b")),
        ),
        ("ALTER VIEW a RENAME COLUMN x TO y", None),
        ("ALTER VIEW a SET SCHEMA s", None),
        ("CREATE TYPE a AS ENUM ('x')", Some((Type, "a"))),
        ("ALTER TYPE a ADD VALUE 'y'", None),
        (
            "CREATE DOMAIN a AS int CHECK (value > 0)",
            Some((Type, "a")),
        ),
        ("ALTER DOMAIN a RENAME TO b", Some((Type, "b"))),
        ("ALTER DOMAIN a RENAME CONSTRAINT c TO d", None),
        (
            "CREATE UNLOGGED SEQUENCE IF NOT EXISTS a",
            Some((Sequence, "a")),
        ),
        (
            "CREATE FUNCTION a(x int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            Some((Routine, "a")),
        ),
        (
            "ALTER FUNCTION a(x numeric(1, 2)) RENAME TO b",
            Some((Routine, "b")),
        ),
        (
            "CREATE OR REPLACE PROCEDURE a() LANGUAGE sql AS ''",
            Some((Routine, "a")),
        ),
        (
            "CREATE AGGREGATE a(int) (SFUNC = b, STYPE = int)",
            Some((Routine, "a")),
        ),
        ("CREATE SCHEMA IF NOT EXISTS a", Some((Schema, "a"))),
        ("CREATE SCHEMA AUTHORIZATION a", Some((Schema, "a"))),
        (
            "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"",
            Some((Extension, "uuid-ossp")),
        ),
        (
            "CREATE COLLATION a (provider = icu, locale = 'de')",
            Some((Collation, "a")),
        ),
        (
            "CREATE STATISTICS a ON x, y FROM b",
            Some((Statistics, "a")),
        ),
        (
            "CREATE TEXT SEARCH CONFIGURATION a (COPY = english)",
            Some((TextSearch, "a")),
        ),
        ("CREATE TEXT SEARCH PARSER a (START = b)", None),
        ("CREATE UNIQUE INDEX a ON b (c)", Some((Index, "a"))),
        ("CREATE INDEX ON b (c)", None),
        ("ALTER INDEX a RENAME TO b", Some((Index, "b"))),
        (
            "CREATE TRIGGER a BEFORE INSERT ON b EXECUTE FUNCTION c()",
            Some((Trigger, "a on b")),
        ),
        (
            "CREATE TRIGGER a AFTER UPDATE OF x, y ON s.b BEGIN SELECT 1; END",
            Some((Trigger, "a on b")),
        ),
        (
            "CREATE OR REPLACE RULE a AS ON INSERT TO b DO INSTEAD NOTHING",
            Some((Rule, "a on b")),
        ),
        ("CREATE POLICY a ON b FOR SELECT", Some((Policy, "a on b"))),
        ("CREATE POLICY a", None),
        ("DROP VIEW a", None),
        ("CREATE VIEW", None),
        ("CREATE", None),
        ("SELECT 1", None),
    ] {
        let text = SqlText::new(statement);
        let mut statements = text.statements(Postgres);
        let named = NamedObject::of(statements.next().unwrap(), Postgres);
        let found = named.as_ref().map(shown);
        let found = found.as_ref().map(|(class, name)| (*class, name.as_str()));
        assert_eq!(found, expected, "{statement}");
    }
    for (statement, expected) in [
        ("CREATE VIEW a AS SELECT 1", Some((Relation, "a"))),
        ("ALTER TYPE s.a ADD VALUE 'y'", Some((Type, "a"))),
        (
            "ALTER DOMAIN a ADD CONSTRAINT b CHECK (value > 0)",
            Some((Type, "a")),
        ),
        ("ALTER TABLE a ADD COLUMN b int", Some((Relation, "a"))),
        ("ALTER TABLE a RENAME TO b", Some((Relation, "b"))),
        (
            "ALTER VIEW a ALTER COLUMN b SET DEFAULT 1",
            Some((Relation, "a")),
        ),
        ("COMMENT ON VIEW a IS 'b'", Some((Relation, "a"))),
        ("COMMENT ON TABLE a IS 'b'", Some((Relation, "a"))),
        ("COMMENT ON FUNCTION a(int) IS 'b'", Some((Routine, "a"))),
        ("INSERT INTO a VALUES (1)", None),
    ] {
        let text = SqlText::new(statement);
        let mut statements = text.statements(Postgres);
        let touched = NamedObject::touched_by(statements.next().unwrap(), Postgres);
        let found = touched.as_ref().map(shown);
        let found = found.as_ref().map(|(class, name)| (*class, name.as_str()));
        assert_eq!(found, expected, "{statement}");
    }
}

/// Returns an object's class, and its name with what it is on.
fn shown(named: &NamedObject) -> (ObjectClass, String) {
    let on = named.on.as_ref();
    let on = on.map_or(String::new(), |on| format!(" on {}", on.kept()));
    (named.class, format!("{}{on}", named.name.kept()))
}
