//! Many tasks of one thread that migrate the same file at once.

use std::sync::Arc;

use alembic_migrate::options::TransactionMode;
use alembic_migrate::{Migrations, Report};
use alembic_sqlx_sqlite::Sqlx;
use alembic_suite::Database;
use alembic_suite::sqlite::File;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::drivers::{chain, check_free, pool};

const TASKS: usize = 8;

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

/// What all revisions leave in a database, whoever ran them.
fn clean() -> String {
    let scratch = File::new("");
    let migrations = migrations(TransactionMode::Run);
    migrations.upgrade(&mut scratch.open(), "heads").unwrap();
    scratch.dump()
}

/// What one task does, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Up,
    Ensure,
    UpOrDown,
}

/// Has tasks work on the file, all at once: with a pool of one connection each, or with a pool of
/// so many connections that they share. Returns how many revisions they have run.
async fn race(
    scratch: &File,
    shared: Option<u32>,
    mode: TransactionMode,
    work: Work,
    context: &str,
) -> usize {
    let migrations = Arc::new(migrations(mode));
    let barrier = Arc::new(Barrier::new(TASKS));
    let one = pool(&scratch.path(), shared.unwrap_or(1));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let pool = match shared {
            Some(_) => one.clone(),
            None => pool(&scratch.path(), 1),
        };
        let (migrations, barrier) = (Arc::clone(&migrations), Arc::clone(&barrier));
        tasks.spawn(async move {
            barrier.wait().await;
            let steps = |report: Report| report.steps.len();
            let done = match work {
                Work::Up => migrations.upgrade(Sqlx(&pool), "heads").await.map(steps),
                Work::UpOrDown if task % 2 == 0 => {
                    migrations.upgrade(Sqlx(&pool), "heads").await.map(steps)
                }
                Work::UpOrDown => migrations.downgrade(Sqlx(&pool), "base").await.map(steps),
                Work::Ensure => {
                    let report = migrations.ensure(Sqlx(&pool)).await;
                    report.map(|report| report.steps.len())
                }
            };
            (done, pool)
        });
    }
    let mut steps = 0;
    for (done, pool) in tasks.join_all().await {
        steps += done.unwrap_or_else(|error| panic!("{context}: {error}"));
        check_free(&mut pool.acquire().await.unwrap(), context).await;
    }
    steps
}

async fn check(shared: Option<u32>) {
    for journal in ["delete", "wal"] {
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            for work in [Work::Up, Work::Ensure, Work::UpOrDown] {
                let context = format!("{shared:?}, {journal}, per {mode}, {work:?}");
                let scratch = File::new(&format!("PRAGMA journal_mode = {journal}"));
                let steps = race(&scratch, shared, mode, work, &context).await;
                if work == Work::UpOrDown {
                    let pool = pool(&scratch.path(), 1);
                    let migrations = migrations(mode);
                    let report = migrations.upgrade(Sqlx(&pool), "heads").await;
                    report.unwrap_or_else(|error| panic!("{context}: {error}"));
                    pool.close().await;
                } else {
                    assert_eq!(steps, LENGTH, "{context}");
                }
                assert_eq!(scratch.dump(), clean(), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn all_on_one_thread() {
    for shared in [None, Some(3)] {
        check(shared).await;
    }
}
