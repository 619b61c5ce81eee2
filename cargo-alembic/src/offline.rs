//! Scripts instead of runs: `--sql`.

use alembic_history::Direction;
use alembic_migrate::Dialect;
use alembic_run::{Runner, ScriptError};

use crate::args::OfflineArgs;
use crate::context::Context;
use crate::explain;
use crate::lock_file;
use crate::output::json::{AnswerJson, ScriptJson};
use crate::output::{Answer, Cause, Diagnostic, Layout, Response, Result};
use crate::workspace::{Access, Configuration, crates_to_move};

/// Writes the script of every crate that `targets` match, once all of them are planned.
///
/// For commands that run revisions, `direction` is the way they go.
pub(crate) fn scripts(
    context: &Context,
    args: &OfflineArgs,
    access: &Access,
    targets: &[&str],
    direction: Option<Direction>,
    script: impl Fn(Runner<'_>) -> std::result::Result<String, ScriptError>,
) -> Result<Response> {
    let mut configurations = context.configurations()?;
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
        let written = script(next.migrations.runner(dialect));
        let written = written.map_err(|error| explain::script(error, next.subject()))?;
        let json = AnswerJson::Script(ScriptJson {
            dialect: dialect.to_string(),
            script: written.clone(),
        });
        answers.push(Answer::verbatim(next.name(), json, written));
    }
    Ok(Response::new(answers, Layout::Scripts))
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
