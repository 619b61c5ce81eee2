//! Rebuilding a table of a million rows on SQLite, compared with the statements that a careful person
//! writes for the same change.

use std::path::Path;

use alembic_history::{Dialect, History, SourceFile};
use alembic_migrate::Migrations;
use rusqlite::Connection;

use super::peak_memory;
use super::place::Place;
use super::rounds::{interleaved, timed};
use super::table::{Row, Table};
use crate::Result;

const ROWS: usize = 1_000_000;
const FEW_ROWS: usize = 100_000;
const ROUNDS: usize = 5;
const GOAL: f64 = 1.1;

/// A change, and what a person writes for it: the new table's columns.
struct Change {
    what: &'static str,
    alter: &'static str,
    columns: &'static str,
}

const COLUMNS: &str = "id INTEGER PRIMARY KEY, code TEXT, amount INTEGER, note TEXT";

const CHANGES: [Change; 3] = [
    Change {
        what: "SET NOT NULL",
        alter: "ALTER TABLE item ALTER code SET NOT NULL",
        columns: "id INTEGER PRIMARY KEY, code TEXT NOT NULL, amount INTEGER, note TEXT",
    },
    Change {
        what: "a wider type",
        alter: "ALTER TABLE item ALTER amount TYPE BIGINT",
        columns: "id INTEGER PRIMARY KEY, code TEXT, amount BIGINT, note TEXT",
    },
    Change {
        what: "ADD CHECK",
        alter: "ALTER TABLE item ADD CHECK (amount >= 0)",
        columns: "id INTEGER PRIMARY KEY, code TEXT, amount INTEGER, note TEXT, CHECK (amount >= 0)",
    },
];

const INDEX: &str = "CREATE INDEX item_code ON item (code)";

pub(super) fn measure(place: &Place) -> Result<Table> {
    let folder = place.folder("rebuild")?;
    let (full, file) = (folder.join("full.db"), folder.join("changed.db"));
    fill(&full, ROWS)?;
    let mut rows = Vec::new();
    for change in &CHANGES {
        let migrations = migrations(change.alter)?;
        let [bound, ours] = interleaved(
            ROUNDS,
            [
                &mut || {
                    let connection = copy(&full, &file)?;
                    timed(|| Ok(connection.execute_batch(&by_hand(change))?))
                },
                &mut || {
                    let mut connection = copy(&full, &file)?;
                    timed(|| Ok(migrations.upgrade(&mut connection, "heads")?))
                },
            ],
        )?;
        let what = change.what;
        rows.push(Row::ratio(format!("{what}: by hand"), &bound, &bound));
        rows.push(Row::ratio(format!("{what}: upgrade"), &ours, &bound).at_most(GOAL));
    }
    Ok(Table {
        title: format!(
            "rebuild a table of {ROWS} rows with an index on {}",
            place.file_system()
        ),
        rows,
    })
}

/// Compares the memory that a rebuild of few rows needs with that of many.
pub(super) fn measure_memory(place: &Place) -> Result<Table> {
    let folder = place.folder("memory")?;
    let mut rows = Vec::new();
    for change in &CHANGES {
        let migrations = migrations(change.alter)?;
        let mut bound = None;
        for count in [FEW_ROWS, ROWS] {
            let file = folder.join("changed.db");
            let _ = std::fs::remove_file(&file);
            fill(&file, count)?;
            let mut connection = Connection::open(&file)?;
            let peak = peak_memory::of(|| Ok(migrations.upgrade(&mut connection, "heads")?))?;
            let bound = *bound.get_or_insert(peak);
            let what = format!("{}: {count} rows", change.what);
            rows.push(Row::memory(what, peak, bound).at_most(GOAL));
        }
    }
    Ok(Table {
        title: "the most memory in use while a table is rebuilt".to_owned(),
        rows,
    })
}

fn fill(path: &Path, rows: usize) -> Result<()> {
    let connection = Connection::open(path)?;
    Ok(connection.execute_batch(&format!(
        "BEGIN; CREATE TABLE item ({COLUMNS}); \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
         INSERT INTO item SELECT i, 'code ' || (i * 7919 % {rows}), i % 1000, \
         'a note of some length, as notes have it ' || i FROM n; {INDEX}; COMMIT;"
    ))?)
}

fn copy(from: &Path, to: &Path) -> Result<Connection> {
    std::fs::copy(from, to)?;
    Ok(Connection::open(to)?)
}

/// The statements that SQLite's documentation asks for.
fn by_hand(change: &Change) -> String {
    format!(
        "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE; CREATE TABLE new_item ({}); \
         INSERT INTO new_item SELECT * FROM item; DROP TABLE item; \
         ALTER TABLE new_item RENAME TO item; {INDEX}; COMMIT; PRAGMA foreign_keys = ON;",
        change.columns
    )
}

fn migrations(alter: &str) -> Result<Migrations> {
    let text = format!(
        "-- Change a table\n--\n-- Revision ID: a1\n-- Revises:\n\n-- alembic: upgrade\n{alter};\n"
    );
    let file = SourceFile {
        path: "a1.sql".into(),
        content: Ok(text.into_bytes()),
    };
    let history = History::new([file], &[Dialect::Sqlite]);
    Ok(Migrations::new(history.map_err(|error| error.to_string())?))
}
