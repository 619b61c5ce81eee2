//! Writes files whole or not at all.

use std::io::{self, Write};
use std::path::Path;

use crate::output::{Cause, Diagnostic, Result, display_path};

/// Creates a file, whole or not at all.
pub(crate) fn create(path: &Path, text: &str) -> Result<()> {
    let created = try_create(path, text);
    created.map_err(|error| {
        let title = format!("cannot write {}: {error}", display_path(path));
        Diagnostic::new(Cause::Unwritable(error), title).into()
    })
}

fn try_create(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    // The default permissions of a temporary file would keep other users from reading it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// Replaces a file, whole or not at all; a link stays, and its file is replaced.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    let permissions = std::fs::metadata(&path)?.permissions();
    file.as_file().set_permissions(permissions)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
