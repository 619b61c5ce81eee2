//! Opens SQLite files.

mod extension;
mod math;

use alembic_history::Code;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::output::{Cause, Diagnostic, Error, Result, display_path};
use crate::url::{DatabaseUrl, SqliteTarget, SqliteUrl};

/// Opens a database for reading only; a missing file counts as empty.
pub(super) fn read(url: &SqliteUrl, extensions: &[PathBuf]) -> Result<Connection> {
    equip(open_to_read(url), url, extensions)
}

/// Opens a database for writing, and creates its file if that is allowed.
pub(super) fn write(url: &SqliteUrl, extensions: &[PathBuf]) -> Result<Connection> {
    let opened = match &url.target {
        SqliteTarget::Memory => Connection::open_in_memory(),
        SqliteTarget::File(path) => {
            let mode = match (url.read_only, url.create) {
                (true, _) => OpenFlags::SQLITE_OPEN_READ_ONLY,
                (false, false) => OpenFlags::SQLITE_OPEN_READ_WRITE,
                (false, true) => {
                    if !extensions.is_empty() && is_missing(path) {
                        // No file is created by a command that goes no further.
                        equip(Connection::open_in_memory(), url, extensions)?;
                    }
                    if url.create_folder {
                        create_parent(path)?;
                    }
                    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
                }
            };
            Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        }
    };
    equip(opened, url, extensions)
}

/// Copies a database to a file that SQLite deletes when its connection closes; a missing file counts as
/// empty.
pub(super) fn copy(url: &SqliteUrl, extensions: &[PathBuf]) -> Result<Connection> {
    let from = open_to_read(url).map_err(|error| cannot_open(url, error))?;
    let mut copy = equip(Connection::open(""), url, extensions)?;
    let copied = Backup::new(&from, &mut copy)
        .and_then(|backup| backup.run_to_completion(i32::MAX, Duration::ZERO, None));
    match copied {
        Ok(()) => Ok(copy),
        Err(error) => Err(cannot_copy(url, error)),
    }
}

fn cannot_copy(url: &SqliteUrl, error: rusqlite::Error) -> Error {
    let url = DatabaseUrl::Sqlite(url.clone());
    let title = format!("cannot copy {url}: {error}");
    Diagnostic::new(Cause::Sqlite(error), title)
        .code(Code::DatabaseUnreachable)
        .note("crates that share a database are rehearsed on a copy of it, in a temporary file")
        .help("free some space for temporary files, or rehearse each crate by itself with `-p`")
        .into()
}

/// Adds what SQLite's own shell has and a connection of rusqlite does not, and what the
/// configuration asks for.
fn equip(
    opened: rusqlite::Result<Connection>,
    url: &SqliteUrl,
    extensions: &[PathBuf],
) -> Result<Connection> {
    let connection = opened.map_err(|error| cannot_open(url, error))?;
    math::add(&connection).map_err(|error| cannot_open(url, error))?;
    for library in extensions {
        extension::load(&connection, library).map_err(|error| not_loaded(library, error))?;
    }
    Ok(connection)
}

fn not_loaded(library: &Path, error: rusqlite::Error) -> Error {
    let shown = display_path(library);
    let title = format!("cannot load the SQLite extension {shown}: {error}");
    Diagnostic::new(Cause::Sqlite(error), title)
        .code(Code::ExtensionNotLoaded)
        .note("it is one of `sqlite-extensions` in the configuration")
        .help(
            "build or install the library, or correct the key: a path is relative to the \
             Cargo.toml that sets it, and a name without a `/` is looked for where the system \
             keeps its libraries",
        )
        .into()
}

fn cannot_open(url: &SqliteUrl, error: rusqlite::Error) -> Error {
    let path = match &url.target {
        SqliteTarget::File(path) => Some(path),
        SqliteTarget::Memory => None,
    };
    let shown = path.map_or(String::new(), |path| format!(" ({})", path.display()));
    let missing = path.and_then(|path| path.parent().filter(|folder| is_missing(folder)));
    let url = DatabaseUrl::Sqlite(url.clone());
    let title = format!("cannot open {url}{shown}: {error}");
    let diagnostic = Diagnostic::new(Cause::Sqlite(error), title).code(Code::DatabaseUnreachable);
    match missing {
        None => {
            diagnostic.help("check that the path is correct and that you may read and write there")
        }
        Some(folder) => diagnostic
            .note(format!(
                "the folder {} does not exist",
                display_path(folder)
            ))
            .help("create the folder, or correct the path")
            .help("a path after `sqlite:///` is absolute, one after `sqlite://` relative"),
    }
    .into()
}

/// Opens a database without changing a byte of its file.
fn open_to_read(url: &SqliteUrl) -> rusqlite::Result<Connection> {
    let SqliteTarget::File(path) = &url.target else {
        return Connection::open_in_memory();
    };
    if is_missing(path) {
        return Connection::open_in_memory();
    }
    let mutex = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read = OpenFlags::SQLITE_OPEN_READ_ONLY | mutex;
    let connection = Connection::open_with_flags(path, read)?;
    // The run itself waits for locks, for as long as the user allows.
    connection.busy_timeout(Duration::ZERO)?;
    let probe = connection.query_row("PRAGMA schema_version", [], |_| Ok(()));
    match probe
        .as_ref()
        .err()
        .and_then(rusqlite::Error::sqlite_error_code)
    {
        // A killed writer left a journal behind, and only a writer can roll it back.
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
            let write = OpenFlags::SQLITE_OPEN_READ_WRITE | mutex;
            Connection::open_with_flags(path, write)
        }
        _ => Ok(connection),
    }
}

fn create_parent(path: &Path) -> Result<()> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    std::fs::create_dir_all(parent).map_err(|error| {
        let title = format!("cannot create {}: {error}", parent.display());
        Diagnostic::new(Cause::System(error), title).into()
    })
}

/// Returns whether `path` does not exist; a path that cannot be inspected counts as existing.
pub(super) fn is_missing(path: &Path) -> bool {
    let found = path.symlink_metadata();
    found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}
