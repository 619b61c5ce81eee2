//! `cargo alembic edit`

use std::path::Path;
use std::process::Command;

use alembic_history::{Direction, Node};
use clap::Args;

use crate::args::DatabaseArgs;
use crate::context::Context;
use crate::explain;
use crate::lock_file::CrateLock;
use crate::new_file::replace;
use crate::output::{Cause, Diagnostic, Response, Result, display_path};
use crate::workspace::{Access, Crate, crates_matching};

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
        let crates = crates_matching(crates, &[&self.revision])?;
        let mut found = Vec::new();
        for next in &crates {
            let nodes = next.find_revisions(&self.revision, context.shell)?;
            found.extend(nodes.into_iter().map(|node| (next, node)));
        }
        let path = |(owner, node): &(&Crate, Node)| owner.history().file(*node).path.clone();
        match found.as_slice() {
            [] => {
                let title = format!("`{}` names no revision", self.revision);
                Err(Diagnostic::new(Cause::Revision, title)
                    .help("name one by its id")
                    .into())
            }
            [one] => {
                edit(&path(one))?;
                let (owner, node) = *one;
                lock(context, owner, node)?;
                Ok(Response::SILENT)
            }
            several => {
                let paths = several.iter().map(path);
                let several: Vec<String> = paths.map(|path| display_path(&path)).collect();
                let title = format!("`{}` names several revisions", self.revision);
                Err(Diagnostic::new(Cause::Revision, title)
                    .note(format!("their files are {}", several.join(", ")))
                    .help("name one by its id, and its crate with `-p`")
                    .into())
            }
        }
    }
}

/// Records the file of a revision after it was edited, if the crate keeps a lock file.
fn lock(context: &Context, owner: &Crate, node: Node) -> Result<()> {
    let Some(lock) = CrateLock::read(&owner.configuration) else {
        return Ok(());
    };
    let before = lock.file.parse();
    let before = before.map_err(|fault| explain::fault(&fault, owner.name()))?;
    let configuration = owner.configuration.clone();
    let edited = context.workspace()?.read(configuration, &Access::default());
    let history = match &edited {
        Ok(edited) if edited.check_sql(Direction::Upgrade).is_ok() => edited.history(),
        Ok(_) | Err(_) => {
            let what = format_args!(
                "{} is as before, since the revision files have faults",
                display_path(&lock.path)
            );
            context.shell.status("Note", what);
            return Ok(());
        }
    };
    // Its id may be another one now.
    let path = &owner.history().file(node).path;
    let graph = history.graph();
    let now = graph.nodes().find(|now| history.file(*now).path == *path);
    let now = now.map(|now| graph[now].id.clone());
    let mut ids = vec![owner.graph()[node].id.clone()];
    ids.extend(now.filter(|id| !ids.contains(id)));
    let locked = before.with(&lock.current(history), &ids);
    let taken = before.differences(&locked);
    if !taken.is_empty() {
        replace(&lock.path, &locked.render()).map_err(|error| {
            let title = format!("cannot write {}: {error}", display_path(&lock.path));
            Diagnostic::new(Cause::Unwritable(error), title)
        })?;
        context.shell.status("Locked", display_path(&lock.path));
    }
    Ok(())
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
