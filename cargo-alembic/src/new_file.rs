//! Writes files whole or not at all, and several of them together.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::output::{Cause, Diagnostic, Error, Result, display_path};

/// Creates a file, whole or not at all.
pub(crate) fn create(path: &Path, text: &str) -> Result<()> {
    let mut changes = FileChanges::default();
    changes.create(path, text)?;
    changes.commit()
}

/// Replaces a file, whole or not at all; a link stays, and its file is replaced.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    Change::replace(path, text)?.carry_out().map(drop)
}

/// Changes of files that are made together: all of them, or none.
///
/// What can fail, such as writing to a full disk, is done beforehand.
#[derive(Debug, Default)]
pub(crate) struct FileChanges {
    changes: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Create { path: PathBuf, file: NamedTempFile },
    Replace { before: Saved, file: NamedTempFile },
    Remove(Saved),
}

/// A file as it was.
#[derive(Debug)]
struct Saved {
    path: PathBuf,
    content: Vec<u8>,
    permissions: Permissions,
}

/// What takes a change back.
enum Undo {
    Remove(PathBuf),
    Restore(Saved),
}

impl FileChanges {
    /// Adds a new file.
    pub(crate) fn create(&mut self, path: &Path, text: &str) -> Result<()> {
        self.push(path, Change::create(path, text))
    }

    /// Adds a change of a file; a link stays, and its file is replaced.
    pub(crate) fn replace(&mut self, path: &Path, text: &str) -> Result<()> {
        self.push(path, Change::replace(path, text))
    }

    /// Adds a change of a file that may not exist.
    pub(crate) fn write(&mut self, path: &Path, text: &str) -> Result<()> {
        match path.exists() {
            true => self.replace(path, text),
            false => self.create(path, text),
        }
    }

    /// Adds the removal of a file.
    pub(crate) fn remove(&mut self, path: &Path) -> Result<()> {
        self.push(path, Saved::read(path).map(Change::Remove))
    }

    fn push(&mut self, path: &Path, change: io::Result<Change>) -> Result<()> {
        self.changes
            .push(change.map_err(|error| failure(path, error))?);
        Ok(())
    }

    /// Makes the changes, or none of them.
    pub(crate) fn commit(self) -> Result<()> {
        let mut done = Vec::new();
        for change in self.changes {
            let path = change.path().to_owned();
            match change.carry_out() {
                Ok(undo) => done.push(undo),
                Err(error) => {
                    let left = done
                        .into_iter()
                        .rev()
                        .filter_map(|undo| undo.carry_out().err());
                    let left: Vec<String> = left.map(|path| display_path(&path)).collect();
                    return Err(not_undone(failure(&path, error), &left));
                }
            }
        }
        Ok(())
    }
}

impl Change {
    fn create(path: &Path, text: &str) -> io::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        // The default permissions of a temporary file would keep other users from reading it.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(Permissions::from_mode(0o666));
        }
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        Ok(Self::Create {
            path: path.to_owned(),
            file,
        })
    }

    fn replace(path: &Path, text: &str) -> io::Result<Self> {
        let before = Saved::read(&path.canonicalize()?)?;
        let file = before.staged(text.as_bytes())?;
        Ok(Self::Replace { before, file })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Create { path, .. } => path,
            Self::Replace { before, .. } | Self::Remove(before) => &before.path,
        }
    }

    fn carry_out(self) -> io::Result<Undo> {
        match self {
            Self::Create { path, file } => {
                file.persist_noclobber(&path).map_err(|error| error.error)?;
                Ok(Undo::Remove(path))
            }
            Self::Replace { before, file } => {
                file.persist(&before.path).map_err(|error| error.error)?;
                Ok(Undo::Restore(before))
            }
            Self::Remove(before) => {
                fs::remove_file(&before.path)?;
                Ok(Undo::Restore(before))
            }
        }
    }
}

impl Saved {
    fn read(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            content: fs::read(path)?,
            permissions: fs::metadata(path)?.permissions(),
        })
    }

    /// Returns a temporary file that can take the place of this one.
    fn staged(&self, content: &[u8]) -> io::Result<NamedTempFile> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.as_file().set_permissions(self.permissions.clone())?;
        Ok(file)
    }
}

impl Undo {
    /// Takes a change back, or returns the path of the file that stays changed.
    fn carry_out(self) -> std::result::Result<(), PathBuf> {
        match self {
            Self::Remove(path) => fs::remove_file(&path).map_err(|_| path),
            Self::Restore(saved) => {
                let staged = saved.staged(&saved.content).ok();
                let restored = staged.and_then(|file| file.persist(&saved.path).ok());
                restored.map(drop).ok_or(saved.path)
            }
        }
    }
}

fn failure(path: &Path, error: io::Error) -> Diagnostic {
    let title = format!("cannot write {}: {error}", display_path(path));
    Diagnostic::new(Cause::Unwritable(error), title)
}

/// Adds the files that could not be restored.
fn not_undone(failure: Diagnostic, left: &[String]) -> Error {
    match left {
        [] => failure.into(),
        left => failure
            .note(format!("changed nevertheless: {}", left.join(", ")))
            .help("restore them, for example with `git restore`")
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_changed_together_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let content = |name: &str| fs::read_to_string(path(name)).ok();
        fs::write(path("a"), "a").unwrap();
        fs::write(path("b"), "b").unwrap();
        let changes = || {
            let mut changes = FileChanges::default();
            changes.replace(&path("a"), "changed").unwrap();
            changes.create(&path("c"), "c").unwrap();
            changes.remove(&path("b")).unwrap();
            changes
        };
        let mut failing = changes();
        failing.create(&path("d"), "d").unwrap();
        fs::write(path("d"), "of another program").unwrap();
        assert!(failing.commit().is_err());
        assert_eq!(content("a").as_deref(), Some("a"));
        assert_eq!(content("b").as_deref(), Some("b"));
        assert_eq!(content("c"), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        changes().commit().unwrap();
        assert_eq!(content("a").as_deref(), Some("changed"));
        assert_eq!(content("b"), None);
        assert_eq!(content("c").as_deref(), Some("c"));
    }
}
