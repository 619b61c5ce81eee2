//! `cargo alembic edit`

use std::path::Path;
use std::process::Command;

use clap::Args;

use crate::args::DatabaseArgs;
use crate::context::Context;
use crate::output::{Cause, Diagnostic, Response, Result, display_path};
use crate::workspace::crates_matching;

/// Arguments of `cargo alembic edit`.
#[derive(Debug, Args)]
pub struct EditArgs {
    /// The revision to edit: an id, `head`, `current`, or `-1` for the one below the head
    #[arg(value_name = "REVISION", allow_negative_numbers = true)]
    revision: String,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl EditArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let crates = context.crates(&(&self.database).into())?;
        let mut paths = Vec::new();
        for next in crates_matching(crates, &[&self.revision])? {
            for node in next.find_revisions(&self.revision, context.shell)? {
                paths.push(next.history().file(node).path.clone());
            }
        }
        match paths.as_slice() {
            [] => {
                let title = format!("`{}` names no revision", self.revision);
                Err(Diagnostic::new(Cause::Revision, title)
                    .help("name one by its id")
                    .into())
            }
            [path] => edit(path).map(|()| Response::SILENT),
            several => {
                let several: Vec<String> = several.iter().map(|path| display_path(path)).collect();
                let title = format!("`{}` names several revisions", self.revision);
                Err(Diagnostic::new(Cause::Revision, title)
                    .note(format!("their files are {}", several.join(", ")))
                    .help("name one by its id, and its crate with `-p`")
                    .into())
            }
        }
    }
}

/// Opens a file in the user's editor, and waits until the editor exits.
fn edit(path: &Path) -> Result<()> {
    let from_env = ["VISUAL", "EDITOR"].iter().find_map(|variable| {
        let editor = std::env::var(variable).ok()?;
        (!editor.trim().is_empty()).then_some(editor)
    });
    let fallback = if cfg!(windows) { "notepad" } else { "vi" };
    let editor = from_env.unwrap_or_else(|| fallback.to_owned());
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or(fallback);
    let failed = |why: String| {
        Diagnostic::new(Cause::Program, format!("editor `{editor}` failed: {why}"))
            .note(format!("the file is {}", display_path(path)))
            .help("set the environment variable EDITOR to another editor")
            .into()
    };
    let status = Command::new(program).args(words).arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(status.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}
