//! Version tables that are not as they should be, or not where they usually are.

use alembic_migrate::{DatabaseState, Dialect, Purge, VersionTable};

use crate::engine::{DRIVERS, ENGINES, Scratch, Sql, Via, both, each};
use crate::revisions::chain;

const THREE: [&str; 3] = [
    "-- alembic: upgrade\nCREATE TABLE a (x int);\n-- alembic: downgrade\nDROP TABLE a;",
    "-- alembic: upgrade\nCREATE TABLE b (x int);\n-- alembic: downgrade\nDROP TABLE b;",
    "-- alembic: upgrade\nCREATE TABLE c (x int);\n-- alembic: downgrade\nDROP TABLE c;",
];

const TABLE: &str = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)";

/// Checks what an upgrade says of a database with this version table; nothing may change.
#[track_caller]
fn check(via: Via, before: &str, expected: &str) {
    let scratch = Scratch::new(via, before);
    let dump = scratch.dump();
    let mut database = scratch.open();
    let error = chain(via.dialect(), &THREE)
        .upgrade(&mut database, "heads")
        .unwrap_err();
    assert_eq!(error.fault.to_string(), expected, "{via:?}: {before}");
    assert_eq!(error.state, DatabaseState::Unchanged, "{via:?}: {before}");
    assert!(database.is_idle(), "{via:?}: {before}");
    assert_eq!(scratch.dump(), dump, "{via:?}: {before}");
}

/// How a message names the table: with the schema, where one was looked up.
fn table(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "alembic_version",
        Dialect::Postgres => "\"public\".alembic_version",
    }
}

#[test]
fn what_is_no_version_table_is_left_alone() {
    let malformed = |before: Sql, why: Sql| {
        for via in ENGINES {
            let dialect = via.dialect();
            let why = why.of(dialect);
            let expected = format!("{} is not a version table: {why}", table(dialect));
            check(via, before.of(dialect), &expected);
        }
    };
    malformed(
        both("CREATE VIEW alembic_version AS SELECT 'r1' AS version_num"),
        both("it is a view"),
    );
    malformed(
        both("CREATE TABLE alembic_version (version TEXT)"),
        each(
            "no such column: version_num",
            "column \"version_num\" does not exist",
        ),
    );
    malformed(
        each(
            "CREATE TABLE ALEMBIC_VERSION (version_num); \
             INSERT INTO alembic_version VALUES (NULL)",
            "CREATE TABLE alembic_version (version_num text); \
             INSERT INTO alembic_version VALUES (NULL)",
        ),
        both("a row holds NULL"),
    );
    check(
        Via::Rusqlite,
        "CREATE TABLE t (x); CREATE INDEX alembic_version ON t (x)",
        "cannot create the version table: there is already an index named alembic_version",
    );
    for (before, kind) in [
        (
            "CREATE TABLE t (x int); CREATE INDEX alembic_version ON t (x)",
            "an index",
        ),
        ("CREATE SEQUENCE alembic_version", "a sequence"),
        (
            "CREATE MATERIALIZED VIEW alembic_version AS SELECT 'r1' AS version_num",
            "a materialized view",
        ),
        (
            "CREATE TYPE alembic_version AS (version_num text)",
            "a type",
        ),
        (
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; \
             CREATE FOREIGN TABLE alembic_version (version_num text) SERVER s",
            "a foreign table",
        ),
    ] {
        let expected = format!("\"public\".alembic_version is not a version table: it is {kind}");
        check(Via::Pool, before, &expected);
    }
}

/// Creates temporary objects on the connection that is to be used.
#[test]
fn temporary_objects_hide_the_version_table() {
    for (via, schema) in [(Via::Rusqlite, ""), (Via::Connection, "pg_temp_N.")] {
        for (hides, kind) in [
            ("TEMP TABLE alembic_version (version_num text)", "table"),
            (
                "TEMP VIEW alembic_version AS SELECT 'r1' AS version_num",
                "view",
            ),
        ] {
            for before in ["", TABLE] {
                let scratch = Scratch::new(via, before);
                let dump = scratch.dump();
                let mut database = scratch.open();
                database.execute(&format!("CREATE {hides}"));
                let error = chain(via.dialect(), &THREE)
                    .upgrade(&mut database, "heads")
                    .unwrap_err();
                // The number of the schema is that of the connection.
                let digits: &[char] = &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
                let message = error.fault.to_string().replace(digits, "N");
                let message = message.replace("NN", "N").replace("NN", "N");
                let expected = format!(
                    "{schema}alembic_version is not a version table: it is a temporary {kind}"
                );
                assert_eq!(message, expected);
                assert_eq!(error.state, DatabaseState::Unchanged);
                assert_eq!(scratch.dump(), dump);
            }
        }
    }
}

#[test]
fn rows_that_make_no_sense_are_told() {
    let unknown =
        |rows: &str| format!("the version table names revisions that no file declares: {rows}");
    let insert = |rows: &str| format!("{TABLE}; INSERT INTO alembic_version VALUES {rows}");
    for via in ENGINES {
        check(via, &insert("('zz'), ('r1'), ('aa')"), &unknown("aa, zz"));
        check(via, &insert("('')"), &unknown(""));
        check(via, &insert("('R1')"), &unknown("R1"));
        check(via, &insert("('r1 ')"), &unknown("r1 "));
        check(
            via,
            &insert("('r1'), ('r2')"),
            "the version table holds both r1 and r2, which implies it",
        );
        let table = table(via.dialect());
        check(
            via,
            "CREATE TABLE alembic_version (version_num text);
             INSERT INTO alembic_version VALUES ('r1'), ('r1')",
            &format!(
                "expected to change one row of {table}, 2 changed by: \
                 UPDATE {table} SET version_num = 'r2' WHERE version_num = 'r1'"
            ),
        );
    }
    let sqlite = |rows: &str, told: &str| check(Via::Rusqlite, &insert(rows), &unknown(told));
    sqlite("(x'7231')", "X'7231'");
    sqlite("(7), (1.5)", "1.5, 7");
    sqlite("(CAST(x'FF' AS TEXT))", "\u{fffd}");
    check(
        Via::Pool,
        "CREATE TABLE alembic_version (version_num int); INSERT INTO alembic_version VALUES (7)",
        &unknown("7"),
    );
}

