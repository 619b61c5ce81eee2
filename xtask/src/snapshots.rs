//! `cargo xtask snapshots`: the ways in to the crates of the example workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::cargo::{self, run};

/// The test, and where its snapshots are.
const TEST: [&str; 6] = [
    "test",
    "--locked",
    "--package",
    "alembic-tests",
    "--test",
    "snapshots",
];
const FOLDER: &str = "tests/snapshots/snapshots";

/// Arguments of `cargo xtask snapshots`.
#[derive(Debug, Args)]
pub(crate) struct SnapshotsArgs {
    /// Show how what is differs from the snapshots, without a verdict
    #[arg(long)]
    review: bool,
    /// Make snapshots of what is; read `git diff` before you commit them
    #[arg(long, conflicts_with = "review")]
    accept: bool,
}

impl SnapshotsArgs {
    pub(crate) fn run(&self) -> Result<()> {
        let mut test = cargo::command(TEST);
        if self.accept {
            return run(test.env("INSTA_UPDATE", "always"));
        }
        if !self.review {
            return run(test.env("INSTA_UPDATE", "no")).map_err(|error| {
                format!("{error}; `cargo xtask snapshots --review` shows what differs").into()
            });
        }
        test.env("INSTA_UPDATE", "new")
            .env("INSTA_FORCE_PASS", "1")
            .env("INSTA_OUTPUT", "none");
        run(&mut test)?;
        let differing = differing(&cargo::root().join(FOLDER))?;
        for new in &differing {
            show(new)?;
            std::fs::remove_file(new)?;
        }
        match differing.len() {
            0 => println!("\nnothing differs from the snapshots"),
            count => println!("\n{count} differ; `cargo xtask snapshots --accept` makes them so"),
        }
        Ok(())
    }
}

/// Returns what insta has left beside the snapshots from which it differs.
fn differing(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Shows how a new snapshot differs from the one that is there, if one is.
fn show(new: &Path) -> Result<()> {
    let accepted = new.with_extension("");
    let nothing = if cfg!(windows) { "NUL" } else { "/dev/null" };
    let before = if accepted.exists() {
        &accepted
    } else {
        Path::new(nothing)
    };
    // It fails when there is a difference, as there is.
    Command::new("git")
        .args(["diff", "--no-index", "--"])
        .args([before, new])
        .current_dir(cargo::root())
        .status()?;
    Ok(())
}
