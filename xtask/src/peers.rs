//! `cargo xtask peers`: one change of one table, by this tool and by others, and what it loses.
//!
//! The table is `fixtures/peers/torture.sql`, and the change makes a column NOT NULL, with foreign keys
//! on. A tool that fails on the whole table is tried without the parts that it fails on.

mod attempt;
mod page;
mod survey;
mod tool;

use clap::Args;

use crate::alembic::PythonArgs;
use crate::{Result, cargo};
use attempt::Record;
use tool::Tool;

/// Arguments of `cargo xtask peers`.
#[derive(Debug, Args)]
pub(crate) struct PeersArgs {
    /// Write the table of docs/sqlite.md
    #[arg(long, conflicts_with = "check")]
    write: bool,
    /// Fail when the table of docs/sqlite.md is out of date
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    python: PythonArgs,
}

impl PeersArgs {
    pub(crate) fn run(&self) -> Result<()> {
        let folder = cargo::target()?.join("peers");
        let mut records = Vec::new();
        for tool in Tool::install_all(&folder, &self.python)? {
            eprintln!("==> {}", tool.name);
            records.push(Record::take(&tool, &folder)?);
        }
        let table = page::render(&records);
        println!("{table}");
        match (self.write, self.check) {
            (true, _) => page::write(&table),
            (_, true) => page::check(&table),
            _ => Ok(()),
        }
    }
}
