//! Python's Alembic, in a virtual environment below `target`.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::cargo::{self, run};

/// The version of Alembic that is asked; the answers of the tests are from the same.
pub(crate) const ALEMBIC: &str = "alembic==1.20.1";

/// What it reaches PostgreSQL with.
const PSYCOPG: &str = "psycopg[binary]==3.3.9";

/// What asynchronous engines need.
const ASYNC: [&str; 3] = ["aiosqlite==0.22.1", "asyncpg==0.32.0", "greenlet==3.5.6"];

/// Arguments about the Python to install Alembic for.
#[derive(Debug, Args)]
pub(crate) struct PythonArgs {
    /// The Python to install Alembic for
    #[arg(long, default_value = if cfg!(windows) { "python" } else { "python3" })]
    python: PathBuf,
}

impl PythonArgs {
    /// Installs Alembic, unless that was done; returns a program of its environment.
    pub(crate) fn provide(&self, program: &str) -> Result<PathBuf> {
        let packages = [&[ALEMBIC, PSYCOPG][..], &ASYNC].concat();
        let python = self.provide_with("alembic-venv", &packages)?;
        Ok(python.with_file_name(executable(program)))
    }

    /// Installs packages into an environment of that name, and returns its Python.
    pub(crate) fn provide_with(&self, environment: &str, packages: &[&str]) -> Result<PathBuf> {
        let environment = cargo::target()?.join(environment);
        let programs = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
        let python = programs.join(executable("python"));
        if !python.exists() {
            eprintln!("==> creating {}", environment.display());
            run(Command::new(&self.python)
                .args(["-m", "venv"])
                .arg(&environment))?;
        }
        let install = ["-m", "pip", "install", "--quiet"];
        run(Command::new(&python).args(install).args(packages))?;
        Ok(python)
    }
}

impl Default for PythonArgs {
    fn default() -> Self {
        let python = if cfg!(windows) { "python" } else { "python3" };
        Self {
            python: python.into(),
        }
    }
}

/// Returns the name of a program's file.
pub(crate) fn executable(name: &str) -> PathBuf {
    Path::new(name).with_extension(std::env::consts::EXE_EXTENSION)
}
