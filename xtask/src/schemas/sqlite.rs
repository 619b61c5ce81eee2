//! Attempts on SQLite.

mod catalog;

use std::path::PathBuf;

use alembic_history::{History, SourceFile};
use alembic_migrate::{Dialect, Migrations, RunError};
use alembic_run::{AlterFault, Failure};
use alembic_schema::{Change, DiffOptions, Hazard, Rows, Schema, diff, queries, reflect};
use alembic_sql::SqlText;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;

use super::attempt::{Fault, Outcome};
use super::case::Pair;

/// The tables of the runs themselves.
const OWN: &str = "alembic_version";

/// Changes one schema into the other, and back.
pub(super) fn attempt(pair: &Pair<'_>) -> Result<Outcome, Fault> {
    let from = database(pair.from, "the first schema")?;
    let to = database(pair.to, "the second schema")?;
    let (first, second) = (schema(&from)?, schema(&to)?);
    let up = compared(&first, &second)?;
    let down = compared(&second, &first)?;
    let text = revision(&up, &down);
    let expected = (catalog::of(&from)?, catalog::of(&to)?);
    if expected.0 == expected.1 && !up.is_empty() {
        return Err(Fault::new("changes where there is no difference", text));
    }
    if catalog::broken(&from)
        .or_else(|| catalog::broken(&to))
        .is_some()
    {
        return Ok(Outcome::Broken);
    }
    if let Some(lost) = lost_in_silence(&catalog::columns(&from)?, &catalog::columns(&to)?, &up) {
        let cause = "values are lost without a word";
        return Err(Fault::new(cause, format!("{lost}\n{text}")));
    }
    let migrations = migrations(&text)?;
    let failed =
        |cause: &str, error: &dyn std::fmt::Display| Fault::new(cause, format!("{error}\n{text}"));
    // Without rows, it must go through, both ways.
    let mut empty = from;
    upgrade(&migrations, &mut empty).map_err(|error| failed("the upgrade fails", &error))?;
    check(&empty, &expected.1, &second, "after the upgrade", &text)?;
    downgrade(&migrations, &mut empty).map_err(|error| failed("the downgrade fails", &error))?;
    check(&empty, &expected.0, &first, "after the downgrade", &text)?;
    if pair.rows.is_empty() {
        return Ok(Outcome::Passed);
    }
    let mut filled = database(pair.from, "the first schema")?;
    fill(&filled, pair.rows)?;
    let before = catalog::rows(&filled)?;
    if let Err(error) = upgrade(&migrations, &mut filled) {
        check_about_rows(&error, &text)?;
        check(&filled, &expected.0, &first, "after a refusal", &text)?;
        return match catalog::rows(&filled)? == before {
            true => Ok(Outcome::Refused),
            false => Err(Fault::new("a refusal changes rows", text)),
        };
    }
    check(&filled, &expected.1, &second, "after the upgrade", &text)?;
    let lost = catalog::lost(&before, &catalog::rows(&filled)?);
    if let Some(lost) = lost {
        return Err(Fault::new("rows are lost", format!("{lost}\n{text}")));
    }
    let changed = catalog::rows(&filled)?;
    if let Err(error) = downgrade(&migrations, &mut filled) {
        check_about_rows(&error, &text)?;
        return Ok(Outcome::Refused);
    }
    check(&filled, &expected.0, &first, "after the downgrade", &text)?;
    match catalog::lost(&changed, &catalog::rows(&filled)?) {
        Some(lost) => Err(Fault::new(
            "rows are lost on the way back",
            format!("{lost}\n{text}"),
        )),
        None => Ok(Outcome::Passed),
    }
}

/// Returns a column of a table that both have, whose values are lost though no change says so.
fn lost_in_silence(
    before: &catalog::Columns,
    after: &catalog::Columns,
    changes: &[Change],
) -> Option<String> {
    let said = |table: &str, column: &str| {
        let hazards = changes.iter().flat_map(|change| &change.hazards);
        hazards.into_iter().any(|hazard| match hazard {
            Hazard::DestroysRows(lost) => lost.name.eq_ignore_ascii_case(table),
            Hazard::DestroysValues(lost) => {
                let owner = lost.parent.as_ref();
                owner.is_some_and(|owner| owner.eq_ignore_ascii_case(table))
                    && lost.name.eq_ignore_ascii_case(column)
            }
            _ => false,
        })
    };
    let mut tables = before.iter().filter_map(|(table, columns)| {
        let mut known = after.iter();
        let (_, kept) = known.find(|(known, _)| known.eq_ignore_ascii_case(table))?;
        let mut columns = columns.iter();
        let lost = columns.find(|column| {
            let is_kept = kept.iter().any(|kept| kept.eq_ignore_ascii_case(column));
            !is_kept && !said(table, column)
        })?;
        Some(format!("{table}.{lost}"))
    });
    tables.next()
}

/// Checks that a run was refused because of rows.
fn check_about_rows(error: &RunError, text: &str) -> Result<(), Fault> {
    /// The codes of constraints and of values that do not fit.
    const CODES: [i32; 2] = [19, 20];

    let is_about_rows = match error.failure() {
        Failure::Alter { fault, .. } => matches!(fault, AlterFault::Rows { .. }),
        Failure::ForeignKeys { .. } => true,
        Failure::Statement { error, .. } => {
            let code = error.code().and_then(|code| code.parse::<i32>().ok());
            code.is_some_and(|code| CODES.contains(&(code & 0xff)))
                // What functions say of values has no code of its own.
                || error.to_string() == "malformed JSON"
        }
        _ => false,
    };
    match is_about_rows {
        true => Ok(()),
        false => Err(Fault::new(
            "refused with rows, but not because of them",
            format!("{error}\n{text}"),
        )),
    }
}

