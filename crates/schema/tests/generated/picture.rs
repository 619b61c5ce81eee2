//! What a database is, as far as a change of a table must not change it.

use std::collections::BTreeMap;

use rusqlite::{Connection, types::ValueRef};

use crate::random::Random;

/// A database and the name of an object in it.
pub(crate) type Place = (String, String);

/// A column as `table_xinfo` shows it: type, NOT NULL, default, place in the key, kind.
pub(crate) type ColumnInfo = (String, i64, Option<String>, i64, i64);

/// A row: its number, and the values of its columns.
pub(crate) type Row = (Option<i64>, BTreeMap<String, String>);

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Picture {
    /// The texts of all objects, by database and name.
    pub(crate) texts: BTreeMap<Place, String>,
    pub(crate) rows: BTreeMap<Place, Vec<Row>>,
    pub(crate) columns: BTreeMap<Place, Vec<(String, ColumnInfo)>>,
    /// The indexes of each table, those of constraints without their names.
    pub(crate) indexes: BTreeMap<Place, Vec<String>>,
    pub(crate) foreign_keys: BTreeMap<Place, Vec<String>>,
    /// What views return.
    pub(crate) views: BTreeMap<Place, Vec<String>>,
    pub(crate) sequences: Vec<String>,
    pub(crate) statistics: Vec<String>,
    /// What `integrity_check` and `foreign_key_check` report.
    pub(crate) checks: Vec<String>,
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{number:?}"),
        ValueRef::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => format!("x{bytes:?}"),
    }
}

/// Returns the rows of a query, or its error.
pub(crate) fn query(connection: &Connection, sql: &str) -> Result<Vec<Vec<String>>, String> {
    let mut statement = connection.prepare(sql).map_err(|error| error.to_string())?;
    let count = statement.column_count();
    let mut rows = statement.query([]).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(|error| error.to_string())? {
        found.push(
            (0..count)
                .map(|index| shown(row.get_ref(index).unwrap()))
                .collect(),
        );
    }
    Ok(found)
}

/// Returns the rows of a query as lines.
fn lines(connection: &Connection, sql: &str) -> Vec<String> {
    match query(connection, sql) {
        Ok(rows) => rows.iter().map(|row| row.join("|")).collect(),
        Err(error) => vec![error],
    }
}

pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn text(name: &str) -> String {
    format!("'{}'", name.replace('\'', "''"))
}

impl Picture {
    pub(crate) fn take(connection: &Connection) -> Self {
        // A temporary view remembers the columns that it had before another database changed.
        connection
            .execute_batch("PRAGMA writable_schema = RESET")
            .unwrap();
        let mut picture = Self::default();
        for database in ["main", "temp", "aux"] {
            let mut objects = connection
                .prepare(&format!(
                    "SELECT type, name, sql FROM {database}.sqlite_master WHERE sql IS NOT NULL"
                ))
                .unwrap();
            let objects: Vec<(String, String, String)> = objects
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            for (kind, name, sql) in objects {
                let place = (database.to_owned(), name.clone());
                picture.texts.insert(place.clone(), sql);
                let qualified = format!("{database}.{}", quote(&name));
                match kind.as_str() {
                    "table" if name.starts_with("sqlite_") => {}
                    "table" => picture.add_table(connection, place, &qualified),
                    "view" => {
                        let mut found = lines(connection, &format!("SELECT * FROM {qualified}"));
                        found.sort();
                        picture.views.insert(place, found);
                    }
                    _ => {}
                }
            }
            for table in ["sqlite_sequence", "sqlite_stat1", "sqlite_stat4"] {
                let into = match table {
                    "sqlite_sequence" => &mut picture.sequences,
                    _ => &mut picture.statistics,
                };
                let exists =
                    format!("SELECT 1 FROM {database}.sqlite_master WHERE name = '{table}'");
                if !lines(connection, &exists).is_empty() {
                    let found = lines(connection, &format!("SELECT * FROM {database}.{table}"));
                    into.extend(
                        found
                            .into_iter()
                            .map(|line| format!("{database}.{table}: {line}")),
                    );
                    into.sort();
                }
            }
            for check in ["integrity_check", "foreign_key_check"] {
                let mut found = lines(connection, &format!("PRAGMA {database}.{check}"));
                if check == "foreign_key_check" {
                    // A new foreign key shifts the numbers of the others, the last column.
                    for line in &mut found {
                        line.truncate(line.rfind('|').unwrap_or(line.len()));
                    }
                }
                found.sort();
                picture.checks.extend(found);
            }
        }
        picture
    }

