//! What a database holds, and how it differs from what it must hold.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::case::{Difference, Query, Text};

/// Everything in a database but the tables of the run.
pub(super) struct Snapshot {
    objects: BTreeMap<(String, String), (Text, String)>,
    tables: BTreeMap<String, Table>,
    /// How each foreign key, view and trigger fares.
    health: BTreeMap<String, String>,
}

/// The rows of a table, in the order of their rowids or of their primary key.
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Snapshot {
    pub(super) fn take(connection: &Connection) -> Self {
        let mut snapshot = Self {
            objects: BTreeMap::new(),
            tables: BTreeMap::new(),
            health: BTreeMap::new(),
        };
        let objects = "SELECT type, name, tbl_name, sql FROM sqlite_master \
                       WHERE name NOT LIKE '%alembic#_version%' ESCAPE '#'";
        let mut objects = connection.prepare(objects).unwrap();
        let mut objects = objects.query([]).unwrap();
        while let Some(row) = objects.next().unwrap() {
            let (kind, name): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
            let sql: Option<String> = row.get(3).unwrap();
            let text = sql.map_or(Text::Automatic, Text::Stored);
            match kind.as_str() {
                "table" => {
                    let table = Table::read(connection, &name);
                    snapshot.tables.insert(name.clone(), table);
                }
                "view" => {
                    let select = format!("SELECT * FROM {}", quoted(&name));
                    snapshot.compile(connection, "view", &name, &select);
                }
                _ => {}
            }
            let object = (text, row.get(2).unwrap());
            snapshot.objects.insert((kind, name), object);
        }
        for check in ["integrity_check", "foreign_key_check"] {
            let found = lines(connection, &format!("PRAGMA {check}"));
            let found = found.unwrap_or_else(|error| vec![error]);
            snapshot.health.insert(check.to_owned(), found.join(", "));
        }
        snapshot
    }

    /// Notes whether a statement compiles, and why not.
    fn compile(&mut self, connection: &Connection, kind: &str, name: &str, sql: &str) {
        let outcome = match connection.prepare(sql) {
            Ok(_) => "compiles".to_owned(),
            Err(error) => error.to_string(),
        };
        self.health.insert(format!("{kind} {name}"), outcome);
    }

    /// Returns how `self` differs from a database that was `before`, and differs as it must.
    pub(super) fn faults(&self, before: &Self, expected: &Difference) -> Vec<String> {
        let mut faults = self.object_faults(before, expected);
        for (name, table) in &before.tables {
            if let Some(now) = self.tables.get(name) {
                faults.extend(now.faults(table, name, expected));
            }
        }
        for ((table, column), values) in &expected.values {
            let found = self.tables.get(table).and_then(|now| now.values(column));
            if found.as_ref() != Some(values) {
                let found = found.unwrap_or_default().join("\n  ");
                let wanted = values.join("\n  ");
                faults.push(format!(
                    "values {table}.{column}: found\n  {found}\ninstead of\n  {wanted}"
                ));
            }
        }
        for (what, outcome) in &before.health {
            let found = self.health.get(what);
            if found.is_some_and(|found| found != outcome) {
                faults.push(format!("{what}: {found:?} instead of {outcome:?}"));
            }
        }
        for (what, outcome) in &self.health {
            if !before.health.contains_key(what) && outcome != "compiles" {
                faults.push(format!("{what}: {outcome}"));
            }
        }
        faults
    }

    fn object_faults(&self, before: &Self, expected: &Difference) -> Vec<String> {
        let mut faults = Vec::new();
        let mut keys: BTreeSet<_> = before.objects.keys().chain(self.objects.keys()).collect();
        keys.extend(expected.objects.keys());
        for key in keys {
            let (kind, name) = key;
            let (found, table) = match self.objects.get(key) {
                Some((text, table)) => (text, Some(table)),
                None => (&Text::Missing, None),
            };
            match (expected.objects.get(key), before.objects.get(key)) {
                (Some(wanted), _) if wanted != found => {
                    faults.push(format!("{kind} {name}: {}", found.instead_of(wanted)));
                }
                (None, Some((text, _))) if text != found => {
                    faults.push(format!("{kind} {name}: {}", found.instead_of(text)));
                }
                (None, Some((_, owner))) if Some(owner) != table => {
                    faults.push(format!("{kind} {name} belongs to {table:?}, not {owner}"));
                }
                (None, None) => faults.push(format!("{kind} {name} is new: {found:?}")),
                _ => {}
            }
        }
        faults
    }
}

