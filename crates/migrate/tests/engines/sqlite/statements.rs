//! What reaches SQLite of the statements that only it has.

use rusqlite::Connection;

use super::{dump, rows, single};

fn memory() -> Connection {
    Connection::open_in_memory().unwrap()
}

/// Checks what a query finds after an upgrade with these statements.
#[track_caller]
fn check(statements: &str, query: &str, expected: &str) {
    let mut connection = memory();
    if let Err(error) = single(statements).upgrade(&mut connection, "heads") {
        panic!("{error}");
    }
    assert_eq!(rows(&connection, query).trim(), expected, "{statements}");
}

#[test]
fn pragmas_and_explanations_are_run_to_their_end() {
    check(
        "CREATE TABLE t (x); PRAGMA table_info(t); PRAGMA user_version = 4;",
        "PRAGMA user_version",
        "4",
    );
    check(
        "CREATE TABLE t (x); INSERT INTO t VALUES (1); EXPLAIN QUERY PLAN DELETE FROM t;",
        "SELECT x FROM t",
        "1",
    );
}

#[test]
fn every_kind_of_object_can_be_created() {
    check(
        "CREATE TABLE t (x); CREATE TABLE log (x);
         CREATE TRIGGER logged AFTER INSERT ON t WHEN new.x > 1 BEGIN
             INSERT INTO log VALUES (CASE WHEN new.x = 2 THEN 'two; END' ELSE new.x END);
             DELETE FROM log WHERE x = 4;
         END;
         INSERT INTO t VALUES (1), (2), (3), (4);",
        "SELECT group_concat(x) FROM log",
        "\"two; END,3\"",
    );
    check(
        "CREATE TABLE t (x); INSERT INTO t VALUES (5); CREATE VIEW v (y) AS SELECT x + 1 FROM t;
         CREATE TEMP VIEW w AS SELECT 1;",
        "SELECT y FROM v",
        "6",
    );
    check(
        "CREATE VIRTUAL TABLE f USING fts5(body, tokenize = 'porter');
         INSERT INTO f VALUES ('running dogs'), ('cats');",
        "SELECT body FROM f WHERE f MATCH 'dog'",
        "\"running dogs\"",
    );
    check(
        "CREATE TABLE t (k TEXT PRIMARY KEY, v INTEGER) STRICT, WITHOUT ROWID;
         INSERT INTO t VALUES ('b', 2), ('a', 1);",
        "SELECT * FROM t",
        "\"a\"|1\n\"b\"|2",
    );
    check(
        "CREATE TABLE t (a, b AS (a * 2) STORED, c GENERATED ALWAYS AS (b + 1));
         CREATE INDEX t_c ON t (c) WHERE a > 0; INSERT INTO t VALUES (4);",
        "SELECT * FROM t",
        "4|8|9",
    );
    check(
        "CREATE TABLE \"Straße 🦀\" (\"naïve;\" TEXT); INSERT INTO [Straße 🦀] VALUES ('ÄÖ 🎉');",
        "SELECT `naïve;` FROM \"Straße 🦀\"",
        "\"ÄÖ 🎉\"",
    );
}

#[test]
fn parameters_are_refused() {
    for (parameter, name) in [
        (":x", ":x"),
        ("?", "?"),
        ("?1", "?1"),
        ("?3", "?"),
        ("$1", "$1"),
        ("@x", "@x"),
        ("$a::b(c)", "$a::b(c)"),
    ] {
        for statement in [
            format!("INSERT INTO t VALUES ({parameter})"),
            format!("SELECT {parameter}"),
            format!("CREATE TABLE u AS SELECT {parameter} AS x"),
        ] {
            let mut connection = memory();
            connection.execute_batch("CREATE TABLE t (x)").unwrap();
            let before = dump(&connection);
            let error = single(&statement)
                .upgrade(&mut connection, "heads")
                .unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "r1.sql:6:1: statement 1 of revision r1 failed: the statement has the \
                     parameter {name}, and nothing to put there; the database is as it was before"
                ),
                "{statement}"
            );
            assert_eq!(dump(&connection), before, "{statement}");
        }
    }
    check(
        "CREATE TABLE t (x); INSERT INTO t VALUES (':x ? $1 @x'); -- :x",
        "SELECT x FROM t",
        "\":x ? $1 @x\"",
    );
}

#[test]
fn a_database_in_memory_is_upgraded_and_downgraded() {
    let mut connection = memory();
    let migrations = single("CREATE TABLE t (x);\n-- alembic: downgrade\nDROP TABLE t;");
    migrations.upgrade(&mut connection, "heads").unwrap();
    assert_eq!(migrations.current(&mut connection).unwrap(), ["r1"]);
    migrations.downgrade(&mut connection, "base").unwrap();
    assert_eq!(
        rows(
            &connection,
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ),
        "\"alembic_version\"\n"
    );
}
