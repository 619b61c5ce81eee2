//! What SQLite says of a database, by its own pragmas: another way than the one that is tested.

use std::collections::BTreeMap;

use alembic_sql::{Dialect, TokenKind, Tokens, literal, normalized, quote};
use rusqlite::Connection;

use super::{OWN, rows as query};
use crate::schemas::attempt::Fault;

/// The rows of each table, each as the values of its columns by name.
pub(super) type TableRows = BTreeMap<String, Vec<BTreeMap<String, String>>>;

/// Returns what the catalog says, as sorted lines; the order of columns is left out.
pub(super) fn of(connection: &Connection) -> Result<Vec<String>, Fault> {
    let lines = read(connection);
    lines.map_err(|error| Fault::new("the catalog cannot be read", error.to_string()))
}

fn read(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let mut lines = Vec::new();
    let objects = query(
        connection,
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL",
    )?;
    for object in objects {
        let mut cells = object.into_iter().map(Option::unwrap_or_default);
        let mut next = || cells.next().unwrap_or_default();
        let (kind, name, table, sql) = (next(), next(), next(), next());
        if table.starts_with(OWN) || name.starts_with("sqlite_") {
            continue;
        }
        if kind == "table" {
            table_lines(connection, &name, &sql, &mut lines)?;
        } else {
            lines.push(format!("{kind} {name} of {table}: {}", in_lower_case(&sql)));
        }
    }
    lines.sort();
    Ok(lines)
}

fn table_lines(
    connection: &Connection,
    table: &str,
    sql: &str,
    lines: &mut Vec<String>,
) -> Result<(), rusqlite::Error> {
    let about = |name: &str, columns: &str| {
        format!("SELECT {columns} FROM pragma_{name}({})", literal(table))
    };
    let named = literal(table);
    let table = table.to_lowercase();
    let columns = query(
        connection,
        &about(
            "table_xinfo",
            "lower(name), lower(type), \"notnull\", dflt_value, pk, hidden",
        ),
    )?;
    let columns = columns
        .into_iter()
        .map(|column| format!("{table} column {}", cells(&column)));
    lines.extend(columns);
    let keys = query(
        connection,
        &about(
            "foreign_key_list",
            "id, seq, lower(\"table\"), lower(\"from\"), lower(\"to\"), on_update, on_delete, match",
        ),
    )?;
    let mut by_key: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for key in keys {
        let id = key[0].clone().unwrap_or_default();
        by_key.entry(id).or_default().push(cells(&key[1..]));
    }
    let keys = by_key.into_values();
    lines.extend(keys.map(|parts| format!("{table} foreign key {}", parts.join(" and "))));
    let indexes = query(
        connection,
        &about("index_list", "name, \"unique\", origin, partial"),
    )?;
    for index in indexes {
        let name = index[0].clone().unwrap_or_default();
        let parts = query(
            connection,
            &format!(
                "SELECT lower(name), \"desc\", coll FROM pragma_index_xinfo({}) WHERE \"key\"",
                literal(&name)
            ),
        )?;
        let parts: Vec<String> = parts.iter().map(|part| cells(part)).collect();
        let shown = match name.starts_with("sqlite_") {
            true => "automatic",
            false => &name,
        };
        let (rest, parts) = (cells(&index[1..]), parts.join(" and "));
        lines.push(format!("{table} index {shown} {rest}: {parts}"));
    }
    lines.extend(words(sql).into_iter().map(|word| format!("{table} {word}")));
    let kind = query(
        connection,
        &format!(
            "SELECT type, wr, strict FROM pragma_table_list WHERE schema = 'main' AND name = {named}"
        ),
    )?;
    lines.extend(
        kind.iter()
            .map(|kind| format!("{table} kind {}", cells(kind))),
    );
    Ok(())
}

fn cells(row: &[Option<String>]) -> String {
    let cells = row.iter().map(|cell| cell.as_deref().unwrap_or("NULL"));
    cells.collect::<Vec<_>>().join(" ")
}

/// Returns a statement in its normal form, with keywords and plain names in lower case.
fn in_lower_case(sql: &str) -> String {
    let sql = normalized(sql, Dialect::Sqlite);
    let tokens = Tokens::new(&sql, Dialect::Sqlite).without_trivia();
    let tokens = tokens.map(|token| match (token.kind, token.span.text(&sql)) {
        (TokenKind::Word, word) => word.to_lowercase(),
        (_, other) => other.to_owned(),
    });
    tokens.collect::<Vec<_>>().join(" ")
}

/// Returns what pragmas do not tell: checks, names of constraints, conflict clauses, collations, and
/// what is generated.
fn words(sql: &str) -> Vec<String> {
    let sql = normalized(sql, Dialect::Sqlite);
    let tokens: Vec<String> = Tokens::new(&sql, Dialect::Sqlite)
        .without_trivia()
        .map(|token| token.span.text(&sql).to_lowercase())
        .collect();
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        match (word(at), word(at + 1)) {
            ("check" | "as", "(") => {
                let mut depth = 0;
                let mut text = String::new();
                for token in &tokens[at + 1..] {
                    depth += i32::from(token == "(") - i32::from(token == ")");
                    text = text + " " + token;
                    if depth == 0 {
                        break;
                    }
                }
                found.push(format!("{}{text}", word(at)));
            }
            ("constraint", name) if word(at + 2) != "default" && word(at + 2) != "collate" => {
                found.push(format!("constraint {name}"));
            }
            ("on", "conflict") => found.push(format!("on conflict {}", word(at + 2))),
            // Of two that say the same, pragmas tell one.
            ("unique" | "autoincrement" | "deferrable" | "deferred", _) => {
                found.push(word(at).to_owned())
            }
            ("collate", name) if name != "binary" => found.push(format!("collate {name}")),
            _ => {}
        }
    }
    found
}

