//! Files that cannot be locked, opened or written, and pools that have no connection to give.

use std::sync::Mutex;
use std::time::Duration;

use alembic_migrate::driver::DatabaseErrorKind;
use alembic_migrate::options::Purge;
use alembic_migrate::report::Action;
use alembic_migrate::{DatabaseState, Event, FailureKind, Migrations, RunError};
use alembic_run::Failure;
use alembic_sqlx_sqlite::Sqlx;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection, SqliteConnection, SqlitePool, raw_sql};

use crate::both::{check_free, pool, usual};
use crate::scratch::{Scratch, chain, single};

const DATA: &str = "CREATE TABLE data (x); INSERT INTO data VALUES (1), (2);";

const LOCKS: [(&str, Action); 3] = [
    ("BEGIN EXCLUSIVE", Action::FindVersionTable),
    ("BEGIN IMMEDIATE", Action::Begin),
    ("BEGIN; SELECT * FROM data LIMIT 1", Action::Commit),
];

fn change() -> Migrations {
    single("CREATE TABLE a (x); UPDATE data SET x = x + 1;")
}

fn why(error: &RunError) -> (Action, DatabaseErrorKind) {
    match &*error.fault {
        Failure::Database { action, error } => (*action, error.kind),
        fault => panic!("{fault}"),
    }
}

#[tokio::test]
async fn a_database_that_somebody_else_locks_is_left_alone() {
    for (lock, action) in LOCKS {
        let scratch = Scratch::new(DATA);
        let before = scratch.content();
        let pool = pool(&scratch.path(), 1);
        drop(pool.acquire().await.unwrap());
        let other = scratch.open();
        other.execute_batch(lock).unwrap();
        let impatient = change().lock_timeout(Duration::from_millis(20));
        let error = impatient.upgrade(Sqlx(&pool), "heads").await.unwrap_err();
        assert_eq!(why(&error), (action, DatabaseErrorKind::Busy), "{lock}");
        assert_eq!(error.kind(), FailureKind::Busy, "{lock}");
        assert_eq!(error.state, DatabaseState::Unchanged, "{lock}");
        assert!(error.rollback.is_none(), "{lock}");
        other.execute_batch("ROLLBACK").unwrap();
        check_free(&mut pool.acquire().await.unwrap(), &usual(), lock).await;
        assert_eq!(scratch.content(), before, "{lock}");
        impatient.upgrade(Sqlx(&pool), "heads").await.unwrap();
    }
}

#[tokio::test]
async fn a_lock_that_is_released_in_time_only_delays() {
    for (lock, _) in LOCKS {
        let scratch = Scratch::new(DATA);
        let pool = pool(&scratch.path(), 1);
        drop(pool.acquire().await.unwrap());
        let other = scratch.open();
        other.execute_batch(lock).unwrap();
        let other = Mutex::new(Some(other));
        let migrations = change().observe(move |event| {
            if let Event::Waiting { .. } = event {
                other.lock().unwrap().take();
            }
        });
        let report = migrations.upgrade(Sqlx(&pool), "heads").await.unwrap();
        assert_eq!(report.steps.len(), 1, "{lock}");
        check_free(&mut pool.acquire().await.unwrap(), &usual(), lock).await;
        pool.close().await;
        assert!(
            scratch.content().unwrap().contains("data:\n2\n3\n"),
            "{lock}"
        );
    }
}

#[tokio::test]
async fn others_go_on_while_a_run_waits() {
    let scratch = Scratch::new(DATA);
    let pool = pool(&scratch.path(), 1);
    let other = scratch.open();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let migrations = change();
    // On this one thread.
    let (report, ()) = tokio::join!(migrations.upgrade(Sqlx(&pool), "heads"), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        other.execute_batch("COMMIT").unwrap();
    });
    assert_eq!(report.unwrap().steps.len(), 1);
}

#[tokio::test]
async fn a_connection_to_the_same_shared_cache_is_waited_for() {
    let url = "sqlite:file:locks-shared?mode=memory&cache=shared";
    let mut ours = SqliteConnection::connect(url).await.unwrap();
    let mut other = SqliteConnection::connect(url).await.unwrap();
    let begin = "CREATE TABLE b (x); BEGIN IMMEDIATE; INSERT INTO b VALUES (1)";
    raw_sql(begin).execute(&mut other).await.unwrap();
    let migrations = change();
    let (report, ()) = tokio::join!(migrations.upgrade(Sqlx(&mut ours), "heads"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        raw_sql("CREATE TABLE data (x); COMMIT")
            .execute(&mut other)
            .await
            .unwrap();
    });
    assert_eq!(report.unwrap().steps.len(), 1);
    check_free(&mut ours, &usual(), "").await;
}

