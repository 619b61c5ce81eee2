//! Where the file of a module is.

use std::fs;
use std::path::{Path, PathBuf};

/// A place in the sources: a file, and the folder for the modules that are declared there.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub(super) file: PathBuf,
    /// The folder of the modules declared here.
    pub(super) folder: PathBuf,
    /// The folder that `#[path]` counts from.
    pub(super) base: PathBuf,
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

impl Here {
    /// Begins at the root file of a target, or at a file named by `#[path]`: its modules are beside
    /// it.
    pub(super) fn beside(file: PathBuf) -> Self {
        let folder = folder_of(&file);
        Self {
            base: folder.clone(),
            folder,
            file,
        }
    }

    /// Goes into `mod name { ... }`.
    pub(super) fn inside(&self, name: &str, path: Option<&str>) -> Self {
        let folder = match path {
            Some(path) => self.base.join(path),
            None => self.folder.join(name),
        };
        Self {
            file: self.file.clone(),
            base: folder.clone(),
            folder,
        }
    }

    /// Returns where the file of `mod name;` may be.
    pub(super) fn candidates(&self, name: &str) -> [PathBuf; 2] {
        [
            self.folder.join(format!("{name}.rs")),
            self.folder.join(name).join("mod.rs"),
        ]
    }

    /// Returns the file that `#[path]` names.
    pub(super) fn named(&self, path: &str) -> PathBuf {
        self.base.join(path)
    }

    /// Goes into the file of `mod name;`, whose modules are in the folder of its name.
    pub(super) fn module(&self, name: &str, file: PathBuf) -> Self {
        Self {
            base: folder_of(&file),
            folder: self.folder.join(name),
            file,
        }
    }

    /// Returns the file that `include!` names: it counts from the file that it stands in.
    pub(super) fn included(&self, path: &str) -> PathBuf {
        folder_of(&self.file).join(path)
    }
}

/// Returns a path without links and detours.
pub(super) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
