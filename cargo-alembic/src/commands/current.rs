//! `cargo alembic current`

use std::fmt::Write;

use clap::Args;

use crate::args::DatabaseArgs;
use crate::context::Context;
use crate::output::json::{
    AnswerJson, CurrentJson, LoggedJson, RevisionJson, UnfinishedJson, rows, strings,
};
use crate::output::lines::{Parts, block, line};
use crate::output::{Answer, Error, Response, Result};
use crate::workspace::Crate;

/// Arguments of `cargo alembic current`.
#[derive(Debug, Args)]
pub struct CurrentArgs {
    /// Show each revision in full
    #[arg(short, long)]
    verbose: bool,
    /// Exit with code 3 unless every database is at all of its heads
    #[arg(short, long)]
    check_heads: bool,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl CurrentArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let crates = context.crates(&(&self.database).into())?;
        context.workspace()?.check_databases(&crates)?;
        let mut answers = Vec::new();
        let mut behind = Vec::new();
        let mut failed = None;
        for next in &crates {
            next.report_missing_database(context.shell)?;
            match self.current(next) {
                Ok((json, text)) => {
                    if let Some(unfinished) = &json.unfinished {
                        let what = format_args!("{} ({})", unfinished.text, next.name());
                        context.shell.status("Note", what);
                    }
                    if json.revisions.is_empty() && !next.database()?.is_missing() {
                        let what =
                            format_args!("{} is at base: no revision is applied", next.name());
                        context.shell.status("Note", what);
                    }
                    self.note_differences(context, next, &json);
                    let missing = json.pending.len() + json.hidden.len() + json.removed.len();
                    if missing > 0 {
                        behind.push((next.name().to_owned(), missing));
                    }
                    answers.push(Answer::new(next.name(), AnswerJson::Current(json), text));
                }
                // An error in one database does not hide the state of the others.
                Err(error) => Error::add(&mut failed, error),
            }
        }
        let outcome = Response::sections(answers, crates.len()).with_error(failed);
        Ok(match self.check_heads {
            true => outcome.with_pending(behind),
            false => outcome,
        })
    }

    /// Notes how the log of what was applied differs from the files.
    fn note_differences(&self, context: &Context, own: &Crate, json: &CurrentJson) {
        let note = |what: String| {
            let what = format_args!("{what} ({})", own.name());
            context.shell.status("Note", what);
        };
        for id in &json.hidden {
            note(format!(
                "{id} lies below the database's version and never ran"
            ));
        }
        for logged in &json.edited {
            note(format!(
                "{} has been changed since it was applied",
                logged.revision
            ));
        }
        for logged in &json.removed {
            let id = &logged.revision;
            note(format!(
                "{id} was applied, and the files no longer have it there"
            ));
        }
    }

    fn current(&self, own: &Crate) -> Result<(CurrentJson, String)> {
        let (database, history) = (own.database()?, own.history());
        let graph = own.graph();
        let status = own.status(database)?;
        let nodes = own.revisions(&status.versions, database)?;
        let current = graph.current(&nodes);
        let mut text = String::new();
        if self.verbose {
            let _ = writeln!(text, "Current revision(s) for {}:", database.url);
        }
        for node in &current {
            let parts = Parts {
                tree: true,
                ..Parts::default()
            };
            let _ = match self.verbose {
                true => writeln!(text, "{}", block(history, *node, &[])),
                false => writeln!(text, "{}", line(graph, *node, parts, &[])),
            };
        }
        let json = CurrentJson {
            unfinished: status.unfinished.map(UnfinishedJson::new),
            database: database.url.to_string(),
            rows: rows(&status.versions),
            revisions: current
                .iter()
                .map(|node| RevisionJson::new(history, *node, Some(&nodes)))
                .collect(),
            pending: strings(&status.pending),
            hidden: strings(&status.hidden),
            edited: status.edited.iter().map(LoggedJson::new).collect(),
            removed: status.removed.iter().map(LoggedJson::new).collect(),
        };
        Ok((json, text))
    }
}
