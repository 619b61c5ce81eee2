//! Compares the revisions with the crate's lock file.

use std::io::ErrorKind;
use std::path::Path;

use alembic_history::{Fault, History, Lock, LockFile, Settings, read_text};

use crate::manifest::is_copy;

/// Returns what is wrong with the lock file, or how the files differ from it; cargo watches it as a
/// part of its folder.
pub(crate) fn check(
    crate_folder: &Path,
    settings: &Settings,
    history: &History,
    package: &str,
) -> Vec<Fault> {
    let Some(folder) = settings.lock_folder() else {
        return Vec::new();
    };
    let path = Path::new(folder).join(Lock::FILE_NAME);
    let text = read_text(&crate_folder.join(&path));
    let is_missing = matches!(&text, Err(error) if error.kind() == ErrorKind::NotFound);
    // A package need not hold it, and its files were compared when it was made.
    if is_missing && is_copy(crate_folder) {
        return Vec::new();
    }
    let file = LockFile::new(path, text, package);
    history.check_lock(&file, &settings.dialects_for(None))
}
