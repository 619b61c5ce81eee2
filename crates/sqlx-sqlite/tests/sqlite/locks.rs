//! Runs that wait while other tasks go on, and pools that have no connection to give.

use std::time::Duration;

use alembic_migrate::driver::DatabaseErrorKind;
use alembic_migrate::{DatabaseState, FailureKind, Migrations};
use alembic_sqlx_sqlite::Sqlx;
use alembic_suite::Database;
use alembic_suite::answer::{database_error_kind, state};
use alembic_suite::sqlite::File;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection, SqliteConnection, SqlitePool, raw_sql};

use crate::drivers::{check_free, pool, single};

const DATA: &str = "CREATE TABLE data (x); INSERT INTO data VALUES (1), (2);";

fn change() -> Migrations {
    single("CREATE TABLE a (x); UPDATE data SET x = x + 1;")
}

#[tokio::test]
async fn others_go_on_while_a_run_waits() {
    let scratch = File::new(DATA);
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
    check_free(&mut ours, "").await;
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
        assert_eq!(database_error_kind(&error), Some(kind), "{error}");
        assert_eq!(error.kind(), FailureKind::Unreachable, "{error}");
        assert_eq!(*state(&error), DatabaseState::Unchanged, "{error}");
        assert!(error.to_string().contains(message), "{error}");
        let error = migrations.ensure(Sqlx(&pool)).await.unwrap_err();
        assert_eq!(database_error_kind(&error), Some(kind), "{error}");
    }
}
