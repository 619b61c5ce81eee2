//! Commands that only read leave every byte in its place.

use std::path::Path;
use std::time::{Duration, SystemTime};

use alembic_migrate::{DatabaseErrorKind, Purge, RunError, RunFault};
use rusqlite::{Connection, OpenFlags};

use crate::scratch::{Scratch, chain};

const TWO: [&str; 2] = [
    "-- alembic: upgrade\nCREATE TABLE a (x);\n-- alembic: downgrade\nDROP TABLE a;",
    "-- alembic: upgrade\nCREATE TABLE b (x);\n-- alembic: downgrade irreversible: gone",
];

/// A database at these revisions, with nothing that reminds of its making.
fn at(revision: Option<&str>, journal: &str) -> Scratch {
    let scratch = Scratch::new("CREATE TABLE legacy (x); INSERT INTO legacy VALUES (1);");
    let mut connection = scratch.open();
    connection
        .pragma_update(None, "journal_mode", journal)
        .unwrap();
    if let Some(revision) = revision {
        chain(&TWO).upgrade(&mut connection, revision).unwrap();
    }
    drop(connection);
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = std::fs::File::options()
        .write(true)
        .open(scratch.path())
        .unwrap();
    file.set_modified(past).unwrap();
    scratch
}

fn bytes(path: &Path) -> (Vec<u8>, SystemTime) {
    let modified = std::fs::metadata(path).unwrap().modified().unwrap();
    (std::fs::read(path).unwrap(), modified)
}

fn read_only(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

type Command = fn(&mut Connection) -> Result<String, RunError>;

const CURRENT: Command = |connection| Ok(chain(&TWO).current(connection)?.join(" "));
const UPGRADE: Command = |connection| {
    Ok(format!(
        "{:?}",
        chain(&TWO).upgrade(connection, "heads")?.after
    ))
};
const NOWHERE: Command = |connection| {
    Ok(format!(
        "{:?}",
        chain(&TWO).upgrade(connection, "r9")?.after
    ))
};
const DOWNGRADE: Command = |connection| {
    Ok(format!(
        "{:?}",
        chain(&TWO).downgrade(connection, "base")?.after
    ))
};
const STAMP: Command = |connection| {
    let stamped = chain(&TWO).stamp(connection, &["heads"], Purge::No)?;
    Ok(format!("{:?}", stamped.after))
};
const ENSURE: Command = |connection| Ok(format!("{:?}", chain(&TWO).ensure_version(connection)?));

#[test]
fn what_only_reads_leaves_the_file_alone() {
    let nowhere = "! can't locate revision identified by 'r9'";
    for (revision, command, expected) in [
        (None, CURRENT, ""),
        (Some("r1"), CURRENT, "r1"),
        (Some("r2"), CURRENT, "r2"),
        (Some("r2"), UPGRADE, "[RevisionId(\"r2\")]"),
        (None, NOWHERE, nowhere),
        (Some("r2"), NOWHERE, nowhere),
        (None, DOWNGRADE, "[]"),
        (Some("r2"), DOWNGRADE, "! revision r2 is irreversible: gone"),
        (Some("r2"), STAMP, "[RevisionId(\"r2\")]"),
        (Some("r1"), ENSURE, "Existed"),
    ] {
        for journal in ["delete", "wal"] {
            let scratch = at(revision, journal);
            let before = bytes(&scratch.path());
            for open in [read_only, |path: &Path| Connection::open(path).unwrap()] {
                let outcome = command(&mut open(&scratch.path()));
                let outcome = outcome.unwrap_or_else(|error| format!("! {}", error.fault));
                assert_eq!(outcome, expected, "{journal}");
                assert!(bytes(&scratch.path()) == before, "{journal}: {expected}");
            }
        }
    }
}

#[test]
fn what_writes_is_refused_by_a_file_that_is_read_only() {
    for (revision, command) in [
        (None, UPGRADE),
        (Some("r1"), UPGRADE),
        (Some("r1"), DOWNGRADE),
        (None, STAMP),
        (None, ENSURE),
    ] {
        let scratch = at(revision, "delete");
        let before = bytes(&scratch.path());
        let error = command(&mut read_only(&scratch.path())).unwrap_err();
        let (RunFault::Database { error, .. } | RunFault::Statement { error, .. }) = *error.fault
        else {
            panic!("{error}");
        };
        assert_eq!(error.kind, DatabaseErrorKind::ReadOnly, "{error}");
        assert!(bytes(&scratch.path()) == before);
    }
}
