//! Where the programs are that tests need. `xtask` has this file too, to install what is missing.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the folder of a PostgreSQL server's programs: that which `PG_BINDIR` names, or else
/// that of the `postgres` in `PATH`, the newest one of Debian, or that of `pg_config`.
pub(crate) fn postgres() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| {
        let mut needed = ["postgres", "initdb", "pg_ctl", "pg_dump"].iter();
        needed.all(|name| folder.join(name).is_file())
    };
    if let Some(folder) = env::var_os("PG_BINDIR") {
        return Some(PathBuf::from(folder)).filter(complete);
    }
    // A link there leads to the folder that has all of them.
    let linked = folders().filter_map(|folder| {
        let program = folder.join("postgres").canonicalize().ok()?;
        program.parent().map(Path::to_owned)
    });
    let mut folders = linked.chain(debian()).chain(configured());
    folders.find(complete)
}

/// Returns a program in `PATH`, or in the folders of servers.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let servers = ["/usr/local/sbin", "/usr/sbin"].map(PathBuf::from);
    let mut programs = folders().chain(servers).map(|folder| folder.join(name));
    programs.find(|program| program.is_file())
}

fn folders() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    folders.into_iter()
}

/// Returns the folders of the versions that Debian has installed, the newest first.
fn debian() -> Vec<PathBuf> {
    let mut versions = Vec::new();
    for entry in Path::new("/usr/lib/postgresql")
        .read_dir()
        .into_iter()
        .flatten()
    {
        let folder = entry.map(|entry| entry.path()).unwrap_or_default();
        let version = folder.file_name().and_then(|name| name.to_str());
        if let Some(version) = version.and_then(|name| name.parse::<f32>().ok()) {
            versions.push((version, folder.join("bin")));
        }
    }
    versions.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    Some(folder.trim().into())
}
