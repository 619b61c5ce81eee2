//! The tools, and how each is installed and called.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::alembic::{ALEMBIC, PythonArgs};
use crate::{Result, cargo};

const SQLALCHEMY: &str = "sqlalchemy==2.1.9";
const DJANGO: &str = "django==5.2.19";

/// Says which versions of drizzle are installed; its lockfile has them.
const DRIZZLE: &str = "drizzle-kit 0.31.11";

/// A tool that can make a column NOT NULL.
pub(super) struct Tool {
    /// With its version.
    pub(super) name: String,
    program: PathBuf,
    args: Vec<String>,
    /// Where it runs.
    folder: PathBuf,
    input: Input,
}

/// What a tool is told.
enum Input {
    /// The path of the database, and the parts that it does not have.
    PathAndParts,
    /// The URL of the database.
    Url,
}

impl Tool {
    /// Installs all tools into a folder: this one first.
    pub(super) fn install_all(folder: &Path, python: &PythonArgs) -> Result<Vec<Self>> {
        fs::create_dir_all(folder)?;
        let python = python.provide("python")?;
        let install = ["-m", "pip", "install", "--quiet", SQLALCHEMY, DJANGO];
        cargo::run(Command::new(&python).args(install))?;
        let script = |file: &str| fixture(file).display().to_string();
        let python_tool = |name: &str, package: &str, file: &str| Self {
            name: package.replace(&format!("{}==", name.to_lowercase()), &format!("{name} ")),
            program: python.clone(),
            args: vec![script(file)],
            folder: folder.to_owned(),
            input: Input::PathAndParts,
        };
        Ok(vec![
            Self::ours(folder)?,
            python_tool("Alembic", ALEMBIC, "alembic_change.py"),
            python_tool("Django", DJANGO, "django_change.py"),
            Self::drizzle(folder)?,
        ])
    }

    fn ours(folder: &Path) -> Result<Self> {
        let build = ["build", "--locked", "--quiet", "--package", "cargo-alembic"];
        cargo::run(&mut cargo::command(build))?;
        let folder = folder.join("ours");
        fs::create_dir_all(folder.join("src"))?;
        fs::create_dir_all(folder.join("migrations"))?;
        fs::write(folder.join("src").join("lib.rs"), "")?;
        let manifest = "[package]\nname = \"peer\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
                        [package.metadata.alembic]\ndialects = [\"sqlite\"]\n\n[workspace]\n";
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::copy(
            fixture("ours.sql"),
            folder.join("migrations").join("ours.sql"),
        )?;
        let program = format!("cargo-alembic{}", std::env::consts::EXE_SUFFIX);
        Ok(Self {
            name: "cargo-alembic".to_owned(),
            program: cargo::target()?.join("debug").join(program),
            args: ["alembic", "upgrade", "--color=never", "--url"]
                .map(str::to_owned)
                .into(),
            folder,
            input: Input::Url,
        })
    }

    fn drizzle(folder: &Path) -> Result<Self> {
        let folder = folder.join("drizzle");
        fs::create_dir_all(&folder)?;
        for file in fs::read_dir(fixture("drizzle"))? {
            let file = file?;
            if file.file_type()?.is_file() {
                fs::copy(file.path(), folder.join(file.file_name()))?;
            }
        }
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let install = [
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--silent",
        ];
        if !folder.join("node_modules").exists() {
            cargo::run(Command::new(npm).args(install).current_dir(&folder))?;
        }
        Ok(Self {
            name: DRIZZLE.to_owned(),
            program: "node".into(),
            args: vec!["change.mjs".to_owned()],
            folder,
            input: Input::PathAndParts,
        })
    }

    /// Makes the column NOT NULL; returns the last line of the error, if it fails.
    pub(super) fn change(&self, database: &Path, left_out: &[&str]) -> Result<Option<String>> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.folder);
        match self.input {
            Input::PathAndParts => command.arg(database).args(left_out),
            Input::Url => command.arg(format!("sqlite://{}", database.display())),
        };
        let output = command.output();
        let output = output.map_err(|error| format!("cannot run {}: {error}", self.name))?;
        if output.status.success() {
            return Ok(None);
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        let first = errors.lines().find(|line| !line.trim().is_empty());
        Ok(Some(first.unwrap_or("no message").trim().to_owned()))
    }
}

pub(super) fn fixture(file: &str) -> PathBuf {
    cargo::root().join("fixtures").join("peers").join(file)
}
