//! What reaches SQLite of the statements that only it has.

use alembic_migrate::Migrations;
use alembic_migrate::history::History;

use super::{File, FileSubject, chain, single};
use crate::Command::Upgrade;
use crate::answer::text;
use crate::comparison::{compare, record};
use crate::subject::open;
use crate::{Database, Handle};

/// Checks what a query finds after an upgrade with these statements.
#[track_caller]
fn check<S: FileSubject>(statements: &str, query: &str, expected: &str) {
    let migrations = single(statements);
    let file = File::new("");
    let mut handle = open::<S>(&file);
    let record = record::<S>(&mut handle, &migrations, Upgrade("heads"), statements);
    drop(handle);
    record.check_reference::<S>(&file, || File::new(""), &migrations);
    record.outcome.unwrap();
    assert_eq!(file.literals(query).trim(), expected, "{statements}");
}

pub fn pragmas_and_explanations_are_run_to_their_end<S: FileSubject>() {
    check::<S>(
        "CREATE TABLE t (x); PRAGMA table_info(t); PRAGMA user_version = 4;",
        "PRAGMA user_version",
        "4",
    );
    check::<S>(
        "CREATE TABLE t (x); INSERT INTO t VALUES (1); EXPLAIN QUERY PLAN DELETE FROM t;",
        "SELECT x FROM t",
        "1",
    );
}

pub fn every_kind_of_object_can_be_created<S: FileSubject>() {
    check::<S>(
        "CREATE TABLE t (x); CREATE TABLE log (x);
         CREATE TRIGGER logged AFTER INSERT ON t WHEN new.x > 1 BEGIN
             INSERT INTO log VALUES (CASE WHEN new.x = 2 THEN 'two; END' ELSE new.x END);
             DELETE FROM log WHERE x = 4;
         END;
         INSERT INTO t VALUES (1), (2), (3), (4);",
        "SELECT group_concat(x) FROM log",
        "\"two; END,3\"",
    );
    check::<S>(
        "CREATE TABLE t (x); INSERT INTO t VALUES (5); CREATE VIEW v (y) AS SELECT x + 1 FROM t;
         CREATE TEMP VIEW w AS SELECT 1;",
        "SELECT y FROM v",
        "6",
    );
    check::<S>(
        "CREATE VIRTUAL TABLE f USING fts5(body, tokenize = 'porter');
         INSERT INTO f VALUES ('running dogs'), ('cats');",
        "SELECT body FROM f WHERE f MATCH 'dog'",
        "\"running dogs\"",
    );
    check::<S>(
        "CREATE TABLE t (k TEXT PRIMARY KEY, v INTEGER) STRICT, WITHOUT ROWID;
         INSERT INTO t VALUES ('b', 2), ('a', 1);",
        "SELECT * FROM t",
        "\"a\"|1\n\"b\"|2",
    );
    check::<S>(
        "CREATE TABLE t (a, b AS (a * 2) STORED, c GENERATED ALWAYS AS (b + 1));
         CREATE INDEX t_c ON t (c) WHERE a > 0; INSERT INTO t VALUES (4);",
        "SELECT * FROM t",
        "4|8|9",
    );
    check::<S>(
        "CREATE TABLE \"Straße 🦀\" (\"naïve;\" TEXT); INSERT INTO [Straße 🦀] VALUES ('ÄÖ 🎉');",
        "SELECT `naïve;` FROM \"Straße 🦀\"",
        "\"ÄÖ 🎉\"",
    );
}

pub fn parameters_are_refused<S: FileSubject>() {
    for parameter in [":x", "?", "?1", "?3", "$1", "@x", "$a::b(c)"] {
        for statement in [
            format!("INSERT INTO t VALUES ({parameter})"),
            format!("SELECT {parameter}"),
            format!("CREATE TABLE u AS SELECT {parameter} AS x"),
        ] {
            let file = File::new("CREATE TABLE t (x)");
            let before = file.dump();
            let mut handle = open::<S>(&file);
            let error = handle.upgrade(&single(&statement), "heads").unwrap_err();
            let expected = |name: &str| {
                format!(
                    "r1.sql:6:1: statement 1 of revision r1 failed: the statement has the \
                     parameter {name}, which has no value; the database is as it was before"
                )
            };
            let message = text(&error);
            // SQLite has no name for the first parameter, where the only one is the third.
            let is_unnamed = parameter == "?3" && message == expected("?");
            if !is_unnamed {
                assert_eq!(message, expected(parameter), "{statement}");
            }
            assert_eq!(file.dump(), before, "{statement}");
        }
    }
    check::<S>(
        "CREATE TABLE t (x); INSERT INTO t VALUES (':x ? $1 @x'); -- :x",
        "SELECT x FROM t",
        "\":x ? $1 @x\"",
    );
}

