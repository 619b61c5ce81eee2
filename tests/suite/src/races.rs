//! Many who migrate the same database at once.

use std::process::{Command, Stdio};
use std::sync::Barrier;

use alembic_migrate::options::TransactionMode;
use alembic_migrate::{Migrations, RunError};

use crate::log::check_log;
use crate::revisions::chain;
use crate::subject::{PoolSubject, journals, open};
use crate::{Database, Handle, Subject};

const LENGTH: usize = 5;

/// Returns revisions that fail when they are run twice.
fn migrations<S: Subject>(mode: TransactionMode) -> Migrations {
    let sections = (1..=LENGTH).map(|number| {
        format!(
            "-- alembic: upgrade\nCREATE TABLE t{number} (x int);\n\
             INSERT INTO t{number} VALUES (1);\n-- alembic: downgrade\nDROP TABLE t{number};"
        )
    });
    chain(S::Database::DIALECT, &sections.collect::<Vec<_>>()).transaction(mode)
}

const MODES: [TransactionMode; 2] = [TransactionMode::Run, TransactionMode::Revision];

/// Returns what so many revisions leave in a database, whoever ran them.
fn clean<S: Subject>(revisions: usize) -> String {
    let scratch = S::Database::new("");
    let target = format!("r{revisions}");
    let migrations = migrations::<S>(TransactionMode::Run);
    open::<S>(&scratch).upgrade(&migrations, &target).unwrap();
    scratch.dump()
}

/// What a thread does, by its number; returns how many revisions it has run.
type Work = fn(usize, &Migrations, &mut dyn Handle) -> Result<usize, RunError>;

const UP: Work = |_, migrations, database| {
    let report = database.upgrade(migrations, "heads")?;
    Ok(report.steps.len())
};
const STEP: Work = |_, migrations, database| {
    let report = database.upgrade(migrations, "+1")?;
    Ok(report.steps.len())
};
const ENSURE: Work = |_, migrations, database| {
    let report = database.ensure(migrations)?;
    Ok(report.steps.len())
};
const UP_OR_DOWN: Work = |thread, migrations, database| {
    let report = match thread % 2 {
        0 => database.upgrade(migrations, "heads")?,
        _ => database.downgrade(migrations, "base")?,
    };
    Ok(report.steps.len())
};

/// Has each of `threads` do its work on a handle of its own, all at once. Returns how many revisions
/// they have run.
fn race<H: Handle>(
    threads: usize,
    open: impl Fn() -> H + Sync,
    migrations: &Migrations,
    work: Work,
    context: &str,
) -> usize {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|thread| {
                let (barrier, open) = (&barrier, &open);
                scope.spawn(move || {
                    let mut database = open();
                    let settings = database.settings();
                    barrier.wait();
                    let steps = work(thread, migrations, &mut database);
                    let steps = steps.unwrap_or_else(|error| panic!("{context}: {error}"));
                    assert!(database.is_idle(), "{context}");
                    assert_eq!(database.settings(), settings, "{context}");
                    steps
                })
            })
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .sum()
    })
}

pub fn each_revision_is_applied_once<S: Subject>() {
    let clean = clean::<S>(LENGTH);
    for journal in journals::<S>() {
        for mode in MODES {
            for (threads, work) in [(2, UP), (12, UP), (8, ENSURE)] {
                let context = format!("{threads} threads, {journal}, per {mode}");
                let scratch = S::Database::new(journal);
                let open = || open::<S>(&scratch);
                let steps = race(threads, open, &migrations::<S>(mode), work, &context);
                assert_eq!(steps, LENGTH, "{context}");
                assert_eq!(scratch.dump(), clean, "{context}");
                check_log(&scratch, &context);
            }
        }
    }
}

pub fn each_takes_one_step_further<S: Subject>() {
    for journal in journals::<S>() {
        let scratch = S::Database::new(journal);
        let migrations = migrations::<S>(TransactionMode::Run);
        let open = || open::<S>(&scratch);
        assert_eq!(
            race(LENGTH - 1, open, &migrations, STEP, journal),
            LENGTH - 1
        );
        assert_eq!(scratch.dump(), clean::<S>(LENGTH - 1));
        check_log(&scratch, journal);
    }
}

pub fn up_and_down_at_once_end_at_a_revision<S: Subject>() {
    let clean = clean::<S>(LENGTH);
    for journal in journals::<S>() {
        for mode in MODES {
            let context = format!("{journal}, per {mode}");
            let scratch = S::Database::new(journal);
            let migrations = migrations::<S>(mode);
            race(8, || open::<S>(&scratch), &migrations, UP_OR_DOWN, &context);
            open::<S>(&scratch).upgrade(&migrations, "heads").unwrap();
            assert_eq!(scratch.dump(), clean, "{context}");
            check_log(&scratch, &context);
        }
    }
}

pub fn a_pool_is_shared<S: PoolSubject>() {
    let clean = clean::<S>(LENGTH);
    for connections in [1, 3, 8] {
        for journal in journals::<S>() {
            for mode in MODES {
                for (name, work) in [("up", UP), ("ensure", ENSURE), ("both", UP_OR_DOWN)] {
                    let context = format!("{connections}, {journal}, per {mode}, {name}");
                    let scratch = S::Database::new(journal);
                    let migrations = migrations::<S>(mode);
                    let mut pool = S::open_pool(&scratch.address(), connections);
                    let shared = std::sync::Mutex::new(S::share(&pool));
                    let open = || S::share(&shared.lock().unwrap());
                    let steps = race(8, open, &migrations, work, &context);
                    assert!(pool.is_idle(), "{context}");
                    if name == "both" {
                        pool.upgrade(&migrations, "heads").unwrap();
                    } else {
                        assert_eq!(steps, LENGTH, "{context}");
                    }
                    assert_eq!(scratch.dump(), clean, "{context}");
                    check_log(&scratch, &context);
                }
            }
        }
    }
}

/// The database that this process is to migrate, when it is one of many.
const ADDRESS: &str = "ALEMBIC_TEST_RACE_ADDRESS";

/// Takes the name of the test that it is, to start it in other processes.
pub fn processes_race_as_threads_do<S: Subject>(test: &str) {
    let migrations = migrations::<S>(TransactionMode::Revision);
    if let Ok(address) = std::env::var(ADDRESS) {
        S::open(&address).upgrade(&migrations, "heads").unwrap();
        return;
    }
    let scratch = S::Database::new("");
    let children: Vec<_> = (0..6)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", test])
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
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(report.contains("1 passed"), "{report}");
    }
    assert_eq!(scratch.dump(), clean::<S>(LENGTH));
    check_log(&scratch, test);
}
