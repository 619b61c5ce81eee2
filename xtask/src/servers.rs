//! The servers and the shells that the tests need.

use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::cargo::run;

#[path = "../../tests/src/programs.rs"]
mod programs;

/// Installs what is missing, where this is root's process on a system like Debian.
pub(crate) fn provide() -> Result<()> {
    let packages = missing();
    if packages.is_empty() {
        return Ok(());
    }
    if Path::new("/etc/debian_version").exists() && is_root()? {
        let install = ["install", "-y", "--no-install-recommends"];
        run(apt_get().arg("update"))?;
        run(apt_get().args(install).args(packages))?;
    }
    let packages = missing().join(" ");
    if packages.is_empty() {
        return Ok(());
    }
    Err(format!("tests need programs that are not here: `apt-get install {packages}`").into())
}

/// Returns the packages of Debian that bring what is missing.
fn missing() -> Vec<&'static str> {
    let mut missing = Vec::new();
    if programs::postgres().is_none() {
        missing.push("postgresql");
    }
    for (program, package) in [
        ("psql", "postgresql-client"),
        ("pgbouncer", "pgbouncer"),
        ("sqlite3", "sqlite3"),
    ] {
        if programs::find(program).is_none() {
            missing.push(package);
        }
    }
    missing
}

fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output()?;
    Ok(output.stdout == b"0\n")
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
