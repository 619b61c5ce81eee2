//! Databases of Python's Alembic, taken over and handed back.

use std::path::PathBuf;

use alembic_migrate::{Dialect, Migrations, Purge};

use crate::engine::{ENGINES, Open, Scratch, Via};

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/alembic/handover")
}

fn migrations(via: Via) -> Migrations {
    Migrations::from_folder(fixtures().join("sql"), &[via.dialect()]).unwrap()
}

/// Takes a copy of one of Alembic's databases.
fn copy(via: Via, name: &str) -> Scratch {
    let scratch = Scratch::new(via, "");
    match via.dialect() {
        Dialect::Sqlite => {
            let file = fixtures().join(format!("{name}.sqlite"));
            std::fs::copy(file, scratch.path()).unwrap();
        }
        Dialect::Postgres => {
            let file = fixtures().join(format!("{name}.postgres.sql"));
            scratch.execute(&std::fs::read_to_string(file).unwrap());
        }
    }
    scratch
}

/// Writes down all there is to the version table, and what is in the others. On SQLite, Alembic
/// writes the other tables in its own words.
fn content(scratch: &Scratch) -> String {
    if let Open::Pool(_) = scratch.open() {
        return scratch.dump();
    }
    let mut content = scratch.rows(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name = 'alembic_version'",
    );
    content += &scratch.rows(
        "SELECT rowid, version_num, typeof(version_num), hex(version_num) FROM alembic_version \
         ORDER BY rowid",
    );
    content += &scratch.rows(
        "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_master m, \
         pragma_table_info(m.name) c WHERE m.name <> 'alembic_version' ORDER BY 1, c.cid",
    );
    let objects = "SELECT name FROM sqlite_master WHERE type IN ('table', 'index') ORDER BY 1";
    content += &scratch.rows(objects);
    for table in ["users", "posts", "tags"] {
        if content.contains(&format!("\n{table}\n")) {
            content += &scratch.rows(&format!("SELECT * FROM {table}"));
        }
    }
    content
}

type Command = fn(&Migrations, &mut Open, &str);

const UPGRADE: Command = |migrations, database, target| {
    migrations.upgrade(database, target).unwrap();
};
const DOWNGRADE: Command = |migrations, database, target| {
    migrations.downgrade(database, target).unwrap();
};
const STAMP: Command = |migrations, database, targets| {
    let targets: Vec<&str> = targets.split(' ').collect();
    migrations.stamp(database, &targets, Purge::No).unwrap();
};

#[test]
fn the_rows_of_alembics_databases_are_read() {
    for (name, expected) in [
        ("before", &["8e60b3d5f172"][..]),
        ("after", &["c27a95e01d4b"]),
        ("downgraded", &["8e60b3d5f172"]),
        ("base", &[]),
        ("two-heads", &["c27a95e01d4b", "d90f4b6e8a13"]),
        ("merged", &["f53c18d7e2a6"]),
        ("stamped", &["c27a95e01d4b", "d90f4b6e8a13"]),
    ] {
        for via in ENGINES {
            let current = migrations(via).current(&mut copy(via, name).open());
            assert_eq!(current.unwrap(), expected, "{via:?}: {name}");
        }
    }
}

#[test]
fn what_alembic_makes_of_its_databases_is_made_of_them() {
    for (before, command, target, after) in [
        ("before", UPGRADE, "c27a95e01d4b", "after"),
        ("downgraded", UPGRADE, "c27a95e01d4b", "after"),
        ("base", UPGRADE, "c27a95e01d4b", "after"),
        ("after", DOWNGRADE, "-1", "downgraded"),
        ("after", DOWNGRADE, "base", "base"),
        ("merged", DOWNGRADE, "base", "base"),
        ("after", UPGRADE, "d90f4b6e8a13", "two-heads"),
        ("two-heads", UPGRADE, "heads", "merged"),
        ("base", STAMP, "c27a95e01d4b d90f4b6e8a13", "stamped"),
    ] {
        for via in ENGINES {
            let scratch = copy(via, before);
            command(&migrations(via), &mut scratch.open(), target);
            let theirs = content(&copy(via, after));
            assert_eq!(content(&scratch), theirs, "{via:?}: {before} to {target}");
        }
    }
}

#[test]
fn a_database_that_we_create_is_as_alembic_creates_it() {
    for via in ENGINES {
        let scratch = Scratch::new(via, "");
        UPGRADE(&migrations(via), &mut scratch.open(), "c27a95e01d4b");
        assert_eq!(content(&scratch), content(&copy(via, "after")), "{via:?}");
    }
}
