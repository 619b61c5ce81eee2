//! The suite on connections of rusqlite, and what only rusqlite can do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::rusqlite::Connection;
use alembic_migrate::Dialect;
use alembic_migrate::driver::DatabaseErrorKind;
use alembic_suite::answer::database_error_kind;
use alembic_suite::revisions::single;

alembic_suite::driver_suite!(alembic_suite::sqlite::Rusqlite: outside, connection, sqlite);

/// An application prints an error as it is.
#[test]
fn errors_name_the_crate_and_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    let migrations = single(Dialect::Sqlite, "INSERT INTO nowhere VALUES (1);").package("shop");
    for (mut connection, place) in [
        (
            Connection::open(&file).unwrap(),
            format!(" on {}", file.display()),
        ),
        (Connection::open_in_memory().unwrap(), String::new()),
    ] {
        let error = migrations.upgrade(&mut connection, "heads").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "crate `shop`{place}: r1.sql:6:1: statement 1 of revision r1 failed: no such table: \
                 nowhere; the database is as it was before"
            )
        );
    }
}

#[test]
fn a_shared_cache_is_waited_for_and_told_of_once_a_second() {
    let open = || Connection::open("file:shared_cache?mode=memory&cache=shared").unwrap();
    let (mut connection, other) = (open(), open());
    other
        .execute_batch("CREATE TABLE t (x); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
        .unwrap();
    let told = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&told);
    let migrations = single(Dialect::Sqlite, "CREATE TABLE a (x);")
        .lock_timeout(Duration::from_millis(1200))
        .observe(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
    let error = migrations.upgrade(&mut connection, "heads").unwrap_err();
    assert_eq!(database_error_kind(&error), Some(DatabaseErrorKind::Busy));
    assert_eq!(told.load(Ordering::Relaxed), 1);
}
