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
            &mut || bound(&file, &revisions, Recorded::Nothing),
            &mut || bound(&file, &revisions, Recorded::Each),
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
                "rusqlite: the version row and a row of the log after each, too",
                &rows,
                &bound,
            ),
            Row::ratio(
                "upgrade, against the last: migrations already loaded",
                &apply,
                &rows,
            )
            .at_most(GOAL),
            Row::ratio(
                "upgrade, against it: reading and checking the files too",
                &load_and_apply,
                &rows,
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

/// Opens a new file.
pub(super) fn fresh(file: &Path) -> Result<Connection> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(Connection::open(file)?),
    }
}

/// What the bound records of the revisions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Recorded {
    Nothing,
    /// The version row, and a row of the log.
    Each,
}

/// The tables of the bound, as a run has them.
pub(super) const TABLES: &str = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, \
     CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)); \
     INSERT INTO alembic_version VALUES (''); \
     CREATE TABLE alembic_version_log (number INTEGER NOT NULL, revision VARCHAR NOT NULL, \
     message VARCHAR NOT NULL, direction VARCHAR(9) NOT NULL, action VARCHAR(6) NOT NULL, \
     digest VARCHAR(16), rows_after VARCHAR NOT NULL, fingerprint VARCHAR(16) NOT NULL, \
     logged_at TIMESTAMP NOT NULL, took_us BIGINT, user_name VARCHAR, host VARCHAR, \
     application VARCHAR, tool_version VARCHAR NOT NULL, way_back_digest VARCHAR(16), \
     way_back VARCHAR, CONSTRAINT alembic_version_log_pkc PRIMARY KEY (number))";

/// The row of the log for a revision.
pub(super) const LOG: &str = "INSERT INTO alembic_version_log SELECT coalesce(max(number), 0) + 1, ?1, \
     'A message', 'upgrade', 'run', '0123456789abcdef', ?1, '0123456789abcdef', CURRENT_TIMESTAMP, \
     100, 'user', 'host', 'bench', '0.1.0', '0123456789abcdef', ?2 FROM alembic_version_log";

/// What is possible: one connection, one transaction, the same statements.
fn bound(file: &Path, revisions: &[(String, Vec<String>)], recorded: Recorded) -> Result<Duration> {
    let connection = fresh(file)?;
    timed(|| {
        connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
        if recorded == Recorded::Each {
            connection.execute_batch(TABLES)?;
        }
        for (id, statements) in revisions {
            for statement in statements {
                connection.execute(statement, [])?;
            }
            if recorded == Recorded::Each {
                let update = format!("UPDATE alembic_version SET version_num = '{id}'");
                connection.execute(&update, [])?;
                let mut log = connection.prepare_cached(LOG)?;
                log.execute([id.as_str(), &statements.concat()])?;
            }
        }
        Ok(connection.execute_batch("COMMIT")?)
    })
}
