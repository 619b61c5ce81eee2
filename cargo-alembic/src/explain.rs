//! Turns errors into diagnostics with a next step: data in, diagnostic out.
//!
//! Nothing here opens a file or asks a database. Whatever else a hint depends on is
//! [asked for](question), and passed in as [`Evidence`].

mod alter;
mod database;
mod evidence;
mod existence;
mod expression;
mod files;
mod log;
mod other_tools;
mod outline;
mod plan;
mod postgres;
mod privileges;
mod question;
mod remedy;
mod run;
mod schemas;
mod script;
mod settings;
mod sqlite;
mod statement;
mod temporary;
mod unfinished;

use alembic_history::{History, VersionTable};
use alembic_migrate::Dialect;

use crate::output::Excerpt;
use crate::url::DatabaseUrl;
pub(crate) use database::missing_database;
pub(crate) use evidence::{Evidence, Question, SchemaPrivileges};
pub(crate) use expression::{is_crate, resolve};
pub(crate) use files::{fault, history, one_head, requirement};
pub(crate) use plan::plan;
pub(crate) use postgres::refusal;
pub(crate) use question::question;
pub(crate) use run::run;
pub(crate) use schemas::circle;
pub(crate) use script::script;
pub(crate) use settings::{Manifest, setting};

/// The crate that an error is about.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'s> {
    pub(crate) name: &'s str,
    pub(crate) history: &'s History,
    pub(crate) source: Source,
}

/// What a crate's history was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Its files.
    Files,
    /// The log of a database: there is nothing to correct.
    Log,
}

/// The database of a crate, and its version table there.
pub(crate) struct Storage<'s> {
    pub(crate) url: &'s DatabaseUrl,
    pub(crate) table: VersionTable,
    pub(crate) lifetime: Lifetime,
    /// The URL as it is shown, with the file `.env` that it comes from.
    pub(crate) shown: String,
}

/// How long a database exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Longer than the command: what a failed run has left there matters.
    Lasting,
    /// As long as a check of `cargo alembic test`: only the revisions can be mended.
    Temporary,
}

impl Storage<'_> {
    fn dialect(&self) -> Dialect {
        self.url.dialect()
    }
}

/// Returns a statement's excerpt of its file.
fn excerpt(location: &alembic_run::StatementLocation, history: &History) -> Excerpt {
    let file = history.graph().node(location.revision.as_str());
    let text = file.map_or("", |node| &history.file(node).text);
    let path = location.path.display().to_string();
    let span = location.offset..location.span.end;
    Excerpt::new(path, text, span).label(format!(
        "statement {} of revision {}",
        location.statement, location.revision
    ))
}
