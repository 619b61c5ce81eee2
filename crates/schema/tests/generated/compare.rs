//! Compares what a database was with what it is after a change.

use std::collections::BTreeSet;

use alembic_sql::{Dialect, Tokens};

use crate::changes::{Asked, Change, place};
use crate::picture::{ColumnInfo, Picture, Row};
use crate::tables::Table;

/// Checks that what was asked has changed, and nothing else.
pub(crate) fn check_change(table: &Table, change: &Change, before: &Picture, after: &Picture) {
    let place = place(table);
    let (mut expected, mut found) = (before.clone(), after.clone());
    allow(table, change, &mut expected, &mut found);
    check_rows(table, change, &before.rows[&place], &after.rows[&place]);
    let columns = columns_after(
        table,
        change,
        &before.columns[&place],
        &after.columns[&place],
    );
    assert_eq!(columns, after.columns[&place], "the columns");
    for picture in [&mut expected, &mut found] {
        picture.texts.remove(&place);
        picture.columns.remove(&place);
        picture.rows.remove(&place);
        if change.moves_indexes(table) {
            picture.indexes.remove(&place);
            picture.foreign_keys.remove(&place);
        }
    }
    if change.drops() {
        // Indexes may go, and nothing else.
        expected
            .texts
            .retain(|place, text| found.texts.contains_key(place) || !text.contains("INDEX"));
    }
    let keeps_columns = |asked: &Asked| !matches!(asked, Asked::Add(_) | Asked::Drop(_));
    if change.types() || !change.asked.iter().all(keeps_columns) {
        expected.views.clone_from(&found.views);
    }
    let drops_key = |asked: &Asked| matches!(asked, Asked::Drop(_) | Asked::Constraint);
    if change.asked.iter().any(drops_key) && found.checks.iter().all(|line| line == "'ok'") {
        // The rows that a foreign key does not allow are allowed without it.
        expected.checks.clone_from(&found.checks);
    }
    let is_broken = |line: &String| line.contains(" value in ");
    if [&expected, &found]
        .into_iter()
        .any(|picture| picture.checks.iter().any(is_broken))
    {
        // SQLite misreads STRICT tables with generated columns, also without any change: it takes
        // values that it refuses elsewhere, and blames others for the type of their default.
        expected.checks.clone_from(&found.checks);
    }
    assert_eq!(
        expected.difference(&found),
        None,
        "what was not asked to change"
    );
}

/// Checks that a change was taken back, and returns how far.
pub(crate) fn check_back(
    table: &Table,
    change: &Change,
    before: &Picture,
    end: &Picture,
) -> &'static str {
    let place = place(table);
    let (mut expected, mut found) = (before.clone(), end.clone());
    allow(table, change, &mut expected, &mut found);
    let (old, new) = (&before.texts[&place], &end.texts[&place]);
    if change.is_exact {
        assert_eq!(without_space(old), without_space(new));
    } else {
        let columns = found.columns.get_mut(&place).unwrap();
        for ((name, info), (_, old)) in columns.iter_mut().zip(&before.columns[&place]) {
            // Other comments may stand in them.
            assert_eq!(info.2.is_some(), old.2.is_some(), "the default of {name}");
            info.2.clone_from(&old.2);
            if change.types() {
                info.0.clone_from(&old.0);
            }
        }
        // Of constraints on the same columns, the first decides about the order.
        found
            .indexes
            .insert(place.clone(), before.indexes[&place].clone());
    }
    found.texts.insert(place.clone(), old.clone());
    if change.types() || change.moves_key() {
        check_rows(table, change, &before.rows[&place], &end.rows[&place]);
        found
            .rows
            .insert(place.clone(), before.rows[&place].clone());
        found.views.clone_from(&before.views);
    }
    assert_eq!(expected.difference(&found), None, "after it was taken back");
    match (change.is_exact, old == new) {
        (true, true) => "taken back to the byte",
        (true, false) => "taken back but for white space and comments",
        (false, _) => "taken back",
    }
}

/// Makes two pictures the same where a change may show outside of the table's own definition.
fn allow(table: &Table, change: &Change, before: &mut Picture, after: &mut Picture) {
    if !change.keeps_statistics() {
        let marker = format!("'{}'", table.name);
        for picture in [&mut *before, &mut *after] {
            picture
                .statistics
                .retain(|line| !(line.starts_with(table.schema) && line.contains(&marker)));
        }
    }
    if change.drops() || change.moves_key() {
        // The sequence goes with the key.
        let marker = format!("'{}'|", table.name);
        for picture in [before, after] {
            picture
                .sequences
                .retain(|line| !(line.starts_with(table.schema) && line.contains(&marker)));
        }
    }
}

