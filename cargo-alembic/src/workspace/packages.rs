//! Asks cargo for the packages of a workspace, and sorts them by dependency.

use std::collections::{BTreeSet, HashMap};
use std::io::ErrorKind;
use std::path::Path;

use cargo_metadata::camino::Utf8Path;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use super::manifests::{self, Manifests, Others};
use crate::output::{Cause, Diagnostic, Error, Result, display_path, quote_for_shell};

/// Asks cargo for the metadata of the workspace of a manifest, or of the current folder.
///
/// An image for deployment has no cargo, or no sources, without which cargo refuses a manifest:
/// there the manifests alone say what a command needs. `nearest` is the manifest that cargo would
/// take.
pub(super) fn metadata(manifest: Option<&Path>, nearest: Option<&Path>) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.no_deps();
    if let Some(manifest) = manifest {
        command.manifest_path(manifest);
    }
    let error = match command.exec() {
        Ok(metadata) => return Ok(metadata),
        Err(error) => error,
    };
    let is_missing = is_missing(&error);
    let Some(nearest) = nearest else {
        return Err(match is_missing {
            true => nothing_to_read(error),
            false => refused(error),
        });
    };
    match Manifests::read(nearest, Others::Read) {
        Ok(manifests) if is_missing || !manifests.have_sources() => {
            manifests.metadata().map_err(unusable)
        }
        Ok(_) => Err(refused(error)),
        Err(fault) if is_missing => Err(unreadable(&fault.to_string(), error, CORRECT)),
        Err(_) => Err(refused(error)),
    }
}

/// Describes the workspace of a manifest as the manifests alone show it, if they can be read.
pub(super) fn of_manifests(manifest: &Path) -> Option<Metadata> {
    let manifests = Manifests::read(manifest, Others::Read).ok()?;
    manifests.metadata().ok()
}

/// Describes a folder of revisions that belongs to no crate.
///
/// A manifest that configures it would be passed over, and with it the version table.
pub(super) fn of_revisions(folder: &Path) -> Result<Metadata> {
    let place = display_path(folder);
    let fault = |title: String| Diagnostic::new(Cause::Arguments, title);
    let folder = match folder.canonicalize() {
        Ok(folder) if folder.is_dir() => folder,
        Ok(_) => {
            let title = format!("`--migrations` names {place}, which is no folder");
            return Err(fault(title)
                .help("name the folder of the revision files")
                .into());
        }
        Err(error) => {
            let title = format!("`--migrations` names {place}: {error}");
            return Err(fault(title)
                .help("name the folder of the revision files")
                .into());
        }
    };
    for above in folder.ancestors() {
        let manifest = above.join("Cargo.toml");
        let configures = Manifests::read(&manifest, Others::Leave).is_ok_and(|manifests| {
            let mut packages = manifests.packages();
            manifests.settings().is_some() || packages.any(|package| package.settings().is_some())
        });
        if configures {
            let manifest = display_path(&manifest);
            let title = format!("{manifest} configures migrations, and `--migrations` ignores it");
            return Err(fault(title)
                .help(format!(
                    "use its configuration with `--manifest-path {}` instead of `--migrations`",
                    quote_for_shell(&manifest)
                ))
                .into());
        }
    }
    manifests::of_revisions(&folder).map_err(unusable)
}

/// Describes the crate of an application, which has no files.
pub(super) fn of_application(name: &str, alembic: &serde_json::Value) -> Result<Metadata> {
    let name = match name {
        "" => "application",
        name => name,
    };
    let folder = std::env::current_dir().unwrap_or_default();
    manifests::of_one(name, &folder, alembic).map_err(unusable)
}

fn unusable(error: serde_json::Error) -> Error {
    let error = cargo_metadata::Error::Json(error);
    unreadable(&error.to_string(), error, CORRECT)
}

/// Returns whether there is no cargo that could be asked.
fn is_missing(error: &cargo_metadata::Error) -> bool {
    match error {
        cargo_metadata::Error::Io(error) => error.kind() == ErrorKind::NotFound,
        _ => false,
    }
}

const CORRECT: &str = "correct it, and run the command again";
const ELSEWHERE: &str = "run the command in a Cargo project, or name one with `--manifest-path`, or \
                         a folder of revisions with `--migrations`";

fn refused(error: cargo_metadata::Error) -> Error {
    let why = match &error {
        cargo_metadata::Error::CargoMetadata { stderr } => stderr.clone(),
        error => error.to_string(),
    };
    let why = why.trim().trim_start_matches("error: ");
    let help = match why.contains("could not find `Cargo.toml`") || why.contains("manifest path") {
        true => ELSEWHERE,
        false => "fix what Cargo reports, and run the command again",
    };
    unreadable(why, error, help)
}

fn nothing_to_read(error: cargo_metadata::Error) -> Error {
    let why = "there is no cargo here, and no Cargo.toml in this folder or above it";
    unreadable(why, error, ELSEWHERE)
}

fn unreadable(why: &str, error: cargo_metadata::Error, help: &'static str) -> Error {
    let title = format!("cannot read the workspace: {why}");
    let diagnostic = Diagnostic::new(Cause::Cargo(error), title);
    diagnostic.help(help).into()
}

/// Returns the folder of a package.
pub(super) fn folder(package: &Package) -> &Path {
    let manifest = package.manifest_path.as_std_path();
    manifest.parent().unwrap_or(manifest)
}

/// Sorts packages by name, but each after the ones that it depends on.
pub(super) fn in_dependency_order(mut packages: Vec<Package>) -> Vec<Package> {
    packages.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
    let folders: HashMap<&Utf8Path, usize> = packages
        .iter()
        .enumerate()
        .filter_map(|(index, package)| Some((package.manifest_path.parent()?, index)))
        .collect();
    let mut followers = vec![Vec::new(); packages.len()];
    let mut missing = vec![0_usize; packages.len()];
    for (index, package) in packages.iter().enumerate() {
        // Dev-dependencies may form a cycle, and do not bring tables.
        let needed = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development)
            .filter_map(|dependency| folders.get(dependency.path.as_deref()?).copied())
            .filter(|needed| *needed != index);
        for needed in needed.collect::<BTreeSet<usize>>() {
            followers[needed].push(index);
            missing[index] += 1;
        }
    }
    let mut free: BTreeSet<usize> = (0..packages.len())
        .filter(|index| missing[*index] == 0)
        .collect();
    let mut order = Vec::with_capacity(packages.len());
    while let Some(index) = free.pop_first() {
        order.push(index);
        for follower in &followers[index] {
            missing[*follower] -= 1;
            if missing[*follower] == 0 {
                free.insert(*follower);
            }
        }
    }
    let mut slots: Vec<Option<Package>> = packages.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|index| slots[index].take())
        .collect()
}
