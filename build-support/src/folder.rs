//! Finds revision files, exactly those that the command finds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use alembic_history::{SourceFile, is_revision_file};

/// Something below a migration folder that cannot be read.
#[derive(Debug)]
pub(crate) struct FolderError {
    /// The path, as it is shown to people.
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

/// Reads every revision file in `folder` and the folders below it, sorted by path; hidden ones are
/// passed over, and links are followed. The files are called by their paths below `name`.
pub(crate) fn read(folder: &Path, name: &Path) -> Result<Vec<SourceFile>, FolderError> {
    let mut walk = Walk::default();
    walk.read(folder, name).map(|()| walk.files)
}

#[derive(Default)]
struct Walk {
    files: Vec<SourceFile>,
    /// The folder that is being read, and those that led to it, without links.
    above: Vec<PathBuf>,
}

impl Walk {
    fn read(&mut self, path: &Path, name: &Path) -> Result<(), FolderError> {
        let failed = |source| FolderError {
            path: name.to_owned(),
            source,
        };
        // Of a link's target, not of the link.
        let kind = fs::metadata(path).map_err(failed)?;
        if kind.is_file() && is_revision_file(path) {
            self.files.push(SourceFile {
                path: name.to_owned(),
                content: fs::read(path).map_err(|error| error.to_string()),
            });
        }
        if !kind.is_dir() {
            return Ok(());
        }
        let real = path.canonicalize().map_err(failed)?;
        if self.above.contains(&real) {
            let why = format!("a link leads back to {}", real.display());
            return Err(failed(io::Error::other(why)));
        }
        let entries = path.read_dir().and_then(Iterator::collect);
        let mut entries: Vec<fs::DirEntry> = entries.map_err(failed)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        self.above.push(real);
        for entry in entries {
            let file_name = entry.file_name();
            if !file_name.to_string_lossy().starts_with('.') {
                self.read(&entry.path(), &name.join(file_name))?;
            }
        }
        self.above.pop();
        Ok(())
    }
}
