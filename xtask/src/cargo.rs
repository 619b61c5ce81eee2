//! Runs cargo, and other programs, at the root of the repository.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::Result;

/// Returns the root of the repository.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Returns the folder that cargo builds into.
pub(crate) fn target() -> Result<PathBuf> {
    // This program is in the folder of its profile.
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2);
    Ok(target
        .ok_or("this program is not in a target folder")?
        .into())
}

/// Returns the cargo that runs this program.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Prepares a cargo command at the root of the repository.
pub(crate) fn command<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(cargo());
    command.args(args).current_dir(root());
    command
}

/// Runs a command, and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status();
    let status = status.map_err(|error| unusable(command, &error))?;
    match status.success() {
        true => Ok(()),
        false => Err(failed(command, status).into()),
    }
}

/// Runs a command, and fails with what it has said when it does.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    let output = command.output();
    let output = output.map_err(|error| unusable(command, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    Err(format!("{}{}", said.concat(), failed(command, output.status)).into())
}

fn unusable(command: &Command, error: &std::io::Error) -> String {
    format!("cannot run `{}`: {error}", command.get_program().display())
}

fn failed(command: &Command, status: ExitStatus) -> String {
    let args = command.get_args().map(|arg| arg.to_string_lossy());
    let args: Vec<_> = args.collect();
    let program = command.get_program().display();
    format!("`{program} {}` failed ({status})", args.join(" "))
}
