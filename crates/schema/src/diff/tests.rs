//! The order of changes.

use std::collections::BTreeSet;

use alembic_sql::Dialect;

use super::diff;
use crate::comparison::DiffOptions;
use crate::model::{Definition, Object, ObjectId, ObjectKind, Schema};
use crate::reflect::reflect;

/// Returns the schema of a database with these objects: kind, name, table and statement.
fn schema(objects: &[(&str, &str, &str, &str)]) -> Schema {
    let cell = |text: &&str| Some((*text).to_owned());
    let rows = objects
        .iter()
        .map(|(kind, name, table, sql)| {
            [kind, name, table, sql]
                .iter()
                .map(|text| cell(text))
                .collect()
        })
        .collect();
    reflect(Dialect::Sqlite, &[rows, Vec::new()]).unwrap()
}

fn statements(from: &Schema, to: &Schema) -> Vec<String> {
    let changes = diff(from, to, DiffOptions::default()).unwrap();
    let statements = changes.into_iter().flat_map(|change| change.statements);
    statements.map(|statement| statement.sql).collect()
}

#[test]
fn what_others_need_comes_first_and_goes_last() {
    let all = schema(&[
        (
            "table",
            "a",
            "a",
            "CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER REFERENCES b (id))",
        ),
        ("table", "b", "b", "CREATE TABLE b (id INTEGER PRIMARY KEY)"),
        ("index", "i", "a", "CREATE INDEX i ON a (b_id)"),
        ("view", "v", "v", "CREATE VIEW v AS SELECT * FROM w"),
        ("view", "w", "w", "CREATE VIEW w AS SELECT id FROM a"),
    ]);
    let none = schema(&[]);
    let made: Vec<String> = statements(&none, &all)
        .iter()
        .map(|sql| sql.split(['(', ' ']).take(3).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        made,
        [
            "CREATE TABLE b",
            "CREATE TABLE a",
            "CREATE INDEX i",
            "CREATE VIEW w",
            "CREATE VIEW v"
        ]
    );
    assert_eq!(
        statements(&all, &none),
        ["DROP VIEW v", "DROP VIEW w", "DROP TABLE a", "DROP TABLE b"]
    );
    assert_eq!(statements(&all, &all), [""; 0]);
}

#[test]
fn objects_that_need_each_other_are_named() {
    let view = |needed: &ObjectId| Object {
        definition: Definition::Statement("CREATE VIEW v AS SELECT 1".to_owned()),
        comment: None,
        needs: BTreeSet::from([needed.clone()]),
        mentions: BTreeSet::new(),
    };
    let id = |name: &str| ObjectId::new(ObjectKind::View, "", name);
    let mut circle = Schema::new(Dialect::Sqlite);
    circle.objects.insert(id("a"), view(&id("b")));
    circle.objects.insert(id("b"), view(&id("a")));
    let error = diff(&schema(&[]), &circle, DiffOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "these objects need each other: view a, view b"
    );
}

#[test]
fn tables_that_refer_to_each_other_in_another_way_are_changed() {
    let table = |name: &'static str, sql: &'static str| ("table", name, name, sql);
    let before = schema(&[
        table("a", "CREATE TABLE a (id INTEGER PRIMARY KEY)"),
        table("b", "CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER)"),
        table(
            "c",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, x INTEGER REFERENCES a (id))",
        ),
    ]);
    let after = schema(&[
        table("a", "CREATE TABLE a (id INTEGER PRIMARY KEY, y TEXT)"),
        table(
            "b",
            "CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id))",
        ),
        table(
            "c",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, x INTEGER REFERENCES b (id))",
        ),
    ]);
    assert_eq!(
        statements(&before, &after),
        [
            "ALTER TABLE a ADD COLUMN y TEXT",
            "ALTER TABLE b ADD FOREIGN KEY (a_id) REFERENCES a (id)",
            "ALTER TABLE c DROP FOREIGN KEY (x)",
            "ALTER TABLE c ADD FOREIGN KEY (x) REFERENCES b (id)"
        ]
    );
}
