//! The sources of a crate and of those that it depends on, as cargo describes them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use alembic_history::{Code, EntitySources, ModelSources, Settings, SettingsKey, nearest};
use alembic_models::Grammar;
use cargo_metadata::camino::Utf8Path;
use cargo_metadata::{Dependency, DependencyKind, Package, Target, TargetKind};

use super::packages::folder;
use crate::output::{Cause, Diagnostic, Result};

/// The sources of a crate that states its tables, and of the workspace's crates that it depends on.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModelPlan {
    /// The crates, each after those that it depends on; the last one is the crate itself.
    pub(crate) crates: Vec<CrateSources>,
    /// The files and folders of SQL beside the structs.
    pub(crate) sql: Vec<PathBuf>,
    /// Whether the configuration names these: then each must be there.
    pub(crate) is_chosen: bool,
    /// What states the tables.
    pub(crate) grammar: Grammar,
}

/// The sources of a crate.
#[derive(Clone, Debug)]
pub(crate) struct CrateSources {
    /// The name by which other crates use the library.
    pub(crate) name: String,
    /// The root files of its targets, that of the library first.
    pub(crate) roots: Vec<PathBuf>,
    pub(crate) has_library: bool,
    pub(crate) features: BTreeSet<String>,
    /// The names of crates that its sources use, and which of the plan's crates they are.
    pub(crate) dependencies: Vec<(String, usize)>,
    /// The files that state its tables, unless all do.
    pub(crate) tables_in: Option<Vec<PathBuf>>,
}

/// The folder of the files of SQL beside structs, unless configured.
const SQL_FOLDER: &str = "schema";

impl ModelPlan {
    /// Plans what is read for the package in `crate_folder`, if its tables are stated by structs.
    ///
    /// # Errors
    ///
    /// When a feature is configured that the package does not have.
    pub(super) fn find(
        packages: &[Package],
        crate_folder: &Path,
        settings: &Settings,
    ) -> Result<Option<Self>> {
        let mut all = packages.iter();
        let Some(own) = all.position(|package| folder(package) == crate_folder) else {
            return Ok(None);
        };
        let (paths, grammar) = match &settings.models {
            ModelSources::None => return Ok(None),
            ModelSources::Crate => (None, Grammar::Own),
            ModelSources::Paths(paths) => (Some(paths), Grammar::Own),
            ModelSources::SeaOrm(EntitySources::Crate) => (None, Grammar::SeaOrm),
            ModelSources::SeaOrm(EntitySources::Paths(paths)) => (Some(paths), Grammar::SeaOrm),
        };
        let mut plan = Self {
            grammar,
            ..Self::default()
        };
        let enabled = Enabled::find(packages, own, chosen(&packages[own], settings)?);
        plan.add(packages, own, &enabled, &mut BTreeMap::new());
        let paths = paths.map(|paths| paths.iter().map(|path| crate_folder.join(path)));
        match (paths, grammar) {
            (None, Grammar::Own) => plan.sql.push(crate_folder.join(SQL_FOLDER)),
            (None, Grammar::SeaOrm) => {}
            (Some(paths), Grammar::SeaOrm) => {
                if let Some(own) = plan.crates.last_mut() {
                    own.tables_in = Some(paths.collect());
                }
            }
            (Some(paths), Grammar::Own) => {
                let is_source = |path: &PathBuf| path.extension().is_some_and(|end| end == "rs");
                let (sources, sql) = paths.partition::<Vec<PathBuf>, _>(is_source);
                plan.sql = sql;
                plan.is_chosen = true;
                if let Some(own) = plan.crates.last_mut() {
                    own.tables_in = Some(sources);
                }
            }
        }
        Ok(Some(plan))
    }

    /// Adds a package after those of the workspace that it depends on, and returns its index.
    fn add(
        &mut self,
        packages: &[Package],
        index: usize,
        enabled: &Enabled,
        known: &mut BTreeMap<usize, usize>,
    ) -> usize {
        if let Some(place) = known.get(&index) {
            return *place;
        }
        let package = &packages[index];
        let mut dependencies = Vec::new();
        for dependency in &package.dependencies {
            let Some(below) = package_of(packages, dependency) else {
                continue;
            };
            let Some(library) = library(&packages[below]) else {
                continue;
            };
            // A crate that the derives do not reach has no structs with them.
            if enabled.reaches_derives(packages, below, self.grammar) {
                let alias = dependency.rename.as_deref().unwrap_or(&library.name);
                let place = self.add(packages, below, enabled, known);
                dependencies.push((in_sources(alias), place));
            }
        }
        let library = library(package);
        let binaries = package.targets.iter().filter(|target| target.is_bin());
        let roots = library.into_iter().chain(binaries);
        let name = library.map_or(package.name.as_str(), |library| &library.name);
        self.crates.push(CrateSources {
            name: in_sources(name),
            roots: roots
                .map(|target| target.src_path.clone().into_std_path_buf())
                .collect(),
            has_library: library.is_some(),
            features: enabled.features.get(&index).cloned().unwrap_or_default(),
            dependencies,
            tables_in: None,
        });
        known.insert(index, self.crates.len() - 1);
        self.crates.len() - 1
    }
}

