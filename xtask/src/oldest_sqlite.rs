//! `cargo xtask oldest-sqlite`: the cases of `fixtures/alter` on the oldest SQLite that is supported.
//!
//! An old version of SQLite's bindings brings it; its library is built first, and then linked with
//! the tests of `fixtures/oldest-sqlite`, which check that it is the one they run on.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::{Result, cargo};

/// Arguments of `cargo xtask oldest-sqlite`.
#[derive(Debug, Args)]
pub(crate) struct OldestSqliteArgs {
    /// Try only the cases whose names contain this
    #[arg(default_value = "")]
    case: String,
}

impl OldestSqliteArgs {
    pub(crate) fn run(&self) -> Result<()> {
        let target = cargo::target()?.join("oldest-sqlite");
        let fixture = "fixtures/oldest-sqlite";
        let manifest = |folder: &str| format!("{folder}/Cargo.toml");
        let library = manifest(&format!("{fixture}/library"));
        eprintln!("==> building SQLite");
        let build = ["build", "--locked", "--quiet", "--manifest-path", &library];
        cargo::run(cargo::command(build).env("CARGO_TARGET_DIR", target.join("library")))?;
        let folder = library_folder(&target.join("library"))?;
        eprintln!("==> running the cases");
        let tests = manifest(fixture);
        let test = ["test", "--locked", "--quiet", "--manifest-path", &tests];
        let test = test
            .into_iter()
            .chain(["--test", "oldest", "--", "--nocapture"]);
        cargo::run(
            cargo::command(test)
                .env("CARGO_TARGET_DIR", target.join("tests"))
                .env("ALTER_CASE", &self.case)
                .env("SQLITE3_LIB_DIR", folder)
                .env("SQLITE3_STATIC", "1")
                // It would find the SQLite of the system.
                .env("SQLITE3_NO_PKG_CONFIG", "1"),
        )
    }
}

/// Finds the folder that a build put the library of SQLite into.
fn library_folder(target: &Path) -> Result<PathBuf> {
    let builds = fs::read_dir(target.join("debug").join("build"))?;
    let mut folders = Vec::new();
    for build in builds {
        folders.push(build?.path().join("out"));
    }
    let has_library = |folder: &PathBuf| {
        let names = ["libsqlite3.a", "sqlite3.lib"];
        names.iter().any(|name| folder.join(name).exists())
    };
    let folder = folders.into_iter().find(has_library);
    folder.ok_or_else(|| format!("no library of SQLite in {}", target.display()).into())
}
