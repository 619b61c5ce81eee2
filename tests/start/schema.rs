//! The schema of a database as a text that is the same for two schemas that mean the same.

use std::fmt::Write;

use alembic_history::Dialect;
use alembic_history::sql::normalized;
use rusqlite::Connection;

/// Describes every table, index, view and trigger but those called `except`, and what SQLite keeps
/// for itself.
///
/// Columns keep their order. What else stands in a `CREATE TABLE` is sorted, since a column that is
/// added to a table comes behind its constraints.
pub(crate) fn schema(connection: &Connection, except: &[&str]) -> String {
    let mut statement = connection
        .prepare(
            "SELECT type, name, tbl_name, sql FROM sqlite_master \
             WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             ORDER BY type = 'table' DESC, tbl_name, type, name",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    let mut text = String::new();
    for row in rows.unwrap() {
        let (kind, name, table, sql): (String, String, String, String) = row.unwrap();
        if except.contains(&table.as_str()) {
            continue;
        }
        let sql = normalized(&sql, Dialect::Sqlite);
        if kind == "table" {
            let _ = writeln!(text, "table {name} ({})", columns(connection, &name));
            for part in parts(&sql) {
                let _ = writeln!(text, "  {part}");
            }
        } else {
            let _ = writeln!(text, "{sql}");
        }
    }
    text
}

fn columns(connection: &Connection, table: &str) -> String {
    let mut statement = connection
        .prepare("SELECT name FROM pragma_table_xinfo(?1) ORDER BY cid")
        .unwrap();
    let names = statement.query_map([table], |row| row.get(0)).unwrap();
    let names: Vec<String> = names.map(Result::unwrap).collect();
    names.join(", ")
}

/// Returns what stands between the commas of a `CREATE TABLE`, sorted, and what follows it.
fn parts(sql: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut rest = String::new();
    let mut depth = 0_usize;
    for token in sql.split(' ') {
        match token {
            ")" => depth -= 1,
            "," if depth == 1 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        let part = match (depth, parts.last_mut()) {
            (1.., Some(part)) => part,
            _ => &mut rest,
        };
        let _ = write!(part, "{token} ");
        if token == "(" {
            depth += 1;
        }
    }
    parts.sort();
    // Only where something follows the parentheses, such as `STRICT`.
    if !rest.ends_with(") ") {
        parts.push(rest);
    }
    let spaced = parts.iter().map(|part| part.trim());
    spaced
        .map(|part| {
            part.replace("( ", "(")
                .replace(" )", ")")
                .replace(" ,", ",")
        })
        .collect()
}
