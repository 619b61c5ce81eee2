//! The file `.env`, from which sqlx and diesel take the URL of a database, too.

use std::path::{Path, PathBuf};

use crate::output::{Cause, Diagnostic, Error, display_path};

/// Whether `.env` is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dotenv {
    Read,
    Ignore,
}

/// The value of a variable, and the file that holds it.
#[derive(Clone, Debug)]
pub(super) struct DotenvValue {
    pub(super) value: String,
    pub(super) path: PathBuf,
}

impl Dotenv {
    /// Looks for a variable in the nearest `.env`: in `folder` or in one that holds it. Only the nearest
    /// counts, and nothing else of it is used.
    pub(super) fn find(self, folder: &Path, variable: &str) -> Result<Option<DotenvValue>, Error> {
        let mut paths = folder.ancestors().map(|folder| folder.join(".env"));
        let Some(path) = paths
            .find(|path| path.is_file())
            .filter(|_| self == Self::Read)
        else {
            return Ok(None);
        };
        let failed = |error: dotenvy::Error| cannot_read(&path, &error);
        for entry in dotenvy::from_path_iter(&path).map_err(failed)? {
            let (name, value) = entry.map_err(failed)?;
            if name == variable && !value.is_empty() {
                return Ok(Some(DotenvValue { value, path }));
            }
        }
        Ok(None)
    }
}

fn cannot_read(path: &Path, error: &dotenvy::Error) -> Error {
    // The line is not shown: it may hold a password.
    let why = match error {
        dotenvy::Error::LineParse(_, _) => "a line is not `NAME=value`".to_owned(),
        error => error.to_string(),
    };
    let title = format!("cannot read {}: {why}", display_path(path));
    Diagnostic::new(Cause::Configuration, title)
        .note("it may name the database")
        .help("correct the line, or leave the file out with `--no-dotenv`")
        .into()
}