    fn add_table(&mut self, connection: &Connection, place: Place, qualified: &str) {
        let (database, name) = (&place.0, text(&place.1));
        let of =
            |pragma: &str, argument: &str| format!("pragma_{pragma}({argument}, '{database}')");
        let mut columns = connection
            .prepare(&format!(
                "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM {}",
                of("table_xinfo", &name)
            ))
            .unwrap();
        let columns: Vec<(String, ColumnInfo)> = columns
            .query_map([], |row| {
                // With a comment after it, if the column is generated.
                let type_name: String = row.get(1)?;
                let end = type_name
                    .find("/*")
                    .into_iter()
                    .chain(type_name.find("--"))
                    .min();
                let type_name = type_name[..end.unwrap_or(type_name.len())].trim_end();
                let info = (
                    type_name.to_owned(),
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get(5)?,
                );
                Ok((row.get(0)?, info))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let mut indexes = Vec::new();
        for index in query(
            connection,
            &format!(
                "SELECT name, \"unique\", origin, partial FROM {}",
                of("index_list", &name)
            ),
        )
        .unwrap()
        {
            let parts = format!(
                "SELECT name, \"desc\", coll, \"key\" FROM {} WHERE \"key\"",
                of("index_xinfo", &index[0])
            );
            let parts = lines(connection, &parts).join(", ");
            let shown = if index[2] == "'c'" {
                index[0].as_str()
            } else {
                ""
            };
            indexes.push(format!("{shown} {} ({parts})", index[1..].join(" ")));
        }
        indexes.sort();
        let mut keys = lines(
            connection,
            &format!(
                "SELECT seq, \"table\", \"from\", \"to\", on_update, on_delete, \"match\" FROM {} ORDER BY id, seq",
                of("foreign_key_list", &name)
            ),
        );
        keys.sort();
        let list: Vec<String> = columns.iter().map(|(name, _)| quote(name)).collect();
        let named = |wanted: &str| {
            columns
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        let without_rowid = lines(
            connection,
            &format!(
                "SELECT wr FROM pragma_table_list WHERE schema = '{database}' AND name = {name}"
            ),
        ) == ["1"];
        let number = match without_rowid || named("rowid") {
            true => "NULL",
            false => "rowid",
        };
        let mut statement = connection
            .prepare(&format!(
                "SELECT {number}, {} FROM {qualified} NOT INDEXED",
                list.join(", ")
            ))
            .unwrap();
        let mut found = statement.query([]).unwrap();
        let mut rows: Vec<Row> = Vec::new();
        while let Some(row) = found.next().unwrap() {
            let values = columns.iter().enumerate();
            let values = values
                .map(|(index, (name, _))| (name.clone(), shown(row.get_ref(index + 1).unwrap())))
                .collect();
            rows.push((row.get(0).unwrap(), values));
        }
        rows.sort();
        self.rows.insert(place.clone(), rows);
        self.columns.insert(place.clone(), columns);
        self.indexes.insert(place.clone(), indexes);
        self.foreign_keys.insert(place, keys);
    }

    /// Returns the first difference from another picture.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        fn first<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
            what: &str,
            one: &BTreeMap<K, V>,
            other: &BTreeMap<K, V>,
        ) -> Option<String> {
            let keys = one.keys().chain(other.keys());
            let mut different = keys.filter(|key| one.get(key) != other.get(key));
            different.next().map(|key| {
                format!(
                    "{what} {key:?}:\n    {:?}\n    {:?}",
                    one.get(key),
                    other.get(key)
                )
            })
        }
        let list = |what: &str, one: &[String], other: &[String]| {
            (one != other).then(|| format!("{what}:\n    {one:?}\n    {other:?}"))
        };
        first("text", &self.texts, &other.texts)
            .or_else(|| first("columns", &self.columns, &other.columns))
            .or_else(|| first("rows", &self.rows, &other.rows))
            .or_else(|| first("indexes", &self.indexes, &other.indexes))
            .or_else(|| first("foreign keys", &self.foreign_keys, &other.foreign_keys))
            .or_else(|| first("view", &self.views, &other.views))
            .or_else(|| list("sequences", &self.sequences, &other.sequences))
            .or_else(|| list("statistics", &self.statistics, &other.statistics))
            .or_else(|| list("checks", &self.checks, &other.checks))
    }
}

fn rows(connection: &Connection, places: &[&Place]) -> Vec<Result<Vec<Vec<String>>, String>> {
    let rows = places.iter().map(|(database, name)| {
        query(
            connection,
            &format!("SELECT * FROM {database}.{} NOT INDEXED", quote(name)),
        )
    });
    rows.collect()
}

/// What a statement does.
#[derive(Debug)]
pub(crate) struct Behaviour {
    /// How many rows it changes, or why it fails.
    result: Result<usize, String>,
    /// Whether rows refer to nothing afterwards.
    dangles: bool,
    rows: String,
}

impl Behaviour {
    /// Returns whether two databases behave in the same way, as far as SQLite does if their tables were
    /// created in another order.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let is_key = |error: &String| error.as_str() == "FOREIGN KEY constraint failed";
        let is_generated = |error: &String| error.starts_with("cannot UPDATE generated column");
        match (&self.result, &other.result) {
            // Which of several constraints fails first depends on the order.
            (Err(error), Err(other_error)) if is_key(error) || is_key(other_error) => {
                self.rows == other.rows
            }
            // Of several tables whose keys would set a generated column, SQLite names one.
            (Err(error), Err(other_error)) if is_generated(error) && is_generated(other_error) => {
                self.rows == other.rows
            }
            // A row that may replace others, and refers to nothing in its own table, is overlooked in
            // one order, and not in another.
            (Ok(_), Err(error)) if is_key(error) && self.dangles => true,
            (Err(error), Ok(_)) if is_key(error) && other.dangles => true,
            (result, other_result) => result == other_result && self.rows == other.rows,
        }
    }
}

