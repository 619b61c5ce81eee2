//! The commands, one file each.

mod branches;
mod current;
mod downgrade;
mod edit;
mod ensure;
mod ensure_version;
mod heads;
mod history;
mod init;
mod merge;
mod revision;
mod show;
mod stamp;
mod test;
mod upgrade;

use std::fmt::Display;
use std::path::PathBuf;

use alembic_migrate::Interrupted;
use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use crate::context::Context;
use crate::database::Database;
use crate::diagnostic::{Error, Result};
use crate::exit::Exit;
use crate::json::{self, Format};
use crate::member::Loaded;
use crate::shell::answer;

/// What cargo passes to its subcommands.
#[derive(Debug, Parser)]
#[command(name = "cargo", bin_name = "cargo", styles = clap_styles())]
pub enum CargoCli {
    /// Schema migrations for the crates of a workspace
    Alembic(Cli),
}

/// Schema migrations for the crates of a workspace.
#[derive(Debug, Args)]
#[command(version, about, long_about = None, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The arguments that every command takes.
#[derive(Clone, Debug, Args)]
pub struct GlobalArgs {
    /// The crate to work on; may be given several times
    #[arg(
        short,
        long,
        global = true,
        value_name = "CRATE",
        help_heading = "Crates"
    )]
    pub(crate) package: Vec<String>,
    /// Work on every crate of the workspace that has migrations
    #[arg(
        long,
        global = true,
        conflicts_with = "package",
        help_heading = "Crates"
    )]
    pub(crate) workspace: bool,
    /// Leave out a crate; may be given several times
    #[arg(
        long,
        global = true,
        value_name = "CRATE",
        conflicts_with = "package",
        help_heading = "Crates"
    )]
    pub(crate) exclude: Vec<String>,
    /// The Cargo.toml of the crate or workspace
    #[arg(long, global = true, value_name = "PATH", help_heading = "Crates")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// How to write the answer
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) format: Format,
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        help_heading = "Output"
    )]
    pub(crate) color: Color,
    /// Say nothing beside the answer
    #[arg(short, long, global = true, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(crate) enum Color {
    /// When the output is a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    pub(crate) fn write_global(self) {
        let choice = match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

fn clap_styles() -> clap::builder::Styles {
    use anstyle::AnsiColor::{BrightCyan, BrightGreen};
    clap::builder::Styles::styled()
        .header(BrightGreen.on_default().bold())
        .usage(BrightGreen.on_default().bold())
        .literal(BrightCyan.on_default().bold())
        .placeholder(anstyle::AnsiColor::Cyan.on_default())
}

/// The commands of `cargo alembic`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Give a crate a folder for migrations, and its configuration
    Init(init::InitArgs),
    /// Write a new revision file
    Revision(revision::RevisionArgs),
    /// Write a revision that merges several heads into one
    Merge(merge::MergeArgs),
    /// Apply revisions
    Upgrade(upgrade::UpgradeArgs),
    /// Revert revisions
    Downgrade(downgrade::DowngradeArgs),
    /// Show which revisions the databases are at
    Current(current::CurrentArgs),
    /// Show the revisions that nothing follows
    Heads(heads::HeadsArgs),
    /// Show the revisions that several others follow
    Branches(branches::BranchesArgs),
    /// List revisions, the newest first
    History(history::HistoryArgs),
    /// Show everything about revisions
    Show(show::ShowArgs),
    /// Declare which revisions a database is at, without running any
    Stamp(stamp::StampArgs),
    /// Try the migrations on databases of their own
    Test(test::TestArgs),
    /// Open a revision file in an editor
    Edit(edit::EditArgs),
    /// Make databases ready as an application does when it starts
    Ensure(ensure::EnsureArgs),
    /// Create the version table where there is none
    #[command(visible_alias = "ensure_version")]
    EnsureVersion(ensure_version::EnsureVersionArgs),
}

impl Command {
    pub(crate) fn run(self, context: &Context) -> Result<Exit> {
        match self {
            Command::Init(args) => args.run(context),
            Command::Revision(args) => args.run(context),
            Command::Merge(args) => args.run(context),
            Command::Upgrade(args) => args.run(context),
            Command::Downgrade(args) => args.run(context),
            Command::Current(args) => args.run(context),
            Command::Heads(args) => args.run(context),
            Command::Branches(args) => args.run(context),
            Command::History(args) => args.run(context),
            Command::Show(args) => args.run(context),
            Command::Stamp(args) => args.run(context),
            Command::Test(args) => args.run(context),
            Command::Edit(args) => args.run(context),
            Command::Ensure(args) => args.run(context),
            Command::EnsureVersion(args) => args.run(context),
        }
    }

