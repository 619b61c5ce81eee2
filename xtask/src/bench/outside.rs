//! Revisions outside of transactions: each statement is a commit of its own, and so is each record.

use std::path::Path;
use std::time::Duration;

use alembic_history::Dialect;
use alembic_migrate::Migrations;
use rusqlite::Connection;

use super::apply::{fresh, statements};
use super::place::Place;
use super::project::{Project, Shape};
use super::rounds::{Times, interleaved, timed};
use super::table::{Row, Table};
use crate::Result;

/// How many revisions there are: as many as a real project has.
pub(super) const REVISIONS: usize = 76;

pub(super) const ROUNDS: usize = 15;

/// The table of sqlx.
const TABLE: &str = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, \
     description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
     success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";

/// What is recorded of the statements that upgrades are compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    Nothing,
    /// What sqlx records of a migration outside of transactions: a row, and then how long it took.
    AsBySqlx,
}

/// Creates a project whose revisions execute one statement each, outside of transactions.
pub(super) fn project(folder: &Path, statement: impl Fn(usize) -> String) -> Result<Project> {
    let heading = "-- alembic: upgrade no-transaction";
    Project::with(folder, REVISIONS, Shape::Line, |index| {
        format!("{heading}\n{};\n", statement(index))
    })
}

/// Returns the rows of a table of such revisions.
pub(super) fn rows(client: &str, [bound, sqlx, upgrade]: [Times; 3]) -> Vec<Row> {
    vec![
        Row::ratio(
            format!("{client}: the same statements, one by one"),
            &bound,
            &bound,
        ),
        Row::ratio(
            format!("{client}: and the records of sqlx's migrator"),
            &sqlx,
            &bound,
        ),
        Row::ratio("upgrade: migrations already loaded", &upgrade, &bound),
        Row::ratio("  against the records of sqlx's migrator", &upgrade, &sqlx),
    ]
}

pub(super) fn measure(place: &Place) -> Result<Table> {
    let folder = place.folder("outside")?;
    let project = project(&folder, |index| {
        format!("CREATE TABLE table_{index} (id INTEGER PRIMARY KEY)")
    })?;
    let migrations = Migrations::from_folder(&project.migrations, &[Dialect::Sqlite])?;
    let revisions = statements(migrations.history(), Dialect::Sqlite);
    let file = folder.join("fresh.db");
    let times = interleaved(
        ROUNDS,
        [
            &mut || bound(&file, &revisions, Recorded::Nothing),
            &mut || bound(&file, &revisions, Recorded::AsBySqlx),
            &mut || {
                let mut connection = fresh(&file)?;
                timed(|| Ok(migrations.upgrade(&mut connection, "heads")?))
            },
        ],
    )?;
    Ok(Table {
        title: format!(
            "apply {REVISIONS} revisions without transactions to a fresh file on {}",
            place.file_system()
        ),
        rows: rows("rusqlite", times),
    })
}

/// What is possible: one connection, the same statements.
fn bound(file: &Path, revisions: &[(String, Vec<String>)], recorded: Recorded) -> Result<Duration> {
    let connection: Connection = fresh(file)?;
    timed(|| {
        if recorded == Recorded::AsBySqlx {
            connection.execute(TABLE, [])?;
        }
        for (version, (id, statements)) in revisions.iter().enumerate() {
            let version = i64::try_from(version)?;
            for statement in statements {
                connection.execute(statement, [])?;
            }
            if recorded == Recorded::AsBySqlx {
                let insert = "INSERT INTO _sqlx_migrations (version, description, success, \
                              checksum, execution_time) VALUES (?1, ?2, TRUE, ?3, -1)";
                connection.execute(insert, (version, id, id.as_bytes()))?;
                let update = "UPDATE _sqlx_migrations SET execution_time = 1000 WHERE version = ?1";
                connection.execute(update, [version])?;
            }
        }
        Ok(())
    })
}
