//! Foreign keys, and the rows that dangle by each.
//!
//! `PRAGMA foreign_key_check` reads a whole database at once, unless one key of it cannot be
//! enforced, because its parent's columns need not be unique: then it checks none. The keys are then
//! checked one by one.

use std::borrow::Cow;

use alembic_sql::{literal, quote};

use crate::action::Action;
use crate::dangling::{DanglingRows, ForeignKey, KeyChange, KeyRows, KeySchema};
use crate::link::Link;
use crate::refused_request::{RefusedRequest, attribute_to};
use crate::request::{Execute, ForeignKeyTask, Query, Row, Task};

/// The place of a foreign key: its table, and its number there.
#[derive(PartialEq, Eq)]
struct KeyId {
    table: String,
    number: String,
}

/// A foreign key of a database, with what its check needs to know.
struct Key {
    id: KeyId,
    columns: Vec<String>,
    parent: String,
    /// The parent's columns; fewer than the key's own if the parent has no such primary key.
    parent_columns: Vec<String>,
    /// Whether the parent exists; if it does not, all rows dangle that refer to it.
    has_parent: bool,
}

impl Key {
    fn describe(&self, schema: &str) -> ForeignKey {
        ForeignKey {
            table: qualify(schema, &self.id.table),
            columns: self.columns.clone(),
            parent: qualify(schema, &self.parent),
            parent_columns: self.parent_columns.clone(),
        }
    }

    fn is_in(&self, ids: &[KeyId]) -> bool {
        ids.contains(&self.id)
    }
}

/// Returns the name of a table, with the name of its database unless that is the usual one.
fn qualify(schema: &str, table: &str) -> String {
    match schema {
        MAIN => table.to_owned(),
        _ => format!("{schema}.{table}"),
    }
}

const MAIN: &str = "main";

async fn ask(
    link: &Link<'_>,
    task: ForeignKeyTask,
    sql: impl Into<Cow<'static, str>>,
) -> Result<Vec<Row>, RefusedRequest> {
    link.query(Query::new(Task::ForeignKeys(task), sql)).await
}

fn text(row: &Row, column: usize) -> Result<&str, RefusedRequest> {
    row.text(column)
        .map_err(attribute_to(Action::CheckForeignKeys))
}

/// Finds the dangling rows of `schemas`, as far as they still exist, or of all databases of the
/// connection except the temporary one.
pub(super) async fn find_dangling(
    link: &Link<'_>,
    checked: KeyChange,
    schemas: Option<&[String]>,
) -> Result<DanglingRows, RefusedRequest> {
    let mut found = DanglingRows {
        checked,
        ..DanglingRows::default()
    };
    check(link, MAIN, &mut found).await?;
    if schemas.is_some_and(|schemas| *schemas == found.schemas) {
        return Ok(found);
    }
    for schema in attached(link).await? {
        if schemas.is_none_or(|schemas| schemas.contains(&schema)) {
            check(link, &schema, &mut found).await?;
        }
    }
    Ok(found)
}

/// Returns the tables and foreign keys of databases of the connection.
pub(super) async fn read_schema(
    link: &Link<'_>,
    schemas: &[String],
) -> Result<KeySchema, RefusedRequest> {
    let mut read = KeySchema::default();
    for schema in schemas {
        let query = format!(
            "SELECT name FROM {}.sqlite_master WHERE type = 'table'",
            quote(schema)
        );
        for row in ask(link, ForeignKeyTask::ListTables, query).await? {
            read.tables.push(qualify(schema, text(&row, 0)?));
        }
        let keys = list(link, schema).await?;
        read.keys
            .extend(keys.iter().map(|key| key.describe(schema)));
    }
    Ok(read)
}

/// Returns the names of the databases of a connection besides the usual ones.
async fn attached(link: &Link<'_>) -> Result<Vec<String>, RefusedRequest> {
    let query = "SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')";
    let rows = ask(link, ForeignKeyTask::ListDatabases, query).await?;
    let names = rows.iter().map(|row| text(row, 0).map(ToOwned::to_owned));
    names.collect()
}

/// Adds the dangling rows of a database to `found`.
async fn check(
    link: &Link<'_>,
    schema: &str,
    found: &mut DanglingRows,
) -> Result<(), RefusedRequest> {
    found.schemas.push(schema.to_owned());
    let dangling = match find_keys(link, found.checked, schema, None).await? {
        Some(ids) if ids.is_empty() => return Ok(()),
        Some(ids) => {
            let keys = list(link, schema).await?;
            keys.into_iter().filter(|key| key.is_in(&ids)).collect()
        }
        None => check_tables(link, schema, found).await?,
    };
    if found.checked < KeyChange::Rows {
        return Ok(());
    }
    for key in dangling {
        let rows = read_rows(link, schema, &key).await?;
        if !rows.is_empty() {
            found.rows.push((key.describe(schema), rows));
        }
    }
    Ok(())
}

