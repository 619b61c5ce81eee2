//! The commands of `cargo alembic` in an application, over the migrations that it holds.

use alembic_migrate::Migrations;
use clap::{Args, Subcommand};

use crate::args::{DatabaseArgs, OutputArgs};
use crate::commands::{
    branches::BranchesArgs, current::CurrentArgs, downgrade::DowngradeArgs, ensure::EnsureArgs,
    heads::HeadsArgs, history::HistoryArgs, log::LogArgs, show::ShowArgs, stamp::StampArgs,
    status::StatusArgs, upgrade::UpgradeArgs,
};
use crate::context::{self, Context};
use crate::output::{self, Call, Exit, Response, Result, Warnings};

/// The commands that an application carries, as the arguments of one of its own subcommands.
///
/// They say and do what `cargo alembic` says and does, with the same exit codes. Commands that write
/// files, or compare schemas, are not among them.
///
/// ```
/// use cargo_alembic::embedded::{Application, MigrateArgs};
/// use clap::Parser;
///
/// #[derive(Parser)]
/// enum Shop {
///     Serve,
///     /// Bring the database to another version
///     Migrate(MigrateArgs),
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let revision = "-- Add users\n-- Revision ID: a1\n-- Revises:\n\n-- alembic: upgrade\n\
/// #                 CREATE TABLE users (id INTEGER PRIMARY KEY);\n";
/// # std::fs::write(folder.path().join("a.sql"), revision)?;
/// # let sqlite = [alembic_migrate::Dialect::Sqlite];
/// // In an application, this is `include_migrations!()`.
/// let migrations = alembic_migrate::Migrations::from_folder(folder.path(), &sqlite)?;
/// # let migrations = migrations.package("shop");
/// let arguments = ["shop", "migrate", "upgrade", "--quiet"];
/// if let Shop::Migrate(args) = Shop::parse_from(arguments) {
///     let application = Application::new("shop migrate", &migrations).url("sqlite::memory:");
///     let exit = args.run(&application);
///     assert_eq!(exit, cargo_alembic::Exit::Success);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    output: OutputArgs,
    #[command(subcommand)]
    command: MigrateCommand,
}

/// The commands that an application carries.
#[derive(Debug, Subcommand)]
enum MigrateCommand {
    /// Apply revisions
    Upgrade(UpgradeArgs),
    /// Revert revisions
    Downgrade(DowngradeArgs),
    /// Show where the database is and what is pending
    Status(StatusArgs),
    /// Show which revisions the database is at
    Current(CurrentArgs),
    /// Show the heads: revisions that no other revision follows
    Heads(HeadsArgs),
    /// Show the branch points: revisions that several others follow
    Branches(BranchesArgs),
    /// List revisions, newest first
    History(HistoryArgs),
    /// Show revisions in full
    Show(ShowArgs),
    /// Show what was applied to the database, newest first
    Log(LogArgs),
    /// Record which revisions the database is at, without running them
    Stamp(StampArgs),
    /// Get the database ready, as the application does when it starts
    Ensure(EnsureArgs),
}

/// An application that carries commands.
#[derive(Clone, Debug)]
pub struct Application<'m> {
    words: String,
    migrations: &'m Migrations,
    url: Option<String>,
}

impl<'m> Application<'m> {
    /// Describes an application whose users type `words` before a command: its name, and that of the
    /// subcommand.
    #[must_use]
    pub fn new(words: impl Into<String>, migrations: &'m Migrations) -> Self {
        Self {
            words: words.into(),
            migrations,
            url: None,
        }
    }

    /// Sets the database of commands without `--url`. Otherwise the environment variable
    /// DATABASE_URL names it.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }
}

impl MigrateArgs {
    /// Runs the command, and returns the exit code of the process.
    ///
    /// It blocks; asynchronous applications may call it in any place that may block.
    pub fn run(self, application: &Application<'_>) -> Exit {
        // A thread of its own may wait for connections, which a runtime's threads may not.
        let run = || self.run_here(application);
        let done = std::thread::scope(|scope| scope.spawn(run).join());
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    fn run_here(mut self, application: &Application<'_>) -> Exit {
        self.output.color.write_global();
        let format = self.output.format;
        let database = self.command.database();
        // Suggestions repeat what was typed.
        let typed = database.as_ref().and_then(|args| args.url.clone());
        if let Some(args) = database
            && args.url.is_none()
        {
            args.url.clone_from(&application.url);
        }
        let Application {
            words, migrations, ..
        } = application;
        match Context::of_application(words, migrations, &self.output, typed) {
            Ok(context) => {
                let outcome = self.command.run(&context);
                let outcome = outcome.unwrap_or_else(Into::into);
                let shell = (context.shell, &context.warnings);
                output::finish(outcome, format, shell, &context.call)
            }
            Err(error) => output::finish(
                error.into(),
                format,
                (context::shell(&self.output), &Warnings::default()),
                &Call::default(),
            ),
        }
    }
}

impl MigrateCommand {
    fn run(self, context: &Context) -> Result<Response> {
        match self {
            Self::Upgrade(args) => args.run(context),
            Self::Downgrade(args) => args.run(context),
            Self::Status(args) => args.run(context),
            Self::Current(args) => args.run(context),
            Self::Heads(args) => args.run(context),
            Self::Branches(args) => args.run(context),
            Self::History(args) => args.run(context),
            Self::Show(args) => args.run(context),
            Self::Log(args) => args.run(context),
            Self::Stamp(args) => args.run(context),
            Self::Ensure(args) => args.run(context),
        }
    }

    /// Returns the arguments that name a database, for commands that use one.
    fn database(&mut self) -> Option<&mut DatabaseArgs> {
        match self {
            Self::Upgrade(args) => Some(&mut args.database),
            Self::Downgrade(args) => Some(&mut args.database),
            Self::Status(args) => Some(&mut args.database),
            Self::Current(args) => Some(&mut args.database),
            Self::History(args) => Some(&mut args.database),
            Self::Show(args) => Some(&mut args.database),
            Self::Log(args) => Some(&mut args.database),
            Self::Stamp(args) => Some(&mut args.database),
            Self::Ensure(args) => Some(&mut args.database),
            Self::Heads(_) | Self::Branches(_) => None,
        }
    }
}