impl Text {
    fn instead_of(&self, wanted: &Self) -> String {
        let show = |text: &Self| match text {
            Self::Stored(text) => format!("\n{text}\n"),
            other => format!(" {other:?} "),
        };
        format!("found{}instead of{}", show(self), show(wanted))
    }
}

impl Table {
    fn read(connection: &Connection, name: &str) -> Self {
        // In which order SQLite keeps its own notes is no one's business.
        let internal = name.starts_with("sqlite_");
        let name = quoted(name);
        let rowid = format!("SELECT _rowid_ FROM {name}");
        let (select, order) = match connection.prepare(&rowid) {
            _ if internal => ("NULL, *", " ORDER BY 2, 3"),
            Ok(_) => ("_rowid_, *", " ORDER BY _rowid_"),
            Err(_) => ("NULL, *", ""),
        };
        let query = format!("SELECT {select} FROM {name}{order}");
        let Ok(mut statement) = connection.prepare(&query) else {
            // A virtual table of a module that this SQLite does not have.
            return Self {
                columns: Vec::new(),
                rows: Vec::new(),
            };
        };
        let columns = statement.column_names();
        let mut columns: Vec<String> = columns.into_iter().map(str::to_owned).collect();
        "[rowid]".clone_into(&mut columns[0]);
        let rows = read(&mut statement).unwrap();
        Self { columns, rows }
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    /// Returns the values of a column.
    fn values(&self, column: &str) -> Option<Vec<String>> {
        let column = self.position(column)?;
        Some(self.rows.iter().map(|row| row[column].clone()).collect())
    }

    /// Returns how the rows differ from those before, in the columns that were there.
    fn faults(&self, before: &Self, name: &str, expected: &Difference) -> Option<String> {
        let changes = |column: &String| {
            let key = (name.to_owned(), column.clone());
            expected.values.contains_key(&key)
        };
        let kept = before.columns.iter().filter(|column| !changes(column));
        let kept: Vec<(usize, usize)> = kept
            .filter_map(|column| Some((before.position(column)?, self.position(column)?)))
            .collect();
        if kept.is_empty() {
            return None;
        }
        let pick = |rows: &[Vec<String>], column: fn(&(usize, usize)) -> usize| {
            let line = |row: &Vec<String>| {
                let cells = kept.iter().map(|pair| row[column(pair)].as_str());
                cells.collect::<Vec<_>>().join("|")
            };
            rows.iter().map(line).collect::<Vec<_>>()
        };
        let (old, new) = (
            pick(&before.rows, |pair| pair.0),
            pick(&self.rows, |pair| pair.1),
        );
        if old == new {
            return None;
        }
        let only = |these: &[String], those: &[String]| {
            let those: BTreeSet<_> = those.iter().collect();
            let only = these.iter().filter(|row| !those.contains(row)).take(5);
            only.cloned().collect::<Vec<_>>().join("\n  ")
        };
        let (lost, added) = (only(&old, &new), only(&new, &old));
        let (old, new) = (old.len(), new.len());
        Some(format!(
            "table {name}: {new} rows instead of {old}\n lost:\n  {lost}\n new:\n  {added}"
        ))
    }
}

/// Returns how the answers to queries differ from those that are expected.
pub(super) fn query_faults(connection: &Connection, queries: &[Query]) -> Vec<String> {
    let mut faults = Vec::new();
    for Query { sql, rows } in queries {
        let found = lines(connection, sql);
        if found.as_ref() != Ok(rows) {
            let found = found.map_or_else(|error| error, |lines| lines.join("\n  "));
            let wanted = rows.join("\n  ");
            faults.push(format!("{sql}: found\n  {found}\ninstead of\n  {wanted}"));
        }
    }
    faults
}

/// Runs a query and writes down its rows as SQL literals, those of a row joined by `|`.
fn lines(connection: &Connection, sql: &str) -> Result<Vec<String>, String> {
    let statement = connection.prepare(sql);
    let rows = statement.and_then(|mut statement| read(&mut statement));
    let rows = rows.map_err(|error| error.to_string())?;
    Ok(rows.into_iter().map(|row| row.join("|")).collect())
}

fn read(statement: &mut rusqlite::Statement<'_>) -> rusqlite::Result<Vec<Vec<String>>> {
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = (0..columns).map(|column| row.get_ref(column).map(literal));
        found.push(cells.collect::<Result<_, _>>()?);
    }
    Ok(found)
}

fn literal(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{number:?}"),
        ValueRef::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => {
            let digits = bytes.iter().map(|byte| format!("{byte:02X}"));
            format!("X'{}'", digits.collect::<String>())
        }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
