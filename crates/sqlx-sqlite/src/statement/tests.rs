//! What the driver makes of statements, values and errors, one at a time.

use std::collections::BTreeMap;

use alembic_migrate::driver::DatabaseErrorKind;
use rusqlite::fallible_iterator::FallibleIterator;
use sqlx::Connection;

use super::*;

async fn memory() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let sql = "CREATE TABLE t (x NOT NULL); INSERT INTO t VALUES (1), (2)";
    raw_sql(sql).execute(&mut connection).await.unwrap();
    connection
}

async fn count(connection: &mut SqliteConnection) -> String {
    let rows = query(connection, "SELECT count(*) FROM t").await.unwrap();
    rows[0].text(0).unwrap().to_owned()
}

#[tokio::test]
async fn the_changed_rows_are_counted() {
    for (sql, expected) in [
        ("UPDATE t SET x = x + 1", 2),
        ("DELETE FROM t WHERE x = 1 RETURNING x", 1),
        ("DELETE FROM t WHERE x = 9", 0),
        ("INSERT INTO t VALUES (3), (4), (5)", 3),
        ("-- nothing but a comment", 0),
        ("", 0),
    ] {
        let changed = execute(&mut memory().await, sql).await.unwrap();
        assert_eq!(changed, expected, "{sql}");
    }
}

#[tokio::test]
async fn what_is_more_than_one_statement_is_not_executed_at_all() {
    for sql in [
        "INSERT INTO t VALUES (3); INSERT INTO t VALUES (4)",
        "INSERT INTO t VALUES (3); INSERT INTO later VALUES (4)",
        "INSERT INTO t VALUES (3); no SQL at all",
        "INSERT INTO t VALUES (3); 'never closed",
        "INSERT INTO t VALUES (3);; /* a; */ SELECT 1; -- b",
        "; INSERT INTO t VALUES (3); SELECT 1",
        "CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END; INSERT INTO t VALUES (3)",
    ] {
        let mut connection = memory().await;
        let error = execute(&mut connection, sql).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "SQLite reads more than one statement where one was expected",
            "{sql}"
        );
        assert_eq!(count(&mut connection).await, "2", "{sql}");
    }
    for sql in [
        "INSERT INTO t VALUES (3);",
        "INSERT INTO t VALUES (3); -- end; of it",
        "INSERT INTO t -- not; here\nVALUES (3)",
        "INSERT INTO t VALUES /* nor; here */ (3) ; ; /* or; here",
        ";;INSERT INTO t SELECT 3 AS \"a;b\" WHERE ';' = ';';",
    ] {
        let mut connection = memory().await;
        execute(&mut connection, sql).await.unwrap();
        assert_eq!(count(&mut connection).await, "3", "{sql}");
    }
    let mut connection = memory().await;
    let trigger = "CREATE TRIGGER twice AFTER INSERT ON t WHEN new.x = 3 BEGIN
                       INSERT INTO t VALUES (CASE WHEN 1 THEN ';' END);
                       UPDATE t SET x = x;
                   END";
    execute(&mut connection, trigger).await.unwrap();
    let insert = "INSERT INTO t VALUES (3)";
    execute(&mut connection, insert).await.unwrap();
    assert_eq!(count(&mut connection).await, "4");
}

#[tokio::test]
async fn what_only_looks_like_a_parameter_is_executed() {
    for sql in [
        "CREATE VIRTUAL TABLE f USING fts5(body, tokenize = 'porter', prefix='2 3')",
        "INSERT INTO t VALUES (':x ? $1 @x') -- :x",
        "INSERT INTO t SELECT x AS \"?1\" FROM (SELECT 4 AS x) AS [:a]",
        "CREATE TABLE a$1 (b$ DEFAULT '$c')",
    ] {
        execute(&mut memory().await, sql).await.unwrap();
    }
    // The arguments of a virtual table are its own affair.
    let sql = "CREATE VIRTUAL TABLE f USING fts5(body, no_option = :x)";
    let error = execute(&mut memory().await, sql).await.unwrap_err();
    assert_eq!(error.to_string(), "parse error in \"no_option = :x\"");
}

#[tokio::test]
async fn values_are_told_as_text() {
    for encoding in ["UTF-8", "UTF-16le"] {
        for (value, expected) in [
            ("NULL", None),
            ("''", Some("")),
            ("'a'", Some("a")),
            ("'ä🦀'", Some("ä🦀")),
            ("-7", Some("-7")),
            ("9223372036854775807", Some("9223372036854775807")),
            ("0.5", Some("0.5")),
            ("1e300 * 1e300", Some("inf")),
            ("x'6142'", Some("X'6142'")),
            ("x''", Some("X''")),
        ] {
            let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
            let sql = format!(
                "PRAGMA encoding = '{encoding}';
                 CREATE TABLE t (any, declared BOOLEAN, late DATETIME);
                 INSERT INTO t VALUES ({value}, {value}, {value})"
            );
            raw_sql(safe(&sql)).execute(&mut connection).await.unwrap();
            let sql = format!("SELECT {value}, * FROM t");
            let rows = query(&mut connection, &sql).await.unwrap();
            let expected = expected.map(ToOwned::to_owned);
            let expected = [(); 4].map(|()| expected.clone());
            assert_eq!(rows, [Row::new(expected.to_vec())], "{value} in {encoding}");
        }
    }
    let sql = "SELECT CAST(x'61FF' AS TEXT)";
    let rows = query(&mut memory().await, sql).await.unwrap();
    assert_eq!(rows[0].cell(0), Some("a\u{fffd}"));
}