/// Returns the package whose derives state tables.
fn package_of_derives(grammar: Grammar) -> &'static str {
    match grammar {
        Grammar::Own => "alembic-migrate",
        Grammar::SeaOrm => "sea-orm",
    }
}

/// Returns the configured features of a package. Without sources, its features are not known either, and
/// its structs are not read.
fn chosen<'s>(package: &Package, settings: &'s Settings) -> Result<&'s [String]> {
    let features = &settings.model_features;
    let unknown = features
        .iter()
        .find(|name| !package.features.contains_key(*name));
    let Some(unknown) = unknown.filter(|_| !package.targets.is_empty()) else {
        return Ok(features);
    };
    let known: Vec<&str> = package.features.keys().map(String::as_str).collect();
    let near = nearest(unknown, known.iter().copied());
    let help = match near.first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => "declare it under [features] in the manifest of the crate".to_owned(),
    };
    let key = SettingsKey::ModelFeatures;
    let title = format!(
        "invalid value of `{key}`: `{unknown}` is not a feature of {}",
        package.name
    );
    Err(Diagnostic::new(Cause::Configuration, title)
        .code(Code::InvalidConfigurationValue)
        .help(help)
        .into())
}

/// The features of packages that are enabled when a package is built with its default ones, and some
/// that are chosen.
#[derive(Debug, Default)]
struct Enabled {
    features: BTreeMap<usize, BTreeSet<String>>,
}

impl Enabled {
    fn find(packages: &[Package], own: usize, chosen: &[String]) -> Self {
        let mut enabled = Self::default();
        let chosen = chosen.iter().map(|feature| (own, feature.clone()));
        let mut open: Vec<(usize, String)> = chosen.collect();
        open.push((own, "default".to_owned()));
        enabled.reach(packages, own, &mut open);
        while let Some((index, feature)) = open.pop() {
            let package = &packages[index];
            let Some(implied) = package.features.get(&feature) else {
                continue;
            };
            if !enabled.features.entry(index).or_default().insert(feature) {
                continue;
            }
            for implied in implied.iter().filter(|name| !name.starts_with("dep:")) {
                let Some((name, feature)) = implied.split_once('/') else {
                    open.push((index, implied.clone()));
                    continue;
                };
                // `name?/feature` enables none of this package.
                if !name.ends_with('?') {
                    open.push((index, name.to_owned()));
                }
                let name = name.trim_end_matches('?');
                let mut dependencies = package.dependencies.iter();
                let dependency = dependencies.find(|dependency| {
                    dependency.rename.as_deref().unwrap_or(&dependency.name) == name
                });
                let below = dependency.and_then(|dependency| package_of(packages, dependency));
                open.extend(below.map(|below| (below, feature.to_owned())));
            }
        }
        enabled
    }

    /// Enters a package and those below it, with the features that are asked of them.
    fn reach(&mut self, packages: &[Package], index: usize, open: &mut Vec<(usize, String)>) {
        if self.features.contains_key(&index) {
            return;
        }
        self.features.insert(index, BTreeSet::new());
        for dependency in &packages[index].dependencies {
            let Some(below) = package_of(packages, dependency) else {
                continue;
            };
            let default = dependency
                .uses_default_features
                .then(|| "default".to_owned());
            let wanted = dependency.features.iter().cloned().chain(default);
            open.extend(wanted.map(|feature| (below, feature)));
            self.reach(packages, below, open);
        }
    }

    /// Returns whether a package, or one of the workspace that it depends on, has the derives.
    fn reaches_derives(&self, packages: &[Package], index: usize, grammar: Grammar) -> bool {
        packages[index].dependencies.iter().any(|dependency| {
            let is_normal = dependency.kind == DependencyKind::Normal;
            let below = package_of(packages, dependency);
            (is_normal && dependency.name == package_of_derives(grammar))
                || below.is_some_and(|below| self.reaches_derives(packages, below, grammar))
        })
    }
}

/// Returns the index of the workspace's package that a dependency is.
fn package_of(packages: &[Package], dependency: &Dependency) -> Option<usize> {
    if dependency.kind != DependencyKind::Normal {
        return None;
    }
    let path: &Utf8Path = dependency.path.as_deref()?;
    packages
        .iter()
        .position(|package| package.manifest_path.parent() == Some(path))
}

fn library(package: &Package) -> Option<&Target> {
    package.targets.iter().find(|target| {
        let kinds = target.kind.iter();
        kinds.into_iter().any(|kind| {
            matches!(
                kind,
                TargetKind::Lib
                    | TargetKind::RLib
                    | TargetKind::DyLib
                    | TargetKind::CDyLib
                    | TargetKind::StaticLib
            )
        })
    })
}

/// Returns the name of a crate as sources write it.
fn in_sources(name: &str) -> String {
    name.replace('-', "_")
}