/// Returns what statements do to the database: each on its own, and taken back.
pub(crate) fn behaviour(
    connection: &Connection,
    before: &Picture,
    probes: &[String],
) -> Vec<Behaviour> {
    let places: Vec<&Place> = before.rows.keys().collect();
    let mut found = Vec::new();
    for probe in probes {
        connection.execute_batch("BEGIN").unwrap();
        let result = connection.execute(probe, []);
        let dangling = "SELECT 1 FROM pragma_foreign_key_check";
        let dangles = connection
            .prepare(dangling)
            .and_then(|mut query| query.exists([]));
        found.push(Behaviour {
            result: result.map_err(|error| error.to_string()),
            // It fails where a key cannot be enforced.
            dangles: dangles.unwrap_or_default(),
            rows: format!("{:?}", rows(connection, &places)),
        });
        // A conflict clause may have rolled back already.
        let _ = connection.execute_batch("ROLLBACK");
    }
    found
}

/// Returns statements that add and change rows of tables.
pub(crate) fn probes(random: &mut Random, tables: &[&crate::tables::Table]) -> Vec<String> {
    let mut probes = Vec::new();
    for table in tables {
        for _ in 0..3 {
            let plain = crate::rows::change_of_rows(random, table, false);
            probes.push(crate::random::dress(random, &plain));
        }
    }
    probes
}
