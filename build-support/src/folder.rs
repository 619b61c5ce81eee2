//! Finds revision files, exactly those that the command finds.

use std::ffi::OsString;
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
        // Of a link's target, not of the link.
        let kind = match fs::metadata(path) {
            Ok(kind) => kind,
            Err(error) => return self.fail(path, name, error.kind().into()),
        };
        if kind.is_dir() {
            self.read_entries(path, name)
        } else {
            if kind.is_file() && is_revision_file(path) {
                self.add(path, name);
            }
            Ok(())
        }
    }

    fn read_entries(&mut self, path: &Path, name: &Path) -> Result<(), FolderError> {
        let (real, mut entries) = match self.list(path) {
            Ok(found) => found,
            Err(error) => return self.fail(path, name, error),
        };
        entries.sort_unstable();
        self.above.push(real);
        for entry in entries {
            if !entry.to_string_lossy().starts_with('.') {
                self.read(&path.join(&entry), &name.join(&entry))?;
            }
        }
        self.above.pop();
        Ok(())
    }

    /// Returns where a folder is, without links, and the names of what is in it.
    fn list(&self, path: &Path) -> io::Result<(PathBuf, Vec<OsString>)> {
        let plain = |error: io::Error| io::Error::from(error.kind());
        let real = path.canonicalize().map_err(plain)?;
        if self.above.contains(&real) {
            return Err(io::Error::other("links lead in a circle"));
        }
        let names = path.read_dir().map_err(plain)?;
        let names = names.map(|entry| Ok(entry.map_err(plain)?.file_name()));
        Ok((real, names.collect::<io::Result<_>>()?))
    }

    fn add(&mut self, path: &Path, name: &Path) {
        self.files.push(SourceFile {
            path: name.to_owned(),
            content: fs::read(path).map_err(|error| error.to_string()),
        });
    }

    /// Fails, unless what cannot be read is to be a revision: reading it as one tells why, beside
    /// what is wrong with the other files.
    fn fail(&mut self, path: &Path, name: &Path, source: io::Error) -> Result<(), FolderError> {
        if !self.above.is_empty() && is_revision_file(path) {
            self.add(path, name);
            return Ok(());
        }
        let path = name.to_owned();
        Err(FolderError { path, source })
    }
}
