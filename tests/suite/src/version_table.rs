//! Version tables that are not as they should be, or not where they usually are.

use alembic_migrate::options::{Purge, VersionTable};
use alembic_migrate::{DatabaseState, Dialect};

use crate::answer::{failure, state, text};
use crate::comparison::record;
use crate::revisions::chain;
use crate::sql::each;
use crate::subject::open;
use crate::{Command, Database, Handle, Subject};

const THREE: [&str; 3] = [
    "-- alembic: upgrade\nCREATE TABLE a (x int);\n-- alembic: downgrade\nDROP TABLE a;",
    "-- alembic: upgrade\nCREATE TABLE b (x int);\n-- alembic: downgrade\nDROP TABLE b;",
    "-- alembic: upgrade\nCREATE TABLE c (x int);\n-- alembic: downgrade\nDROP TABLE c;",
];

const TABLE: &str = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)";

/// Checks what an upgrade says of a database with this version table; nothing may change.
#[track_caller]
fn check<S: Subject>(before: &str, expected: &str) {
    let scratch = S::Database::new(before);
    let dump = scratch.dump();
    let migrations = chain(S::Database::DIALECT, &THREE);
    let mut database = open::<S>(&scratch);
    let record = record::<S>(
        &mut database,
        &migrations,
        Command::Upgrade("heads"),
        before,
    );
    record.check_reference::<S>(&scratch, || S::Database::new(before), &migrations);
    let error = record.outcome.unwrap_err();
    assert_eq!(failure(&error), expected, "{before}");
    assert_eq!(*state(&error), DatabaseState::Unchanged, "{before}");
    assert_eq!(scratch.dump(), dump, "{before}");
}

/// Objects of PostgreSQL that have the name of the version table.
const POSTGRES_KINDS: [(&str, &str); 5] = [
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
];

/// How a message names the table: with the schema, where one was looked up.
fn table(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "alembic_version",
        Dialect::Postgres => "public.alembic_version",
    }
}

pub fn what_is_no_version_table_is_left_alone<S: Subject>() {
    let dialect = S::Database::DIALECT;
    let table = table(dialect);
    let malformed = |before: &str, why: &str| {
        check::<S>(before, &format!("{table} is not a version table: {why}"));
    };
    malformed(
        "CREATE VIEW alembic_version AS SELECT 'r1' AS version_num",
        "it is a view",
    );
    let missing = each(
        "no such column: version_num",
        "column \"version_num\" does not exist",
    );
    malformed(
        "CREATE TABLE alembic_version (version TEXT)",
        missing.of(dialect),
    );
    let null = each(
        "CREATE TABLE ALEMBIC_VERSION (version_num); \
         INSERT INTO alembic_version VALUES (NULL)",
        "CREATE TABLE alembic_version (version_num text); \
         INSERT INTO alembic_version VALUES (NULL)",
    );
    malformed(null.of(dialect), "a row holds NULL");
    match dialect {
        Dialect::Sqlite => check::<S>(
            "CREATE TABLE t (x); CREATE INDEX alembic_version ON t (x)",
            "cannot create the version table: there is already an index named alembic_version",
        ),
        Dialect::Postgres => {
            for (before, kind) in POSTGRES_KINDS {
                malformed(before, &format!("it is {kind}"));
            }
        }
    }
}

/// Creates temporary objects on the connection that is to be used.
pub fn temporary_objects_hide_the_version_table<S: Subject>() {
    let schema = each("", "pg_temp_N.").of(S::Database::DIALECT);
    for (hides, kind) in [
        ("TEMP TABLE alembic_version (version_num text)", "table"),
        (
            "TEMP VIEW alembic_version AS SELECT 'r1' AS version_num",
            "view",
        ),
    ] {
        for before in ["", TABLE] {
            let scratch = S::Database::new(before);
            let dump = scratch.dump();
            let mut database = open::<S>(&scratch);
            database.execute(&format!("CREATE {hides}"));
            let error = database
                .upgrade(&chain(S::Database::DIALECT, &THREE), "heads")
                .unwrap_err();
            // The number of the schema is that of the connection.
            let digits: &[char] = &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
            let message = failure(&error).replace(digits, "N");
            let message = message.replace("NN", "N").replace("NN", "N");
            let expected =
                format!("{schema}alembic_version is not a version table: it is a temporary {kind}");
            assert_eq!(message, expected);
            assert_eq!(*state(&error), DatabaseState::Unchanged);
            assert_eq!(scratch.dump(), dump);
        }
    }
}

