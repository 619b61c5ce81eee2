//! `cargo alembic log`

use std::fmt::Write;

use alembic_migrate::report::{LogAction, LogEntry};
use clap::Args;

use crate::args::DatabaseArgs;
use crate::context::Context;
use crate::output::json::{AnswerJson, LogJson};
use crate::output::reports::HumanDuration;
use crate::output::{Answer, Error, Response, Result};
use crate::workspace::Crate;

/// Arguments of `cargo alembic log`.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// Show who did it, how long it took, and where the database was afterwards
    #[arg(short, long)]
    verbose: bool,
    /// Show only so many entries
    #[arg(short = 'n', long, value_name = "COUNT")]
    limit: Option<usize>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl LogArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let crates = context.crates(&(&self.database).into())?;
        context.workspace()?.check_databases(&crates)?;
        let mut answers = Vec::new();
        let mut failed = None;
        for next in &crates {
            match self.log(context, next) {
                Ok((json, text)) => {
                    answers.push(Answer::new(next.name(), AnswerJson::Log(json), text));
                }
                // An error in one database does not hide the log of the others.
                Err(error) => Error::add(&mut failed, error),
            }
        }
        Ok(Response::sections(answers, crates.len()).with_error(failed))
    }

    fn log(&self, context: &Context, own: &Crate) -> Result<(LogJson, String)> {
        let database = own.database()?;
        if database.is_missing() {
            let what = format_args!("{} does not exist yet ({})", database.url, own.name());
            context.shell.status("Note", what);
        }
        let report = own.migrations.log(&mut database.read()?);
        let report = report.map_err(|error| own.explain(error, database))?;
        let (mut entries, gap) = (report.entries, report.gap);
        if let Some(gap) = gap.as_ref().filter(|_| !database.is_missing()) {
            let what = format_args!("{gap} ({} in {})", own.name(), database.url);
            context.shell.status("Note", what);
        }
        entries.reverse();
        entries.truncate(self.limit.unwrap_or(usize::MAX));
        let mut text = String::new();
        for entry in &entries {
            let _ = writeln!(text, "{}", line(entry));
            if self.verbose {
                let _ = writeln!(text, "    {}", circumstances(entry));
            }
        }
        Ok((LogJson::new(&database.url, &entries, gap.as_ref()), text))
    }
}

/// Returns an entry as a line.
fn line(entry: &LogEntry) -> String {
    let LogEntry {
        logged_at,
        revision,
        message,
        ..
    } = entry;
    let direction = entry.direction.to_string();
    let separator = if message.is_empty() { "" } else { ", " };
    let how = match entry.action {
        LogAction::Run => String::new(),
        action => format!(" ({action})"),
    };
    format!("{logged_at} {direction:<9} {revision}{separator}{message}{how}")
}

/// Returns who wrote an entry, how long it took, and where the database was then.
fn circumstances(entry: &LogEntry) -> String {
    let mut parts = Vec::new();
    if let Some(took) = entry.took {
        parts.push(format!("took {}", HumanDuration(took)));
    }
    let named = |word: &str, name: &Option<String>| {
        let name = name.as_deref()?;
        Some(format!("{word} {name}"))
    };
    let by = [
        named("by", &entry.user),
        named("on", &entry.host),
        named("with", &entry.application),
    ];
    let by: Vec<String> = by.into_iter().flatten().collect();
    if !by.is_empty() {
        parts.push(format!(
            "{} (cargo-alembic {})",
            by.join(" "),
            entry.tool_version
        ));
    }
    let place = match entry.rows.as_str() {
        "" => "base",
        rows => rows,
    };
    parts.push(format!("then at {place}"));
    parts.join(", ")
}
