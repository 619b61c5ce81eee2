//! The entry of a database file in `.gitignore`.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::new_file::{create, replace};
use crate::output::{Cause, Diagnostic, Result, display_path};

/// Adds a database file in a crate's folder, with the files that SQLite keeps beside it, to the
/// `.gitignore` of that folder, if it is in a git repository that does not ignore it; returns whether it
/// did.
pub(crate) fn ignore(folder: &Path, database: &Path) -> Result<bool> {
    let in_repository = folder
        .ancestors()
        .any(|folder| folder.join(".git").exists());
    let Ok(relative) = database.strip_prefix(folder) else {
        return Ok(false);
    };
    if !in_repository || is_ignored(folder, relative) {
        return Ok(false);
    }
    let Some(name) = relative.to_str().map(|name| name.replace('\\', "/")) else {
        return Ok(false);
    };
    let path = folder.join(".gitignore");
    let failed = |error: std::io::Error| {
        let title = format!("cannot change {}: {error}", display_path(&path));
        Diagnostic::new(Cause::Unwritable(error), title)
    };
    let exists = path.exists();
    let mut text = match exists {
        true => std::fs::read_to_string(&path).map_err(failed)?,
        false => String::new(),
    };
    let lines = [format!("/{name}"), format!("/{name}-*")];
    if lines
        .iter()
        .all(|line| text.lines().any(|known| known.trim() == line))
    {
        return Ok(false);
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !text.is_empty() && !text.ends_with('\n') {
        text += end;
    }
    for line in lines {
        text += &line;
        text += end;
    }
    match exists {
        true => replace(&path, &text).map_err(failed)?,
        false => create(&path, &text)?,
    }
    Ok(true)
}

/// Returns whether git says that it ignores a file; without git, nothing is known of that.
fn is_ignored(folder: &Path, file: &Path) -> bool {
    let mut check = Command::new("git");
    check
        .current_dir(folder)
        .args(["check-ignore", "-q", "--"])
        .arg(file);
    let check = check
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    check.status().is_ok_and(|status| status.success())
}
