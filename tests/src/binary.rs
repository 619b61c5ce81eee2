//! Builds the binary under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Returns the path of `cargo-alembic`, built from the sources that the tests were built from.
///
/// The first call builds it, into the target folder and with the profile of the running test.
///
/// # Panics
///
/// When it does not build.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match BINARY.get_or_init(build) {
        Ok(path) => path,
        Err(errors) => panic!("cargo-alembic does not build:\n{errors}"),
    }
}

/// Returns a command that runs cargo as from a shell: it would build crates again, and then the next
/// build of the tests once more, that look at what cargo tells tests about their own package.
#[must_use]
pub fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Returns the folder that this test was built in, for a profile.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its own path");
    // TARGET/PROFILE/deps/NAME, or TARGET/PROFILE/NAME where it is a program
    let folders = test.ancestors().skip(1);
    let mut folders = folders.skip_while(|folder| folder.ends_with("deps"));
    let profile = folders.next().expect("the test is in a profile's folder");
    profile.to_owned()
}

/// Returns the target folder that this test was built in: what else is built there shares libraries
/// with it.
///
/// # Panics
///
/// When the test is not in such a folder.
#[must_use]
pub fn target_folder() -> PathBuf {
    let folder = profile_folder();
    let target = folder.parent().expect("the test is in a target folder");
    target.to_owned()
}

fn build() -> Result<PathBuf, String> {
    let profile = profile_folder();
    let profile = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    // With a test of the workspace, libraries have the features that `cargo test --workspace` has
    // built them with; by itself the binary would have each of them built once more.
    let output = cargo()
        .args(["build", "--workspace", "--bin", "cargo-alembic"])
        .args(["--test", "digests", "--quiet", "--profile"])
        .arg(profile)
        .args(["--message-format", "json-render-diagnostics"])
        .arg("--target-dir")
        .arg(target_folder())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let target = message["target"]["name"].as_str();
        let executable = message["executable"].as_str().map(PathBuf::from);
        executable.filter(|_| target == Some("cargo-alembic"))
    });
    executable
        .filter(|_| output.status.success())
        .ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())
}