    /// Returns the database that the command is told to look at.
    pub(crate) fn url(&self) -> Option<&str> {
        let database = match self {
            Command::Upgrade(args) => &args.database,
            Command::Downgrade(args) => &args.database,
            Command::Current(args) => &args.database,
            Command::History(args) => &args.database,
            Command::Show(args) => &args.database,
            Command::Stamp(args) => &args.database,
            Command::Edit(args) => &args.database,
            Command::Ensure(args) => &args.database,
            Command::EnsureVersion(args) => &args.database,
            // `test` is told a server, whose databases it leaves alone.
            Command::Init(_)
            | Command::Revision(_)
            | Command::Merge(_)
            | Command::Heads(_)
            | Command::Branches(_)
            | Command::Test(_) => return None,
        };
        database.url.as_deref()
    }
}

/// The arguments of commands that look at databases.
#[derive(Clone, Debug, Args)]
pub(crate) struct DatabaseArgs {
    /// The database, instead of the one that is configured
    #[arg(long, value_name = "URL", help_heading = "Database")]
    pub(crate) url: Option<String>,
    /// How long to wait for a lock that another process holds, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, help_heading = "Database")]
    pub(crate) lock_timeout: std::time::Duration,
}

/// What to do about a statement outside of transactions that may have happened.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct InterruptedArgs {
    /// What to do about a statement that an earlier run began outside a transaction, and never told
    /// how it ended
    #[arg(long, value_enum, value_name = "WHAT")]
    interrupted: Option<InterruptedChoice>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum InterruptedChoice {
    /// Run it once more.
    Again,
    /// Take it for done.
    Skip,
}

impl InterruptedArgs {
    pub(crate) fn policy(self) -> Interrupted {
        match self.interrupted {
            None => Interrupted::Refuse,
            Some(InterruptedChoice::Again) => Interrupted::Again,
            Some(InterruptedChoice::Skip) => Interrupted::Skip,
        }
    }
}

fn seconds(text: &str) -> std::result::Result<std::time::Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    std::time::Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// Writes what a command answers for each crate: in lines, below the crate's name when it was for
/// `several`, or as one JSON object.
pub(crate) fn write_answers<T: Serialize>(
    context: &Context,
    several: bool,
    answers: Vec<(&Loaded, T, String)>,
) -> Result<()> {
    match context.format {
        Format::Json => {
            let named = answers.into_iter();
            json::write(
                named
                    .map(|(loaded, json, _)| (loaded.name().to_owned(), json))
                    .collect(),
            )
        }
        Format::Text => {
            let texts = answers.into_iter().map(|(loaded, _, text)| {
                if several {
                    headed(loaded.name(), text)
                } else {
                    text
                }
            });
            answer(texts.collect::<String>())
        }
    }
}

/// Does `work` on one crate after the other, up to the first that fails, and ends the command.
pub(crate) fn one_by_one<T: Serialize>(
    context: &Context,
    crates: &[Loaded],
    databases: &[Database],
    work: impl Fn(&Loaded, &Database) -> Result<T>,
) -> Result<Exit> {
    let names: Vec<&str> = crates.iter().map(Loaded::name).collect();
    let mut answers = Vec::new();
    let mut failed = None;
    for (index, (crate_, database)) in crates.iter().zip(databases).enumerate() {
        match work(crate_, database) {
            Ok(json) => answers.push((crate_, json)),
            Err(error) => {
                let (done, rest) = names.split_at(index);
                failed = Some(error.among(done, &rest[..1], &rest[1..]));
                break;
            }
        }
    }
    finish(context, answers, failed)
}

/// Ends a command that changes databases: writes what was done as JSON, where that is asked for,
/// also when a later crate failed, since what is committed stays.
pub(crate) fn finish<T: Serialize>(
    context: &Context,
    done: Vec<(&Loaded, T)>,
    failed: Option<Error>,
) -> Result<Exit> {
    if context.format == Format::Json {
        let named = done.into_iter();
        json::write(
            named
                .map(|(loaded, json)| (loaded.name().to_owned(), json))
                .collect(),
        )?;
    }
    failed.map_or(Ok(Exit::Success), Err)
}

fn headed(name: impl Display, text: String) -> String {
    format!("[{name}]\n{text}")
}
