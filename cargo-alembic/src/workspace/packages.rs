//! Asks cargo for the packages of a workspace, and sorts them by dependency.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use cargo_metadata::camino::Utf8Path;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use crate::output::{Cause, Diagnostic, Result};

/// Asks cargo for the metadata of the workspace of a manifest, or of the current folder.
pub(super) fn metadata(manifest: Option<&Path>) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.no_deps();
    if let Some(manifest) = manifest {
        command.manifest_path(manifest);
    }
    command.exec().map_err(|error| {
        let why = match &error {
            cargo_metadata::Error::CargoMetadata { stderr } => stderr.clone(),
            error => error.to_string(),
        };
        let why = why.trim().trim_start_matches("error: ");
        let help =
            match why.contains("could not find `Cargo.toml`") || why.contains("manifest path") {
                true => "run the command in a Cargo project, or name one with `--manifest-path`",
                false => "fix what Cargo reports, and run the command again",
            };
        let title = format!("cannot read the workspace: {why}");
        Diagnostic::new(Cause::Cargo(error), title)
            .help(help)
            .into()
    })
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