pub fn rows_that_make_no_sense_are_told<S: Subject>() {
    let unknown =
        |rows: &str| format!("the version table names revisions that no file declares: {rows}");
    let insert = |rows: &str| format!("{TABLE}; INSERT INTO alembic_version VALUES {rows}");
    check::<S>(&insert("('zz'), ('r1'), ('aa')"), &unknown("aa, zz"));
    check::<S>(&insert("('')"), &unknown(""));
    check::<S>(&insert("('R1')"), &unknown("R1"));
    check::<S>(&insert("('r1 ')"), &unknown("r1 "));
    check::<S>(
        &insert("('r1'), ('r2')"),
        "the version table holds both r1 and r2, which implies it",
    );
    let table = table(S::Database::DIALECT);
    let equals = match S::Database::DIALECT {
        Dialect::Sqlite => "=",
        Dialect::Postgres => "OPERATOR(pg_catalog.=)",
    };
    check::<S>(
        "CREATE TABLE alembic_version (version_num text);
             INSERT INTO alembic_version VALUES ('r1'), ('r1')",
        &format!(
            "expected to change one row of {table}, changed 2: \
                 UPDATE {table} SET version_num = 'r2' WHERE version_num {equals} 'r1'"
        ),
    );
    match S::Database::DIALECT {
        Dialect::Sqlite => {
            for (rows, told) in [
                ("(x'7231')", "X'7231'"),
                ("(7), (1.5)", "1.5, 7"),
                ("(CAST(x'FF' AS TEXT))", "\u{fffd}"),
            ] {
                check::<S>(&insert(rows), &unknown(told));
            }
        }
        Dialect::Postgres => check::<S>(
            "CREATE TABLE alembic_version (version_num int); \
             INSERT INTO alembic_version VALUES (7)",
            &unknown("7"),
        ),
    }
}

pub fn a_name_in_another_case_is_the_same_table<S: Subject>() {
    let scratch = S::Database::new(
        "CREATE TABLE ALEMBIC_VERSION (VERSION_NUM VARCHAR(32) NOT NULL PRIMARY KEY);
             CREATE TABLE a (x int); INSERT INTO Alembic_Version VALUES ('r1')",
    );
    let migrations = chain(S::Database::DIALECT, &THREE);
    let mut database = open::<S>(&scratch);
    assert_eq!(database.current(&migrations).unwrap(), ["r1"]);
    let report = database.upgrade(&migrations, "heads").unwrap();
    assert_eq!(report.steps.len(), 2);
    assert_eq!(database.current(&migrations).unwrap(), ["r3"]);
}

pub fn purging_removes_whatever_is_there<S: Subject>() {
    for rows in ["('zz'), ('r1'), ('X''7231''')", "('r1'), ('r2')", "('r3')"] {
        let before = format!("{TABLE}; INSERT INTO alembic_version VALUES {rows}");
        let scratch = S::Database::new(&before);
        let migrations = chain(S::Database::DIALECT, &THREE);
        let mut database = open::<S>(&scratch);
        database.stamp(&migrations, &["r2"], Purge::Yes).unwrap();
        assert_eq!(database.current(&migrations).unwrap(), ["r2"]);
    }
}

