//! Processes that are killed while they rebuild a table on SQLite.
//!
//! `ALEMBIC_KILLS=200` is the long form.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value;

use alembic_tests::{Database, Numbers, Project, revision};

use super::{kill, start};

const BEFORE: &str = "CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT UNIQUE,
    note TEXT,
    size AS (length(note)) STORED
);
CREATE TABLE part (id INTEGER PRIMARY KEY, item_id INTEGER REFERENCES item ON DELETE CASCADE);
CREATE INDEX item_note ON item (lower(note)) WHERE note IS NOT NULL;
CREATE TRIGGER item_noted AFTER UPDATE OF note ON item BEGIN SELECT 1; END;
CREATE VIEW sizes AS SELECT id, size FROM item;
INSERT INTO item (code, note)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
    SELECT 'c' || i, 'note number ' || i FROM n;
DELETE FROM item WHERE id > 29990;
INSERT INTO part (item_id) SELECT id FROM item WHERE id % 10 = 0;
ANALYZE;";

/// Two tables are rebuilt, the first of them by one that takes its place, the second by moving its rows.
const UPGRADE: &str =
    "ALTER TABLE item ALTER note SET NOT NULL, ADD CONSTRAINT positive CHECK (item.id > 0);
UPDATE part SET item_id = item_id;
ALTER TABLE item DROP CONSTRAINT positive;";

/// Everything that must not be lost.
const PICTURE: [&str; 6] = [
    "SELECT type, name, sql FROM sqlite_master ORDER BY type, name",
    "SELECT count(*), sum(id), sum(size), min(code), max(code), sum(length(code)) FROM item",
    "SELECT count(*), sum(item_id) FROM part",
    "SELECT name, seq FROM sqlite_sequence ORDER BY name",
    "SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY tbl, idx",
    "SELECT version_num FROM alembic_version",
];

fn picture(database: &Database) -> Vec<String> {
    // Whoever opens it for reading only, does not roll back what was begun.
    let connection = database.open();
    assert_eq!(
        rows(&connection, "PRAGMA integrity_check"),
        ["(Text(\"ok\"))"]
    );
    assert_eq!(rows(&connection, "PRAGMA foreign_key_check"), [""; 0]);
    let queries = PICTURE.iter();
    let rows = queries.flat_map(|query| rows(&connection, query));
    rows.chain(database.log()).collect()
}

fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut query = connection.prepare(sql).unwrap();
    let columns = query.column_count();
    let rows = query.query_map([], |row| {
        let cells = (0..columns).map(|column| row.get::<_, Value>(column));
        let cells: Vec<String> = cells.map(|cell| format!("{:?}", cell.unwrap())).collect();
        Ok(format!("({})", cells.join(", ")))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// The files of a database: itself, and its journals.
fn files(database: &Database) -> [PathBuf; 4] {
    ["", "-journal", "-wal", "-shm"].map(|suffix| {
        let mut path = database.path().as_os_str().to_owned();
        path.push(suffix);
        path.into()
    })
}

/// Puts the database back as it was.
fn restore(database: &Database, saved: &[u8]) {
    for file in files(database).iter().filter(|file| file.exists()) {
        fs::remove_file(file).unwrap();
    }
    fs::write(database.path(), saved).unwrap();
}

/// Returns how long the upgrade takes after it has begun.
fn time_upgrade(project: &Project) -> Duration {
    let mut child = start(project, &["upgrade"]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    let begun = stderr.any(|line| line.unwrap().contains("Running"));
    let begin = Instant::now();
    let rest: Vec<String> = stderr.map(Result::unwrap).collect();
    assert!(begun && child.wait().unwrap().success(), "{rest:?}");
    begin.elapsed()
}

fn kills() -> usize {
    let kills = std::env::var("ALEMBIC_KILLS").ok();
    kills.map_or(12, |kills| kills.parse().unwrap())
}

fn check(journal: &str, seed: u64) {
    let project = Project::with_crate("shop");
    project.add(revision("aa01").upgrade(BEFORE));
    project.add(revision("bb02").revises("aa01").upgrade(UPGRADE));
    project.run("upgrade aa01").success();
    let database = project.database("shop.db");
    let mode = format!("PRAGMA journal_mode = {journal}");
    assert_eq!(rows(&database.open(), &mode).len(), 1);
    let before = picture(&database);
    let saved = database.bytes();
    let whole = time_upgrade(&project);
    let after = picture(&database);
    assert_ne!(before, after);

    let mut numbers = Numbers::new(seed);
    let (mut killed, mut left) = (0, 0);
    for _ in 0..kills() {
        restore(&database, &saved);
        let more = whole.mul_f64(numbers.below(1050) as f64 / 1000.0);
        let place = format!("{journal}, killed {more:?} of {whole:?} after the start");
        killed += usize::from(kill(start(&project, &["upgrade"]), 1, more));
        let [_, rollback, wal, _] = files(&database);
        left += usize::from(rollback.exists() || wal.exists());
        let found = picture(&database);
        assert!(found == before || found == after, "{place}: {found:#?}");
        project.run("upgrade").success();
        assert_eq!(picture(&database), after, "{place}");
    }
    // Otherwise this would be a test of nothing.
    assert!(
        killed * 2 >= kills() && left * 3 >= kills(),
        "{killed} of {} runs were killed before their end, {left} left a journal",
        kills()
    );
}

#[test]
fn a_killed_rebuild_leaves_the_old_table_or_the_new_one() {
    check("DELETE", 5);
}

#[test]
fn a_killed_rebuild_leaves_the_old_table_or_the_new_one_with_a_wal() {
    check("WAL", 6);
}