/// The names of tables, each with those of columns.
pub(super) type Columns = BTreeMap<String, Vec<String>>;

/// Returns the rows of all tables that hold some.
pub(super) fn rows(connection: &Connection) -> Result<TableRows, Fault> {
    let rows = read_rows(connection);
    rows.map_err(|error| Fault::new("the rows cannot be read", error.to_string()))
}

/// Returns the columns of each table that hold values of their own; how virtual tables keep theirs is their own
/// affair.
pub(super) fn columns(connection: &Connection) -> Result<Columns, Fault> {
    let columns = read_columns(connection);
    columns.map_err(|error| Fault::new("the columns cannot be read", error.to_string()))
}

fn read_columns(connection: &Connection) -> Result<Columns, rusqlite::Error> {
    let rows = query(
        connection,
        "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_xinfo(t.name) AS c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND c.hidden = 0 \
         AND NOT (t.sql LIKE 'CREATE VIRTUAL%' AND t.sql LIKE '%content=%') \
         AND t.name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')",
    )?;
    let mut columns = Columns::new();
    for row in rows {
        if let [Some(table), Some(column)] = row.as_slice()
            && !table.starts_with(OWN)
        {
            columns
                .entry(table.clone())
                .or_default()
                .push(column.clone());
        }
    }
    Ok(columns)
}

fn read_rows(connection: &Connection) -> Result<TableRows, rusqlite::Error> {
    let mut all = TableRows::new();
    for (table, columns) in read_columns(connection)? {
        let values: Vec<String> = columns
            .iter()
            .map(|column| format!("quote(CAST({} AS TEXT))", quote(column)))
            .collect();
        let sql = format!("SELECT {} FROM {}", values.join(", "), quote(&table));
        let mut found: Vec<BTreeMap<String, String>> = query(connection, &sql)?
            .into_iter()
            .map(|row| {
                let values = row.into_iter().map(Option::unwrap_or_default);
                let names = columns.iter().map(|column| column.to_lowercase());
                names.zip(values).collect()
            })
            .collect();
        found.sort();
        all.insert(table.to_lowercase(), found);
    }
    Ok(all)
}

/// Returns a table that both have, and in which values of columns that both have are others.
pub(super) fn lost(before: &TableRows, after: &TableRows) -> Option<String> {
    for (table, rows) in before {
        let Some(now) = after.get(table) else {
            continue;
        };
        if rows.len() != now.len() {
            return Some(format!("{table}: {} rows, now {}", rows.len(), now.len()));
        }
        let (Some(first), Some(first_now)) = (rows.first(), now.first()) else {
            continue;
        };
        let common: Vec<&String> = first
            .keys()
            .filter(|name| first_now.contains_key(*name))
            .collect();
        let picked = |rows: &[BTreeMap<String, String>]| {
            let mut picked: Vec<Vec<String>> = rows
                .iter()
                .map(|row| common.iter().map(|name| compared(&row[*name])).collect())
                .collect();
            picked.sort();
            picked
        };
        let (then, now) = (picked(rows), picked(now));
        if then != now {
            return Some(format!("{table}: {then:?}, now {now:?}"));
        }
    }
    None
}

/// Returns a value to compare: a number in one form, whether or not it is a whole one.
fn compared(value: &str) -> String {
    let inner = value
        .strip_prefix('\'')
        .and_then(|value| value.strip_suffix('\''));
    let is_plain = |text: &&str| !text.starts_with('0') || text.len() < 2 || text.starts_with("0.");
    let number = inner
        .filter(is_plain)
        .and_then(|text| text.parse::<f64>().ok());
    number.map_or_else(|| value.to_owned(), |number| number.to_string())
}

/// Returns what does not work in a database, as SQLite says: a foreign key to nothing, a view that does
/// not compile.
pub(super) fn broken(connection: &Connection) -> Option<String> {
    let parents = query(
        connection,
        "SELECT m.name, k.\"table\" FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS k \
         WHERE m.type = 'table' AND NOT EXISTS (SELECT 1 FROM sqlite_master AS p \
         WHERE p.type = 'table' AND p.name = k.\"table\" COLLATE NOCASE)",
    );
    let views = query(
        connection,
        "SELECT name FROM sqlite_master WHERE type = 'view'",
    );
    let views = views.into_iter().flatten().filter_map(|row| {
        let view = row.into_iter().next()??;
        let read = connection.prepare(&format!("SELECT * FROM {}", quote(&view)));
        read.err().map(|error| format!("view {view}: {error}"))
    });
    let parents = parents.into_iter().flatten();
    let parents = parents.map(|row| format!("foreign key {}", cells(&row)));
    let mismatch = query(connection, "PRAGMA foreign_key_check").err();
    let mismatch = mismatch.map(|error| error.to_string());
    parents.chain(views).chain(mismatch).next()
}
