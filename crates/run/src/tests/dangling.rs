//! Which rows that refer to nothing are new.

use crate::dangling::{DanglingFault, DanglingRows, ForeignKey, KeyRows, KeySchema, compare};
use crate::{Failure, Violation};

/// Reads `table (columns) to parent`.
fn key(text: &str) -> ForeignKey {
    let (from, parent) = text.split_once(" to ").unwrap();
    let (table, columns) = from.trim_end_matches(')').split_once(" (").unwrap();
    ForeignKey {
        table: table.to_owned(),
        columns: columns.split(", ").map(ToOwned::to_owned).collect(),
        parent: parent.to_owned(),
        parent_columns: Vec::new(),
    }
}

/// Reads lines of the form `key: primary key: id=reference ...`, or `key: unenforceable`.
fn dangling(text: &str) -> DanglingRows {
    let mut found = DanglingRows::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut parts = line.split(": ");
        let key = key(parts.next().unwrap());
        match (parts.next().unwrap(), parts.next()) {
            ("unenforceable", None) => found.unenforceable.push(key),
            (identity, rows) => {
                let identity = identity.split_whitespace().map(ToOwned::to_owned);
                let rows = rows
                    .unwrap()
                    .split(' ')
                    .map(|row| row.split_once('=').unwrap());
                let rows = KeyRows::new(identity.collect(), rows);
                found.rows.push((key, rows));
            }
        }
    }
    found
}

#[test]
fn rows_are_new_unless_they_were_there_under_other_names() {
    const ONE: &str = "child (x) to parent: id: 8=80 9=90";
    // The keys of now are those of the rows after it, and these.
    for (name, before, after, tables, others, expected) in [
        ("nothing", "", "", "child parent", "", ""),
        ("as before", ONE, ONE, "child parent", "", ""),
        (
            "fewer",
            ONE,
            "child (x) to parent: id: 9=90",
            "child parent",
            "",
            "",
        ),
        (
            "more",
            ONE,
            "child (x) to parent: id: 7=80 8=80 9=90 10=90",
            "child parent",
            "",
            "2 of child to parent",
        ),
        (
            "one mended, another one broken",
            ONE,
            "child (x) to parent: id: 1=80 9=90",
            "child parent",
            "",
            "1 of child to parent",
        ),
        (
            "the same row, which refers to something else",
            ONE,
            "child (x) to parent: id: 8=70 9=90",
            "child parent",
            "",
            "1 of child to parent",
        ),
        (
            "no primary key: what rows refer to",
            "child (x) to parent: : =80 =90",
            "child (x) to parent: : =90 =90",
            "child parent",
            "",
            "1 of child to parent",
        ),
        (
            "another primary key: what rows refer to",
            ONE,
            "child (x) to parent: uuid: a=90 b=80",
            "child parent",
            "",
            "",
        ),
        (
            "a primary key in other letters",
            ONE,
            "child (x) to parent: ID: 8=80 9=90",
            "child parent",
            "",
            "",
        ),
        (
            "by another key of the same row",
            "child (x) to parent: id: 8=80",
            "child (y) to parent: id: 8=80",
            "child parent",
            "child (x) to parent",
            "1 of child to parent",
        ),
        (
            "by a column that is renamed",
            "child (x) to parent: id: 8=80",
            "child (y) to parent: id: 8=80",
            "child parent",
            "",
            "",
        ),
        (
            "by two keys",
            "",
            "child (x) to parent: id: 8=80
             child (y) to parent: id: 8=80 9=90",
            "child parent",
            "",
            "3 of child to parent",
        ),
        (
            "to another table",
            "child (x) to parent: id: 1=1",
            "child (x) to other: id: 1=1
             child (x) to parent: id: 1=1",
            "child other parent",
            "",
            "1 of child to other",
        ),
        (
            "of a table that is renamed",
            "old (x) to parent: id: 8=80 9=90",
            "new (x) to parent: id: 8=80 9=90 10=90",
            "new parent",
            "",
            "1 of new to parent",
        ),
        (
            "to a table that is renamed",
            "child (x) to old: id: 8=80",
            "child (x) to new: id: 8=80",
            "child new",
            "",
            "",
        ),
        (
            "of a table that is renamed to other letters",
            ONE,
            "CHILD (X) to Parent: id: 8=80 9=90",
            "CHILD parent",
            "",
            "",
        ),
        (
            "of another table, where both exist",
            "old (x) to parent: id: 8=80",
            "new (x) to parent: id: 8=80",
            "new old parent",
            "",
            "1 of new to parent",
        ),
        (
            "of tables that are one now",
            "first (x) to parent: id: 1=80
             second (x) to parent: id: 2=80",
            "all (x) to parent: id: 1=80 2=80 3=80",
            "all parent",
            "",
            "1 of all to parent",
        ),
        (
            "a key that cannot be enforced",
            "",
            "child (x) to parent: unenforceable",
            "child parent",
            "",
            "child (x) to parent",
        ),
        (
            "one that could not be enforced before",
            "child (x) to parent: unenforceable",
            "child (x) to parent: unenforceable",
            "child parent",
            "",
            "",
        ),
        (
            "one that could not be enforced before, of a table that is renamed",
            "old (x) to parent: unenforceable",
            "new (x) to parent: unenforceable",
            "new parent",
            "",
            "",
        ),
        (
            "one that can be enforced now",
            "child (x) to parent: unenforceable",
            "child (x) to parent: id: 1=2",
            "child parent",
            "",
            "",
        ),
        (
            "another one besides one of before",
            "child (x) to parent: unenforceable",
            "child (x) to parent: unenforceable
             child (y) to parent: unenforceable",
            "child parent",
            "",
            "child (y) to parent",
        ),
    ] {
        let (before, after) = (dangling(before), dangling(after));
        let mut keys: Vec<ForeignKey> = after.unenforceable.clone();
        keys.extend(after.rows.iter().map(|(key, _)| key.clone()));
        keys.extend(others.lines().map(key));
        let tables = tables.split(' ').map(ToOwned::to_owned).collect();
        let found = match compare(&before, after, &KeySchema { tables, keys }) {
            None => String::new(),
            Some(DanglingFault::Unenforceable(keys)) => keys
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
            Some(DanglingFault::Rows(violations)) => said(violations),
        };
        assert_eq!(found, expected, "{name}");
    }
}

