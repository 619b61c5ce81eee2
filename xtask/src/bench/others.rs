//! Other tools that apply the same statements, each in its own format.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::processes::whole;
use super::project;
use crate::{Result, servers};

/// Whether a database is there before an upgrade.
#[derive(Clone, Copy)]
pub(super) enum State {
    /// It is not.
    Fresh,
    /// It is, and nothing is left to do.
    Current,
}

impl State {
    /// Removes the database that an upgrade left, where it is to be a fresh one.
    pub(super) fn prepare(self, database: &Path) -> Result<()> {
        match self {
            Self::Current => return Ok(()),
            Self::Fresh => {}
        }
        for end in ["", "-journal", "-wal", "-shm"] {
            let mut path = database.as_os_str().to_owned();
            path.push(end);
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Tool {
    Sqlx,
    Refinery,
    Diesel,
}

/// A tool that is installed, and its copy of the revisions.
pub(super) struct Other {
    tool: Tool,
    program: PathBuf,
    folder: PathBuf,
}

impl Tool {
    const ALL: [Self; 3] = [Self::Sqlx, Self::Refinery, Self::Diesel];

    fn program(self) -> &'static str {
        match self {
            Self::Sqlx => "sqlx",
            Self::Refinery => "refinery",
            Self::Diesel => "diesel",
        }
    }

    /// Returns the name of a revision's file; all sort by their numbers.
    fn file_name(self, number: usize) -> String {
        match self {
            Self::Sqlx => format!("{number}_create_table.sql"),
            Self::Refinery => format!("V{number}__create_table.sql"),
            Self::Diesel => format!("{number:014}_create_table/up.sql"),
        }
    }

    /// Returns the arguments of an upgrade, in the folder of its copy.
    fn args(self) -> &'static [&'static str] {
        match self {
            Self::Sqlx => &[
                "migrate",
                "run",
                "--source",
                "migrations",
                "--database-url",
                "sqlite://bench.db?mode=rwc",
            ],
            // Grouped: all in one transaction.
            Self::Refinery => &["migrate", "-g", "-c", "./refinery.toml", "-p", "migrations"],
            Self::Diesel => &[
                "migration",
                "run",
                "--migration-dir",
                "migrations",
                "--database-url",
                "bench.db",
            ],
        }
    }

    /// Writes the configuration that it wants to find.
    fn configure(self, folder: &Path) -> Result<()> {
        let (name, text) = match self {
            Self::Sqlx => return Ok(()),
            Self::Refinery => (
                "refinery.toml",
                "[main]\ndb_type = \"Sqlite\"\ndb_path = \"bench.db\"\n",
            ),
            Self::Diesel => ("diesel.toml", ""),
        };
        Ok(std::fs::write(folder.join(name), text)?)
    }
}

impl Other {
    /// Writes the revisions for each tool in `PATH`; returns the names of the others, too.
    pub(super) fn installed(
        parent: &Path,
        revisions: usize,
    ) -> Result<(Vec<Self>, Vec<&'static str>)> {
        let mut installed = Vec::new();
        let mut missing = Vec::new();
        for tool in Tool::ALL {
            match servers::find(tool.program()) {
                Some(program) => installed.push(Self::create(parent, tool, program, revisions)?),
                None => missing.push(tool.program()),
            }
        }
        Ok((installed, missing))
    }

    fn create(parent: &Path, tool: Tool, program: PathBuf, revisions: usize) -> Result<Self> {
        let folder = parent.join(tool.program());
        let migrations = folder.join("migrations");
        std::fs::create_dir_all(&migrations)?;
        tool.configure(&folder)?;
        for index in 0..revisions {
            let file = migrations.join(tool.file_name(index + 1));
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(file, project::upgrade(index))?;
        }
        Ok(Self {
            tool,
            program,
            folder,
        })
    }

    /// Returns its command line.
    pub(super) fn name(&self) -> String {
        match self.tool {
            Tool::Sqlx => "`sqlx migrate run`".to_owned(),
            Tool::Refinery => "`refinery migrate -g`".to_owned(),
            Tool::Diesel => "`diesel migration run`".to_owned(),
        }
    }

    /// Measures an upgrade.
    pub(super) fn upgrade(&self, state: State) -> Result<Duration> {
        let database = self.folder.join("bench.db");
        state.prepare(&database)?;
        if !database.exists() {
            // Refinery wants to find the file.
            std::fs::write(database, "")?;
        }
        let mut command = Command::new(&self.program);
        whole(command.args(self.tool.args()).current_dir(&self.folder))
    }
}
