//! Applying many revisions to a fresh SQLite file.

use std::path::Path;
use std::time::Duration;

use alembic_history::{Dialect, Direction, History};
use alembic_migrate::Migrations;
use rusqlite::Connection;

use super::place::Place;
use super::project::{Project, Shape};
use super::rounds::{interleaved, timed};
use super::table::{Row, Table};
use crate::Result;

const REVISIONS: usize = 1_000;
const ROUNDS: usize = 15;
const GOAL: f64 = 1.15;

pub(super) fn measure(place: &Place) -> Result<Table> {
    let folder = place.folder("apply")?;
    let project = Project::create(&folder, REVISIONS, Shape::Line)?;
    let load = || Migrations::from_folder(&project.migrations, &[Dialect::Sqlite]);
    let loaded = load()?;
    let revisions = statements(loaded.history(), Dialect::Sqlite);
    let file = folder.join("fresh.db");

    let [bound, rows, apply, load_and_apply] = interleaved(
        ROUNDS,
        [
            &mut || bound(&file, &revisions, VersionRows::None),
            &mut || bound(&file, &revisions, VersionRows::OnePerRevision),
            &mut || {
                let mut connection = fresh(&file)?;
                timed(|| Ok(loaded.upgrade(&mut connection, "heads")?))
            },
            &mut || {
                let mut connection = fresh(&file)?;
                timed(|| Ok(load()?.upgrade(&mut connection, "heads")?))
            },
        ],
    )?;
    Ok(Table {
        title: format!(
            "apply {REVISIONS} revisions to a fresh file on {}",
            place.file_system()
        ),
        rows: vec![
            Row::ratio(
                "rusqlite: the same statements in one transaction",
                &bound,
                &bound,
            ),
            Row::ratio(
                "rusqlite: and the version row after each revision",
                &rows,
                &bound,
            ),
            Row::ratio("upgrade: migrations already loaded", &apply, &bound).at_most(GOAL),
            Row::ratio(
                "upgrade: reading and checking the files too",
                &load_and_apply,
                &bound,
            ),
        ],
    })
}

/// Returns the statements of each revision, with its id.
pub(super) fn statements(history: &History, dialect: Dialect) -> Vec<(String, Vec<String>)> {
    let graph = history.graph();
    let revision = |node| {
        let file = history.file(node);
        let sections = file.file.sections(Direction::Upgrade, dialect);
        let statements = sections.flat_map(|section| section.statements(dialect));
        let statements = statements
            .map(|statement| statement.sql.to_owned())
            .collect();
        (graph[node].id.to_string(), statements)
    };
    graph.nodes().map(revision).collect()
}

fn fresh(file: &Path) -> Result<Connection> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(Connection::open(file)?),
    }
}

/// What the bound records in the version table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum VersionRows {
    None,
    OnePerRevision,
}

/// What is possible: one connection, one transaction, the same statements.
fn bound(
    file: &Path,
    revisions: &[(String, Vec<String>)],
    version_rows: VersionRows,
) -> Result<Duration> {
    let connection = fresh(file)?;
    timed(|| {
        connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
        if version_rows == VersionRows::OnePerRevision {
            let first = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, \
                         CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)); \
                         INSERT INTO alembic_version VALUES ('')";
            connection.execute_batch(first)?;
        }
        for (id, statements) in revisions {
            for statement in statements {
                connection.execute(statement, [])?;
            }
            if version_rows == VersionRows::OnePerRevision {
                let update = format!("UPDATE alembic_version SET version_num = '{id}'");
                connection.execute(&update, [])?;
            }
        }
        Ok(connection.execute_batch("COMMIT")?)
    })
}
