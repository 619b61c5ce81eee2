//! `cargo xtask plans`: `crates/history/tests/alembic_answers.rs` on any number of random graphs.

use std::fs::File;
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::alembic::PythonArgs;
use crate::cargo::{self, run};

/// Arguments of `cargo xtask plans`.
#[derive(Debug, Args)]
pub(crate) struct PlansArgs {
    /// How many graphs; each is asked 40 queries
    #[arg(long, default_value_t = 500)]
    seeds: u32,
    /// The seed of the first graph
    #[arg(long, default_value_t = 100_000)]
    first: u32,
    #[command(flatten)]
    python: PythonArgs,
}

impl PlansArgs {
    pub(crate) fn run(&self) -> Result<()> {
        let target = cargo::target()?;
        let python = self.python.provide("python")?;
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
}
