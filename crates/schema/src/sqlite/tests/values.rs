//! Values whose column gets another type, on SQLite itself: what was stored comes back the same, or
//! it is refused.

use rusqlite::Connection;

use crate::sqlite::rows::changed;

const TYPES: &[&str] = &[
    "",
    "INTEGER",
    "INT",
    "BIGINT",
    "TEXT",
    "VARCHAR(3)",
    "BLOB",
    "REAL",
    "DOUBLE PRECISION",
    "FLOATING POINT",
    "NUMERIC",
    "DECIMAL(10, 2)",
    "BOOLEAN",
    "DATE",
    "TIMESTAMP",
    "ANY",
    "STRING",
];
const STRICT_TYPES: &[&str] = &["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"];
const VALUES: &[&str] = &[
    "NULL",
    "0",
    "1",
    "-7",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "0.0",
    "-0.0",
    "1.0",
    "1.5",
    "0.1 + 0.2",
    "1e15",
    "1e20",
    "123456789012345678.0",
    "9223372036854775808.0",
    "1e300",
    "5e-324",
    "9e999",
    "-9e999",
    "''",
    "' '",
    "'0'",
    "'-0'",
    "'7'",
    "'+7'",
    "'007'",
    "'7.'",
    "'7.0'",
    "'1.50'",
    "'1.5'",
    "'.5'",
    "'1e3'",
    "'1E3'",
    "'1e999'",
    "'12abc'",
    "'0x10'",
    "'1_000'",
    "' 12 '",
    "'12 '",
    "'9007199254740993'",
    "'9223372036854775808'",
    "'123456789012345678901234567890'",
    "'0.30000000000000004'",
    "'true'",
    "'FALSE'",
    "'t'",
    "'inf'",
    "'Infinity'",
    "'nan'",
    "'2024-02-29'",
    "'2024-02-29 12:00:00+00:00'",
    "'2024'",
    "'é'",
    "'a' || char(0) || 'b'",
    "'7' || char(0) || 'b'",
    "x''",
    "x'00'",
    "x'37'",
];

fn text(connection: &Connection, sql: &str) -> String {
    connection
        .query_row(sql, [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{error}: {sql}"))
}

/// Returns whether a value is the same to an application: itself, an equal number, or a number and
/// the text that SQLite writes for it.
fn is_same(connection: &Connection, column: &str) -> bool {
    let b = format!("b.{column}");
    let same = format!(
        "SELECT CASE \
         WHEN typeof(a.x) = typeof({b}) THEN quote(a.x) = quote({b}) \
         WHEN a.x IS NULL OR {b} IS NULL OR 'blob' IN (typeof(a.x), typeof({b})) THEN 0 \
         WHEN typeof(a.x) <> 'text' AND typeof({b}) <> 'text' THEN a.x = {b} \
         WHEN typeof(a.x) = 'integer' THEN CAST({b} AS INTEGER) = a.x AND CAST(a.x AS TEXT) = {b} \
         WHEN typeof(a.x) = 'real' THEN CAST({b} AS REAL) = a.x AND CAST(a.x AS TEXT) = {b} \
         ELSE CAST({b} AS TEXT) = a.x OR CAST(CAST({b} AS INTEGER) AS TEXT) = a.x \
           AND CAST({b} AS INTEGER) = {b} END FROM a, b"
    );
    connection
        .query_row(&same, [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{error}: {same}"))
}

fn check(types: &[&str], is_strict: bool) {
    let connection = Connection::open_in_memory().expect("a database in memory");
    let options = if is_strict { " STRICT" } else { "" };
    let mut faults = Vec::new();
    let mut kept = 0;
    for from in types {
        for to in types {
            let create = format!(
                "DROP TABLE IF EXISTS a; DROP TABLE IF EXISTS b; \
                 CREATE TABLE a (x {from}){options}; CREATE TABLE b (x {to}){options}"
            );
            connection.execute_batch(&create).expect("two tables");
            for value in VALUES {
                connection
                    .execute_batch("DELETE FROM a; DELETE FROM b")
                    .expect("empty tables");
                let insert = format!("INSERT INTO a VALUES ({value})");
                if connection.execute_batch(&insert).is_err() {
                    continue;
                }
                let is_changed = changed("x", from, to, is_strict).is_some_and(|condition| {
                    let sql = format!("SELECT count(*) FROM a WHERE {condition}");
                    let count: i64 = connection
                        .query_row(&sql, [], |row| row.get(0))
                        .unwrap_or_else(|error| panic!("{error}: {sql}"));
                    count > 0
                });
                if is_changed {
                    continue;
                }
                kept += 1;
                let stored = text(&connection, "SELECT quote(x) FROM a");
                let copied = connection.execute_batch("INSERT INTO b SELECT x FROM a");
                let is_kept = copied.is_ok() && is_same(&connection, "x");
                if !is_kept {
                    let found = match copied {
                        Ok(()) => text(&connection, "SELECT quote(x) FROM b"),
                        Err(error) => error.to_string(),
                    };
                    faults.push(format!("{from} -> {to}: {stored} became {found}"));
                }
            }
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {kept}:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn values_stay_or_are_refused() {
    check(TYPES, false);
}

#[test]
fn values_of_strict_tables_stay_or_are_refused() {
    check(STRICT_TYPES, true);
}

/// What changes nothing goes through.
#[test]
fn values_that_stay_are_not_refused() {
    for (from, to, values) in [
        ("INTEGER", "TEXT", &["7", "-7", "NULL"][..]),
        ("TEXT", "INTEGER", &["'7'", "'-7'", "'0'"]),
        ("TEXT", "REAL", &["'1.5'", "'7'", "'7.0'"]),
        ("TEXT", "NUMERIC", &["'1.5'", "'7'"]),
        ("INTEGER", "REAL", &["7"]),
        ("REAL", "INTEGER", &["7.0"]),
        ("VARCHAR(10)", "TEXT", &["'007'"]),
        ("INTEGER", "BIGINT", &["7"]),
        ("TEXT", "DATE", &["'2024-02-29'", "''", "'soon'"]),
        ("TEXT", "TIMESTAMP", &["'2024-02-29 12:00:00'"]),
        ("INTEGER", "BOOLEAN", &["0", "1"]),
        ("TEXT", "BLOB", &["'007'"]),
        ("DECIMAL(10, 2)", "DECIMAL(12, 2)", &["1.5", "'abc'"]),
    ] {
        for value in values {
            let connection = Connection::open_in_memory().expect("a database in memory");
            let fill = format!("CREATE TABLE a (x {from}); INSERT INTO a VALUES ({value})");
            connection.execute_batch(&fill).expect("a table");
            let condition = changed("x", from, to, false).unwrap_or_else(|| "0".to_owned());
            let sql = format!("SELECT count(*) FROM a WHERE {condition}");
            let refused: i64 = connection
                .query_row(&sql, [], |row| row.get(0))
                .expect("a count");
            assert_eq!(refused, 0, "{from} -> {to}: {value}");
        }
    }
}
