//! Arguments shared by several commands.

use std::path::PathBuf;
use std::time::Duration;

use alembic_migrate::Dialect;
use alembic_migrate::options::Interruption;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::output::{Detail, Format};
use crate::workspace::Dotenv;

/// The arguments that every command takes.
#[derive(Clone, Debug, Default, Args)]
pub struct GlobalArgs {
    /// The crate to work on, or one of its histories as CRATE/HISTORY; can be repeated
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
    /// Exclude a crate or a history; can be repeated
    #[arg(
        long,
        global = true,
        value_name = "CRATE",
        conflicts_with = "package",
        help_heading = "Crates"
    )]
    pub(crate) exclude: Vec<String>,
    /// The path to the Cargo.toml of the crate or workspace
    #[arg(long, global = true, value_name = "PATH", help_heading = "Crates")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// Do not look for the database's URL in `.env`
    #[arg(long, global = true, help_heading = "Crates")]
    pub(crate) no_dotenv: bool,
    /// A folder of revisions to work on, where no Cargo.toml configures them
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        conflicts_with_all = ["package", "workspace", "exclude", "manifest_path"],
        help_heading = "Crates"
    )]
    pub(crate) migrations: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl GlobalArgs {
    /// Returns the arguments that choose every crate.
    pub(crate) fn of_everything(output: OutputArgs) -> Self {
        Self {
            // An application reads what it wants to read by itself.
            no_dotenv: true,
            output,
            ..Self::default()
        }
    }

    /// Returns whether `.env` is read.
    pub(crate) fn dotenv(&self) -> Dotenv {
        match self.no_dotenv {
            true => Dotenv::Ignore,
            false => Dotenv::Read,
        }
    }

    /// Returns the arguments that choose crates, as they can be repeated.
    pub(crate) fn selection(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if self.workspace {
            arguments.push("--workspace".to_owned());
        }
        for (option, names) in [("-p", &self.package), ("--exclude", &self.exclude)] {
            let named = names
                .iter()
                .flat_map(|name| [option.to_owned(), name.clone()]);
            arguments.extend(named);
        }
        arguments
    }
}

/// The arguments about output that every command takes.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct OutputArgs {
    /// The output format
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) format: Format,
    /// When to use colour; by default as `CARGO_TERM_COLOR` says, or else on a terminal
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        help_heading = "Output"
    )]
    pub(crate) color: Color,
    /// Print only the result, and what a server warns of
    #[arg(short, long, global = true, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(crate) enum Color {
    /// As `CARGO_TERM_COLOR` says, or else when the output is a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Makes it the choice for everything that is written from now on.
    pub(crate) fn write_global(self) {
        let choice = match self {
            Color::Auto => match std::env::var("CARGO_TERM_COLOR").as_deref() {
                Ok("always") => anstream::ColorChoice::Always,
                Ok("never") => anstream::ColorChoice::Never,
                Ok(_) | Err(_) => anstream::ColorChoice::Auto,
            },
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// The arguments of commands that use databases.
#[derive(Clone, Debug, Args)]
pub(crate) struct DatabaseArgs {
    /// The database to use, instead of the one that DATABASE_URL or the configuration names
    #[arg(long, value_name = "URL", help_heading = "Database")]
    pub(crate) url: Option<String>,
    /// How many seconds to wait for a lock held by another process
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, help_heading = "Database")]
    pub(crate) lock_timeout: Duration,
}

/// How much of a run is shown.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DetailArgs {
    /// Show each statement with its time, and the notices of the server
    #[arg(short, long, conflicts_with = "quiet", help_heading = "Output")]
    verbose: bool,
}

impl DetailArgs {
    pub(crate) fn detail(self) -> Detail {
        match self.verbose {
            true => Detail::Statements,
            false => Detail::Revisions,
        }
    }
}

/// How to handle a statement outside of transactions whose outcome is unknown.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct InterruptedArgs {
    /// How to handle a statement that an earlier run began outside a transaction, if its outcome is
    /// unknown
    #[arg(long, value_enum, value_name = "WHAT")]
    interrupted: Option<InterruptedChoice>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum InterruptedChoice {
    /// Run it again.
    Again,
    /// Treat it as done.
    Skip,
}

impl InterruptedArgs {
    pub(crate) fn policy(self) -> Interruption {
        match self.interrupted {
            None => Interruption::Refuse,
            Some(InterruptedChoice::Again) => Interruption::Again,
            Some(InterruptedChoice::Skip) => Interruption::Skip,
        }
    }
}

fn seconds(text: &str) -> std::result::Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// The arguments of commands that can write a script.
#[derive(Clone, Debug, Args)]
pub(crate) struct OfflineArgs {
    /// Print SQL for psql or the sqlite3 shell instead of changing the database
    #[arg(long, help_heading = "Offline")]
    pub(crate) sql: bool,
    /// The dialect of the SQL, instead of the one that the database URL implies
    #[arg(
        long,
        value_name = "DIALECT",
        requires = "sql",
        value_parser = PossibleValuesParser::new(Dialect::ALL.iter().map(|dialect| dialect.name()))
            .try_map(|name| name.parse::<Dialect>()),
        help_heading = "Offline"
    )]
    pub(crate) dialect: Option<Dialect>,
}

/// The arguments of commands that compare schemas.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Schemas")]
pub(crate) struct ComparedArgs {
    /// Compare only these: a name with `*`, `schema:NAME` or `kind:KIND`; can be repeated
    #[arg(long, value_name = "PATTERN")]
    pub(crate) include_objects: Vec<String>,
    /// Do not compare these; can be repeated
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude_objects: Vec<String>,
    /// Fail if a schema has objects that no comparison looks at
    #[arg(long)]
    pub(crate) strict: bool,
    /// The PostgreSQL server to create temporary databases on: the URL of any of its databases, which
    /// is left untouched
    #[arg(long, value_name = "URL")]
    pub(crate) scratch_url: Option<String>,
}
