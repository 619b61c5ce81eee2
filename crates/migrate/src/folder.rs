//! Finds revision files in folders.

use std::fmt;
use std::path::{Path, PathBuf};

use alembic_history::{HistoryError, SourceFile, is_revision_file};
use walkdir::WalkDir;

/// A folder that cannot be searched.
#[derive(Debug)]
pub struct FolderError {
    /// The folder.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot search {}: {}", self.path.display(), self.source)
    }
}

impl std::error::Error for FolderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Why migrations cannot be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// The folder cannot be searched.
    Folder(FolderError),
    /// The files are not a sound history.
    History(HistoryError),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Folder(error) => error.fmt(f),
            LoadError::History(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LoadError::Folder(error) => error.source(),
            LoadError::History(error) => error.source(),
        }
    }
}

/// Reads every revision file in `folder` and the folders below it, sorted by path.
///
/// Links are followed. Hidden files and folders, and `*.rows.sql`, are passed over. A file that
/// cannot be read comes with the reason.
///
/// # Errors
///
/// When a folder cannot be searched.
pub fn read_folder(folder: &Path) -> Result<Vec<SourceFile>, FolderError> {
    let hidden = |depth: usize, path: Option<&Path>| {
        let name = path.and_then(Path::file_name).unwrap_or_default();
        depth > 0 && name.to_string_lossy().starts_with('.')
    };
    let entries = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !hidden(entry.depth(), Some(entry.path())));
    let mut paths = Vec::new();
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            // Editors lock files with hidden links that lead nowhere.
            Err(error) if hidden(error.depth(), error.path()) => continue,
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                if error.depth() > 0 && is_revision_file(&path) {
                    // A link that leads nowhere: reading it tells, beside the other files' faults.
                    paths.push(path);
                    continue;
                }
                let source = plain(error);
                return Err(FolderError { path, source });
            }
        };
        if is_revision_file(entry.path()) && entry.file_type().is_file() {
            paths.push(entry.into_path());
        }
    }
    Ok(read(paths))
}

/// Takes the path off an error, which is shown beside it.
fn plain(error: walkdir::Error) -> std::io::Error {
    match error.io_error().map(std::io::Error::kind) {
        Some(kind) => kind.into(),
        None => std::io::Error::other("links lead in a circle"),
    }
}

fn read(paths: Vec<PathBuf>) -> Vec<SourceFile> {
    paths
        .into_iter()
        .map(|path| SourceFile {
            content: std::fs::read(&path).map_err(|error| error.to_string()),
            path,
        })
        .collect()
}