fn database(sql: &str, what: &str) -> Result<Connection, Fault> {
    let made = Connection::open_in_memory().and_then(|connection| {
        connection.execute_batch("PRAGMA foreign_keys = OFF")?;
        // Builds of SQLite that do mathematics have it.
        connection.create_scalar_function("pi", 0, FunctionFlags::SQLITE_DETERMINISTIC, |_| {
            Ok(std::f64::consts::PI)
        })?;
        connection.execute_batch(sql)?;
        Ok(connection)
    });
    made.map_err(|error| Fault::new(format!("{what} cannot be made"), error.to_string()))
}

/// Inserts rows, except those that the schema refuses.
fn fill(connection: &Connection, rows: &str) -> Result<(), Fault> {
    let fault = |error| Fault::new("rows cannot be inserted", format!("{error}"));
    connection
        .execute_batch("PRAGMA foreign_keys = ON")
        .map_err(fault)?;
    let text = SqlText::new(rows);
    for statement in text.statements(Dialect::Sqlite) {
        let _ = connection.execute_batch(statement.sql);
    }
    connection
        .execute_batch("PRAGMA foreign_keys = OFF")
        .map_err(fault)
}

/// Reads the schema, without the tables of runs.
fn schema(connection: &Connection) -> Result<Schema, Fault> {
    let answers: Result<Vec<Rows>, rusqlite::Error> = queries(Dialect::Sqlite)
        .iter()
        .map(|(_, sql)| rows(connection, sql))
        .collect();
    let fault =
        |error: &dyn std::fmt::Display| Fault::new("the schema cannot be read", error.to_string());
    let answers = answers.map_err(|error| fault(&error))?;
    let mut schema = reflect(Dialect::Sqlite, &answers).map_err(|error| fault(&error))?;
    schema.objects.retain(|id, _| {
        let is_own = |name: &str| name.starts_with(OWN);
        !is_own(&id.name) && !id.parent.as_deref().is_some_and(is_own)
    });
    Ok(schema)
}

fn rows(connection: &Connection, sql: &str) -> Result<Rows, rusqlite::Error> {
    let mut statement = connection.prepare(sql)?;
    let count = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..count)
            .map(|at| {
                Ok(match row.get_ref(at)? {
                    ValueRef::Null => None,
                    ValueRef::Integer(number) => Some(number.to_string()),
                    ValueRef::Real(number) => Some(number.to_string()),
                    ValueRef::Text(text) | ValueRef::Blob(text) => {
                        Some(String::from_utf8_lossy(text).into_owned())
                    }
                })
            })
            .collect()
    })?;
    rows.collect()
}

fn compared(from: &Schema, to: &Schema) -> Result<Vec<Change>, Fault> {
    diff(from, to, DiffOptions::default())
        .map_err(|error| Fault::new("the changes have no order", error.to_string()))
}

fn revision(up: &[Change], down: &[Change]) -> String {
    let statements = |changes: &[Change]| {
        let statements = changes.iter().flat_map(|change| &change.statements);
        let statements: Vec<String> = statements
            .map(|statement| format!("{};\n", statement.sql))
            .collect();
        statements.concat()
    };
    format!(
        "-- Change\n--\n-- Revision ID: a1\n-- Revises:\n\n-- alembic: upgrade\n{}\n\
         -- alembic: downgrade\n{}",
        statements(up),
        statements(down)
    )
}

fn migrations(text: &str) -> Result<Migrations, Fault> {
    let file = SourceFile {
        path: PathBuf::from("a1.sql"),
        content: Ok(text.as_bytes().to_vec()),
    };
    let history = History::new([file], &[Dialect::Sqlite]);
    let history = history
        .map_err(|error| Fault::new("the revision is invalid", format!("{error}\n{text}")))?;
    Ok(Migrations::new(history))
}

fn upgrade(migrations: &Migrations, connection: &mut Connection) -> Result<(), RunError> {
    migrations.upgrade(connection, "heads").map(drop)
}

fn downgrade(migrations: &Migrations, connection: &mut Connection) -> Result<(), RunError> {
    migrations.downgrade(connection, "base").map(drop)
}

/// Compares a database with a schema: by its catalog, and by our own comparison.
fn check(
    connection: &Connection,
    expected: &[String],
    schema: &Schema,
    when: &str,
    text: &str,
) -> Result<(), Fault> {
    let found = catalog::of(connection)?;
    if found != expected {
        let differences: Vec<String> = difference(expected, &found);
        return Err(Fault::new(
            format!("another catalog {when}"),
            format!("{}\n{text}", differences.join("\n")),
        ));
    }
    let left = compared(&self::schema(connection)?, schema)?;
    match left.as_slice() {
        [] => Ok(()),
        [first, ..] => Err(Fault::new(
            format!("differences are left {when}"),
            format!("{first:?}\n{text}"),
        )),
    }
}

fn difference(expected: &[String], found: &[String]) -> Vec<String> {
    let missing = expected.iter().filter(|line| !found.contains(line));
    let added = found.iter().filter(|line| !expected.contains(line));
    missing
        .map(|line| format!("- {line}"))
        .chain(added.map(|line| format!("+ {line}")))
        .collect()
}