fn said(violations: Vec<Violation>) -> String {
    let suspects = Vec::new();
    let failure = Failure::ForeignKeys {
        violations,
        suspects,
    };
    let said = failure.to_string();
    said.split_once(": ").unwrap().1.to_owned()
}

#[test]
fn many_keys_are_compared_in_no_time() {
    let rows = |table: &str| {
        let keys = (0..5_000).map(|number| {
            let rows = KeyRows::new(vec!["id".to_owned()], [("1", "9")].into_iter());
            (key(&format!("{table}{number} (x) to parent")), rows)
        });
        DanglingRows {
            rows: keys.collect(),
            unenforceable: (0..5_000)
                .map(|number| key(&format!("{table}{number} (y) to parent")))
                .collect(),
            ..DanglingRows::default()
        }
    };
    let schema = |found: &DanglingRows| KeySchema {
        tables: found
            .rows
            .iter()
            .map(|(key, _)| key.table.clone())
            .collect(),
        keys: found
            .rows
            .iter()
            .map(|(key, _)| key.clone())
            .chain(found.unenforceable.iter().cloned())
            .collect(),
    };
    let found = rows("child");
    assert_eq!(compare(&found, found.clone(), &schema(&found)), None);
    let mut before = found.clone();
    before.rows.pop();
    let fault = compare(&before, found.clone(), &schema(&found));
    let Some(DanglingFault::Rows(violations)) = fault else {
        panic!("{fault:?}");
    };
    assert_eq!(said(violations), "1 of child4999 to parent");
}

#[test]
fn a_million_rows_are_compared_in_no_time() {
    let texts: Vec<String> = (0..1_000_000).map(|row| row.to_string()).collect();
    let rows = |skip: usize| {
        let texts = texts.iter().skip(skip);
        let rows = KeyRows::new(
            vec!["id".to_owned()],
            texts.map(|text| (text.as_str(), "9")),
        );
        DanglingRows {
            rows: vec![(key("child (x) to parent"), rows)],
            ..DanglingRows::default()
        }
    };
    let schema = KeySchema::default();
    assert_eq!(compare(&rows(0), rows(1), &schema), None);
    let fault = compare(&rows(1), rows(0), &schema);
    let Some(DanglingFault::Rows(violations)) = fault else {
        panic!("{fault:?}");
    };
    assert_eq!(said(violations), "1 of child to parent");
}
