//! Databases of Python's Alembic, taken over and handed back.

use std::path::PathBuf;

use alembic_migrate::options::Purge;
use alembic_migrate::{Dialect, Migrations};

use crate::Command::{Current, Downgrade, Ensure, Stamp, Status, Upgrade};
use crate::comparison::compare;
use crate::subject::open;
use crate::{Database, Handle, Subject};

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/alembic/handover")
}

fn migrations<S: Subject>() -> Migrations {
    Migrations::from_folder(fixtures().join("sql"), &[S::Database::DIALECT]).unwrap()
}

fn copy<S: Subject>(name: &str) -> S::Database {
    S::Database::restored(&fixtures(), name)
}

/// Writes down all there is to the version table, and what is in the others. On SQLite, Alembic
/// writes the other tables in its own words.
fn content<D: Database>(scratch: &D) -> String {
    if D::DIALECT == Dialect::Postgres {
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
         pragma_table_info(m.name) c WHERE m.name NOT LIKE 'alembic_version%' ORDER BY 1, c.cid",
    );
    let objects = "SELECT name FROM sqlite_master WHERE type IN ('table', 'index') \
         AND tbl_name <> 'alembic_version_log' ORDER BY 1";
    content += &scratch.rows(objects);
    for table in ["users", "posts", "tags"] {
        if content.contains(&format!("\n{table}\n")) {
            content += &scratch.rows(&format!("SELECT * FROM {table}"));
        }
    }
    content
}

const ALL: [&str; 7] = [
    "before",
    "after",
    "downgraded",
    "base",
    "two-heads",
    "merged",
    "stamped",
];

pub fn the_rows_of_alembics_databases_are_read<S: Subject>() {
    let rows = [
        &["8e60b3d5f172"][..],
        &["c27a95e01d4b"],
        &["8e60b3d5f172"],
        &[],
        &["c27a95e01d4b", "d90f4b6e8a13"],
        &["f53c18d7e2a6"],
        &["c27a95e01d4b", "d90f4b6e8a13"],
    ];
    for (name, expected) in ALL.into_iter().zip(rows) {
        let current = open::<S>(&copy::<S>(name)).current(&migrations::<S>());
        assert_eq!(current.unwrap(), expected, "{name}");
    }
}

pub fn what_alembic_makes_of_its_databases_is_made_of_them<S: Subject>() {
    let both = &["c27a95e01d4b", "d90f4b6e8a13"];
    for (before, command, after) in [
        ("before", Upgrade("c27a95e01d4b"), "after"),
        ("downgraded", Upgrade("c27a95e01d4b"), "after"),
        ("base", Upgrade("c27a95e01d4b"), "after"),
        ("after", Downgrade("-1"), "downgraded"),
        ("after", Downgrade("base"), "base"),
        ("merged", Downgrade("base"), "base"),
        ("after", Upgrade("d90f4b6e8a13"), "two-heads"),
        ("two-heads", Upgrade("heads"), "merged"),
        ("base", Stamp(both, Purge::No), "stamped"),
    ] {
        let scratch = copy::<S>(before);
        let outcome = command.run(&migrations::<S>(), &mut open::<S>(&scratch));
        outcome.unwrap();
        let theirs = content(&copy::<S>(after));
        assert_eq!(content(&scratch), theirs, "{before}: {command:?}");
    }
}

pub fn a_database_that_we_create_is_as_alembic_creates_it<S: Subject>() {
    let scratch = S::Database::new("");
    let mut database = open::<S>(&scratch);
    database
        .upgrade(&migrations::<S>(), "c27a95e01d4b")
        .unwrap();
    assert_eq!(content(&scratch), content(&copy::<S>("after")));
}

pub fn every_driver_makes_the_same_of_alembics_databases<S: Subject>() {
    for name in ALL {
        for command in [
            Current,
            Status,
            Ensure,
            Upgrade("heads"),
            Downgrade("-1"),
            Downgrade("base"),
        ] {
            let _ = compare::<S>(|| copy::<S>(name), &migrations::<S>(), command, name);
        }
    }
}
