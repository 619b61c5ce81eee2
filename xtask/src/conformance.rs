//! `cargo xtask conformance`: the program `conformance` of `tests/`.

use clap::Args;

use crate::cargo::{self, run};
use crate::{Result, servers};

/// Arguments of `cargo xtask conformance`.
#[derive(Debug, Args)]
pub(crate) struct ConformanceArgs {
    /// Only the cases and attempts of `cargo xtask test`, without optimizations
    #[arg(long)]
    quick: bool,
    /// The seed of the first attempt of each case; the next ones have the numbers after it
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How often each case is attempted
    #[arg(long)]
    rounds: Option<u32>,
    /// Only the cases whose names contain this
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

impl ConformanceArgs {
    pub(crate) fn run(&self) -> Result<()> {
        servers::provide()?;
        let program = ["run", "--locked", "--quiet", "--package", "alembic-tests"];
        let program = program.into_iter().chain(["--bin", "conformance"]);
        let mut command = cargo::command(program);
        if !self.quick {
            command.arg("--release");
        }
        command.args(["--", "--seed", &self.seed.to_string()]);
        if self.quick {
            command.arg("--quick");
        }
        if let Some(rounds) = self.rounds {
            command.args(["--rounds", &rounds.to_string()]);
        }
        if let Some(only) = &self.only {
            command.args(["--only", only]);
        }
        // The program has said what failed.
        run(&mut command).map_err(|_| "what docs/conformance.md promises does not hold".into())
    }
}
