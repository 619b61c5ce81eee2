//! Finds revision files, exactly those that the command finds.

use std::io;
use std::path::{Path, PathBuf};

use alembic_history::{SourceFile, is_revision_file};

/// Reads every revision file in `folder` and the folders below it, sorted by path; hidden ones are
/// passed over. The files are called by their paths below `name`.
pub(crate) fn read(folder: &Path, name: &Path) -> io::Result<Vec<SourceFile>> {
    let mut entries: Vec<_> = folder.read_dir()?.collect::<io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let (path, name): (PathBuf, PathBuf) = (entry.path(), name.join(entry.file_name()));
        // As a link's target, not as a link.
        let kind = std::fs::metadata(&path)?;
        if kind.is_dir() {
            files.extend(read(&path, &name)?);
        } else if is_revision_file(&path) && kind.is_file() {
            files.push(SourceFile {
                path: name,
                content: std::fs::read(&path).map_err(|error| error.to_string()),
            });
        }
    }
    Ok(files)
}
