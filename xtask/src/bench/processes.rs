//! Commands that have nothing to do, as whole processes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use alembic_migrate::{Dialect, Migrations};
use rusqlite::{Connection, OpenFlags};

use super::place::Place;
use super::project::{Project, Shape};
use super::rounds::{Times, interleaved, timed};
use super::table::{Row, Table};
use crate::{Result, cargo};

const REVISIONS: usize = 1_000;
const ROUNDS: usize = 21;

pub(super) fn measure(place: &Place) -> Result<Table> {
    let project = Project::create(&place.folder("processes")?, REVISIONS, Shape::Line)?;
    alembic(&project, "upgrade")?;
    let load = || Migrations::from_folder(&project.migrations, &[Dialect::Sqlite]);
    let migrations = load()?;

    let [row, current, upgrade, metadata, loading, reading] = interleaved(
        ROUNDS,
        [
            &mut || read_row(&project.database),
            &mut || alembic(&project, "current"),
            &mut || alembic(&project, "upgrade"),
            &mut || cargo_metadata(&project),
            &mut || timed(|| Ok(load()?)),
            &mut || {
                timed(|| {
                    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY;
                    let mut connection = Connection::open_with_flags(&project.database, read_only)?;
                    Ok(migrations.current(&mut connection)?)
                })
            },
        ],
    )?;
    let mut rows = vec![
        Row::ratio(
            "a process that opens the file and reads one row",
            &row,
            &row,
        ),
        Row::ratio("`cargo-alembic alembic current`", &current, &row),
        Row::ratio(
            "`cargo-alembic alembic upgrade`, nothing pending",
            &upgrade,
            &row,
        ),
    ];
    let parts = [
        (
            "of `current`: the process `cargo metadata --no-deps`",
            &metadata,
        ),
        (
            "of `current`: reading and checking the revision files",
            &loading,
        ),
        ("of `current`: reading the version rows", &reading),
    ];
    rows.extend(breakdown(&current, &parts, "of `current`: the rest"));
    Ok(Table {
        title: format!("commands on a project with {REVISIONS} applied revisions, whole processes"),
        rows,
    })
}

/// Returns what part of a process each of its parts takes when it is measured alone.
pub(super) fn breakdown(whole: &Times, parts: &[(&str, &Times)], rest: &str) -> Vec<Row> {
    let whole = whole.median();
    let mut left = whole;
    let mut rows = Vec::new();
    for (what, times) in parts {
        let part = times.median();
        left = left.saturating_sub(part);
        rows.push(Row::share(format!("  {what}"), part, whole));
    }
    rows.push(Row::share(format!("  {rest}"), left, whole));
    rows
}

/// Runs the binary of this workspace in a project.
pub(super) fn alembic(project: &Project, subcommand: &str) -> Result<Duration> {
    alembic_in(&project.folder, subcommand)
}

/// Runs the binary of this workspace in a folder.
pub(super) fn alembic_in(folder: &Path, subcommand: &str) -> Result<Duration> {
    let name = format!("cargo-alembic{}", std::env::consts::EXE_SUFFIX);
    let mut command = Command::new(std::env::current_exe()?.with_file_name(name));
    // As cargo would call it.
    command.args(["alembic", subcommand]);
    whole(command.current_dir(folder))
}

/// Runs what `cargo alembic` itself has to run, in a project.
pub(super) fn cargo_metadata(project: &Project) -> Result<Duration> {
    cargo_metadata_in(&project.folder)
}

/// Runs what `cargo alembic` itself has to run, in a folder.
pub(super) fn cargo_metadata_in(folder: &Path) -> Result<Duration> {
    let args = ["metadata", "--no-deps", "--format-version", "1"];
    whole(cargo::command(args).current_dir(folder))
}

fn read_row(database: &Path) -> Result<Duration> {
    let mut command = Command::new(std::env::current_exe()?);
    whole(command.arg("read-row").arg(database))
}

/// Measures a process from its start to its end.
pub(super) fn whole(command: &mut Command) -> Result<Duration> {
    command
        .env("CARGO", cargo::cargo())
        .env_remove("DATABASE_URL")
        .stdout(Stdio::null());
    timed(|| {
        let output = command.output()?;
        if output.status.success() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&output.stderr);
        Err(format!("{command:?} failed:\n{why}").into())
    })
}
