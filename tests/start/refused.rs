//! What an application must tell apart when its database is not made ready.

use std::time::Duration;

use alembic_migrate::{Ahead, FailureKind, ensure_database_ready};

use crate::scratch::Scratch;
use crate::{HEAD, chorus, lines};

#[test]
fn a_database_ahead_of_the_program_is_refused_or_left_alone() {
    for (rows, expected) in [
        (
            "UPDATE alembic_version SET version_num = '007_later'",
            "007_later".to_owned(),
        ),
        (
            "INSERT INTO alembic_version VALUES ('007_later')",
            format!("{HEAD} 007_later"),
        ),
    ] {
        let database = Scratch::at(&chorus(), "heads", rows);
        let before = database.bytes();
        let error = ensure_database_ready(&mut database.open(), &chorus()).unwrap_err();
        assert_eq!(error.kind(), FailureKind::Ahead);
        assert_eq!(
            error.to_string(),
            "the version table names revisions that no file declares: 007_later; \
             the database is as it was before"
        );
        assert_eq!(
            chorus().check(&mut database.open()).unwrap_err().kind(),
            FailureKind::Ahead
        );
        let allowed = chorus().ahead(Ahead::Allow);
        let done = ensure_database_ready(&mut database.open(), &allowed);
        let report = format!("chorus: tracked ahead [{expected}] -> [{expected}], applied []");
        assert_eq!(lines(done), [report]);
        assert!(before == database.bytes(), "{rows}: the file changed");
    }
}

#[test]
fn a_database_that_somebody_holds_is_busy() {
    let hurried = chorus().lock_timeout(Duration::from_millis(20));
    for (name, database, lock) in [
        (
            "fresh",
            Scratch::with("PRAGMA user_version = 1"),
            "BEGIN IMMEDIATE",
        ),
        (
            "behind",
            Scratch::at(&chorus(), "003", ""),
            "BEGIN IMMEDIATE",
        ),
        (
            "behind",
            Scratch::at(&chorus(), "003", ""),
            "BEGIN EXCLUSIVE",
        ),
        (
            "current",
            Scratch::at(&chorus(), "heads", ""),
            "BEGIN EXCLUSIVE",
        ),
    ] {
        let before = database.bytes();
        let other = database.open();
        other.execute_batch(lock).unwrap();
        let error = ensure_database_ready(&mut database.open(), &hurried).unwrap_err();
        assert_eq!(error.kind(), FailureKind::Busy, "{name}, {lock}: {error}");
        other.execute_batch("ROLLBACK").unwrap();
        assert!(before == database.bytes(), "{name}, {lock}");
        ensure_database_ready(&mut database.open(), &hurried).unwrap();
    }
}

#[test]
fn a_database_that_cannot_be_read_or_written_is_unreachable() {
    let text = Scratch::new();
    std::fs::write(
        text.path(),
        "no database, but long enough to be one. ".repeat(40),
    )
    .unwrap();
    let damaged = Scratch::at(&chorus(), "003", "");
    let mut bytes = damaged.bytes();
    bytes[100..2000].fill(0xff);
    std::fs::write(damaged.path(), bytes).unwrap();
    for (name, database) in [("a text", text), ("damaged", damaged)] {
        let before = database.bytes();
        let error = ensure_database_ready(&mut database.open(), &chorus()).unwrap_err();
        assert_eq!(error.kind(), FailureKind::Unreachable, "{name}: {error}");
        assert!(before == database.bytes(), "{name}");
    }
    let behind = Scratch::at(&chorus(), "003", "");
    let error = ensure_database_ready(&mut behind.open_read_only(), &chorus()).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Unreachable, "{error}");
}

#[test]
fn what_is_no_version_table_is_told() {
    for (name, sql) in [
        (
            "a view",
            "CREATE VIEW alembic_version AS SELECT 1 AS version_num",
        ),
        (
            "another table",
            "CREATE TABLE alembic_version (version INTEGER)",
        ),
        (
            "a row without an id",
            "CREATE TABLE alembic_version (version_num TEXT); \
             INSERT INTO alembic_version VALUES (NULL)",
        ),
    ] {
        let database = Scratch::with(sql);
        let before = database.bytes();
        let error = ensure_database_ready(&mut database.open(), &chorus()).unwrap_err();
        assert_eq!(error.kind(), FailureKind::Migration, "{name}: {error}");
        assert!(
            error.to_string().contains("is not a version table"),
            "{name}: {error}"
        );
        assert!(before == database.bytes(), "{name}");
    }
}