pub fn a_database_in_memory_is_upgraded_and_downgraded<S: FileSubject>() {
    let mut memory = S::open(":memory:");
    let migrations = single("CREATE TABLE t (x);\n-- alembic: downgrade\nDROP TABLE t;");
    let nothing = Migrations::new(History::default());
    memory.upgrade(&migrations, "heads").unwrap();
    assert_eq!(memory.current(&migrations).unwrap(), ["r1"]);
    let described = memory.describe(&nothing).unwrap();
    assert!(described.starts_with("table t\n"), "{described}");
    memory.downgrade(&migrations, "base").unwrap();
    assert!(memory.current(&migrations).unwrap().is_empty());
    assert_eq!(memory.describe(&nothing).unwrap(), "");
}

pub fn every_driver_makes_the_same_of_every_kind_of_statement<S: FileSubject>() {
    let before = "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3);
         CREATE TABLE parent (id INTEGER PRIMARY KEY);
         CREATE TABLE child (parent_id INTEGER REFERENCES parent (id) ON DELETE CASCADE);
         INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (1), (2);";
    for statements in [
        "INSERT INTO t VALUES (1), (2), (3) RETURNING x; UPDATE t SET x = x * 2 RETURNING x;",
        "DELETE FROM t WHERE x > 1 RETURNING *; SELECT x FROM t; SELECT 1 WHERE 0;",
        "VALUES (1), (2); EXPLAIN QUERY PLAN DELETE FROM t; PRAGMA table_info(t);",
        "PRAGMA user_version = 4; PRAGMA application_id = 0x1234; PRAGMA integrity_check;",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO t SELECT i FROM n RETURNING x;",
        "CREATE TABLE log (x);
         CREATE TRIGGER logged AFTER INSERT ON t WHEN new.x > 1 BEGIN
             INSERT INTO log VALUES (CASE WHEN new.x = 2 THEN 'two; END' ELSE new.x END);
             DELETE FROM log WHERE x = 4; -- done; END
         END;
         INSERT INTO t VALUES (1), (2), (3), (4);",
        "CREATE VIEW v (y) AS SELECT x + 1 FROM t; CREATE TEMP VIEW w AS SELECT 1;",
        "CREATE VIRTUAL TABLE f USING fts5(body, tokenize = 'porter');
         INSERT INTO f VALUES ('running dogs'), ('cats');",
        "CREATE TABLE u (k TEXT PRIMARY KEY, v INTEGER) STRICT, WITHOUT ROWID;
         INSERT INTO u VALUES ('b', 2), ('a', 1);",
        "CREATE TABLE u (a, b AS (a * 2) STORED, c GENERATED ALWAYS AS (b + 1));
         CREATE INDEX u_c ON u (c) WHERE a > 0; INSERT INTO u VALUES (4);",
        "CREATE TABLE \"Straße 🦀\" (\"naïve;\" TEXT); INSERT INTO [Straße 🦀] VALUES ('ÄÖ 🎉');",
        "INSERT INTO t VALUES (':x ? $1 @x'), (x'00'), (0.1), (NULL), (''); -- :x",
        "INSERT INTO t VALUES (:x)",
        "SELECT ?",
        "CREATE TABLE u AS SELECT ?1 AS x",
        "UPDATE t SET x = $a::b(c)",
        "DELETE FROM t WHERE x = @x",
        "PRAGMA foreign_keys = OFF;
         CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT);
         INSERT INTO parent_new (id) SELECT id FROM parent;
         DROP TABLE parent; ALTER TABLE parent_new RENAME TO parent;
         PRAGMA foreign_keys = ON;",
        "DELETE FROM parent;",
        "DELETE FROM child; DELETE FROM parent;",
        "INSERT INTO child VALUES (9);",
        "DROP TABLE parent;",
        "SELECT 1; -- nothing; at all",
        "VACUUM",
        "PRAGMA journal_mode; INSERT INTO t VALUES (4)",
    ] {
        for section in ["", " no-transaction"] {
            let migrations = chain(&[
                format!("-- alembic: upgrade{section}\n{statements}"),
                "-- alembic: upgrade\nCREATE TABLE last (x);".to_owned(),
            ]);
            let before = || File::new(before);
            let _ = compare::<S>(before, &migrations, Upgrade("heads"), statements);
        }
    }
}
