//! `cargo alembic upgrade` as a user sees it: whole processes, compared with a plain program and
//! with other tools.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::others::{Other, State};
use super::place::Place;
use super::processes::{alembic_in, cargo_metadata_in, whole};
use super::project::{Project, Shape};
use super::rounds::{Contender, Times, interleave};
use super::table::{Row, Table};
use crate::Result;

const REVISIONS: usize = 1_000;
const FRESH_ROUNDS: usize = 9;
const CURRENT_ROUNDS: usize = 21;

/// How many times as long as the plain program a fresh upgrade may take.
const FRESH_GOAL: f64 = 1.15;

/// The same, for an upgrade that finds nothing to do.
const CURRENT_GOAL: f64 = 1.6;

/// A workspace with a crate of many revisions, and the same revisions for other tools.
struct Contest {
    workspace: PathBuf,
    project: Project,
    /// The database of the plain program.
    plain: PathBuf,
    others: Vec<Other>,
}

pub(super) fn measure(place: &Place, mut show: impl FnMut(Table)) -> Result<()> {
    let contest = Contest::prepare(&place.folder("command")?)?;
    show(contest.fresh(place)?);
    show(contest.current(place)?);
    Ok(())
}

impl Contest {
    fn prepare(workspace: &Path) -> Result<Self> {
        let project = Project::member(workspace, REVISIONS, Shape::Line)?;
        let (others, missing) = Other::installed(workspace, REVISIONS)?;
        for name in missing {
            println!("{name} is not in PATH: left out");
        }
        Ok(Self {
            plain: workspace.join("plain.db"),
            workspace: workspace.to_owned(),
            project,
            others,
        })
    }

    fn alembic(&self) -> Result<Duration> {
        alembic_in(&self.workspace, "upgrade")
    }

    fn plain(&self) -> Result<Duration> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("plain-upgrade").arg(&self.project.migrations);
        whole(command.arg(&self.plain))
    }

    /// Measures upgrades of databases that do not exist yet.
    fn fresh(&self, place: &Place) -> Result<Table> {
        let times = self.rounds(FRESH_ROUNDS, State::Fresh)?;
        let title = format!(
            "upgrade a fresh SQLite file by {REVISIONS} revisions, whole processes, on {}",
            place.file_system()
        );
        Ok(self.table(title, &times, FRESH_GOAL))
    }

    /// Measures upgrades that find nothing to do.
    fn current(&self, place: &Place) -> Result<Table> {
        let times = self.rounds(CURRENT_ROUNDS, State::Current)?;
        let title = format!(
            "upgrade with {REVISIONS} applied revisions and nothing to do, whole processes, on {}",
            place.file_system()
        );
        Ok(self.table(title, &times, CURRENT_GOAL))
    }

    /// Measures the plain program, ours, what ours waits for, and the others.
    fn rounds(&self, rounds: usize, state: State) -> Result<Vec<Times>> {
        let mut plain = || {
            state.prepare(&self.plain)?;
            self.plain()
        };
        let mut ours = || {
            state.prepare(&self.project.database)?;
            self.alembic()
        };
        let mut metadata = || cargo_metadata_in(&self.workspace);
        let mut others: Vec<_> = self
            .others
            .iter()
            .map(|other| move || other.upgrade(state))
            .collect();
        let mut contenders: Vec<Contender<'_>> = vec![&mut plain, &mut ours, &mut metadata];
        contenders.extend(others.iter_mut().map(|other| other as Contender<'_>));
        interleave(rounds, contenders)
    }

    fn table(&self, title: String, times: &[Times], goal: f64) -> Table {
        let [plain, ours, metadata, others @ ..] = times else {
            unreachable!("three contenders always take part");
        };
        let mut rows = vec![
            Row::ratio(
                "a program that reads the files, with rusqlite",
                plain,
                plain,
            ),
            Row::ratio("`cargo-alembic alembic upgrade`", ours, plain).at_most(goal),
            Row::ratio("`cargo metadata --no-deps` alone", metadata, plain),
        ];
        for (other, times) in self.others.iter().zip(others) {
            rows.push(Row::ratio(other.name(), times, plain));
        }
        Table { title, rows }
    }
}
