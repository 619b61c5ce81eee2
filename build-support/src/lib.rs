//! Checks a crate's migrations when it is built, and embeds them.
//!
//! In the crate's `build.rs`, `main` is one line:
//!
//! ```no_run
//! alembic_build::embed_migrations();
//! ```
//!
//! The build fails when the revisions are not one sound chain: everything that is wrong is shown at
//! once, with file and line and what mends it. `alembic_migrate::include_migrations!()` then gives
//! the revisions to the program, which needs no files at run time.
//!
//! The configuration is that of the `cargo alembic` command, `[package.metadata.alembic]`. The
//! chain must be linear; `chain = "merged"` allows branches that are merged into a single head.

mod embed;
mod folder;
mod manifest;
mod toml;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use alembic_history::History;

use manifest::{Manifest, Problem};

/// Checks the migrations of the crate that is being built, and embeds them.
///
/// Problems are told to cargo, which shows them and fails the build.
///
/// # Panics
///
/// Outside of a build script, and when the build's output folder cannot be written to.
pub fn embed_migrations() {
    let variable = |name: &str| {
        let value = std::env::var_os(name);
        PathBuf::from(value.unwrap_or_else(|| panic!("{name} is set for build scripts only")))
    };
    let crate_folder = variable("CARGO_MANIFEST_DIR");
    let out_folder = variable("OUT_DIR");
    let stdout = io::stdout().lock();
    if let Err(error) = run(&crate_folder, &out_folder, stdout) {
        panic!("cannot embed the migrations: {error}");
    }
}

/// Does what [`embed_migrations`] does, for one crate, and tells cargo through `cargo`.
fn run(crate_folder: &Path, out_folder: &Path, mut cargo: impl Write) -> io::Result<()> {
    match check(crate_folder, &mut cargo)? {
        Ok((manifest, history)) => embed::write(&manifest, &history, out_folder),
        Err(problems) => {
            for problem in problems {
                for line in problem.to_string().lines() {
                    writeln!(cargo, "cargo::error={line}")?;
                }
            }
            Ok(())
        }
    }
}

type Checked = Result<(Manifest, History), Vec<Problem>>;

/// Reads and checks everything, after telling cargo what the answer depends on.
fn check(crate_folder: &Path, cargo: &mut impl Write) -> io::Result<Checked> {
    let manifest = Manifest::read(crate_folder);
    for path in &manifest.paths {
        writeln!(cargo, "cargo::rerun-if-changed={}", path.display())?;
    }
    let settings = match &manifest.settings {
        Ok(settings) => settings,
        Err(problems) => return Ok(Err(problems.clone())),
    };
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for name in &settings.migrations {
        let path = crate_folder.join(name);
        writeln!(cargo, "cargo::rerun-if-changed={}", path.display())?;
        match folder::read(&path, Path::new(name)) {
            Ok(found) => files.extend(found),
            Err(error) => problems.push(Problem {
                place: name.clone(),
                code: "unreadable-folder",
                title: format!("cannot read the migrations: {error}"),
                help: format!(
                    "create the folder with `cargo alembic init -p {}`",
                    manifest.package
                ),
            }),
        }
    }
    if let Some(schema) = &settings.schema {
        let path = crate_folder.join(schema);
        writeln!(cargo, "cargo::rerun-if-changed={}", path.display())?;
    }
    let faults = match History::new(files, &settings.dialects) {
        Ok(history) => {
            let faults = history.check_chain(settings.chain, &manifest.package);
            if faults.is_empty() && problems.is_empty() {
                return Ok(Ok((manifest, history)));
            }
            faults
        }
        Err(error) => error.faults,
    };
    problems.extend(faults.iter().map(Problem::from));
    Ok(Err(problems))
}

#[cfg(test)]
mod tests;
