//! The output of a command: answers on stdout, everything else on stderr, and an exit code.

mod cause;
mod diagnostic;
mod excerpt;
mod exit;
mod hint;
pub(crate) mod json;
pub(crate) mod lines;
mod printable;
mod progress;
mod quoting;
pub(crate) mod reports;
mod response;
mod shell;
mod terminal_line;
mod warnings;

use std::path::Path;

pub(crate) use cause::Cause;
pub(crate) use diagnostic::{Diagnostic, Error, Result};
pub(crate) use excerpt::Excerpt;
pub use exit::Exit;
pub(crate) use hint::{Call, Hint, Place, Program, Subcommand, Suggestion};
pub(crate) use printable::printable;
pub(crate) use progress::{Detail, Progress};
pub(crate) use quoting::{quote_for_shell, quote_for_sql};
pub(crate) use response::{Answer, Layout, Response, finish};
pub(crate) use shell::{Shell, Verbosity};
pub(crate) use warnings::Warnings;

/// The format of answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// Returns a path as it is displayed: relative to the current folder if it is inside it, and `.` for that one.
pub(crate) fn display_path(path: &Path) -> String {
    let path = below_current(path);
    match path.as_os_str().is_empty() {
        true => ".".to_owned(),
        false => path.display().to_string(),
    }
}

/// Returns a path relative to the current folder if it is inside it. Below the root folder, as in an image,
/// it would hide that the path is absolute.
pub(crate) fn below_current(path: &Path) -> &Path {
    let current = std::env::current_dir().unwrap_or_default();
    match current.parent() {
        Some(_) => path.strip_prefix(&current).unwrap_or(path),
        None => path,
    }
}
