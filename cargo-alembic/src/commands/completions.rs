//! `cargo alembic completions`

use std::ffi::OsString;

use clap::Args;

use crate::completion::{Candidate, CompletionShell, complete};
use crate::output::Response;

/// Arguments of `cargo alembic completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(
        value_enum,
        required_unless_present = "words",
        conflicts_with = "words"
    )]
    shell: Option<CompletionShell>,
    /// Print what the last of these words may become, as the script asks for it: each candidate on a
    /// line, with what it means after a tab
    #[arg(last = true, value_name = "WORD")]
    words: Vec<OsString>,
}

impl CompletionsArgs {
    pub(super) fn run(self) -> Response {
        let text = match self.shell {
            Some(shell) => shell.script().to_owned(),
            None => {
                let candidates = complete(&self.words).into_iter();
                let lines =
                    candidates.map(|Candidate { value, help }| format!("{value}\t{help}\n"));
                lines.collect()
            }
        };
        Response::document(text)
    }
}
