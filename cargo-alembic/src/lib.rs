//! The `cargo alembic` subcommand: finds the migrations of every crate in a workspace, and runs
//! Alembic's commands on them.
//!
//! Everything is decided in `alembic-history`, and carried out through `alembic-migrate`; this
//! crate finds crates, reads configuration and arguments, and shows what happened.

mod args;
mod autogenerate;
mod commands;
mod completion;
mod context;
mod database;
mod dependencies;
mod diesel;
mod dry_run;
pub mod embedded;
mod empty_upgrades;
mod engines;
mod explain;
mod foreign_words;
mod from_code;
mod git;
mod hooks;
mod ignored_database;
mod import;
mod lock_file;
mod manifest;
mod manual;
mod migrate;
mod naming;
mod new_file;
mod new_revision;
mod newer_sql;
mod offline;
mod output;
mod rebase;
mod recorded;
mod reference;
mod replay;
mod schemas;
mod several_heads;
mod stale_target;
mod trial;
mod url;
mod workspace;

use std::ffi::OsString;

use clap::FromArgMatches;
use clap::error::ErrorKind;

pub use args::GlobalArgs;
pub use commands::{CargoCli, Cli, Command};
pub use from_code::{NewRevision, RevisionError};
pub use output::Exit;
#[cfg(feature = "schema")]
pub use output::json::schema;

use commands::AloneCli;
use context::Context;
use output::Program;

/// Runs the command given by `args`, as cargo passes them: `cargo-alembic alembic ...`; without cargo
/// they are `cargo-alembic ...`.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    // What is wrong with the arguments is shown in colour, too.
    args::Color::default().write_global();
    let args: Vec<OsString> = args.into_iter().collect();
    let (program, parsed) = match args.get(1) {
        Some(word) if word == "alembic" => {
            let parsed = parse(commands::with_cargo(), args);
            (Program::Cargo, parsed.map(|CargoCli::Alembic(cli)| cli))
        }
        Some(_) | None => {
            let parsed = parse(commands::alone(), args);
            (Program::Alone, parsed.map(|AloneCli { cli }| cli))
        }
    };
    let cli = match parsed {
        Ok(cli) => cli,
        Err(mut error) => {
            foreign_words::explain(&mut error);
            // Help and version are answers, and a closed pipe is not an error.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Success,
                _ => Exit::Usage,
            };
        }
    };
    cli.global.output.color.write_global();
    let url = cli.command.url().map(ToOwned::to_owned);
    let format = cli.global.output.format;
    let context = Context::new(program, cli.global, url);
    let outcome = cli.command.run(&context).unwrap_or_else(Into::into);
    let shell = (context.shell, &context.warnings);
    output::finish(outcome, format, shell, &context.call)
}

fn parse<C: FromArgMatches>(command: clap::Command, args: Vec<OsString>) -> Result<C, clap::Error> {
    C::from_arg_matches(&command.try_get_matches_from(args)?)
}

/// Returns the reference of the command line, as Markdown.
#[must_use]
pub fn cli_reference() -> String {
    reference::render(commands::with_cargo())
}
