//! Starts of a program that find nothing to do in an SQLite file, with a log and without one.

use std::path::Path;
use std::time::Duration;

use alembic_history::Dialect;
use alembic_migrate::Migrations;
use rusqlite::Connection;

use super::place::Place;
use super::project::{Project, Shape};
use super::rounds::{interleaved, timed};
use super::table::{Row, Table};
use crate::Result;

const REVISIONS: usize = 1_000;

/// A start is over soon, and so compared often.
const ROUNDS: usize = 1_001;

/// How many times as long as without a log a start may take.
pub(super) const GOAL: f64 = 1.05;

pub(super) fn measure(place: &Place) -> Result<Table> {
    let folder = place.folder("start")?;
    let project = Project::create(&folder, REVISIONS, Shape::Line)?;
    let with = Migrations::from_folder(&project.migrations, &[Dialect::Sqlite])?;
    let without = with.clone().keep_log(false);
    let [with_log, without_log] = ["with.db", "without.db"].map(|name| folder.join(name));
    with.upgrade(&mut Connection::open(&with_log)?, "heads")?;
    without.upgrade(&mut Connection::open(&without_log)?, "heads")?;
    let [open, off, on] = interleaved(
        ROUNDS,
        [
            &mut || timed(|| read(&without_log)),
            &mut || start(&without_log, &without),
            &mut || start(&with_log, &with),
        ],
    )?;
    Ok(Table {
        title: format!(
            "a start that finds nothing to do in a file on {}, {REVISIONS} applied revisions",
            place.file_system()
        ),
        rows: vec![
            Row::ratio(
                "rusqlite: open the file and read the version row",
                &open,
                &open,
            ),
            Row::ratio("open it and ensure, without a log", &off, &open),
            Row::ratio("the same with a log, against that", &on, &off).at_most(GOAL),
        ],
    })
}

fn read(file: &Path) -> Result<String> {
    let connection = Connection::open(file)?;
    let query = "SELECT version_num FROM alembic_version";
    Ok(connection.query_row(query, [], |row| row.get(0))?)
}

fn start(file: &Path, migrations: &Migrations) -> Result<Duration> {
    timed(|| {
        let mut connection = Connection::open(file)?;
        Ok(migrations.ensure(&mut connection)?)
    })
}