/// Returns what the columns should be, from what they were.
fn columns_after(
    table: &Table,
    change: &Change,
    before: &[(String, ColumnInfo)],
    found: &[(String, ColumnInfo)],
) -> Vec<(String, ColumnInfo)> {
    let mut columns = before.to_vec();
    let now = |name: &str| found.iter().find(|(column, _)| column == name);
    for asked in &change.asked {
        match asked {
            Asked::NotNull(name, is_set) => {
                for (_, info) in columns.iter_mut().filter(|(column, _)| column == name) {
                    info.1 = i64::from(*is_set);
                }
            }
            Asked::Default(name, to) => {
                for (_, info) in columns.iter_mut().filter(|(column, _)| column == name) {
                    // As it is written, with other gaps.
                    let shown = now(name).unwrap().1.2.clone();
                    assert_eq!(shown.is_some(), to.is_some(), "the default of {name}");
                    info.2 = shown;
                }
            }
            Asked::Type(name) => {
                for (_, info) in columns.iter_mut().filter(|(column, _)| column == name) {
                    // A key that numbers the rows is never NULL without saying so.
                    if !table.key.is_empty() || change.moves_key() {
                        info.1 = now(name).unwrap().1.1;
                    }
                    info.0.clone_from(&now(name).unwrap().1.0);
                }
            }
            Asked::Add(name) => columns.push(now(name).expect("a new column").clone()),
            Asked::Drop(name) => columns.retain(|(column, _)| column != name),
            Asked::PrimaryKey | Asked::Constraint | Asked::Text => {}
        }
    }
    if change.drops() || change.moves_key() {
        for (name, info) in &mut columns {
            info.3 = now(name).unwrap().1.3;
            // In a STRICT table, a key is not NULL without saying so.
            if table.strict {
                info.1 = now(name).unwrap().1.1;
            }
        }
    }
    columns
}

/// Checks that the rows are the same, but for the columns that were to change.
fn check_rows(table: &Table, change: &Change, before: &[Row], after: &[Row]) {
    let converted: BTreeSet<&String> = change
        .asked
        .iter()
        .filter_map(|asked| match asked {
            Asked::Type(name) => Some(name),
            _ => None,
        })
        .collect();
    let others: BTreeSet<&String> = change
        .asked
        .iter()
        .filter_map(|asked| match asked {
            Asked::Add(name) | Asked::Drop(name) => Some(name),
            _ => None,
        })
        .collect();
    let is_generated = |column: &String| {
        let mut columns = table.columns.iter();
        columns.any(|known| known.name == *column && known.is_generated)
    };
    let is_key = converted.iter().any(|column| table.key.contains(column));
    let plain = |rows: &[Row]| {
        let mut rows: Vec<Row> = rows.to_vec();
        for (number, values) in &mut rows {
            // A column may hide the number, and be dropped.
            let is_hidden = others.iter().any(|column| *column == "rowid");
            if change.moves_key() || is_key || is_hidden {
                *number = None;
            }
            values.retain(|column, value| {
                if converted.contains(column) {
                    *value = as_people_read(value);
                }
                // What is generated from a converted value changes with it.
                !others.contains(column) && (converted.is_empty() || !is_generated(column))
            });
        }
        rows.sort();
        rows
    };
    assert_eq!(plain(before), plain(after), "the rows");
}

/// Returns a number, and the text of it, in the same way.
fn as_people_read(value: &str) -> String {
    let value = value.trim_matches('\'');
    value.strip_suffix(".0").unwrap_or(value).to_owned()
}

/// Returns the tokens of a text: where SQLite drops a column itself, comments go, too.
fn without_space(sql: &str) -> Vec<&str> {
    Tokens::new(sql, Dialect::Sqlite)
        .without_trivia()
        .map(|token| token.span.text(sql))
        .collect()
}

impl Change {
    pub(crate) fn drops(&self) -> bool {
        self.asks(|asked| matches!(asked, Asked::Drop(_)))
    }

    pub(crate) fn types(&self) -> bool {
        self.asks(|asked| matches!(asked, Asked::Type(_)))
    }

    /// Returns whether it changes the primary key.
    pub(crate) fn moves_key(&self) -> bool {
        self.asks(|asked| matches!(asked, Asked::PrimaryKey))
    }

    fn asks(&self, wanted: impl Fn(&Asked) -> bool) -> bool {
        self.asked.iter().any(wanted)
    }

    /// Returns whether no index changes, and no values.
    fn keeps_statistics(&self) -> bool {
        !self.asks(|asked| !matches!(asked, Asked::NotNull(..) | Asked::Default(..) | Asked::Text))
    }

    /// Returns whether indexes and foreign keys of the table may change.
    fn moves_indexes(&self, table: &Table) -> bool {
        self.asks(|asked| match asked {
            Asked::NotNull(..) | Asked::Default(..) | Asked::Text => false,
            // A key that numbers the rows has no index.
            Asked::Type(_) => !table.key.is_empty(),
            Asked::Add(_) | Asked::Drop(_) | Asked::Constraint | Asked::PrimaryKey => true,
        })
    }
}
