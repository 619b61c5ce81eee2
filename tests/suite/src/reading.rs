//! Commands that only read leave everything in its place.

use alembic_migrate::driver::DatabaseErrorKind;
use alembic_migrate::options::Purge;
use alembic_migrate::{FailureKind, Migrations};

use crate::Command::{self, Current, Downgrade, Ensure, EnsureVersion, Stamp, Status, Upgrade};
use crate::answer::{database_error_kind, failure};
use crate::revisions::chain;
use crate::subject::{journals, open};
use crate::{Database, Handle, Subject};

const TWO: [&str; 2] = [
    "-- alembic: upgrade\nCREATE TABLE a (x int);\n-- alembic: downgrade\nDROP TABLE a;",
    "-- alembic: upgrade\nCREATE TABLE b (x int);\n-- alembic: downgrade irreversible: gone",
];

fn two<S: Subject>() -> Migrations {
    chain(S::Database::DIALECT, &TWO)
}

/// Returns a database at a revision that looks as if nothing had been written for a long time.
fn at<S: Subject>(revision: Option<&str>, journal: &str) -> S::Database {
    let scratch = S::Database::new(journal);
    scratch.execute("CREATE TABLE legacy (x int); INSERT INTO legacy VALUES (1);");
    if let Some(revision) = revision {
        open::<S>(&scratch).upgrade(&two::<S>(), revision).unwrap();
    }
    scratch.age();
    scratch
}

const NOWHERE: Command = Upgrade("r9");
const BASE: Command = Downgrade("base");
const STAMP: Command = Stamp(&["heads"], Purge::No);

pub fn what_only_reads_leaves_the_database_alone<S: Subject>() {
    let nowhere = "! can't locate revision identified by 'r9'";
    let commands = [
        (None, Current, "[]"),
        (None, Status, "[], pending [r1 r2]"),
        (None, NOWHERE, nowhere),
        (None, BASE, "downgrade: [] to [] by []"),
        (Some("r1"), Current, "[r1]"),
        (Some("r1"), Status, "[r1], pending [r2]"),
        (Some("r1"), Upgrade("r1"), "upgrade: [r1] to [r1] by []"),
        (Some("r1"), EnsureVersion, "Existed"),
        (Some("r2"), Current, "[r2]"),
        (Some("r2"), Status, "[r2], pending []"),
        (Some("r2"), Upgrade("heads"), "upgrade: [r2] to [r2] by []"),
        (Some("r2"), NOWHERE, nowhere),
        (Some("r2"), BASE, "! revision r2 is irreversible: gone"),
        (Some("r2"), STAMP, "[r2] to [r2]"),
        (Some("r2"), Ensure, "tracked, ready: [r2] to [r2] by []"),
    ];
    for journal in journals::<S>() {
        for revision in [None, Some("r1"), Some("r2")] {
            // As nothing is left behind, the next one finds the same.
            let scratch = at::<S>(revision, journal);
            let before = scratch.trace();
            let commands = commands.iter();
            for (_, command, expected) in commands.filter(|command| command.0 == revision) {
                for open in [S::open_read_only, S::open] {
                    let outcome = command.run(&two::<S>(), &mut open(&scratch.address()));
                    let outcome = outcome.unwrap_or_else(|error| format!("! {}", failure(&error)));
                    assert_eq!(outcome, *expected, "{journal}");
                    assert!(scratch.trace() == before, "{journal}: {expected}");
                }
            }
        }
    }
}

pub fn what_writes_is_refused_by_a_database_that_is_read_only<S: Subject>() {
    for journal in journals::<S>() {
        for (revision, command) in [
            (None, Upgrade("heads")),
            (None, STAMP),
            (None, Ensure),
            (None, EnsureVersion),
            (Some("r1"), Upgrade("heads")),
            (Some("r1"), BASE),
            (Some("r1"), STAMP),
            (Some("r1"), Ensure),
        ] {
            let context = format!("{journal}, {revision:?}, {command:?}");
            let scratch = at::<S>(revision, journal);
            let before = scratch.trace();
            let mut database = S::open_read_only(&scratch.address());
            let settings = database.settings();
            let error = command.run(&two::<S>(), &mut database).unwrap_err();
            assert_eq!(error.kind(), FailureKind::Unreachable, "{context}: {error}");
            let kind = database_error_kind(&error);
            assert_eq!(
                kind,
                Some(DatabaseErrorKind::ReadOnly),
                "{context}: {error}"
            );
            assert!(database.is_idle(), "{context}");
            assert_eq!(database.settings(), settings, "{context}");
            drop(database);
            assert!(scratch.trace() == before, "{context}");
        }
    }
}
