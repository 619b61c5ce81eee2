//! Compares the revisions with the crate's lock file.

use std::path::Path;

use alembic_history::{Fault, History, Lock, LockFile, Settings, read_text};

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
    let file = LockFile::new(path, text, package);
    history.check_lock(&file, &settings.dialects_for(None))
}
