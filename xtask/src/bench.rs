//! `cargo xtask bench`: measures what users wait for, and compares it with what is possible.
//!
//! Everything is compared within one run on one machine, in rounds: A B A B ... A ratio is the
//! median of the rounds' ratios, so that what slows down a whole round does not count; times are
//! medians too, and are shown for the curious.

mod apply;
mod build;
mod command;
mod crates;
mod embed;
mod load;
mod models;
mod others;
mod outside;
mod peak_memory;
mod place;
mod plain;
#[cfg(feature = "postgres")]
mod postgres;
mod processes;
mod project;
mod rebuild;
mod rounds;
#[cfg(feature = "postgres")]
mod schemas;
mod split;
mod start;
mod table;
mod user_time;

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use rusqlite::{Connection, OpenFlags};

use crate::{Result, cargo, servers};
use place::Place;
pub(crate) use plain::PlainUpgradeArgs;

/// Arguments of `cargo xtask bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Fail when a goal is missed
    #[arg(long)]
    check: bool,
    /// Measure only this; without it, everything but `build`
    part: Option<Part>,
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// `cargo alembic upgrade` as a whole process, compared with a plain program and with sqlx-cli,
    /// refinery_cli and diesel_cli where they are installed
    Command,
    /// Applying 1,000 revisions to a fresh file
    Apply,
    /// Rebuilding a table of a million rows on SQLite
    Rebuild,
    /// The memory of rebuilding tables of 100,000 and of a million rows on SQLite
    Memory,
    /// Starts in a program that have nothing to do, with a log and without one
    Start,
    /// Commands that have nothing to do
    Processes,
    /// Reading the files of long histories
    Load,
    /// Reading tables from sources
    Models,
    /// Splitting SQL into statements
    Split,
    /// Applying revisions on PostgreSQL, and starts that find nothing to do there
    Postgres,
    /// Revisions outside of transactions, with commits that wait for the disk
    Outside,
    /// Comparing two PostgreSQL databases of 500 tables, also with migra and Alembic (needs Python and
    /// the network)
    Schemas,
    /// Building a crate and its build script from nothing, in user time
    Embed,
    /// Building a crate with 1,000 revisions, compared with sqlx and refinery: takes minutes, and
    /// needs the network
    Build,
}

impl BenchArgs {
    /// Builds with optimizations, and measures.
    pub(crate) fn run(&self) -> Result<()> {
        servers::provide()?;
        eprintln!("==> building");
        let build = [
            "build",
            "--release",
            "--locked",
            "--package",
            "cargo-alembic",
        ];
        cargo::run(&mut cargo::command(build))?;
        let run = ["run", "--release", "--locked", "--quiet"];
        let run = run.into_iter().chain(["--package", "xtask"]);
        let run = run.chain(["--features", "postgres", "--", "measure"]);
        let mut measure = cargo::command(run);
        if let Some(part) = self.part.and_then(|part| part.to_possible_value()) {
            measure.arg(part.get_name());
        }
        if self.check {
            measure.arg("--check");
        }
        // What is measured has said what is wrong.
        cargo::run(&mut measure).map_err(|_| "the benchmark failed".into())
    }

    /// Measures, in a build with optimizations.
    pub(crate) fn measure(&self) -> Result<()> {
        let start = Instant::now();
        let disk = Place::temporary()?;
        let memory = Place::in_memory();
        let cores = std::thread::available_parallelism()?;
        println!("files in {disk}; {cores} cores");
        let mut missed = 0;
        let mut show = |table: table::Table| {
            print!("\n{table}");
            missed += table.missed();
        };
        let wanted = |part| self.part.is_none_or(|only| only == part);
        if wanted(Part::Command) {
            command::measure(&disk, &mut show)?;
            if let Some(memory) = &memory {
                command::measure(memory, &mut show)?;
            }
        }
        if wanted(Part::Apply) {
            show(apply::measure(&disk)?);
            if let Some(memory) = &memory {
                show(apply::measure(memory)?);
            }
        }
        if wanted(Part::Rebuild) {
            show(rebuild::measure(&disk)?);
        }
        if wanted(Part::Memory) {
            show(rebuild::measure_memory(&disk)?);
        }
        if wanted(Part::Start) {
            show(start::measure(&disk)?);
        }
        if wanted(Part::Processes) {
            show(processes::measure(&disk)?);
        }
        if wanted(Part::Load) {
            show(load::measure(&disk)?);
        }
        if wanted(Part::Models) {
            show(models::measure(&disk)?);
        }
        if wanted(Part::Split) {
            show(split::measure()?);
        }
        #[cfg(feature = "postgres")]
        if wanted(Part::Postgres) {
            postgres::measure(&disk, &mut show)?;
        }
        if wanted(Part::Outside) {
            show(outside::measure(&disk)?);
            #[cfg(feature = "postgres")]
            show(postgres::measure_outside(&disk)?);
        }
        // It installs others: only when asked for.
        #[cfg(feature = "postgres")]
        if self.part == Some(Part::Schemas) {
            schemas::measure(&mut show)?;
        }
        if wanted(Part::Embed) {
            show(embed::measure(&disk)?);
        }
        // It takes minutes: only when asked for.
        if self.part == Some(Part::Build) {
            build::measure(&disk, &mut show)?;
        }
        println!("\nmeasured in {:.0} s", start.elapsed().as_secs_f64());
        match missed {
            0 => println!("every goal is met"),
            _ if self.check => return Err(format!("goals missed: {missed}").into()),
            _ => println!("goals missed: {missed}"),
        }
        Ok(())
    }
}

/// Arguments of the process that only reads a row.
#[derive(Debug, Args)]
pub(crate) struct ReadRowArgs {
    file: PathBuf,
}

impl ReadRowArgs {
    pub(crate) fn run(&self) -> Result<()> {
        let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, read_only)?;
        let query = "SELECT version_num FROM alembic_version";
        let row: String = connection.query_row(query, [], |row| row.get(0))?;
        println!("{row}");
        Ok(())
    }
}
