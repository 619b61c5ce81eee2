//! Version tables that are not as they should be, or not where they usually are.

use alembic_migrate::{Purge, VersionTable};
use rusqlite::Connection;

use crate::dump::{dump, rows};
use crate::scratch::{Scratch, chain};

const THREE: [&str; 3] = [
    "-- alembic: upgrade\nCREATE TABLE a (x);\n-- alembic: downgrade\nDROP TABLE a;",
    "-- alembic: upgrade\nCREATE TABLE b (x);\n-- alembic: downgrade\nDROP TABLE b;",
    "-- alembic: upgrade\nCREATE TABLE c (x);\n-- alembic: downgrade\nDROP TABLE c;",
];

const TABLE: &str = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)";

/// Checks what an upgrade says of a database with this version table; nothing may change.
#[track_caller]
fn check(before: &str, expected: &str) {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(before).unwrap();
    let dump_before = dump(&connection);
    let error = chain(&THREE).upgrade(&mut connection, "heads").unwrap_err();
    let expected = format!("{expected}; the database is as it was before");
    assert_eq!(error.to_string(), expected, "{before}");
    assert_eq!(dump(&connection), dump_before, "{before}");
    assert!(connection.is_autocommit(), "{before}");
}

#[test]
fn what_is_no_version_table_is_left_alone() {
    let malformed = |why: &str| format!("alembic_version is not a version table: {why}");
    check(
        "CREATE VIEW alembic_version AS SELECT 'r1' AS version_num",
        &malformed("it is a view"),
    );
    check(
        "CREATE TEMP TABLE alembic_version (version_num)",
        &malformed("it is a temporary table"),
    );
    check(
        &format!("{TABLE}; CREATE TEMP VIEW Alembic_Version AS SELECT 'r1' AS version_num"),
        &malformed("it is a temporary view"),
    );
    check(
        "CREATE TABLE alembic_version (version TEXT)",
        &malformed("no such column: version_num"),
    );
    check(
        "CREATE TABLE ALEMBIC_VERSION (version_num); INSERT INTO alembic_version VALUES (NULL)",
        &malformed("a row holds NULL"),
    );
    check(
        "CREATE TABLE t (x); CREATE INDEX alembic_version ON t (x)",
        "cannot create the version table: there is already an index named alembic_version",
    );
}

#[test]
fn rows_that_make_no_sense_are_told() {
    let unknown =
        |rows: &str| format!("the version table names revisions that no file declares: {rows}");
    let insert = |rows: &str| format!("{TABLE}; INSERT INTO alembic_version VALUES {rows}");
    check(&insert("('zz'), ('r1'), ('aa')"), &unknown("aa, zz"));
    check(&insert("('')"), &unknown(""));
    check(&insert("('R1')"), &unknown("R1"));
    check(&insert("('r1 ')"), &unknown("r1 "));
    check(&insert("(x'7231')"), &unknown("X'7231'"));
    check(&insert("(7), (1.5)"), &unknown("1.5, 7"));
    check(&insert("(CAST(x'FF' AS TEXT))"), &unknown("\u{fffd}"));
    check(
        &insert("('r1'), ('r2')"),
        "the version table holds both r1 and r2, which implies it",
    );
    check(
        "CREATE TABLE alembic_version (version_num);
         INSERT INTO alembic_version VALUES ('r1'), ('r1')",
        "expected to change one row of alembic_version, 2 changed by: \
         UPDATE alembic_version SET version_num = 'r2' WHERE version_num = 'r1'",
    );
}

#[test]
fn a_name_in_another_case_is_the_same_table() {
    let mut connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE ALEMBIC_VERSION (VERSION_NUM VARCHAR(32) NOT NULL PRIMARY KEY);
             CREATE TABLE a (x); INSERT INTO Alembic_Version VALUES ('r1')",
        )
        .unwrap();
    let migrations = chain(&THREE);
    assert_eq!(migrations.current(&mut connection).unwrap(), ["r1"]);
    assert_eq!(
        migrations
            .upgrade(&mut connection, "heads")
            .unwrap()
            .steps
            .len(),
        2
    );
    assert_eq!(migrations.current(&mut connection).unwrap(), ["r3"]);
}

#[test]
fn purging_removes_whatever_is_there() {
    for rows in ["('zz'), ('r1'), (x'7231')", "('r1'), ('r2')", "('r3')"] {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(&format!(
                "{TABLE}; INSERT INTO alembic_version VALUES {rows}"
            ))
            .unwrap();
        let migrations = chain(&THREE);
        migrations
            .stamp(&mut connection, &["r2"], Purge::Yes)
            .unwrap();
        assert_eq!(migrations.current(&mut connection).unwrap(), ["r2"]);
    }
}

#[test]
fn two_sets_share_a_file() {
    let scratch = Scratch::new("");
    let mut connection = scratch.open();
    let ours = chain(&THREE);
    let theirs = chain(&["-- alembic: upgrade\nCREATE TABLE theirs (x);"]);
    for name in [
        "their_version",
        "Their \"versions\"; --",
        "order",
        "'",
        "versión",
    ] {
        let theirs = theirs.clone().version_table(VersionTable {
            name: name.to_owned(),
            schema: None,
        });
        ours.upgrade(&mut connection, "heads").unwrap();
        assert!(theirs.current(&mut connection).unwrap().is_empty());
        assert_eq!(
            theirs
                .upgrade(&mut connection, "heads")
                .unwrap()
                .steps
                .len(),
            1
        );
        assert_eq!(
            theirs
                .upgrade(&mut connection, "heads")
                .unwrap()
                .steps
                .len(),
            0
        );
        assert_eq!(theirs.current(&mut connection).unwrap(), ["r1"]);
        assert_eq!(ours.current(&mut connection).unwrap(), ["r3"]);
        ours.downgrade(&mut connection, "r1").unwrap();
        let quoted = name.replace('"', "\"\"");
        assert_eq!(
            rows(&connection, &format!("SELECT * FROM \"{quoted}\"")),
            "\"r1\"\n"
        );
        connection.execute_batch("DROP TABLE theirs").unwrap();
    }
}

#[test]
fn the_version_table_may_be_in_an_attached_database() {
    let (main, aside) = (Scratch::new(""), Scratch::new(""));
    let mut connection = main.open();
    let path = aside.path();
    connection
        .execute("ATTACH ? AS Aside", [path.to_str().unwrap()])
        .unwrap();
    let migrations = chain(&THREE).version_table(VersionTable {
        schema: Some("Aside".to_owned()),
        ..VersionTable::default()
    });
    assert_eq!(
        migrations
            .upgrade(&mut connection, "r2")
            .unwrap()
            .steps
            .len(),
        2
    );
    assert_eq!(
        migrations
            .upgrade(&mut connection, "heads")
            .unwrap()
            .steps
            .len(),
        1
    );
    assert_eq!(
        rows(&aside.open(), "SELECT * FROM alembic_version"),
        "\"r3\"\n"
    );
    assert!(!main.dump().contains("alembic_version"));
}
