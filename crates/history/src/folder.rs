//! Finds and reads the revision files in a folder.

use std::fmt;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::history::is_python_file;
use crate::{SourceFile, is_revision_file};

/// A folder that cannot be searched.
#[derive(Debug)]
pub struct FolderError {
    /// The folder.
    pub path: PathBuf,
    /// The reason.
    pub source: std::io::Error,
}

impl FolderError {
    /// Returns the reason, in words.
    #[must_use]
    pub fn reason(&self) -> String {
        match self.source.kind() {
            std::io::ErrorKind::NotFound => "there is no such folder".to_owned(),
            _ => self.source.to_string(),
        }
    }
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

/// Reads every revision file in `folder` and the folders below it, sorted by path.
///
/// Links are followed. Hidden files and folders, and `*.rows.sql`, are skipped. A file that cannot
/// be read comes with the reason. If there are none, but revisions of Python's Alembic, the first of
/// those comes in their place, so that the history says what it found.
///
/// # Errors
///
/// When a folder cannot be searched.
pub fn read_folder(folder: &Path) -> Result<Vec<SourceFile>, FolderError> {
    let entries = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !is_hidden(entry.depth(), entry.path()));
    let mut files = Vec::new();
    let mut python_files = Vec::new();
    for entry in entries {
        if let Ok(entry) = &entry
            && is_python_file(entry.path())
            && entry.file_type().is_file()
        {
            python_files.push(entry.path().to_owned());
        } else if let Some(path) = revision_path(entry, folder)? {
            let content = read_file(&path).map_err(|error| error.to_string());
            files.push(SourceFile { path, content });
        }
    }
    if files.is_empty() {
        files.extend(python_files.into_iter().find_map(python_revision));
    }
    Ok(files)
}

/// Reads a file, which must be a regular one: to read a pipe would be to wait for its writer.
///
/// # Errors
///
/// When the file cannot be read, or is something else.
pub fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    std::fs::read(path)
}

/// Reads a text file, as [`read_file`] does.
///
/// # Errors
///
/// Those of [`read_file`], and a text that is not UTF-8.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    let text = String::from_utf8(read_file(path)?);
    text.map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error()))
}

/// Reads a file of Python, if it is a revision of Alembic.
fn python_revision(path: PathBuf) -> Option<SourceFile> {
    let content = std::fs::read(&path).ok()?;
    let mut words = content.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    let declares_parent = words.any(|word| word == b"down_revision");
    declares_parent.then_some(SourceFile {
        path,
        content: Ok(content),
    })
}

/// Returns the path of an entry if it is a revision file.
fn revision_path(
    entry: walkdir::Result<DirEntry>,
    folder: &Path,
) -> Result<Option<PathBuf>, FolderError> {
    match entry {
        Ok(entry) => {
            let is_revision = entry.file_type().is_file() && is_revision_file(entry.path());
            Ok(is_revision.then(|| entry.into_path()))
        }
        Err(error) => {
            let path = error.path().unwrap_or(folder).to_owned();
            if is_hidden(error.depth(), &path) {
                // Editors lock files with hidden broken links.
                Ok(None)
            } else if error.depth() > 0 && is_revision_file(&path) {
                // A broken link: reading it reports the reason, together with the faults of the
                // other files.
                Ok(Some(path))
            } else {
                let source = without_path(&error);
                Err(FolderError { path, source })
            }
        }
    }
}

fn is_hidden(depth: usize, path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    depth > 0 && name.to_string_lossy().starts_with('.')
}

/// Removes the path from an error, since [`FolderError`] has it.
fn without_path(error: &walkdir::Error) -> std::io::Error {
    match error.io_error() {
        Some(error) => error.kind().into(),
        None => std::io::Error::other("links form a loop"),
    }
}
