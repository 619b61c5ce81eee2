//! Comparing two PostgreSQL databases of 500 tables, which differ in 15 places.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use alembic_history::Dialect;
use alembic_schema::{DiffOptions, Schema, diff, queries, reflect};
use alembic_tests::postgres::{Database, Server};

use super::rounds::{interleaved, timed};
use super::table::{Row, Table};
use crate::Result;
use crate::alembic::PythonArgs;
use crate::schemas::postgres::{answers, prepare};

const TABLES: usize = 500;
const COLUMNS: usize = 20;
/// How often the queries alone and ours are measured; a round is short, and a busy moment weighs in it.
const ROUNDS: usize = 25;

/// How often ours and the others are measured.
const ROUNDS_WITH_OTHERS: usize = 5;

/// How many times as long as its queries alone a comparison may take.
const GOAL: f64 = 1.3;

/// How many times as long as ours the others take at least.
const MIGRA: f64 = 3.0;
const ALEMBIC: f64 = 6.0;

pub(super) fn measure(show: &mut dyn FnMut(Table)) -> Result<()> {
    let python = PythonArgs::default();
    let migra = python.provide_with(
        "migra-venv",
        &[
            "migra==3.0.1663481299",
            "psycopg2-binary",
            "setuptools==65.5.0",
        ],
    )?;
    let alembic = python.provide("python")?;
    let server = Server::start();
    let (before, after) = (server.database(), server.database());
    before.execute(&schema(false));
    after.execute(&schema(true));
    let mut clients = [before.open(), after.open()];
    for client in &mut clients {
        prepare(client)?;
    }
    let clients = std::cell::RefCell::new(clients);
    // Both let go of the answers of one database before they read the other.
    let mut alone = || {
        timed(|| {
            for client in clients.borrow_mut().iter_mut() {
                std::hint::black_box(answers(client)?);
            }
            Ok(())
        })
    };
    let mut changes = 0;
    let mut ours = || {
        timed(|| {
            let mut schemas: Vec<Schema> = Vec::new();
            for client in clients.borrow_mut().iter_mut() {
                schemas.push(reflect(Dialect::Postgres, &answers(client)?)?);
            }
            let found = diff(&schemas[0], &schemas[1], DiffOptions::default())?;
            changes = found.len();
            Ok((schemas, found))
        })
    };
    let mut by_migra = || {
        other(
            &migra,
            "migra_compare.py",
            "postgresql+psycopg2",
            (&before, &after),
        )
    };
    let mut by_alembic = || {
        other(
            &alembic,
            "alembic_compare.py",
            "postgresql+psycopg",
            (&before, &after),
        )
    };
    let [alone, read] = interleaved(ROUNDS, [&mut alone, &mut ours])?;
    let [ours, by_migra, by_alembic] = interleaved(
        ROUNDS_WITH_OTHERS,
        [&mut ours, &mut by_migra, &mut by_alembic],
    )?;
    show(Table {
        title: format!(
            "compare two databases of {TABLES} tables with {COLUMNS} columns each, on PostgreSQL"
        ),
        rows: vec![
            Row::time("the queries of the catalogs alone", &alone),
            Row::ratio("read both, and compare", &read, &alone).at_most(GOAL),
            Row::count(
                "queries for each database",
                queries(Dialect::Postgres).len(),
            ),
            Row::count("changes", changes),
            Row::ratio("migra, compared with ours", &by_migra, &ours).at_least(MIGRA),
            Row::ratio(
                "Alembic's compare_metadata, compared with ours",
                &by_alembic,
                &ours,
            )
            .at_least(ALEMBIC),
        ],
    });
    Ok(())
}

/// Returns the tables of one of the databases.
fn schema(is_changed: bool) -> String {
    let mut sql = String::new();
    for table in 0..TABLES {
        let mut columns = String::new();
        for column in 2..COLUMNS {
            let definition = match column % 5 {
                0 => "INTEGER NOT NULL DEFAULT 0",
                1 => "VARCHAR(200)",
                2 => "TIMESTAMPTZ NOT NULL DEFAULT now()",
                3 => "NUMERIC(12, 2)",
                _ => "TEXT",
            };
            let definition = match is_changed && column == 6 && table % 100 == 7 {
                true => "VARCHAR(300)",
                false => definition,
            };
            let _ = write!(columns, ",\n    column_{column} {definition}");
        }
        if is_changed && table % 100 == 8 {
            columns += ",\n    added TEXT";
        }
        let parent = table / 2;
        let _ = writeln!(
            sql,
            "CREATE TABLE table_{table} (\n    id SERIAL PRIMARY KEY,\n    parent_id INTEGER \
             REFERENCES table_{parent} (id) ON DELETE CASCADE{columns},\n    \
             UNIQUE (column_4), CHECK (column_5 >= 0)\n);"
        );
        if !(is_changed && table % 100 == 9) {
            let _ = writeln!(
                sql,
                "CREATE INDEX index_{table} ON table_{table} (column_6, column_7 DESC);"
            );
        }
    }
    sql
}

/// Has another tool compare the databases, and returns how long it says that it took.
fn other(
    python: &Path,
    script: &str,
    scheme: &str,
    (before, after): (&Database, &Database),
) -> Result<Duration> {
    let script = PathBuf::from("fixtures").join("peers").join(script);
    let url = |database: &Database| {
        let (_, rest) = database.url().split_once("://").unwrap_or_default();
        format!("{scheme}://{rest}")
    };
    let output = Command::new(python)
        .arg(&script)
        .args([url(before), url(after)])
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let seconds = said
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok());
    match seconds {
        Some(seconds) => Ok(Duration::from_secs_f64(seconds)),
        None => {
            let error = String::from_utf8_lossy(&output.stderr);
            Err(format!("{}: {error}", script.display()).into())
        }
    }
}
