//! Folders to measure in, and on which kind of file system they are.

use std::fmt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Result;

/// A folder that is deleted when the benchmark is over.
pub(super) struct Place {
    folder: TempDir,
    file_system: Option<String>,
}

impl Place {
    /// Makes a folder where programs keep temporary files.
    pub(super) fn temporary() -> Result<Self> {
        Self::below(&std::env::temp_dir())
    }

    /// Makes a folder in memory, where the machine has a place for that.
    pub(super) fn in_memory() -> Option<Self> {
        Self::below(Path::new("/dev/shm")).ok()
    }

    fn below(parent: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("alembic-bench")
            .tempdir_in(parent)?;
        let file_system = file_system(&folder.path().canonicalize()?);
        Ok(Self {
            folder,
            file_system,
        })
    }

    /// Makes an empty folder in this place.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Returns the kind of file system, where the machine tells.
    pub(super) fn file_system(&self) -> &str {
        self.file_system
            .as_deref()
            .unwrap_or("a file system of unknown kind")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parent = self.folder.path().parent().unwrap_or(self.folder.path());
        write!(f, "{} ({})", parent.display(), self.file_system())
    }
}

/// Finds the kind of file system that a folder is on, on Linux.
fn file_system(folder: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let fields = mounts.lines().filter_map(|mount| {
        let mut fields = mount.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let above = fields.filter(|(point, _)| folder.starts_with(point));
    let (_, kind) = above.max_by_key(|(point, _)| point.len())?;
    Some(kind.to_owned())
}
