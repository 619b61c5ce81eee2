//! Every command on databases of all kinds, with equal results of all drivers.

use std::fs;
use std::path::PathBuf;

use alembic_migrate::options::{Purge, VersionTable};
use alembic_migrate::{Dialect, Migrations};

use super::{File, FileSubject, Rusqlite, chain};
use crate::Command::{
    self, Current, Downgrade, Ensure, EnsureVersion, Revert, Stamp, Status, Upgrade,
};
use crate::comparison::compare;
use crate::subject::open;
use crate::{Database, Handle};

const EVERY_COMMAND: [Command; 13] = [
    Current,
    Status,
    EnsureVersion,
    Ensure,
    Upgrade("heads"),
    Upgrade("+1"),
    Upgrade("r9"),
    Downgrade("-1"),
    Downgrade("base"),
    Revert("r2"),
    Stamp(&["r2"], Purge::No),
    Stamp(&["base"], Purge::Yes),
    Stamp(&["r1", "nowhere"], Purge::No),
];

const THREE: [&str; 3] = [
    "-- alembic: upgrade\nCREATE TABLE a (x);\n-- alembic: downgrade\nDROP TABLE a;",
    "-- alembic: upgrade\nCREATE TABLE b (x);\n-- alembic: downgrade\nDROP TABLE b;",
    "-- alembic: upgrade\nCREATE TABLE c (x);\n-- alembic: downgrade irreversible: gone",
];

const TABLE: &str = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)";

pub fn every_driver_makes_the_same_of_every_version_table<S: FileSubject>() {
    let rows = |rows: &str| format!("{TABLE}; INSERT INTO alembic_version VALUES {rows}");
    let databases = [
        String::new(),
        TABLE.to_owned(),
        rows("('r1')"),
        rows("('r2'), ('r1')"),
        rows("('r3')"),
        rows("('zz'), (x'7231'), (7), (1.5), (CAST(x'FF' AS TEXT))"),
        "CREATE TABLE a (x); CREATE TABLE other (y); INSERT INTO other VALUES (1)".to_owned(),
        "CREATE VIEW alembic_version AS SELECT 'r1' AS version_num".to_owned(),
        "CREATE TABLE alembic_version (version TEXT)".to_owned(),
        "CREATE TABLE t (x); CREATE INDEX alembic_version ON t (x)".to_owned(),
        "CREATE TABLE ALEMBIC_VERSION (version_num); INSERT INTO alembic_version VALUES (NULL)"
            .to_owned(),
        "CREATE TABLE alembic_version (version_num);
         INSERT INTO alembic_version VALUES ('r1'), ('r1')"
            .to_owned(),
    ];
    let plain = chain(&THREE);
    let whole = chain(&THREE).schema("schema.sql", "CREATE TABLE a (x); CREATE TABLE b (x);");
    let stray = chain(&THREE).version_table(VersionTable {
        name: "Their \"versions\"; --".to_owned(),
        schema: None,
    });
    for database in databases {
        for command in EVERY_COMMAND {
            for migrations in [&plain, &whole, &stray] {
                let before = || File::new(&database);
                let _ = compare::<S>(before, migrations, command, &database);
            }
        }
    }
}

/// The crates of the example workspace.
pub fn every_driver_makes_the_same_of_every_step<S: FileSubject>() {
    let crates = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/workspace/crates");
    let mut steps = 0;
    for folder in fs::read_dir(crates).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let migrations = Migrations::from_folder(folder.join("migrations"), &[Dialect::Sqlite]);
        let mut migrations = migrations.unwrap().package(&name);
        if let Ok(schema) = fs::read_to_string(folder.join("schema.sql")) {
            migrations = migrations.schema("schema.sql", schema);
        }
        let database = File::new("");
        let mut handle = open::<Rusqlite>(&database);
        loop {
            for command in [
                Current,
                Status,
                Upgrade("heads"),
                Upgrade("+1"),
                Downgrade("-1"),
                Downgrade("base"),
                Stamp(&["heads"], Purge::No),
                Ensure,
            ] {
                let _ = compare::<S>(|| database.copy(), &migrations, command, &name);
            }
            let before = handle.current(&migrations).unwrap();
            let up = handle.upgrade(&migrations, "+1");
            if up.is_err() || handle.current(&migrations).unwrap() == before {
                break;
            }
            steps += 1;
        }
        let all = compare::<S>(|| database.copy(), &migrations, Upgrade("heads"), &name);
        all.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(steps > 15, "{steps}");
}
