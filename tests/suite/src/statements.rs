//! What reaches a database of the statements in a revision.

use std::fmt::Write;

use alembic_migrate::history::History;
use alembic_migrate::{DatabaseState, Migrations};

use crate::answer::{failure, state, text};
use crate::comparison::record;
use crate::revisions::{chain, file, single};
use crate::sql::{Sql, both, each};
use crate::subject::open;
use crate::{Command, Database, Handle, Subject};

/// Checks what a query finds after an upgrade with these statements.
#[track_caller]
fn check<S: Subject>(statements: Sql, query: &str, expected: &str) {
    let statements = statements.of(S::Database::DIALECT);
    let migrations = single(S::Database::DIALECT, statements);
    let scratch = S::Database::new("");
    let mut database = open::<S>(&scratch);
    let record = record::<S>(
        &mut database,
        &migrations,
        Command::Upgrade("heads"),
        statements,
    );
    drop(database);
    record.check_reference::<S>(&scratch, || S::Database::new(""), &migrations);
    record.outcome.unwrap();
    assert_eq!(scratch.rows(query).trim(), expected, "{statements}");
}

pub fn statements_that_return_rows_are_run_to_their_end<S: Subject>() {
    let all = "SELECT count(*), sum(x) FROM t";
    check::<S>(
        both(
            "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2), (3) RETURNING x; SELECT x \
             FROM t; SELECT 1 WHERE 1 = 0; VALUES (1), (2);",
        ),
        all,
        "3|6",
    );
    check::<S>(
        both(
            "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2), (3); UPDATE t SET x = x * 2 \
             RETURNING x; DELETE FROM t WHERE x > 4 RETURNING *;",
        ),
        all,
        "2|6",
    );
    check::<S>(
        both(
            "CREATE TABLE t (x int); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 \
             FROM n WHERE i < 1000) INSERT INTO t SELECT i FROM n RETURNING x;",
        ),
        all,
        "1000|500500",
    );
}

pub fn line_endings_and_a_byte_order_mark_do_not_matter<S: Subject>() {
    let text = "-- Crabs\n-- Revision ID: r1\n-- Revises:\n\n-- alembic: upgrade\n\
                -- a comment; with a semicolon\nCREATE TABLE t (\n  x int -- inline\n);\n\
                INSERT INTO t VALUES (1);\n\n-- alembic: downgrade\nDROP TABLE t;\n";
    let crlf = text.replace('\n', "\r\n");
    for text in [
        text,
        &crlf,
        &format!("\u{feff}{text}"),
        &format!("\u{feff}{crlf}"),
    ] {
        let history = History::new([file("a.sql", text)], &[S::Database::DIALECT]).unwrap();
        let migrations = Migrations::new(history);
        let scratch = S::Database::new("");
        let before = scratch.dump();
        open::<S>(&scratch).upgrade(&migrations, "heads").unwrap();
        assert_eq!(scratch.rows("SELECT x FROM t"), "1\n");
        open::<S>(&scratch).downgrade(&migrations, "base").unwrap();
        scratch.execute("DROP TABLE alembic_version");
        assert_eq!(scratch.dump(), before);
    }
}

pub fn a_parameter_is_never_a_value<S: Subject>() {
    let scratch = S::Database::new("CREATE TABLE t (x int)");
    let before = scratch.dump();
    let error = open::<S>(&scratch)
        .upgrade(
            &single(S::Database::DIALECT, "INSERT INTO t VALUES ($1)"),
            "heads",
        )
        .unwrap_err();
    let expected = each(
        "r1.sql:6:1: statement 1 of revision r1 failed: \
             the statement has the parameter $1, which has no value",
        "r1.sql:6:23: statement 1 of revision r1 failed: there is no parameter $1",
    );
    assert_eq!(failure(&error), expected.of(S::Database::DIALECT));
    assert_eq!(*state(&error), DatabaseState::Unchanged);
    assert_eq!(scratch.dump(), before);
    check::<S>(
        both("CREATE TABLE t (x text); INSERT INTO t VALUES (':x ? $1 @x'); -- $1"),
        "SELECT x FROM t",
        ":x ? $1 @x",
    );
}

pub fn a_statement_may_be_long<S: Subject>() {
    const LENGTH: usize = 5_000_000;
    let letters = "a🦀".repeat(LENGTH / 5);
    let statements = format!("CREATE TABLE t (x text); INSERT INTO t VALUES ('{letters}');");
    let scratch = S::Database::new("");
    open::<S>(&scratch)
        .upgrade(&single(S::Database::DIALECT, &statements), "heads")
        .unwrap();
    let length = "SELECT length(x), octet_length(x) FROM t";
    let expected = format!("{}|{LENGTH}\n", LENGTH / 5 * 2);
    assert_eq!(scratch.rows(length), expected);
    // The place of an error is counted in characters at one engine, and in bytes at the other.
    let statements = format!("CREATE TABLE t (x text);\nINSERT INTO t VALUES ('{letters}', y);");
    let migrations = single(S::Database::DIALECT, &statements);
    let scratch = S::Database::new("");
    let error = open::<S>(&scratch)
        .upgrade(&migrations, "heads")
        .unwrap_err();
    let column = if S::PLACES_ERRORS {
        24 + LENGTH / 5 * 2 + 3
    } else {
        1
    };
    let place = format!("r1.sql:7:{column}: statement 2 of revision r1 failed: ");
    assert!(text(&error).starts_with(&place));
}

pub fn a_history_may_be_long<S: Subject>() {
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
    let migrations = chain(S::Database::DIALECT, &sections);
    let scratch = S::Database::new("");
    let report = open::<S>(&scratch).upgrade(&migrations, "heads").unwrap();
    assert_eq!(report.steps.len(), LENGTH);
    let all = "SELECT count(*), sum(x) FROM t";
    assert_eq!(scratch.rows(all), "1999|1999000\n");
    open::<S>(&scratch).downgrade(&migrations, "r1").unwrap();
    assert_eq!(scratch.rows(all), "0|NULL\n");
    assert_eq!(open::<S>(&scratch).current(&migrations).unwrap(), ["r1"]);
}
