//! What reaches a database of the statements in a revision.

use std::fmt::Write;

use alembic_migrate::{DatabaseState, History, Migrations};

use crate::engine::{DRIVERS, ENGINES, Scratch, Sql, both, each};
use crate::revisions::{chain, file, single};

/// Checks what a query finds after an upgrade with these statements.
#[track_caller]
fn check(statements: Sql, query: &str, expected: &str) {
    for via in DRIVERS {
        let statements = statements.of(via.dialect());
        let scratch = Scratch::new(via, "");
        let mut database = scratch.open();
        if let Err(error) = single(via.dialect(), statements).upgrade(&mut database, "heads") {
            panic!("{via:?}: {error}");
        }
        assert!(database.is_idle(), "{via:?}: {statements}");
        let found = scratch.rows(query);
        assert_eq!(found.trim(), expected, "{via:?}: {statements}");
    }
}

#[test]
fn statements_that_return_rows_are_run_to_their_end() {
    let all = "SELECT count(*), sum(x) FROM t";
    check(
        both(
            "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2), (3) RETURNING x; SELECT x \
             FROM t; SELECT 1 WHERE 1 = 0; VALUES (1), (2);",
        ),
        all,
        "3|6",
    );
    check(
        both(
            "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2), (3); UPDATE t SET x = x * 2 \
             RETURNING x; DELETE FROM t WHERE x > 4 RETURNING *;",
        ),
        all,
        "2|6",
    );
    check(
        both(
            "CREATE TABLE t (x int); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 \
             FROM n WHERE i < 1000) INSERT INTO t SELECT i FROM n RETURNING x;",
        ),
        all,
        "1000|500500",
    );
}

#[test]
fn line_endings_and_a_byte_order_mark_do_not_matter() {
    let text = "-- Crabs\n-- Revision ID: r1\n-- Revises:\n\n-- alembic: upgrade\n\
                -- a comment; with a semicolon\nCREATE TABLE t (\n  x int -- inline\n);\n\
                INSERT INTO t VALUES (1);\n\n-- alembic: downgrade\nDROP TABLE t;\n";
    let crlf = text.replace('\n', "\r\n");
    for via in ENGINES {
        for text in [
            text,
            &crlf,
            &format!("\u{feff}{text}"),
            &format!("\u{feff}{crlf}"),
        ] {
            let history = History::new([file("a.sql", text)], &[via.dialect()]).unwrap();
            let migrations = Migrations::new(history);
            let scratch = Scratch::new(via, "");
            let before = scratch.dump();
            migrations.upgrade(&mut scratch.open(), "heads").unwrap();
            assert_eq!(scratch.rows("SELECT x FROM t"), "1\n");
            migrations.downgrade(&mut scratch.open(), "base").unwrap();
            scratch.execute("DROP TABLE alembic_version");
            assert_eq!(scratch.dump(), before);
        }
    }
}

#[test]
fn a_parameter_is_never_a_value() {
    for via in DRIVERS {
        let scratch = Scratch::new(via, "CREATE TABLE t (x int)");
        let before = scratch.dump();
        let error = single(via.dialect(), "INSERT INTO t VALUES ($1)")
            .upgrade(&mut scratch.open(), "heads")
            .unwrap_err();
        let expected = each(
            "r1.sql:6:1: statement 1 of revision r1 failed: \
             the statement has the parameter $1, and nothing to put there",
            "r1.sql:6:23: statement 1 of revision r1 failed: there is no parameter $1",
        );
        assert_eq!(error.fault.to_string(), expected.of(via.dialect()));
        assert_eq!(error.state, DatabaseState::Unchanged);
        assert_eq!(scratch.dump(), before);
    }
    check(
        both("CREATE TABLE t (x text); INSERT INTO t VALUES (':x ? $1 @x'); -- $1"),
        "SELECT x FROM t",
        ":x ? $1 @x",
    );
}

#[test]
fn a_statement_may_be_long() {
    const LENGTH: usize = 5_000_000;
    let letters = "a🦀".repeat(LENGTH / 5);
    let statements = format!("CREATE TABLE t (x text); INSERT INTO t VALUES ('{letters}');");
    for via in DRIVERS {
        let scratch = Scratch::new(via, "");
        single(via.dialect(), &statements)
            .upgrade(&mut scratch.open(), "heads")
            .unwrap();
        let length = "SELECT length(x), octet_length(x) FROM t";
        let expected = format!("{}|{LENGTH}\n", LENGTH / 5 * 2);
        assert_eq!(scratch.rows(length), expected, "{via:?}");
    }
    // The place of an error is counted in characters at one engine, and in bytes at the other.
    let statements = format!("CREATE TABLE t (x text);\nINSERT INTO t VALUES ('{letters}', y);");
    for via in ENGINES {
        let error = single(via.dialect(), &statements)
            .upgrade(&mut Scratch::new(via, "").open(), "heads")
            .unwrap_err();
        let column = 24 + LENGTH / 5 * 2 + 3;
        let place = format!("r1.sql:7:{column}: statement 2 of revision r1 failed: ");
        assert!(error.to_string().starts_with(&place), "{via:?}");
    }
}

#[test]
fn a_history_may_be_long() {
    const LENGTH: usize = 2_000;
    let mut sections = vec!["-- alembic: upgrade\nCREATE TABLE t (x int);".to_owned()];
    for number in 1..LENGTH {
        let mut section = String::new();
        let _ = write!(
            section,
            "-- alembic: upgrade\nINSERT INTO t VALUES ({number});"
        );
        let _ = write!(
            section,
            "\n-- alembic: downgrade\nDELETE FROM t WHERE x = {number};"
        );
        sections.push(section);
    }
    for via in ENGINES {
        let migrations = chain(via.dialect(), &sections);
        let scratch = Scratch::new(via, "");
        let report = migrations.upgrade(&mut scratch.open(), "heads").unwrap();
        assert_eq!(report.steps.len(), LENGTH, "{via:?}");
        let all = "SELECT count(*), sum(x) FROM t";
        assert_eq!(scratch.rows(all), "1999|1999000\n", "{via:?}");
        migrations.downgrade(&mut scratch.open(), "r1").unwrap();
        assert_eq!(scratch.rows(all), "0|NULL\n", "{via:?}");
        assert_eq!(migrations.current(&mut scratch.open()).unwrap(), ["r1"]);
    }
}
