//! Commands that only read leave everything in its place.

use std::path::Path;
use std::time::{Duration, SystemTime};

use alembic_migrate::{DatabaseErrorKind, Dialect, FailureKind, Purge, RunError, RunFault};

use crate::engine::{DRIVERS, Open, Scratch, Via};
use crate::revisions::chain;

const TWO: [&str; 2] = [
    "-- alembic: upgrade\nCREATE TABLE a (x int);\n-- alembic: downgrade\nDROP TABLE a;",
    "-- alembic: upgrade\nCREATE TABLE b (x int);\n-- alembic: downgrade irreversible: gone",
];

/// A database at these revisions, with nothing that reminds of its making.
fn at(via: Via, revision: Option<&str>, journal: &str) -> Scratch {
    let scratch = Scratch::new(via, "");
    if via.dialect() == Dialect::Sqlite {
        let journal_mode = scratch.file().pragma_update(None, "journal_mode", journal);
        journal_mode.unwrap();
    }
    scratch.execute("CREATE TABLE legacy (x int); INSERT INTO legacy VALUES (1);");
    if let Some(revision) = revision {
        chain(via.dialect(), &TWO)
            .upgrade(&mut scratch.open(), revision)
            .unwrap();
    }
    if via.dialect() == Dialect::Sqlite {
        let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let file = std::fs::File::options().write(true).open(scratch.path());
        file.unwrap().set_modified(past).unwrap();
    }
    scratch
}

/// Everything that could tell of a write: the bytes of a file, or the contents of a database.
fn trace(scratch: &Scratch, via: Via) -> (Vec<u8>, Option<SystemTime>) {
    let file = |path: &Path| {
        let modified = std::fs::metadata(path).unwrap().modified().unwrap();
        (std::fs::read(path).unwrap(), Some(modified))
    };
    match via.dialect() {
        Dialect::Sqlite => file(&scratch.path()),
        Dialect::Postgres => (scratch.dump().into_bytes(), None),
    }
}

type Command = fn(&mut Open) -> Result<String, RunError>;

fn two(database: &Open) -> alembic_migrate::Migrations {
    chain(database.dialect(), &TWO)
}

const CURRENT: Command = |database| Ok(two(database).current(database)?.join(" "));
const CHECK: Command = |database| Ok(format!("{:?}", two(database).check(database)?.pending));
const UPGRADE: Command = |database| {
    Ok(format!(
        "{:?}",
        two(database).upgrade(database, "heads")?.after
    ))
};
const NOWHERE: Command = |database| {
    Ok(format!(
        "{:?}",
        two(database).upgrade(database, "r9")?.after
    ))
};
const DOWNGRADE: Command = |database| {
    Ok(format!(
        "{:?}",
        two(database).downgrade(database, "base")?.after
    ))
};
const STAMP: Command = |database| {
    let stamped = two(database).stamp(database, &["heads"], Purge::No)?;
    Ok(format!("{:?}", stamped.after))
};
const ENSURE: Command = |database| Ok(format!("{:?}", two(database).ensure(database)?[0].outcome));
const ENSURE_VERSION: Command =
    |database| Ok(format!("{:?}", two(database).ensure_version(database)?));

#[test]
fn what_only_reads_leaves_the_database_alone() {
    let nowhere = "! can't locate revision identified by 'r9'";
    let commands: [(_, Command, _); 13] = [
        (None, CURRENT, ""),
        (None, CHECK, "[RevisionId(\"r1\"), RevisionId(\"r2\")]"),
        (None, NOWHERE, nowhere),
        (None, DOWNGRADE, "[]"),
        (Some("r1"), CURRENT, "r1"),
        (Some("r1"), ENSURE_VERSION, "Existed"),
        (Some("r2"), CURRENT, "r2"),
        (Some("r2"), CHECK, "[]"),
        (Some("r2"), UPGRADE, "[RevisionId(\"r2\")]"),
        (Some("r2"), NOWHERE, nowhere),
        (Some("r2"), DOWNGRADE, "! revision r2 is irreversible: gone"),
        (Some("r2"), STAMP, "[RevisionId(\"r2\")]"),
        (Some("r2"), ENSURE, "Ready"),
    ];
    for via in DRIVERS {
        let journals: &[&str] = match via.dialect() {
            Dialect::Sqlite => &["delete", "wal"],
            Dialect::Postgres => &[""],
        };
        for (journal, at_revision) in journals
            .iter()
            .flat_map(|journal| [None, Some("r1"), Some("r2")].map(|revision| (*journal, revision)))
        {
            // As nothing is left behind, the next one finds the same.
            let scratch = at(via, at_revision, journal);
            let before = trace(&scratch, via);
            let commands = commands.iter();
            for (_, command, expected) in commands.filter(|command| command.0 == at_revision) {
                for open in [Scratch::open_read_only, Scratch::open] {
                    let outcome = command(&mut open(&scratch));
                    let outcome = outcome.unwrap_or_else(|error| format!("! {}", error.fault));
                    assert_eq!(outcome, *expected, "{via:?} {journal}");
                    assert!(
                        trace(&scratch, via) == before,
                        "{via:?} {journal}: {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_writes_is_refused_by_a_database_that_is_read_only() {
    for (revision, command) in [
        (None, UPGRADE),
        (Some("r1"), UPGRADE),
        (Some("r1"), DOWNGRADE),
        (None, STAMP),
        (None, ENSURE),
        (None, ENSURE_VERSION),
    ] {
        for via in DRIVERS {
            let scratch = at(via, revision, "delete");
            let before = trace(&scratch, via);
            let error = command(&mut scratch.open_read_only()).unwrap_err();
            assert_eq!(error.kind(), FailureKind::Unreachable, "{via:?}: {error}");
            let (RunFault::Database { error, .. } | RunFault::Statement { error, .. }) =
                *error.fault
            else {
                panic!("{via:?}: {error}");
            };
            assert_eq!(error.kind, DatabaseErrorKind::ReadOnly, "{via:?}: {error}");
            assert!(trace(&scratch, via) == before);
        }
    }
}