#[test]
fn a_name_in_another_case_is_the_same_table() {
    for via in ENGINES {
        let scratch = Scratch::new(
            via,
            "CREATE TABLE ALEMBIC_VERSION (VERSION_NUM VARCHAR(32) NOT NULL PRIMARY KEY);
             CREATE TABLE a (x int); INSERT INTO Alembic_Version VALUES ('r1')",
        );
        let migrations = chain(via.dialect(), &THREE);
        let mut database = scratch.open();
        assert_eq!(migrations.current(&mut database).unwrap(), ["r1"]);
        let report = migrations.upgrade(&mut database, "heads").unwrap();
        assert_eq!(report.steps.len(), 2);
        assert_eq!(migrations.current(&mut database).unwrap(), ["r3"]);
    }
}

#[test]
fn purging_removes_whatever_is_there() {
    for via in ENGINES {
        for rows in ["('zz'), ('r1'), ('X''7231''')", "('r1'), ('r2')", "('r3')"] {
            let before = format!("{TABLE}; INSERT INTO alembic_version VALUES {rows}");
            let scratch = Scratch::new(via, &before);
            let migrations = chain(via.dialect(), &THREE);
            let mut database = scratch.open();
            migrations
                .stamp(&mut database, &["r2"], Purge::Yes)
                .unwrap();
            assert_eq!(migrations.current(&mut database).unwrap(), ["r2"]);
        }
    }
}

#[test]
fn two_sets_share_a_database() {
    for via in DRIVERS {
        let scratch = Scratch::new(via, "");
        let mut database = scratch.open();
        let ours = chain(via.dialect(), &THREE);
        let theirs = chain(
            via.dialect(),
            &["-- alembic: upgrade\nCREATE TABLE theirs (x int);"],
        );
        for name in [
            "their_version",
            "Their \"versions\"; --",
            "Their.Version",
            "order",
            "user",
            "current_user",
            "'",
            "\\",
            "versión 🦀",
            " ",
            "a name of fifty-four bytes, the longest that may be had",
        ] {
            let theirs = theirs.clone().version_table(VersionTable {
                name: name.to_owned(),
                schema: None,
            });
            ours.upgrade(&mut database, "heads").unwrap();
            assert!(theirs.current(&mut database).unwrap().is_empty());
            for steps in [1, 0] {
                let report = theirs.upgrade(&mut database, "heads").unwrap();
                assert_eq!(report.steps.len(), steps, "{via:?}: {name}");
            }
            assert_eq!(theirs.current(&mut database).unwrap(), ["r1"]);
            assert_eq!(ours.current(&mut database).unwrap(), ["r3"]);
            ours.downgrade(&mut database, "r1").unwrap();
            let quoted = name.replace('"', "\"\"");
            assert_eq!(
                scratch.rows(&format!("SELECT * FROM \"{quoted}\"")),
                "r1\n",
                "{via:?}: {name}"
            );
            scratch.execute("DROP TABLE theirs");
        }
    }
}

#[test]
fn the_version_table_may_be_in_another_schema() {
    for via in DRIVERS {
        let main = Scratch::new(via, "");
        let aside = Scratch::new(Via::Rusqlite, "");
        let mut database = main.open();
        match via.dialect() {
            Dialect::Sqlite => {
                database.execute(&format!("ATTACH '{}' AS \"Aside\"", aside.address()));
            }
            Dialect::Postgres => main.execute("CREATE SCHEMA \"Aside\""),
        }
        let migrations = chain(via.dialect(), &THREE).version_table(VersionTable {
            schema: Some("Aside".to_owned()),
            ..VersionTable::default()
        });
        for (target, steps) in [("r2", 2), ("heads", 1)] {
            let report = migrations.upgrade(&mut database, target).unwrap();
            assert_eq!(report.steps.len(), steps, "{via:?}");
        }
        let rows = match via.dialect() {
            Dialect::Sqlite => aside.rows("SELECT * FROM alembic_version"),
            Dialect::Postgres => main.rows("SELECT * FROM \"Aside\".alembic_version"),
        };
        assert_eq!(rows, "r3\n");
        assert!(!main.dump().contains("public.alembic_version"));
    }
}

#[test]
fn a_schema_that_is_missing_is_told() {
    for via in DRIVERS {
        let scratch = Scratch::new(via, "");
        let before = scratch.dump();
        let migrations = chain(via.dialect(), &THREE).version_table(VersionTable {
            schema: Some("Nowhere".to_owned()),
            ..VersionTable::default()
        });
        let error = migrations
            .upgrade(&mut scratch.open(), "heads")
            .unwrap_err();
        let expected = each(
            "cannot look for the version table: no such table: Nowhere.sqlite_master; \
             the database is as it was before",
            "cannot create the version table: schema \"Nowhere\" does not exist; \
             the database is as it was before",
        );
        assert_eq!(error.to_string(), expected.of(via.dialect()));
        assert_eq!(scratch.dump(), before);
    }
}
