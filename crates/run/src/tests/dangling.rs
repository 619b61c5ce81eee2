//! Which rows that refer to nothing are new.

use crate::Violation;
use crate::dangling::{DanglingCounts, new_violations};

fn counted(counts: &[(&str, &str, u64)]) -> DanglingCounts {
    let counts = counts.iter();
    let counts =
        counts.map(|(table, parent, rows)| (((*table).to_owned(), (*parent).to_owned()), *rows));
    counts.collect()
}

#[test]
fn rows_are_new_unless_they_were_there_under_other_names() {
    // The tables of now are these, and those that a row names.
    for (name, before, after, tables, expected) in [
        (
            "nothing",
            &[][..],
            &[][..],
            &["child", "parent"][..],
            &[][..],
        ),
        (
            "as before",
            &[("child", "parent", 3)],
            &[("child", "parent", 3)],
            &["child", "parent"],
            &[],
        ),
        (
            "fewer",
            &[("child", "parent", 3)],
            &[("child", "parent", 2)],
            &["child", "parent"],
            &[],
        ),
        (
            "more",
            &[("child", "parent", 1)],
            &[("child", "parent", 3)],
            &["child", "parent"],
            &[("child", "parent", 2)],
        ),
        (
            "of another pair",
            &[("child", "parent", 1)],
            &[("child", "other", 1), ("child", "parent", 1)],
            &["child", "other", "parent"],
            &[("child", "other", 1)],
        ),
        (
            "of a table that is renamed",
            &[("old", "parent", 2)],
            &[("new", "parent", 3)],
            &["new", "parent"],
            &[("new", "parent", 1)],
        ),
        (
            "to a table that is renamed",
            &[("child", "old", 2)],
            &[("child", "new", 2)],
            &["child", "new"],
            &[],
        ),
        (
            "of a table that is renamed to other letters",
            &[("child", "parent", 2)],
            &[("CHILD", "parent", 2)],
            &["CHILD", "parent"],
            &[],
        ),
        (
            "of another table, where both exist",
            &[("old", "parent", 2)],
            &[("new", "parent", 2)],
            &["new", "old", "parent"],
            &[("new", "parent", 2)],
        ),
        (
            "of tables that are one now",
            &[("first", "parent", 2), ("second", "parent", 1)],
            &[("all", "parent", 3)],
            &["all", "parent"],
            &[],
        ),
    ] {
        let tables: Vec<String> = tables.iter().map(|table| (*table).to_owned()).collect();
        let found = new_violations(&counted(before), &counted(after), &tables);
        let expected = expected.iter().map(|(table, parent, rows)| Violation {
            table: (*table).to_owned(),
            parent: (*parent).to_owned(),
            rows: *rows,
        });
        assert_eq!(found, expected.collect::<Vec<_>>(), "{name}");
    }
}
