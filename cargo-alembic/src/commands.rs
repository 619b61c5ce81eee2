//! The commands, one file each.

mod baseline;
pub(crate) mod branches;
mod check;
mod completions;
pub(crate) mod current;
mod diff;
pub(crate) mod downgrade;
mod dump;
mod edit;
pub(crate) mod ensure;
mod ensure_version;
mod examples;
pub(crate) mod heads;
pub(crate) mod history;
mod import;
mod init;
mod lock;
pub(crate) mod log;
mod man;
mod merge;
mod rebase;
mod revision;
pub(crate) mod show;
pub(crate) mod stamp;
pub(crate) mod status;
mod test;
pub(crate) mod upgrade;
mod verify;

pub(crate) use examples::EXAMPLES_HEADING;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::args::GlobalArgs;
use crate::context::Context;
use crate::output::{Response, Result};

/// The arguments that cargo passes to its subcommands.
#[derive(Debug, Parser)]
#[command(name = "cargo", bin_name = "cargo", styles = clap_styles())]
pub enum CargoCli {
    /// Schema migrations for the crates of a workspace
    Alembic(Cli),
}

/// The arguments of `cargo-alembic`, where there is no cargo.
#[derive(Debug, Parser)]
#[command(
    name = "cargo-alembic",
    bin_name = "cargo-alembic",
    about = "Schema migrations for the crates of a workspace",
    styles = clap_styles()
)]
pub(crate) struct AloneCli {
    #[command(flatten)]
    pub(crate) cli: Cli,
}

/// Where the databases of crates are.
const DATABASES: &str = "\
The environment variable DATABASE_URL names the database of a crate, in the environment or in `.env`, or \
else `url` below [package.metadata.alembic] in its Cargo.toml; `--url` names another one.";

/// Schema migrations for the crates of a workspace.
#[derive(Debug, Args)]
#[command(
    version,
    about,
    long_about = None,
    after_help = DATABASES,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Returns the command line that cargo passes on.
pub(crate) fn with_cargo() -> clap::Command {
    CargoCli::command().mut_subcommand("alembic", |alembic| {
        examples::add_to(alembic, "cargo alembic")
    })
}

/// Returns the command line of `cargo-alembic`.
pub(crate) fn alone() -> clap::Command {
    examples::add_to(AloneCli::command(), "cargo-alembic")
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
    /// Set up migrations for a crate: a folder and a configuration
    Init(init::InitArgs),
    /// Write the migrations of another tool as revisions, or take over a database of it
    Import(import::ImportArgs),
    /// Write a first revision that makes the schema of a database, and record it there
    Baseline(baseline::BaselineArgs),
    /// Write a new revision file
    Revision(revision::RevisionArgs),
    /// Write a revision that merges several heads into one
    Merge(merge::MergeArgs),
    /// Put your own revisions on top of those of others
    Rebase(rebase::RebaseArgs),
    /// Write the lock file anew: what each revision follows and does
    Lock(lock::LockArgs),
    /// Apply revisions
    Upgrade(upgrade::UpgradeArgs),
    /// Revert revisions
    Downgrade(downgrade::DowngradeArgs),
    /// Show where the databases are and what is pending
    ///
    /// Exits with code 3 unless every database is at its heads.
    Status(status::StatusArgs),
    /// Show which revisions the databases are at
    Current(current::CurrentArgs),
    /// Show the heads: revisions that no other revision follows
    Heads(heads::HeadsArgs),
    /// Show the branch points: revisions that several others follow
    Branches(branches::BranchesArgs),
    /// List revisions, newest first
    History(history::HistoryArgs),
    /// Show revisions in full
    Show(show::ShowArgs),
    /// Show what was applied to the databases, newest first
    Log(log::LogArgs),
    /// Record which revisions a database is at, without running them
    Stamp(stamp::StampArgs),
    /// Check that the revisions make the target schema
    Check(check::CheckArgs),
    /// Check that the databases have the schema that their revisions make
    Verify(verify::VerifyArgs),
    /// Show how two schemas differ
    Diff(diff::DiffArgs),
    /// Print the SQL that makes a schema
    Dump(dump::DumpArgs),
    /// Test the migrations on temporary databases
    Test(test::TestArgs),
    /// Open a revision file in an editor
    Edit(edit::EditArgs),
    /// Get databases ready, as an application does when it starts
    Ensure(ensure::EnsureArgs),
    /// Create the version table if it does not exist
    #[command(visible_alias = "ensure_version")]
    EnsureVersion(ensure_version::EnsureVersionArgs),
    /// Print the script that makes a shell complete command lines
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(man::ManArgs),
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        match self {
            Command::Init(args) => args.run(context),
            Command::Import(args) => args.run(context),
            Command::Baseline(args) => args.run(context),
            Command::Revision(args) => args.run(context),
            Command::Merge(args) => args.run(context),
            Command::Rebase(args) => args.run(context),
            Command::Lock(args) => args.run(context),
            Command::Upgrade(args) => args.run(context),
            Command::Downgrade(args) => args.run(context),
            Command::Status(args) => args.run(context),
            Command::Current(args) => args.run(context),
            Command::Heads(args) => args.run(context),
            Command::Branches(args) => args.run(context),
            Command::History(args) => args.run(context),
            Command::Show(args) => args.run(context),
            Command::Log(args) => args.run(context),
            Command::Stamp(args) => args.run(context),
            Command::Check(args) => args.run(context),
            Command::Verify(args) => args.run(context),
            Command::Diff(args) => args.run(context),
            Command::Dump(args) => args.run(context),
            Command::Test(args) => args.run(context),
            Command::Edit(args) => args.run(context),
            Command::Ensure(args) => args.run(context),
            Command::EnsureVersion(args) => args.run(context),
            Command::Completions(args) => Ok(args.run()),
            Command::Man(args) => args.run(context),
        }
    }

    /// Returns the database that `--url` names, for commands that use one.
    pub(crate) fn url(&self) -> Option<&str> {
        let database = match self {
            Command::Import(args) => &args.database,
            Command::Baseline(args) => &args.database,
            Command::Upgrade(args) => &args.database,
            Command::Downgrade(args) => &args.database,
            Command::Status(args) => &args.database,
            Command::Current(args) => &args.database,
            Command::History(args) => &args.database,
            Command::Show(args) => &args.database,
            Command::Log(args) => &args.database,
            Command::Stamp(args) => &args.database,
            Command::Verify(args) => &args.database,
            Command::Edit(args) => &args.database,
            Command::Rebase(args) => &args.database,
            Command::Ensure(args) => &args.database,
            Command::Revision(args) => return args.autogenerate.url.as_deref(),
            Command::EnsureVersion(args) => &args.database,
            // The URL of `test` only names a server; the database itself is left untouched.
            Command::Init(_)
            | Command::Merge(_)
            | Command::Lock(_)
            | Command::Heads(_)
            | Command::Check(_)
            | Command::Diff(_)
            | Command::Dump(_)
            | Command::Branches(_)
            | Command::Completions(_)
            | Command::Man(_)
            | Command::Test(_) => return None,
        };
        database.url.as_deref()
    }
}
