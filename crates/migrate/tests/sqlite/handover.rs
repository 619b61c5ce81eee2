//! Databases of Python's Alembic, taken over and handed back.

use std::path::PathBuf;

use alembic_migrate::{Dialect, Migrations, Purge};
use rusqlite::Connection;

use crate::dump::rows;
use crate::scratch::Scratch;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/alembic/handover")
}

fn migrations() -> Migrations {
    Migrations::from_folder(fixtures().join("sql"), &[Dialect::Sqlite]).unwrap()
}

/// Takes a copy of one of Alembic's databases.
fn copy(name: &str) -> Scratch {
    let scratch = Scratch::new("");
    std::fs::copy(fixtures().join(name), scratch.path()).unwrap();
    scratch
}

/// Writes down all there is to the version table.
fn version_table(connection: &Connection) -> String {
    let schema = "SELECT type, name, tbl_name, sql FROM sqlite_master \
                  WHERE tbl_name = 'alembic_version'";
    let content = "SELECT rowid, version_num, typeof(version_num), hex(version_num) \
                   FROM alembic_version ORDER BY rowid";
    rows(connection, schema) + &rows(connection, content)
}

/// Writes down the rows of the other tables, and which tables there are.
fn content(connection: &Connection) -> String {
    let tables = "SELECT name FROM sqlite_master WHERE type IN ('table', 'index') ORDER BY 1";
    let columns = "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_master m, \
                   pragma_table_info(m.name) c WHERE m.name <> 'alembic_version' ORDER BY 1, c.cid";
    let mut content = rows(connection, tables) + &rows(connection, columns);
    for table in ["users", "posts", "tags"] {
        if content.contains(&format!("\"{table}\"\n")) {
            content += &rows(connection, &format!("SELECT * FROM {table}"));
        }
    }
    content
}

type Command = fn(&mut Connection, &str);

const UPGRADE: Command = |connection, target| {
    migrations().upgrade(connection, target).unwrap();
};
const DOWNGRADE: Command = |connection, target| {
    migrations().downgrade(connection, target).unwrap();
};
const STAMP: Command = |connection, targets| {
    let targets: Vec<&str> = targets.split(' ').collect();
    migrations().stamp(connection, &targets, Purge::No).unwrap();
};

#[test]
fn the_rows_of_alembics_databases_are_read() {
    for (name, expected) in [
        ("before.sqlite", &["8e60b3d5f172"][..]),
        ("after.sqlite", &["c27a95e01d4b"]),
        ("downgraded.sqlite", &["8e60b3d5f172"]),
        ("base.sqlite", &[]),
        ("two-heads.sqlite", &["c27a95e01d4b", "d90f4b6e8a13"]),
        ("merged.sqlite", &["f53c18d7e2a6"]),
        ("stamped.sqlite", &["c27a95e01d4b", "d90f4b6e8a13"]),
    ] {
        let current = migrations().current(&mut copy(name).open()).unwrap();
        assert_eq!(current, expected, "{name}");
    }
}

#[test]
fn what_alembic_makes_of_its_databases_is_made_of_them() {
    for (before, command, target, after) in [
        ("before.sqlite", UPGRADE, "c27a95e01d4b", "after.sqlite"),
        ("downgraded.sqlite", UPGRADE, "c27a95e01d4b", "after.sqlite"),
        ("base.sqlite", UPGRADE, "c27a95e01d4b", "after.sqlite"),
        ("after.sqlite", DOWNGRADE, "-1", "downgraded.sqlite"),
        ("after.sqlite", DOWNGRADE, "base", "base.sqlite"),
        ("merged.sqlite", DOWNGRADE, "base", "base.sqlite"),
        ("after.sqlite", UPGRADE, "d90f4b6e8a13", "two-heads.sqlite"),
        ("two-heads.sqlite", UPGRADE, "heads", "merged.sqlite"),
        (
            "base.sqlite",
            STAMP,
            "c27a95e01d4b d90f4b6e8a13",
            "stamped.sqlite",
        ),
    ] {
        let scratch = copy(before);
        command(&mut scratch.open(), target);
        let (ours, theirs) = (scratch.open(), copy(after).open());
        let context = format!("{before} to {target}");
        assert_eq!(version_table(&ours), version_table(&theirs), "{context}");
        assert_eq!(content(&ours), content(&theirs), "{context}");
    }
}

#[test]
fn a_database_that_we_create_is_as_alembic_creates_it() {
    let scratch = Scratch::new("");
    UPGRADE(&mut scratch.open(), "c27a95e01d4b");
    let (ours, theirs) = (scratch.open(), copy("after.sqlite").open());
    assert_eq!(version_table(&ours), version_table(&theirs));
    assert_eq!(content(&ours), content(&theirs));
}