#[tokio::test]
async fn errors_say_what_and_where_without_the_statement() {
    for (sql, message, offset) in [
        ("SELEKT 1", "near \"SELEKT\": syntax error", Some(0)),
        ("SELECT 'ä' FRM t", "near \"t\": syntax error", Some(16)),
        (
            "SELECT 'FRM', 1 'FRM' 'x'",
            "near \"'x'\": syntax error",
            Some(22),
        ),
        (
            "CREATE TABLE u (a, 'it''s",
            "unrecognized token: \"'it''s\"",
            Some(19),
        ),
        // It could be either of two places.
        ("SELECT t t t FROM t", "near \"t\": syntax error", None),
        ("SELECT 'ä', y FROM t", "no such column: y", None),
        (
            "INSERT INTO t VALUES (NULL)",
            "NOT NULL constraint failed: t.x",
            None,
        ),
        ("SELECT 1 FROM missing", "no such table: missing", None),
        ("SELECT (1", "incomplete input", None),
    ] {
        let error = execute(&mut memory().await, sql).await.unwrap_err();
        assert_eq!(error.kind(), DatabaseErrorKind::Other);
        assert_eq!(error.to_string(), message, "{sql}");
        assert_eq!(error.offset(), offset, "{sql}");
    }
}

#[tokio::test]
async fn a_nul_character_is_refused() {
    for sql in ["INSERT INTO t VALUES (3)\0, (4)", "\0", "SELECT ?\0"] {
        let mut connection = memory().await;
        let error = execute(&mut connection, sql).await.unwrap_err();
        assert_eq!(error.to_string(), "a NUL character is not allowed in SQL");
        assert_eq!(count(&mut connection).await, "2");
    }
}

/// Decides as the driver for rusqlite does, which sees where SQLite ends the first statement.
fn expected(connection: &rusqlite::Connection, sql: &str) -> &'static str {
    let mut batch = rusqlite::Batch::new(connection, sql);
    match batch.next() {
        Err(_) | Ok(None) => "executed",
        Ok(Some(_)) if !matches!(batch.next(), Ok(None)) => "second statement",
        Ok(Some(statement)) if statement.parameter_count() > 0 => "parameter",
        Ok(Some(_)) => "executed",
    }
}

#[tokio::test]
async fn random_texts_are_refused_as_with_rusqlite() {
    const PIECES: [&str; 40] = [
        "SELECT 1",
        "SELECT ?",
        "SELECT :a",
        "SELECT 'a;b'",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t SELECT $a",
        "DELETE FROM t",
        "CREATE TABLE u (x)",
        "SELECT x FROM t",
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TRIGGER r AFTER DELETE ON t BEGIN ",
        "SELECT 2; END",
        " END",
        "CREATE VIEW v AS ",
        ";",
        ";",
        ";",
        ";",
        "; ",
        "\n",
        " ",
        "--",
        "-- ;",
        "/*",
        "*/",
        "/* ; */",
        "'",
        "\"",
        "`",
        "[",
        "]",
        "?1",
        ":b",
        "@c",
        "$d(;)",
        "ä",
        " AS x",
        ", 2",
        "(",
        ")",
    ];
    let mut seed: u64 = 11;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let theirs = rusqlite::Connection::open_in_memory().unwrap();
    theirs.execute_batch("CREATE TABLE t (x NOT NULL)").unwrap();
    let mut ours = memory().await;
    let mut seen = BTreeMap::new();
    for _ in 0..20_000 {
        let pieces = (0..1 + random(7)).map(|_| PIECES[random(PIECES.len())]);
        let sql: String = pieces.collect();
        let outcome = match refuse(&mut ours, &sql).await {
            None => "executed",
            Some(Refusal::SecondStatement) => "second statement",
            Some(Refusal::Parameter(_)) => "parameter",
            Some(other) => panic!("{sql}: {other}"),
        };
        assert_eq!(outcome, expected(&theirs, &sql), "{sql}");
        *seen.entry(outcome).or_insert(0) += 1;
        // Each `;` of it may be the end of it, until SQLite says that it is not.
        if sql.contains("TRIGGER") && theirs.prepare(&sql).is_ok() {
            *seen.entry("trigger").or_insert(0) += 1;
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert!(seen.values().all(|count| *count > 50), "{seen:?}");
}
