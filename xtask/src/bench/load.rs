//! Reading the files of a long history, and answering `heads`.

use std::path::PathBuf;
use std::time::Duration;

use alembic_history::{Dialect, History};
use alembic_migrate::Migrations;
use alembic_migrate::history::read_folder;

use super::place::Place;
use super::processes::{alembic, breakdown, cargo_metadata};
use super::project::{Project, Shape};
use super::rounds::{interleaved, timed};
use super::table::{Row, Table};
use crate::Result;

const FEW: usize = 1_000;
const MANY: usize = 10_000;
const ROUNDS: usize = 9;
const GOAL: Duration = Duration::from_millis(60);
/// Ten times as many files take ten times as long; the rest is for caches that no longer hold all.
const GROWTH: f64 = 12.0;

pub(super) fn measure(place: &Place) -> Result<Table> {
    let few = Project::create(&place.folder("few")?, FEW, Shape::Merges)?;
    let many = Project::create(&place.folder("many")?, MANY, Shape::Merges)?;
    let paths: Vec<PathBuf> = read_folder(&many.migrations)?
        .into_iter()
        .map(|file| file.path)
        .collect();
    let files = read_folder(&many.migrations)?;

    let [bare, read, relate, check, few, many, metadata, process] = interleaved(
        ROUNDS,
        [
            &mut || {
                timed(|| {
                    Ok(paths
                        .iter()
                        .map(std::fs::read)
                        .collect::<Result<Vec<_>, _>>()?)
                })
            },
            &mut || timed(|| Ok(read_folder(&many.migrations)?)),
            &mut || {
                let files = files.clone();
                timed(|| Ok(History::read(files, &[Dialect::Sqlite])?))
            },
            &mut || {
                let files = files.clone();
                timed(|| Ok(History::new(files, &[Dialect::Sqlite])?))
            },
            &mut || heads(&few),
            &mut || heads(&many),
            &mut || cargo_metadata(&many),
            &mut || alembic(&many, "heads"),
        ],
    )?;
    let mut rows = vec![
        Row::ratio(
            format!("std::fs::read of each of {MANY} files"),
            &bare,
            &bare,
        ),
        Row::ratio(format!("{MANY} files: heads, in process"), &many, &bare).within(GOAL),
        Row::ratio("  of this: finding and reading the files", &read, &bare),
        Row::ratio("  of this: checking them and relating them", &check, &bare),
        Row::ratio("  the same without their SQL", &relate, &bare),
        Row::time(format!("{FEW} files: heads, in process"), &few),
        Row::ratio(format!("{MANY} files against {FEW}"), &many, &few).at_most(GROWTH),
        Row::ratio(
            format!("{MANY} files: `cargo-alembic alembic heads`"),
            &process,
            &bare,
        ),
    ];
    let parts = [
        ("of this: the process `cargo metadata --no-deps`", &metadata),
        ("of this: heads, in process", &many),
    ];
    rows.extend(breakdown(&process, &parts, "of this: the rest"));
    Ok(Table {
        title: format!(
            "load a history and answer heads, on {}",
            place.file_system()
        ),
        rows,
    })
}

fn heads(project: &Project) -> Result<Duration> {
    timed(|| {
        let migrations = Migrations::from_folder(&project.migrations, &[Dialect::Sqlite])?;
        let heads = migrations.heads().len();
        match heads {
            1 => Ok(migrations),
            _ => Err(format!("{heads} heads").into()),
        }
    })
}