#[tokio::test]
async fn what_writes_is_refused_by_a_file_that_is_read_only() {
    let two = chain(&[
        "-- alembic: upgrade\nCREATE TABLE a (x);\n-- alembic: downgrade\nDROP TABLE a;",
        "-- alembic: upgrade\nCREATE TABLE b (x);\n-- alembic: downgrade\nDROP TABLE b;",
    ]);
    for journal in ["delete", "wal"] {
        let scratch = Scratch::new(DATA);
        let mut connection = scratch.open();
        connection
            .pragma_update(None, "journal_mode", journal)
            .unwrap();
        two.upgrade(&mut connection, "r1").unwrap();
        drop(connection);
        let before = std::fs::read(scratch.path()).unwrap();
        let options = SqliteConnectOptions::new().filename(scratch.path());
        let pool = SqlitePool::connect_lazy_with(options.read_only(true));
        assert_eq!(two.current(Sqlx(&pool)).await.unwrap(), ["r1"]);
        assert_eq!(two.check(Sqlx(&pool)).await.unwrap().pending.len(), 1);
        assert!(
            two.upgrade(Sqlx(&pool), "r1")
                .await
                .unwrap()
                .steps
                .is_empty()
        );
        let errors = [
            two.upgrade(Sqlx(&pool), "heads").await.unwrap_err(),
            two.downgrade(Sqlx(&pool), "base").await.unwrap_err(),
            two.stamp(Sqlx(&pool), &["r2"], Purge::No)
                .await
                .unwrap_err(),
            two.ensure(Sqlx(&pool)).await.unwrap_err(),
        ];
        for error in errors {
            let (Failure::Database { error: why, .. } | Failure::Statement { error: why, .. }) =
                &*error.fault
            else {
                panic!("{error}");
            };
            assert_eq!(why.kind, DatabaseErrorKind::ReadOnly, "{error}");
            assert_eq!(error.kind(), FailureKind::Unreachable, "{error}");
        }
        check_free(&mut pool.acquire().await.unwrap(), &usual(), journal).await;
        pool.close().await;
        assert!(
            std::fs::read(scratch.path()).unwrap() == before,
            "{journal}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| SqliteConnectOptions::new().filename(folder.path().join(path));
    std::fs::write(folder.path().join("letter"), "no database\n".repeat(500)).unwrap();

    let closed = SqlitePool::connect_lazy_with(at("a.db").create_if_missing(true));
    closed.close().await;
    let taken = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(20));
    let taken = taken.connect_lazy_with(at("b.db").create_if_missing(true));
    let _connection = taken.acquire().await.unwrap();

    for (pool, kind, message) in [
        (
            SqlitePool::connect_lazy_with(at("missing.db")),
            DatabaseErrorKind::CannotOpen,
            "unable to open database file",
        ),
        (
            SqlitePool::connect_lazy_with(at("letter/a.db").create_if_missing(true)),
            DatabaseErrorKind::CannotOpen,
            "unable to open database file",
        ),
        (
            // It reads the file when it connects.
            SqlitePool::connect_lazy_with(at("letter").pragma("journal_mode", "WAL")),
            DatabaseErrorKind::NotADatabase,
            "file is not a database",
        ),
        (
            closed,
            DatabaseErrorKind::CannotOpen,
            "attempted to acquire a connection on a closed pool",
        ),
        (
            taken.clone(),
            DatabaseErrorKind::CannotOpen,
            "pool timed out while waiting for an open connection",
        ),
    ] {
        let migrations = single("CREATE TABLE t (x)");
        let error = migrations.upgrade(Sqlx(&pool), "heads").await.unwrap_err();
        assert_eq!(why(&error).1, kind, "{error}");
        assert_eq!(error.kind(), FailureKind::Unreachable, "{error}");
        assert_eq!(error.state, DatabaseState::Unchanged, "{error}");
        assert!(error.to_string().contains(message), "{error}");
        let error = migrations.ensure(Sqlx(&pool)).await.unwrap_err();
        assert_eq!(why(&error).1, kind, "{error}");
    }
}
