//! Many who migrate the same file at once.

use std::process::{Command, Stdio};
use std::sync::Barrier;

use alembic_migrate::{Migrations, Report, RunError, TransactionMode};
use rusqlite::Connection;

use crate::scratch::{Scratch, chain};

const LENGTH: usize = 5;

/// Revisions that fail when they are run twice.
fn migrations(mode: TransactionMode) -> Migrations {
    let sections = (1..=LENGTH).map(|number| {
        format!(
            "-- alembic: upgrade\nCREATE TABLE t{number} (x);\nINSERT INTO t{number} VALUES (1);\n\
             -- alembic: downgrade\nDROP TABLE t{number};"
        )
    });
    chain(&sections.collect::<Vec<_>>()).transaction(mode)
}

fn file(journal: &str) -> Scratch {
    let scratch = Scratch::new("");
    let connection = scratch.open();
    connection
        .pragma_update(None, "journal_mode", journal)
        .unwrap();
    scratch
}

/// What so many revisions leave in a database, whoever ran them.
fn clean(revisions: usize) -> String {
    let scratch = Scratch::new("");
    let target = format!("r{revisions}");
    migrations(TransactionMode::Run)
        .upgrade(&mut scratch.open(), &target)
        .unwrap();
    scratch.dump()
}

/// Has each of `threads` carry out a command on the file, all at once.
fn race(
    scratch: &Scratch,
    threads: usize,
    command: impl Fn(usize, &mut Connection) -> Result<Report, RunError> + Sync,
) -> Vec<Report> {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|thread| {
                let (barrier, command) = (&barrier, &command);
                scope.spawn(move || {
                    let mut connection = scratch.open();
                    barrier.wait();
                    command(thread, &mut connection).unwrap()
                })
            })
            .collect();
        let reports = handles.into_iter().map(|handle| handle.join().unwrap());
        reports.collect()
    })
}

fn steps(reports: &[Report]) -> usize {
    reports.iter().map(|report| report.steps.len()).sum()
}

#[test]
fn each_revision_is_applied_once() {
    for journal in ["delete", "wal"] {
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            for threads in [2, 6, 16] {
                let scratch = file(journal);
                let reports = race(&scratch, threads, |_, connection| {
                    migrations(mode).upgrade(connection, "heads")
                });
                let context = format!("{threads} threads, {journal}, per {mode}");
                assert_eq!(steps(&reports), LENGTH, "{context}");
                assert_eq!(scratch.dump(), clean(LENGTH), "{context}");
            }
        }
    }
}

#[test]
fn each_takes_one_step_further() {
    for journal in ["delete", "wal"] {
        let scratch = file(journal);
        let reports = race(&scratch, LENGTH - 1, |_, connection| {
            migrations(TransactionMode::Run).upgrade(connection, "+1")
        });
        assert_eq!(steps(&reports), LENGTH - 1);
        assert_eq!(scratch.dump(), clean(LENGTH - 1));
    }
}

#[test]
fn up_and_down_at_once_end_at_a_revision() {
    for journal in ["delete", "wal"] {
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            let scratch = file(journal);
            race(&scratch, 6, |thread, connection| match thread % 2 {
                0 => migrations(mode).upgrade(connection, "heads"),
                _ => migrations(mode).downgrade(connection, "base"),
            });
            migrations(mode)
                .upgrade(&mut scratch.open(), "heads")
                .unwrap();
            assert_eq!(scratch.dump(), clean(LENGTH), "{journal}, per {mode}");
        }
    }
}

/// The file that this process is to migrate, when it is one of many.
const FILE: &str = "ALEMBIC_TEST_RACE_FILE";

#[test]
fn processes_race_as_threads_do() {
    if let Some(path) = std::env::var_os(FILE) {
        let mut connection = Connection::open(path).unwrap();
        migrations(TransactionMode::Revision)
            .upgrade(&mut connection, "heads")
            .unwrap();
        return;
    }
    let scratch = file("delete");
    let children: Vec<_> = (0..6)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "races::processes_race_as_threads_do"])
                .env(FILE, scratch.path())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(scratch.dump(), clean(LENGTH));
}
