//! `cargo alembic status`

use std::fmt::Write;

use alembic_history::{Edited, Node};
use clap::Args;

use crate::args::DatabaseArgs;
use crate::context::Context;
use crate::output::json::{
    AnswerJson, LoggedJson, ManagedByJson, RevisionTitleJson, StatusJson, UnfinishedJson, rows,
};
use crate::output::{Answer, Error, Layout, Response, Result};
use crate::workspace::Crate;

/// Arguments of `cargo alembic status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl StatusArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let crates = context.crates(&(&self.database).into())?;
        context.workspace()?.check_databases(&crates)?;
        let mut answers = Vec::new();
        let mut failed = None;
        let mut are_at_heads = true;
        for own in &crates {
            match status(own) {
                Ok(json) => {
                    are_at_heads &= json.at_heads && !is_refused(own, &json);
                    let text = describe(own.name(), &own.database()?.shown(), &json);
                    answers.push(Answer::new(own.name(), AnswerJson::Status(json), text));
                }
                // An error in one database does not hide the state of the others.
                Err(error) => Error::add(&mut failed, error.about(own.name())),
            }
        }
        let response = Response::new(answers, Layout::Plain).with_error(failed);
        Ok(match are_at_heads {
            true => response,
            false => response.not_at_heads(),
        })
    }
}

/// Returns whether commands that run revisions refuse the database, because applied ones were edited.
fn is_refused(own: &Crate, json: &StatusJson) -> bool {
    match own.configuration.settings.edited {
        Edited::Refuse => !json.edited.is_empty(),
        Edited::Warn => false,
    }
}

/// Reads where the database of a crate is.
fn status(own: &Crate) -> Result<StatusJson> {
    let database = own.database()?;
    let (versions, status) = own.versions_and_status(database)?;
    let (history, graph) = (own.history(), own.graph());
    let title = |node: Node| RevisionTitleJson::new(history, node);
    let nodes_of = |ids: &[alembic_history::RevisionId]| -> Vec<RevisionTitleJson> {
        let nodes = ids.iter().filter_map(|id| graph.node(id.as_str()));
        nodes.map(title).collect()
    };
    let mut json = StatusJson {
        database: database.url.to_string(),
        exists: !database.is_missing(),
        at_heads: false,
        rows: rows(&versions),
        current: nodes_of(&versions.revisions),
        unknown: versions.unknown.clone(),
        pending: Vec::new(),
        hidden: Vec::new(),
        edited: Vec::new(),
        removed: Vec::new(),
        unfinished: None,
        managed_by: None,
    };
    // What is pending above rows that no file explains is not known.
    let Some(status) = status else {
        return Ok(json);
    };
    json.at_heads = status.is_current();
    json.pending = nodes_of(&status.pending);
    json.hidden = nodes_of(&status.hidden);
    json.edited = status.edited.iter().map(LoggedJson::new).collect();
    json.removed = status.removed.iter().map(LoggedJson::new).collect();
    json.unfinished = status.unfinished.map(UnfinishedJson::new);
    json.managed_by = status.managed_by.map(ManagedByJson::new);
    Ok(json)
}

/// Where the ways on are told.
const NEXT: &str = "`upgrade` says how to go on";

/// Describes the status of a crate for people: one line, and one for each revision that needs something.
fn describe(name: &str, database: &str, json: &StatusJson) -> String {
    let mut text = String::new();
    let verdict = match json {
        StatusJson { unknown, .. } if !unknown.is_empty() => {
            "has rows that no file explains".to_owned()
        }
        StatusJson {
            unfinished: Some(_),
            ..
        } => "is in the middle of a revision".to_owned(),
        StatusJson {
            at_heads: true,
            edited,
            ..
        } if !edited.is_empty() => "is at its heads, but files were edited".to_owned(),
        StatusJson { at_heads: true, .. } => "is at its heads".to_owned(),
        StatusJson { pending, .. } => match pending.len() {
            0 => "differs from its files".to_owned(),
            1 => "has 1 revision pending".to_owned(),
            count => format!("has {count} revisions pending"),
        },
    };
    let missing = if json.exists {
        ""
    } else {
        ", which does not exist yet"
    };
    let _ = writeln!(text, "{name} {verdict} ({database}{missing})");
    let mut line = |verb: &str, what: String| {
        let _ = writeln!(text, "{verb:>12} {what}");
    };
    if let Some(ManagedByJson { tool, table }) = &json.managed_by {
        let what = format!("{tool}, which has the table {table}; {NEXT}");
        line("managed by", what);
    } else if json.rows.is_empty() {
        line("at", "base".to_owned());
    }
    for revision in &json.current {
        line("at", revision.to_string());
    }
    for row in &json.unknown {
        line("unknown", format!("{row}: no file declares it; {NEXT}"));
    }
    if let Some(unfinished) = &json.unfinished {
        line("stopped", format!("{}; {NEXT}", unfinished.text));
    }
    for revision in &json.hidden {
        line(
            "hidden",
            format!("{revision}: it lies below, and never ran; {NEXT}"),
        );
    }
    for (verb, logged, what) in [
        ("edited", &json.edited, "changed since it was applied"),
        (
            "removed",
            &json.removed,
            "applied, and no longer in the files",
        ),
    ] {
        for LoggedJson {
            revision, message, ..
        } in logged
        {
            line(verb, format!("{revision}, {message}: {what}; {NEXT}"));
        }
    }
    for revision in &json.pending {
        line("pending", revision.to_string());
    }
    text
}
