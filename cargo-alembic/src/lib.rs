//! The `cargo alembic` subcommand: finds the migrations of every crate of a workspace, and runs
//! Alembic's commands on them.
//!
//! Everything is decided in `alembic-history`, and carried out through `alembic-migrate`; this
//! crate finds crates, reads configuration and arguments, and shows what happened.

mod commands;
mod config;
mod connection;
mod context;
mod database;
mod diagnostic;
mod exit;
mod explain;
mod json;
mod lines;
mod member;
mod migrate;
mod naming;
mod new_revision;
mod offline;
mod progress;
mod reference;
mod requirements;
mod scratch;
mod shell;
mod suggested;
mod trial;
mod url;

use std::ffi::OsString;

use clap::Parser;
use clap::error::ErrorKind;

pub use commands::{CargoCli, Cli, Command, GlobalArgs};
pub use exit::Exit;
pub use json::schema;
pub use reference::cli_reference;

use context::Context;
use suggested::Repeated;

/// Runs the command that `args` give, as cargo passes them: `cargo-alembic alembic ...`.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    let CargoCli::Alembic(cli) = match CargoCli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors; a closed pipe is nobody's fault.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Success,
                _ => Exit::Usage,
            };
        }
    };
    cli.global.color.write_global();
    let repeated = Repeated::new(&cli.global, cli.command.url());
    let context = match Context::new(cli.global) {
        Ok(context) => context,
        Err(error) => return shell::report(&error.repeating(&repeated)),
    };
    match cli.command.run(&context) {
        Ok(exit) => exit,
        Err(error) => shell::report(&error.repeating(&repeated)),
    }
}
