//! Programs on SQLite: they are compiled with a SQLite that reports what it executes.

use std::path::Path;
use std::process::Command;

use alembic_import::Observed;

use crate::url::{SqliteTarget, SqliteUrl};

/// Lists the tables of a database.
pub(super) const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";

/// What may keep a program of sea-orm from connecting.
pub(super) const HELP: &str = "for SQLite, its sea-orm-migration needs the feature `sqlx-sqlite`; `--dialect` \
                               names the engine to record on";

/// What SQLite includes when it is compiled to report.
const RECORDER: &str = include_str!("sqlite/recorder.h");

/// Its name, which is part of what Cargo compares: another content needs another one.
const RECORDER_NAME: &str = "alembic_recorder_1.h";

/// The environment variable that names the file for reports.
pub(super) const RECORD: &str = "ALEMBIC_RECORD";

/// Flags of SQLite, as the crate has them that compiles it.
const FLAGS: &str = "LIBSQLITE3_FLAGS";

/// Has a command of cargo compile a SQLite that reports; `folder` keeps what is needed for it.
pub(super) fn prepare_build(cargo: &mut Command, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join(RECORDER_NAME), RECORDER)?;
    let own = std::env::var(FLAGS).unwrap_or_default();
    let flags = format!(
        "{own} -DSQLITE_CUSTOM_INCLUDE={RECORDER_NAME} -DSQLITE_EXTRA_INIT=alembic_recorder"
    );
    cargo.env(FLAGS, flags.trim_start());
    // The flags may name no folder.
    match cfg!(windows) {
        true => cargo.env("CL", format!("/I\"{}\"", folder.display())),
        false => cargo.env("C_INCLUDE_PATH", folder),
    };
    Ok(())
}

/// Returns the URL of a database for a program.
pub(super) fn url(url: &SqliteUrl) -> String {
    let path = match &url.target {
        SqliteTarget::File(path) => path.display().to_string(),
        SqliteTarget::Memory => ":memory:".to_owned(),
    };
    format!("sqlite://{path}?mode=rwc")
}

/// Reads a file of reports.
pub(super) fn observed(file: &Path) -> std::io::Result<Vec<Observed>> {
    let text = std::fs::read(file)?;
    let texts = text
        .split(|byte| *byte == 0)
        .filter(|text| !text.is_empty());
    let observed = texts.map(|text| Observed::Executed(String::from_utf8_lossy(text).into_owned()));
    Ok(observed.collect())
}
