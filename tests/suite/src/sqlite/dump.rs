//! Everything that a database holds, as text that can be compared.

use std::fmt::Write;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::LOG;

/// Writes down every object and every row but those of the log, in the order in which they are
/// stored.
pub(crate) fn dump(connection: &Connection) -> String {
    let mut dump = rows(
        connection,
        "SELECT type, name, tbl_name, sql FROM sqlite_master \
         WHERE tbl_name NOT LIKE '%#_log' ESCAPE '#' ORDER BY rowid",
    );
    for table in names(connection) {
        let quoted = table.replace('"', "\"\"");
        let columns = if table.ends_with("_progress") {
            "revision, direction, done, begun"
        } else {
            "*"
        };
        let _ = writeln!(dump, "{table}:");
        dump += &rows(connection, &format!("SELECT {columns} FROM \"{quoted}\""));
    }
    dump + &rows(connection, "PRAGMA user_version")
}

/// Writes down the log, without what is different in every run; nothing if there is none.
pub(crate) fn log(connection: &Connection) -> String {
    match connection.prepare(LOG) {
        Ok(_) => plain_rows(connection, LOG),
        Err(_) => String::new(),
    }
}

fn names(connection: &Connection) -> Vec<String> {
    let query = "SELECT name FROM sqlite_master WHERE type = 'table' \
         AND name NOT LIKE '%#_log' ESCAPE '#' ORDER BY rowid";
    let mut statement = connection.prepare(query).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.collect::<Result<_, _>>().unwrap()
}

/// Runs a query and writes down its rows, one a line, as SQL literals.
pub(crate) fn rows(connection: &Connection, query: &str) -> String {
    write_rows(connection, query, literal)
}

/// Runs a query and writes down its rows, one a line, as PostgreSQL would.
pub(crate) fn plain_rows(connection: &Connection, query: &str) -> String {
    write_rows(connection, query, |value| match value {
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        value => literal(value),
    })
}

fn write_rows(connection: &Connection, query: &str, write: fn(ValueRef<'_>) -> String) -> String {
    let mut statement = connection.prepare(query).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut text = String::new();
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            let separator = if column > 0 { "|" } else { "" };
            let value = write(row.get_ref(column).unwrap());
            let _ = write!(text, "{separator}{value}");
        }
        text.push('\n');
    }
    text
}

fn literal(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{number:?}"),
        // Two runs are compared, and the second may begin in the next second.
        ValueRef::Text(
            [
                _,
                _,
                _,
                _,
                b'-',
                _,
                _,
                b'-',
                _,
                _,
                b' ',
                _,
                _,
                b':',
                _,
                _,
                b':',
                _,
                _,
            ],
        ) => "[time]".to_owned(),
        ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => format!("{bytes:02X?}"),
    }
}
