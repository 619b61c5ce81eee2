//! The schema of a SQLite database as text, to compare and to show.

use std::fmt::Write;

use alembic_history::sql::normalized;
use alembic_history::{Dialect, VersionTable};
use rusqlite::Connection;

/// Describes the schema of a database: every table, index, view and trigger but the version table,
/// by kind and name, so that two schemas that say the same are the same text.
///
/// Columns keep their order. What SQLite keeps for itself is left out.
///
/// # Errors
///
/// When the schema cannot be read.
///
/// ```
/// use alembic_migrate::{VersionTable, describe_schema};
///
/// let connection = rusqlite::Connection::open_in_memory().unwrap();
/// connection.execute_batch("CREATE TABLE \"t\" (id INTEGER,\n name TEXT)").unwrap();
/// assert_eq!(
///     describe_schema(&connection, &VersionTable::default()).unwrap(),
///     "table t\n  CREATE TABLE t (\n    id INTEGER ,\n    name TEXT\n  )\n"
/// );
/// ```
pub fn describe_schema(
    connection: &Connection,
    version_table: &VersionTable,
) -> rusqlite::Result<String> {
    let mut statement = connection.prepare(
        "SELECT type, name, sql FROM sqlite_master \
         WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name <> ?1 COLLATE NOCASE \
         ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 WHEN 'view' THEN 3 ELSE 4 END, \
         name",
    )?;
    let mut rows = statement.query([&version_table.name])?;
    let mut text = String::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get(0)?;
        let name: String = row.get(1)?;
        let sql: Option<String> = row.get(2)?;
        let _ = writeln!(text, "{kind} {name}");
        text.push_str(&broken(&normalized(
            &sql.unwrap_or_default(),
            Dialect::Sqlite,
        )));
    }
    Ok(text)
}

/// Breaks a definition into lines at its outermost parentheses and the commas between them.
fn broken(sql: &str) -> String {
    let mut text = String::from("  ");
    let mut depth = 0_usize;
    for token in sql.split(' ') {
        match token {
            ")" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    trim_end(&mut text);
                    text.push_str("\n  ");
                }
            }
            "(" => depth += 1,
            _ => {}
        }
        text.push_str(token);
        let breaks = depth == 1 && matches!(token, "(" | ",");
        text.push_str(if breaks { "\n    " } else { " " });
    }
    trim_end(&mut text);
    text.push('\n');
    text
}

fn trim_end(text: &mut String) {
    text.truncate(text.trim_end().len());
}