pub fn two_sets_share_a_database<S: Subject>() {
    let scratch = S::Database::new("");
    let mut database = open::<S>(&scratch);
    let ours = chain(S::Database::DIALECT, &THREE);
    let theirs = chain(
        S::Database::DIALECT,
        &["-- alembic: upgrade\nCREATE TABLE theirs (x int);"],
    );
    for name in [
        "their_version",
        "Their \"versions\"; --",
        "order",
        "user",
        "current_user",
        "'",
        "\\",
        "versión 🦀",
        " ",
        "a name of fifty-four bytes, the longest of all of them",
    ] {
        let theirs = theirs.clone().version_table(VersionTable {
            name: name.to_owned(),
            schema: None,
        });
        database.upgrade(&ours, "heads").unwrap();
        assert!(database.current(&theirs).unwrap().is_empty());
        for steps in [1, 0] {
            let report = database.upgrade(&theirs, "heads").unwrap();
            assert_eq!(report.steps.len(), steps, "{name}");
        }
        assert_eq!(database.current(&theirs).unwrap(), ["r1"]);
        assert_eq!(database.current(&ours).unwrap(), ["r3"]);
        database.downgrade(&ours, "r1").unwrap();
        let quoted = name.replace('"', "\"\"");
        assert_eq!(
            scratch.rows(&format!("SELECT * FROM \"{quoted}\"")),
            "r1\n",
            "{name}"
        );
        scratch.execute("DROP TABLE theirs");
    }
}

pub fn the_version_table_may_be_in_another_schema<S: Subject>() {
    let main = S::Database::new("");
    let aside = S::Database::new("");
    let mut database = open::<S>(&main);
    match S::Database::DIALECT {
        Dialect::Sqlite => {
            database.execute(&format!("ATTACH '{}' AS \"Aside\"", aside.address()));
        }
        Dialect::Postgres => main.execute("CREATE SCHEMA \"Aside\""),
    }
    let migrations = chain(S::Database::DIALECT, &THREE).version_table(VersionTable {
        schema: Some("Aside".to_owned()),
        ..VersionTable::default()
    });
    for (target, steps) in [("r2", 2), ("heads", 1)] {
        let report = database.upgrade(&migrations, target).unwrap();
        assert_eq!(report.steps.len(), steps);
    }
    let rows = match S::Database::DIALECT {
        Dialect::Sqlite => aside.rows("SELECT * FROM alembic_version"),
        Dialect::Postgres => main.rows("SELECT * FROM \"Aside\".alembic_version"),
    };
    assert_eq!(rows, "r3\n");
    assert!(!main.dump().contains("public.alembic_version"));
}

pub fn a_name_that_would_be_another_table_is_refused<S: Subject>() {
    let reserved = "begins with `sqlite_`, which SQLite keeps for itself";
    let long = "is longer than 54 bytes, and PostgreSQL would cut it off";
    for (name, sqlite, postgres) in [
        (
            "tenant.alembic_version",
            Some("has a dot"),
            Some("has a dot"),
        ),
        ("", Some("is empty"), Some("is empty")),
        ("sqlite_versions", Some(reserved), None),
        (&*"v".repeat(55), None, Some(long)),
    ] {
        let why = match S::Database::DIALECT {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        };
        let table = VersionTable {
            name: name.to_owned(),
            schema: None,
        };
        let quoted = table.quoted();
        let scratch = S::Database::new("");
        let before = scratch.dump();
        let migrations = chain(S::Database::DIALECT, &THREE).version_table(table);
        let outcome = open::<S>(&scratch).upgrade(&migrations, "heads");
        let why = why.map(|why| {
            format!(
                "the name of the version table {quoted} {why}; the database is as it was before"
            )
        });
        let is_refused = why.is_some();
        assert_eq!(outcome.err().map(|error| text(&error)), why, "{name}");
        assert_eq!(scratch.dump() == before, is_refused, "{name}");
    }
}

pub fn a_schema_that_is_missing_is_told<S: Subject>() {
    let scratch = S::Database::new("");
    let before = scratch.dump();
    let migrations = chain(S::Database::DIALECT, &THREE).version_table(VersionTable {
        schema: Some("Nowhere".to_owned()),
        ..VersionTable::default()
    });
    let error = open::<S>(&scratch)
        .upgrade(&migrations, "heads")
        .unwrap_err();
    let expected = each(
        "cannot look for the version table: no such table: Nowhere.sqlite_master; \
             the database is as it was before",
        "cannot create the version table: schema \"Nowhere\" does not exist; \
             the database is as it was before",
    );
    assert_eq!(text(&error), expected.of(S::Database::DIALECT));
    assert_eq!(scratch.dump(), before);
}
