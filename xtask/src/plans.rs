//! `cargo xtask plans`: `crates/history/tests/alembic_answers.rs` on any number of random graphs.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::cargo::{self, run};

/// The version of Alembic that is asked; the answers of the tests are from the same.
const ALEMBIC: &str = "alembic==1.20.1";

/// Arguments of `cargo xtask plans`.
#[derive(Debug, Args)]
pub(crate) struct PlansArgs {
    /// How many graphs; each is asked 40 queries
    #[arg(long, default_value_t = 500)]
    seeds: u32,
    /// The seed of the first graph
    #[arg(long, default_value_t = 100_000)]
    first: u32,
    /// The Python to install Alembic for
    #[arg(long, default_value = if cfg!(windows) { "python" } else { "python3" })]
    python: PathBuf,
}

impl PlansArgs {
    pub(crate) fn run(&self) -> Result<()> {
        let target = cargo::target()?;
        let python = self.provide_alembic(&target.join("alembic-venv"))?;
        let answers = target.join("alembic-answers.json");
        eprintln!("==> asking Alembic about {} graphs", self.seeds);
        run(Command::new(python)
            .arg(cargo::root().join("fixtures/alembic/ask.py"))
            .args([self.first.to_string(), self.seeds.to_string()])
            .stdout(File::create(&answers)?))?;
        eprintln!("==> comparing");
        let test = [
            "test",
            "--locked",
            "--quiet",
            "--package",
            "alembic-history",
        ];
        let test = test.into_iter().chain(["--test", "alembic_answers", "--"]);
        let test = test.chain(["graphs_of_the_environment", "--exact", "--nocapture"]);
        run(cargo::command(test).env("ALEMBIC_ANSWERS", &answers))
    }

    /// Installs Alembic in a virtual environment, unless it is there; returns the Python in it.
    fn provide_alembic(&self, environment: &Path) -> Result<PathBuf> {
        let python = if cfg!(windows) {
            environment.join("Scripts").join("python.exe")
        } else {
            environment.join("bin").join("python")
        };
        if !python.exists() {
            eprintln!("==> creating {}", environment.display());
            run(Command::new(&self.python)
                .args(["-m", "venv"])
                .arg(environment))?;
        }
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", ALEMBIC]))?;
        Ok(python)
    }
}
