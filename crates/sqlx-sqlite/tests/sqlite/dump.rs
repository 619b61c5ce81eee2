//! Everything that a database holds, as text that can be compared.

use std::fmt::Write;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// Writes down every object and every row, in the order in which they are stored.
pub(crate) fn dump(connection: &Connection) -> String {
    let mut dump = rows(
        connection,
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid",
    );
    for table in names(connection) {
        let quoted = table.replace('"', "\"\"");
        let _ = writeln!(dump, "{table}:");
        dump += &rows(connection, &format!("SELECT * FROM \"{quoted}\""));
    }
    dump + &rows(connection, "PRAGMA user_version")
}

fn names(connection: &Connection) -> Vec<String> {
    let query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid";
    let mut statement = connection.prepare(query).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.collect::<Result<_, _>>().unwrap()
}

/// Runs a query and writes down its rows, one a line, as SQL literals; but for the moments of this
/// hour, which are no two times the same.
pub(crate) fn rows(connection: &Connection, query: &str) -> String {
    let hour = "SELECT datetime('now', '-1 hour')";
    let hour: String = connection.query_row(hour, [], |row| row.get(0)).unwrap();
    let mut statement = connection.prepare(query).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut text = String::new();
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            let separator = if column > 0 { "|" } else { "" };
            let value = row.get_ref(column).unwrap();
            let value = match value.as_str() {
                Ok(text) if is_moment(text) && text > hour.as_str() => "now".to_owned(),
                _ => literal(value),
            };
            let _ = write!(text, "{separator}{value}");
        }
        text.push('\n');
    }
    text
}

/// Tells whether a text is as `CURRENT_TIMESTAMP` writes it.
fn is_moment(text: &str) -> bool {
    let shape = text.bytes().map(|byte| match byte {
        b'0'..=b'9' => b'0',
        byte => byte,
    });
    shape.eq(*b"0000-00-00 00:00:00")
}

fn literal(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{number:?}"),
        ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => format!("{bytes:02X?}"),
    }
}
