//! Provides the servers, the shells and the locale that the tests need.

use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::cargo::run;

#[path = "../../tests/src/programs.rs"]
mod programs;

pub(crate) use programs::find;

/// The locale of the test server whose messages are not English.
const LOCALE: &str = "de_DE.UTF-8";

/// How root generates it.
const GENERATE: [&str; 5] = ["-i", "de_DE", "-f", "UTF-8", LOCALE];

/// Installs what is missing, where this is root's process on a system like Debian.
pub(crate) fn provide() -> Result<()> {
    if Path::new("/etc/debian_version").exists() && is_root()? {
        let packages = missing();
        if !packages.is_empty() {
            let install = ["install", "-y", "--no-install-recommends"];
            run(apt_get().arg("update"))?;
            run(apt_get().args(install).args(packages))?;
        }
        if !has_locale() {
            run(Command::new("localedef").args(GENERATE))?;
        }
    }
    let packages = missing().join(" ");
    if !packages.is_empty() {
        return Err(
            format!("tests need programs that are missing: `apt-get install {packages}`").into(),
        );
    }
    if !has_locale() {
        let generate = GENERATE.join(" ");
        return Err(format!(
            "tests need the locale {LOCALE}, which is missing: `localedef {generate}`, as root"
        )
        .into());
    }
    Ok(())
}

/// Tells whether a server can have messages in [`LOCALE`].
fn has_locale() -> bool {
    let list = Command::new("locale").arg("-a").output();
    let list = list.map(|output| output.stdout).unwrap_or_default();
    let list = String::from_utf8_lossy(&list);
    // The same locale has several spellings: `de_DE.utf8` is what `locale` prints on Linux.
    let plain = |name: &str| name.to_lowercase().replace('-', "");
    list.lines().any(|name| plain(name) == plain(LOCALE))
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
    // What `localedef` generates a locale from.
    if !has_locale() && !Path::new("/usr/share/i18n/locales/de_DE").exists() {
        missing.push("locales");
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
