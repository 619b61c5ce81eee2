//! `cargo alembic man`

use std::path::{Path, PathBuf};

use clap::Args;

use crate::context::Context;
use crate::manual;
use crate::output::{Cause, Diagnostic, Error, Response, Result, display_path};

/// Arguments of `cargo alembic man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder to write a page for each command to, such as `~/.local/share/man/man1`; it is created
    /// if necessary [default: print the page of `cargo-alembic`]
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl ManArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let Some(folder) = &self.folder else {
            return Ok(Response::document(manual::first_page().text));
        };
        std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, error))?;
        let pages = manual::pages();
        for page in &pages {
            let path = folder.join(&page.file);
            std::fs::write(&path, &page.text).map_err(|error| cannot_write(&path, error))?;
        }
        let what = format_args!("{} pages to {}", pages.len(), display_path(folder));
        context.shell.status("Wrote", what);
        Ok(Response::SILENT)
    }
}

fn cannot_write(path: &Path, error: std::io::Error) -> Error {
    let title = format!("cannot write {}: {error}", display_path(path));
    Diagnostic::new(Cause::Unwritable(error), title)
        .help("name another folder, or make this one writable")
        .into()
}
