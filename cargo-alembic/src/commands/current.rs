//! `cargo alembic current`

use std::fmt::Write;

use clap::Args;

use super::{DatabaseArgs, write_answers};
use crate::context::Context;
use crate::database::{self, Database};
use crate::diagnostic::{Error, Result};
use crate::exit::Exit;
use crate::json::{self, CurrentJson, RevisionJson, UnfinishedJson};
use crate::lines::{Parts, block, line};
use crate::member::{Loaded, load_all};

/// Arguments of `cargo alembic current`.
#[derive(Debug, Args)]
pub struct CurrentArgs {
    /// Show everything about each revision
    #[arg(short, long)]
    verbose: bool,
    /// Exit with code 3 when a database is not at all of its heads
    #[arg(short, long)]
    check_heads: bool,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl CurrentArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let loaded = load_all(context.members()?, self.database.url.as_deref())?;
        let databases = database::of_all(context, &loaded, self.database.url.as_deref())?;
        let mut answers = Vec::new();
        let mut behind = Vec::new();
        let mut failed = None;
        for (crate_, database) in loaded.iter().zip(&databases) {
            if database.is_missing() {
                let what = format_args!("{} does not exist yet ({})", database.url, crate_.name());
                context.shell.status("Note", what);
            }
            match self.current(crate_, database) {
                Ok((json, text)) => {
                    if let Some(unfinished) = &json.unfinished {
                        let what = format_args!("{} ({})", unfinished.text, crate_.name());
                        context.shell.status("Note", what);
                    }
                    if !json.pending.is_empty() {
                        behind.push((crate_.name(), json.pending.len()));
                    }
                    answers.push((crate_, json, text));
                }
                // What is wrong with one database does not hide where the others are.
                Err(error) => Error::add(&mut failed, error),
            }
        }
        write_answers(context, loaded.len() > 1, answers)?;
        if let Some(error) = failed {
            return Err(error);
        }
        if self.check_heads && !behind.is_empty() {
            for (name, pending) in behind {
                let revisions = if pending == 1 {
                    "revision"
                } else {
                    "revisions"
                };
                context.shell.status(
                    "Behind",
                    format_args!("{name}: {pending} {revisions} pending"),
                );
            }
            return Ok(Exit::NotAtHeads);
        }
        Ok(Exit::Success)
    }

    fn current(&self, loaded: &Loaded, database: &Database) -> Result<(CurrentJson, String)> {
        let graph = loaded.graph();
        let rows = database.rows(loaded, self.database.lock_timeout)?;
        let nodes = loaded.rows(&rows, database)?;
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
                true => writeln!(text, "{}", block(loaded, *node, &[])),
                false => writeln!(text, "{}", line(graph, *node, parts, &[])),
            };
        }
        let unfinished = database.unfinished(loaded, self.database.lock_timeout)?;
        let json = CurrentJson {
            unfinished: unfinished.map(UnfinishedJson::new),
            database: database.url.to_string(),
            rows,
            revisions: current
                .iter()
                .map(|node| RevisionJson::new(loaded, *node, Some(&nodes)))
                .collect(),
            pending: json::ids(graph, &graph.pending(&nodes)),
        };
        Ok((json, text))
    }
}
