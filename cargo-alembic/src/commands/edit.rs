//! `cargo alembic edit`

use std::path::Path;
use std::process::Command;

use clap::Args;

use super::DatabaseArgs;
use super::show::nodes_of;
use crate::context::{Context, shown};
use crate::diagnostic::{Diagnostic, Result};
use crate::exit::Exit;
use crate::member::{load_all, that_know};

/// Arguments of `cargo alembic edit`.
#[derive(Debug, Args)]
pub struct EditArgs {
    /// The revision: an id, `head`, `current`, `-1` for the one below the head
    #[arg(value_name = "REVISION", allow_negative_numbers = true)]
    revision: String,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl EditArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let loaded = load_all(context.members()?, None)?;
        let mut paths = Vec::new();
        for crate_ in that_know(&loaded, &[&self.revision])? {
            for node in nodes_of(crate_, &self.revision, &self.database)? {
                paths.push(crate_.history().file(node).path.clone());
            }
        }
        match paths.as_slice() {
            [] => Err(
                Diagnostic::new(format!("`{}` names no revision", self.revision))
                    .help("name one by its id")
                    .exit(Exit::Revision),
            ),
            [path] => edit(path).map(|()| Exit::Success),
            several => {
                let several: Vec<String> = several.iter().map(|path| shown(path)).collect();
                Err(
                    Diagnostic::new(format!("`{}` names several revisions", self.revision))
                        .note(format!("their files are {}", several.join(", ")))
                        .help("name one by its id, and its crate with `-p`")
                        .exit(Exit::Revision),
                )
            }
        }
    }
}

/// Opens a file in the user's editor, and waits for it.
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
        Diagnostic::new(format!("editor `{editor}` failed: {why}"))
            .note(format!("the file is {}", shown(path)))
            .help("name another one in the environment variable EDITOR")
            .exit(Exit::Failure)
    };
    let status = Command::new(program).args(words).arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(status.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}
