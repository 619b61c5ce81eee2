//! What the driver makes of statements, values and errors, one at a time.

use super::*;

fn memory() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE t (x NOT NULL); INSERT INTO t VALUES (1), (2)")
        .unwrap();
    connection
}

fn count(connection: &Connection) -> String {
    let rows = rows(connection, "SELECT count(*) FROM t").unwrap();
    rows[0].text(0).unwrap().to_owned()
}

#[test]
fn the_changed_rows_are_counted() {
    for (sql, expected) in [
        ("UPDATE t SET x = x + 1", 2),
        ("DELETE FROM t WHERE x = 1 RETURNING x", 1),
        ("DELETE FROM t WHERE x = 9", 0),
        ("INSERT INTO t VALUES (3), (4), (5)", 3),
        ("-- nothing but a comment", 0),
        ("", 0),
    ] {
        assert_eq!(execute(&memory(), sql).unwrap(), expected, "{sql}");
    }
}

#[test]
fn what_is_more_than_one_statement_is_not_executed_at_all() {
    for sql in [
        "INSERT INTO t VALUES (3); INSERT INTO t VALUES (4)",
        "INSERT INTO t VALUES (3); INSERT INTO later VALUES (4)",
        "INSERT INTO t VALUES (3); no SQL at all",
    ] {
        let connection = memory();
        let error = execute(&connection, sql).unwrap_err();
        assert_eq!(
            error.to_string(),
            "SQLite reads more than one statement where one was expected"
        );
        assert_eq!(count(&connection), "2", "{sql}");
    }
    for sql in [
        "INSERT INTO t VALUES (3);",
        "INSERT INTO t VALUES (3); -- end",
    ] {
        let connection = memory();
        execute(&connection, sql).unwrap();
        assert_eq!(count(&connection), "3", "{sql}");
    }
}

#[test]
fn values_are_told_as_text() {
    for (value, expected) in [
        ("NULL", None),
        ("''", Some("")),
        ("'a'", Some("a")),
        ("-7", Some("-7")),
        ("0.5", Some("0.5")),
        ("x'6142'", Some("X'6142'")),
        ("x''", Some("X''")),
        ("CAST(x'61FF' AS TEXT)", Some("a\u{fffd}")),
    ] {
        let rows = rows(&memory(), &format!("SELECT {value}")).unwrap();
        assert_eq!(rows[0].cell(0), expected, "{value}");
    }
}

#[test]
fn errors_say_what_and_where_without_the_statement() {
    for (sql, message, offset) in [
        ("SELECT 'ä', y FROM t", "no such column: y", Some(13)),
        ("SELEKT 1", "near \"SELEKT\": syntax error", Some(0)),
        (
            "INSERT INTO t VALUES (NULL)",
            "NOT NULL constraint failed: t.x",
            None,
        ),
        ("SELECT 1 FROM missing", "no such table: missing", None),
        ("SELECT (1", "incomplete input", None),
    ] {
        let error = execute(&memory(), sql).unwrap_err();
        assert_eq!(error.kind(), DatabaseErrorKind::Other);
        assert_eq!(error.to_string(), message, "{sql}");
        assert!(error.code().is_some(), "{sql}");
        assert_eq!(error.offset(), offset, "{sql}");
    }
}