/// Checks a database table by table; returns the keys by which rows may dangle, and adds those that
/// cannot be enforced to `found`.
async fn check_tables(
    link: &Link<'_>,
    schema: &str,
    found: &mut DanglingRows,
) -> Result<Vec<Key>, RefusedRequest> {
    let mut dangling = Vec::new();
    let mut keys = list(link, schema).await?.into_iter().peekable();
    while let Some(first) = keys.next() {
        let mut own = vec![first];
        while let Some(key) = keys.next_if(|key| key.id.table == own[0].id.table) {
            own.push(key);
        }
        if let Some(ids) = find_keys(link, found.checked, schema, Some(&own[0].id.table)).await? {
            dangling.extend(own.into_iter().filter(|key| key.is_in(&ids)));
            continue;
        }
        let (mut sound, mut unsound) = (Vec::new(), Vec::new());
        for key in own {
            match is_enforceable(link, schema, &key).await? {
                true => sound.push(key),
                false => unsound.push(key),
            }
        }
        if unsound.is_empty() {
            // One of the unique indexes has another collation than its column.
            (sound, unsound) = sound.into_iter().partition(|key| !key.has_parent);
        }
        dangling.extend(sound);
        let unsound = unsound.iter().map(|key| key.describe(schema));
        found.unenforceable.extend(unsound);
    }
    Ok(dangling)
}

/// Finds the keys by which rows of a database dangle, or those of one table; returns `None` where
/// SQLite checks none, because one of them cannot be enforced.
async fn find_keys(
    link: &Link<'_>,
    checked: KeyChange,
    schema: &str,
    table: Option<&str>,
) -> Result<Option<Vec<KeyId>>, RefusedRequest> {
    if checked < KeyChange::Rows {
        return explain_check(link, schema, table).await;
    }
    let keys = "SELECT DISTINCT \"table\", fkid FROM";
    let sql = match (schema, table) {
        (MAIN, None) => format!("{keys} pragma_foreign_key_check"),
        (_, None) => format!(
            "{keys} {}.sqlite_master AS t, pragma_foreign_key_check(t.name, {}) \
             WHERE t.type = 'table'",
            quote(schema),
            literal(schema)
        ),
        (_, Some(table)) => format!(
            "{keys} pragma_foreign_key_check({}, {})",
            literal(table),
            literal(schema)
        ),
    };
    let rows = match ask(link, ForeignKeyTask::FindDangling, sql).await {
        Ok(rows) => rows,
        Err(refused) if refused.error.is_generic_sqlite_error() => return Ok(None),
        Err(refused) => return Err(refused),
    };
    let ids = rows.iter().map(|row| {
        let table = text(row, 0)?.to_owned();
        let number = text(row, 1)?.to_owned();
        Ok(KeyId { table, number })
    });
    ids.collect::<Result<_, _>>().map(Some)
}

