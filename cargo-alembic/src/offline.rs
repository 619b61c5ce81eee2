//! Scripts instead of runs: `--sql`.

use alembic_history::{Direction, Node, Symbol, TransactionMode};
use alembic_migrate::Dialect;
use alembic_migrate::RunError;
use alembic_migrate::driver::Driver;
use alembic_run::{Rehearsed, Run, Runner, ScriptError};

use crate::args::OfflineArgs;
use crate::context::Context;
use crate::database::Database;
use crate::explain;
use crate::lock_file;
use crate::newer_sql;
use crate::output::json::{AnswerJson, ScriptJson};
use crate::output::{Answer, Cause, Diagnostic, Layout, Response, Result};
use crate::workspace::{Access, Configuration, Crate, crates_to_move};

/// Writes the script of every crate that `targets` match, once all of them are planned.
///
/// For commands that run revisions, `direction` is the way they go.
pub(crate) fn scripts(
    context: &Context,
    args: &OfflineArgs,
    access: &Access,
    targets: &[&str],
    direction: Option<Direction>,
    write: &impl Write,
) -> Result<Response> {
    let mut configurations = context.configurations_for(access, args.dialect)?;
    for configuration in &mut configurations {
        let dialects = &mut configuration.settings.dialects;
        if let (None, Some(dialect)) = (&dialects, args.dialect) {
            *dialects = Some(vec![dialect]);
        }
    }
    let workspace = context.workspace()?;
    let crates = workspace.read_all(configurations, access)?;
    let names: Vec<&str> = targets
        .iter()
        .flat_map(|target| target.split(':'))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let mut chosen = crates_to_move(crates, &names)?;
    if let Some(direction) = direction {
        chosen = workspace.order(chosen)?.chosen;
        if direction == Direction::Downgrade {
            chosen.reverse();
        }
    }
    if direction == Some(Direction::Upgrade) {
        lock_file::check_all(&chosen)?;
    }
    let mut answers = Vec::new();
    for next in &chosen {
        let dialect = dialect(args, &next.configuration, access)?;
        next.configuration.check_schema(dialect)?;
        let rows = match starts_at_current(next, targets)? {
            true => Some(next.current(next.database()?)?),
            false => None,
        };
        let written = write_one(next, (dialect, rows.clone()), context, write)?;
        if let Some(direction) = direction {
            let mut runner = next.migrations.runner(dialect);
            runner.script_rows = rows;
            let revisions = write.revisions(&runner);
            let revisions = revisions.map_err(|error| explain::script(error, next.subject()))?;
            newer_sql::report_revisions(context, next, direction, dialect, revisions);
        }
        let json = AnswerJson::Script(ScriptJson {
            dialect: dialect.to_string(),
            script: written.clone(),
        });
        answers.push(Answer::verbatim(next.name(), json, written));
    }
    Ok(Response::new(answers, Layout::Scripts))
}

/// What writes the script of a command.
pub(crate) trait Write {
    /// Returns the run to carry out on an empty database first, if it is needed.
    fn rehearse<'h>(&self, _runner: &Runner<'h>) -> Scripted<Option<Rehearsal<'h>>> {
        Ok(None)
    }

    /// Returns the revisions in the script.
    fn revisions(&self, _runner: &Runner<'_>) -> Scripted<Vec<Node>> {
        Ok(Vec::new())
    }

    /// Writes the script.
    fn script(&self, runner: Runner<'_>) -> Scripted<String>;
}

/// A run on an empty database, before a script is written.
pub(crate) type Rehearsal<'h> = Run<'h, std::result::Result<Rehearsed, RunError>>;

pub(crate) type Scripted<T> = std::result::Result<T, ScriptError>;

impl<F: Fn(Runner<'_>) -> Scripted<String>> Write for F {
    fn script(&self, runner: Runner<'_>) -> Scripted<String> {
        self(runner)
    }
}

/// The script of an upgrade or a downgrade.
pub(crate) struct MigrationScript<'r> {
    pub(crate) direction: Direction,
    pub(crate) range: &'r str,
    pub(crate) transaction_per_revision: bool,
}

impl Write for MigrationScript<'_> {
    fn rehearse<'h>(&self, runner: &Runner<'h>) -> Scripted<Option<Rehearsal<'h>>> {
        match self.direction {
            Direction::Upgrade => runner.rehearse_upgrade(self.range),
            Direction::Downgrade => runner.rehearse_downgrade(self.range),
        }
    }

    fn revisions(&self, runner: &Runner<'_>) -> Scripted<Vec<Node>> {
        runner.revisions_of_script(self.direction, self.range)
    }

    fn script(&self, mut runner: Runner<'_>) -> Scripted<String> {
        if self.transaction_per_revision {
            runner.transaction = TransactionMode::Revision;
        }
        match self.direction {
            Direction::Upgrade => runner.upgrade_script(self.range),
            Direction::Downgrade => runner.downgrade_script(self.range),
        }
    }
}

/// Returns whether a script begins where the database is.
fn starts_at_current(own: &Crate, targets: &[&str]) -> Result<bool> {
    for target in targets {
        if let Some((start, _)) = target.split_once(':')
            && !start.trim().is_empty()
            && own.parse(start.trim())?.symbol == Some(Symbol::Current)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn write_one(
    own: &Crate,
    (dialect, rows): (Dialect, Option<Vec<Node>>),
    context: &Context,
    write: &impl Write,
) -> Result<String> {
    let failed = |error| explain::script(error, own.subject());
    let database = Database::in_memory(own.configuration.sqlite_extensions());
    let mut connection = None;
    let mut runner = own.migrations.runner(dialect);
    runner.script_rows = rows;
    if let Some(run) = write.rehearse(&runner).map_err(failed)? {
        let connection = connection.insert(database.write(context.shell)?);
        let rehearsed = connection.drive(run, &|_| {});
        runner.rehearsed = rehearsed.map_err(|error| own.explain_trial(error, &database))?;
    }
    write.script(runner).map_err(failed)
}

/// Returns the dialect of a crate's script.
fn dialect(args: &OfflineArgs, configuration: &Configuration, access: &Access) -> Result<Dialect> {
    let url = access.url.as_deref();
    let only = match configuration.settings.dialects.as_deref() {
        Some([only]) if url.is_none() => Some(*only),
        _ => None,
    };
    if let Some(dialect) = args.dialect.or(only) {
        return Ok(dialect);
    }
    match configuration.find_database(url)? {
        Some(database) => Ok(database.dialect()),
        None => {
            let name = &configuration.name;
            let title = format!("no dialect is known for the script of crate `{name}`");
            Err(Diagnostic::new(Cause::Arguments, title)
                .help("choose one with `--dialect sqlite` or `--dialect postgres`")
                .into())
        }
    }
}
