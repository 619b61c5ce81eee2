//! `cargo xtask handover`: databases go from our commands to Python's Alembic and back, and a project of
//! Alembic becomes revisions of ours.

use clap::Args;

use crate::alembic::PythonArgs;
use crate::cargo::{self, run};
use crate::{Result, servers};

/// Arguments of `cargo xtask handover`.
#[derive(Debug, Args)]
pub(crate) struct HandoverArgs {
    #[command(flatten)]
    python: PythonArgs,
}

impl HandoverArgs {
    pub(crate) fn run(&self) -> Result<()> {
        servers::provide()?;
        let alembic = self.python.provide("alembic")?;
        let test = ["test", "--locked", "--quiet", "--package", "alembic-tests"];
        let names = ["handover::", "import::alembic::"];
        let test = test.into_iter().chain(["--test", "cli", "--"]).chain(names);
        run(cargo::command(test).env("ALEMBIC", alembic))
    }
}
