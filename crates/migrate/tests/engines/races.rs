//! Many who migrate the same database at once.

use std::process::{Command, Stdio};
use std::sync::Barrier;

use alembic_migrate::{Migrations, Report, RunError, TransactionMode};

use crate::engine::{ENGINES, Open, POSTGRES, Scratch, Via};
use crate::revisions::chain;

const LENGTH: usize = 5;

/// Revisions that fail when they are run twice.
fn migrations(via: Via, mode: TransactionMode) -> Migrations {
    let sections = (1..=LENGTH).map(|number| {
        format!(
            "-- alembic: upgrade\nCREATE TABLE t{number} (x int);\n\
             INSERT INTO t{number} VALUES (1);\n-- alembic: downgrade\nDROP TABLE t{number};"
        )
    });
    chain(via.dialect(), &sections.collect::<Vec<_>>()).transaction(mode)
}

/// The drivers, with each way in which SQLite keeps its journal.
fn variants() -> Vec<(Via, &'static str)> {
    let postgres = POSTGRES.map(|via| (via, ""));
    [(Via::Rusqlite, "delete"), (Via::Rusqlite, "wal")]
        .into_iter()
        .chain(postgres)
        .collect()
}

fn scratch(via: Via, journal: &str) -> Scratch {
    let scratch = Scratch::new(via, "");
    if !journal.is_empty() {
        let journal_mode = scratch.file().pragma_update(None, "journal_mode", journal);
        journal_mode.unwrap();
    }
    scratch
}

/// What so many revisions leave in a database, whoever ran them.
fn clean(via: Via, revisions: usize) -> String {
    let scratch = Scratch::new(via, "");
    let target = format!("r{revisions}");
    migrations(via, TransactionMode::Run)
        .upgrade(&mut scratch.open(), &target)
        .unwrap();
    scratch.dump()
}

/// Has each of `threads` carry out a command on the database, all at once.
fn race(
    scratch: &Scratch,
    threads: usize,
    command: impl Fn(usize, &mut Open) -> Result<Report, RunError> + Sync,
) -> Vec<Report> {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|thread| {
                let (barrier, command) = (&barrier, &command);
                scope.spawn(move || {
                    let mut database = scratch.open();
                    barrier.wait();
                    command(thread, &mut database).unwrap()
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
    for (via, journal) in variants() {
        let clean = clean(via, LENGTH);
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            for threads in [2, 12] {
                let scratch = scratch(via, journal);
                let reports = race(&scratch, threads, |_, database| {
                    migrations(via, mode).upgrade(database, "heads")
                });
                let context = format!("{threads} threads, {via:?} {journal}, per {mode}");
                assert_eq!(steps(&reports), LENGTH, "{context}");
                assert_eq!(scratch.dump(), clean, "{context}");
            }
        }
    }
}

#[test]
fn each_takes_one_step_further() {
    for (via, journal) in variants() {
        let scratch = scratch(via, journal);
        let reports = race(&scratch, LENGTH - 1, |_, database| {
            migrations(via, TransactionMode::Run).upgrade(database, "+1")
        });
        assert_eq!(steps(&reports), LENGTH - 1);
        assert_eq!(scratch.dump(), clean(via, LENGTH - 1));
    }
}

#[test]
fn up_and_down_at_once_end_at_a_revision() {
    for (via, journal) in variants() {
        let clean = clean(via, LENGTH);
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            let scratch = scratch(via, journal);
            race(&scratch, 6, |thread, database| match thread % 2 {
                0 => migrations(via, mode).upgrade(database, "heads"),
                _ => migrations(via, mode).downgrade(database, "base"),
            });
            migrations(via, mode)
                .upgrade(&mut scratch.open(), "heads")
                .unwrap();
            assert_eq!(scratch.dump(), clean, "{via:?} {journal}, per {mode}");
        }
    }
}

/// The database that this process is to migrate, when it is one of many.
const ADDRESS: &str = "ALEMBIC_TEST_RACE_ADDRESS";

#[test]
fn processes_race_as_threads_do() {
    if let Ok(address) = std::env::var(ADDRESS) {
        let via = match address.starts_with("postgres") {
            true => Via::Pool,
            false => Via::Rusqlite,
        };
        let mut database = Open::at(via, &address);
        migrations(via, TransactionMode::Revision)
            .upgrade(&mut database, "heads")
            .unwrap();
        return;
    }
    for via in ENGINES {
        let scratch = scratch(via, "");
        let children: Vec<_> = (0..6)
            .map(|_| {
                Command::new(std::env::current_exe().unwrap())
                    .args(["--exact", "races::processes_race_as_threads_do"])
                    .env(ADDRESS, scratch.address())
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
        assert_eq!(scratch.dump(), clean(via, LENGTH));
    }
}