/// Lets SQLite prepare the check of a database, or of one table, without carrying it out: it finds
/// no rows, but refuses if a key cannot be enforced.
async fn explain_check(
    link: &Link<'_>,
    schema: &str,
    table: Option<&str>,
) -> Result<Option<Vec<KeyId>>, RefusedRequest> {
    let table = table.map_or(String::new(), |table| format!("({})", quote(table)));
    let sql = format!("EXPLAIN PRAGMA {}.foreign_key_check{table}", quote(schema));
    let task = Task::ForeignKeys(ForeignKeyTask::ExplainCheck);
    match link.execute(Execute::new(task, sql)).await {
        Ok(_) => Ok(Some(Vec::new())),
        Err(refused) if refused.error.is_generic_sqlite_error() => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// Lists the foreign keys of a database, table by table.
async fn list(link: &Link<'_>, schema: &str) -> Result<Vec<Key>, RefusedRequest> {
    let sql = format!(
        "SELECT t.name, k.id, k.\"table\", k.\"from\", coalesce(k.\"to\", \
         (SELECT name FROM pragma_table_info(k.\"table\", {schema}) WHERE pk = k.seq + 1)), \
         EXISTS (SELECT 1 FROM pragma_table_info(k.\"table\", {schema})) \
         FROM {}.sqlite_master AS t, pragma_foreign_key_list(t.name, {schema}) AS k \
         WHERE t.type = 'table' ORDER BY t.name, k.id, k.seq",
        quote(schema),
        schema = literal(schema)
    );
    let mut keys: Vec<Key> = Vec::new();
    for row in ask(link, ForeignKeyTask::List, sql).await? {
        let id = KeyId {
            table: text(&row, 0)?.to_owned(),
            number: text(&row, 1)?.to_owned(),
        };
        if keys.last().is_none_or(|key| key.id != id) {
            keys.push(Key {
                id,
                parent: text(&row, 2)?.to_owned(),
                columns: Vec::new(),
                parent_columns: Vec::new(),
                has_parent: row.is_true(5),
            });
        }
        if let Some(key) = keys.last_mut() {
            key.columns.push(text(&row, 3)?.to_owned());
            let parent_column = row.cell(4).map(ToOwned::to_owned);
            key.parent_columns.extend(parent_column);
        }
    }
    Ok(keys)
}

/// Returns the columns of a table's primary key, in order.
async fn primary_key(
    link: &Link<'_>,
    schema: &str,
    table: &str,
) -> Result<Vec<String>, RefusedRequest> {
    let sql = format!(
        "SELECT name FROM pragma_table_info({}, {}) WHERE pk > 0 ORDER BY pk",
        literal(table),
        literal(schema)
    );
    let rows = ask(link, ForeignKeyTask::ReadPrimaryKey, sql).await?;
    let names = rows.iter().map(|row| text(row, 0).map(ToOwned::to_owned));
    names.collect()
}

/// Returns whether the columns that a key refers to are unique, as SQLite looks for it: they are the
/// primary key, or there is a unique index on them and all rows.
async fn is_enforceable(link: &Link<'_>, schema: &str, key: &Key) -> Result<bool, RefusedRequest> {
    if !key.has_parent {
        return Ok(true);
    }
    let sql = format!(
        "SELECT i.name, c.name FROM pragma_index_list({}, {schema}) AS i, \
         pragma_index_xinfo(i.name, {schema}) AS c WHERE i.\"unique\" AND NOT i.partial AND c.key \
         ORDER BY i.seq",
        literal(&key.parent),
        schema = literal(schema)
    );
    let mut unique = vec![(None, primary_key(link, schema, &key.parent).await?)];
    for row in ask(link, ForeignKeyTask::ListIndexes, sql).await? {
        let index = Some(text(&row, 0)?.to_owned());
        // An expression has no name, and is not a column.
        let column = row.cell(1).unwrap_or_default().to_owned();
        match unique.last_mut() {
            Some((last, columns)) if *last == index => columns.push(column),
            _ => unique.push((index, vec![column])),
        }
    }
    let wanted = sorted(&key.parent_columns);
    let is_whole = key.columns.len() == key.parent_columns.len();
    Ok(is_whole && unique.iter().any(|(_, columns)| sorted(columns) == wanted))
}

fn sorted(names: &[String]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    names.sort();
    names
}

/// How many rows are read as one.
const PAGE: usize = 1000;

/// Reads the rows that dangle by a key.
async fn read_rows(link: &Link<'_>, schema: &str, key: &Key) -> Result<KeyRows, RefusedRequest> {
    let identity = primary_key(link, schema, &key.id.table).await?;
    let values = |columns: &[String]| {
        let columns = columns.iter().map(|name| format!("hex(c.{})", quote(name)));
        let columns: Vec<String> = columns.collect();
        match columns.as_slice() {
            [] => "''".to_owned(),
            columns => columns.join(" || '.' || "),
        }
    };
    let mut conditions: Vec<String> = key
        .columns
        .iter()
        .map(|name| format!("c.{} IS NOT NULL", quote(name)))
        .collect();
    if key.has_parent {
        // Without an affinity of its own, the child's value is compared by that of the parent's
        // column, and so it is with the collation, as SQLite enforces it.
        let pairs = key.columns.iter().zip(&key.parent_columns);
        let pairs = pairs.map(|(own, parent)| format!("p.{} = +c.{}", quote(parent), quote(own)));
        conditions.push(format!(
            "NOT EXISTS (SELECT 1 FROM {}.{} AS p WHERE {})",
            quote(schema),
            quote(&key.parent),
            pairs.collect::<Vec<_>>().join(" AND ")
        ));
    }
    let sql = format!(
        "SELECT group_concat(entry) FROM (SELECT {} || '=' || {} AS entry, \
         row_number() OVER () / {PAGE} AS page FROM {}.{} AS c WHERE {}) GROUP BY page",
        values(&identity),
        values(&key.columns),
        quote(schema),
        quote(&key.id.table),
        conditions.join(" AND ")
    );
    let pages = ask(link, ForeignKeyTask::ReadRows, sql).await?;
    let pages = pages.iter().filter_map(|page| page.cell(0));
    let rows = pages.flat_map(|page| page.split(','));
    Ok(KeyRows::new(
        identity,
        rows.filter_map(|row| row.split_once('=')),
    ))
}
