//! The packages of a workspace as its manifests alone show them, for images without cargo or sources.

use std::fmt;
use std::path::{Path, PathBuf};

use alembic_history::{SettingsScope, SettingsTable};
use cargo_metadata::Metadata;
use serde_json::{Value, json};
use toml_edit::{Document, Item, TomlError};

use super::configuration::from_toml;
use crate::output::display_path;

/// Manifests of a workspace, or that of a package outside of any.
#[derive(Debug)]
pub(super) struct Manifests {
    /// The folder of the workspace, or else of the package.
    root: PathBuf,
    /// The manifest that declares the workspace.
    workspace: Option<Document<String>>,
    /// The packages that were read, the one of the manifest first.
    packages: Vec<Manifest>,
}

/// The manifest of a package.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) folder: PathBuf,
    document: Document<String>,
}

/// Whether the other members of a workspace are read where the manifest is that of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    Read,
    Leave,
}

/// Why a manifest cannot be read.
#[derive(Debug)]
pub(super) enum ManifestError {
    Unreadable(PathBuf, std::io::Error),
    Invalid(PathBuf, TomlError),
}

impl Manifests {
    /// Reads a manifest and those of its workspace; a member whose manifest is not there is none.
    pub(super) fn read(manifest: &Path, others: Others) -> Result<Self, ManifestError> {
        let folder = manifest.parent().unwrap_or(manifest).to_owned();
        let own = parse(manifest)?;
        let root = match own.get("workspace").is_some() {
            true => Some((folder.clone(), own.clone())),
            false => folder.ancestors().skip(1).find_map(|above| {
                let document = parse(&above.join("Cargo.toml")).ok()?;
                document.get("workspace")?;
                Some((above.to_owned(), document))
            }),
        };
        let root = root.filter(|(root, document)| !is_excluded(&folder, root, document));
        let own = Manifest {
            folder: folder.clone(),
            document: own,
        };
        let mut found = Self {
            root: folder.clone(),
            workspace: None,
            packages: vec![own],
        };
        if let Some((root, document)) = root {
            if folder == root || others == Others::Read {
                found.read_members(&root, &document)?;
            }
            found.root = root;
            found.workspace = Some(document);
        }
        found.packages.retain(|package| package.name().is_some());
        Ok(found)
    }

    /// Reads the members of a workspace, as cargo finds them: the package in its root, those that it
    /// lists, and those in its folder that others depend on.
    fn read_members(
        &mut self,
        root: &Path,
        document: &Document<String>,
    ) -> Result<(), ManifestError> {
        let mut open = members(root, document);
        open.push(root.to_owned());
        open.extend(self.packages[0].paths(root, Some(document)));
        while let Some(folder) = open.pop() {
            let is_known = self.packages.iter().any(|known| known.folder == folder);
            if is_known || !folder.starts_with(root) || is_excluded(&folder, root, document) {
                continue;
            }
            let read = match parse(&folder.join("Cargo.toml")) {
                Ok(read) => read,
                Err(ManifestError::Unreadable(..)) => continue,
                Err(invalid @ ManifestError::Invalid(..)) => return Err(invalid),
            };
            let member = Manifest {
                folder,
                document: read,
            };
            open.extend(member.paths(root, Some(document)));
            self.packages.push(member);
        }
        self.packages[1..].sort_by(|one, other| one.folder.cmp(&other.folder));
        Ok(())
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = &Manifest> {
        self.packages.iter()
    }

    /// Returns the configuration of the workspace.
    pub(super) fn settings(&self) -> Option<SettingsTable> {
        alembic(self.workspace.as_ref()?, SettingsScope::Workspace)
    }

    /// Returns whether any package has the sources that cargo asks for.
    pub(super) fn have_sources(&self) -> bool {
        self.packages.iter().any(Manifest::has_sources)
    }

    /// Returns what `cargo metadata` reports of the packages, without what only sources tell.
    pub(super) fn metadata(&self) -> serde_json::Result<Metadata> {
        let packages = self.packages.iter();
        let packages = packages.map(|package| {
            let name = package.name().unwrap_or_default();
            let dependencies = package.dependencies(&self.root, self.workspace.as_ref());
            json!({
                "name": name,
                "version": "0.0.0",
                "id": name,
                "manifest_path": package.folder.join("Cargo.toml"),
                "dependencies": dependencies,
                "targets": [],
                "features": {},
                "metadata": metadata_of(&package.document, SettingsScope::Package),
            })
        });
        let workspace = self.workspace.as_ref();
        let metadata = workspace.map(|root| metadata_of(root, SettingsScope::Workspace));
        report(packages.collect(), &self.root, metadata)
    }
}

/// Returns what `cargo metadata` would report of a crate that has nothing but a folder of revisions.
pub(super) fn of_revisions(revisions: &Path) -> serde_json::Result<Metadata> {
    let parent = revisions.parent().unwrap_or(revisions);
    // `migrations` is what everybody's folder is called.
    let named = match revisions.file_name() {
        Some(name) if name != alembic_history::DEFAULT_FOLDER => Some(name),
        Some(_) | None => parent.file_name(),
    };
    let name = named.map_or("migrations".into(), |name| name.to_string_lossy());
    of_one(&name, parent, &json!({ "migrations": revisions }))
}

/// Returns what `cargo metadata` would report of a crate with nothing but this configuration.
pub(super) fn of_one(name: &str, folder: &Path, alembic: &Value) -> serde_json::Result<Metadata> {
    let package = json!({
        "name": name,
        "version": "0.0.0",
        "id": name,
        "manifest_path": folder.join("Cargo.toml"),
        "dependencies": [],
        "targets": [],
        "features": {},
        "metadata": { "alembic": alembic },
    });
    report(vec![package], folder, None)
}

fn report(
    packages: Vec<Value>,
    root: &Path,
    metadata: Option<Value>,
) -> serde_json::Result<Metadata> {
    let members: Vec<Value> = packages
        .iter()
        .map(|package| package["id"].clone())
        .collect();
    serde_json::from_value(json!({
        "packages": packages,
        "workspace_members": members,
        "resolve": null,
        "workspace_root": root,
        "target_directory": root.join("target"),
        "metadata": metadata,
        "version": 1,
    }))
}

impl Manifest {
    pub(super) fn name(&self) -> Option<&str> {
        self.document.get("package")?.get("name")?.as_str()
    }

    /// Returns the configuration of the package.
    pub(super) fn settings(&self) -> Option<SettingsTable> {
        alembic(&self.document, SettingsScope::Package)
    }

    /// Returns whether the package has the folder of sources, or a target that its manifest places.
    fn has_sources(&self) -> bool {
        let library = self.document.get("lib").into_iter();
        let binaries = self.document.get("bin").and_then(Item::as_array_of_tables);
        let binaries = binaries.into_iter().flatten();
        let library = library.filter_map(|library| library.get("path"));
        let binaries = binaries.filter_map(|binary| binary.get("path"));
        let mut paths = library.chain(binaries).filter_map(Item::as_str);
        self.folder.join("src").is_dir() || paths.any(|path| self.folder.join(path).is_file())
    }

    /// Returns the folders of dependencies.
    fn paths(&self, root: &Path, workspace: Option<&Document<String>>) -> Vec<PathBuf> {
        let dependencies = self.dependencies(root, workspace).into_iter();
        let paths = dependencies.filter_map(|dependency| Some(dependency["path"].as_str()?.into()));
        paths.collect()
    }

    /// Returns the dependencies in folders, as cargo reports them.
    fn dependencies(&self, root: &Path, workspace: Option<&Document<String>>) -> Vec<Value> {
        let targets = self.document.get("target").and_then(Item::as_table_like);
        let targets = targets.into_iter().flat_map(|targets| targets.iter());
        let tables = targets.map(|(_, target)| target);
        let tables = std::iter::once(self.document.as_item()).chain(tables);
        let shared = workspace.and_then(|root| root.get("workspace")?.get("dependencies"));
        let mut found = Vec::new();
        for table in tables {
            let kinds = [
                ("dependencies", None),
                ("build-dependencies", Some("build")),
            ];
            for (key, kind) in kinds {
                let Some(dependencies) = table.get(key).and_then(Item::as_table_like) else {
                    continue;
                };
                for (name, dependency) in dependencies.iter() {
                    let is_shared = dependency.get("workspace").is_some();
                    let (base, declared) = match is_shared {
                        true => (root, shared.and_then(|shared| shared.get(name))),
                        false => (self.folder.as_path(), Some(dependency)),
                    };
                    let path = declared.and_then(|declared| declared.get("path")?.as_str());
                    let Some(path) = path else { continue };
                    found.push(json!({
                        "name": name,
                        "req": "*",
                        "kind": kind,
                        "optional": false,
                        "uses_default_features": true,
                        "features": [],
                        "target": null,
                        "path": resolved(&base.join(path)),
                    }));
                }
            }
        }
        found
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "{}: {error}", display_path(path)),
            Self::Invalid(path, error) => {
                write!(
                    f,
                    "{}: {}",
                    display_path(path),
                    error.to_string().trim_end()
                )
            }
        }
    }
}

impl std::error::Error for ManifestError {}

fn parse(manifest: &Path) -> Result<Document<String>, ManifestError> {
    let text = std::fs::read_to_string(manifest);
    let text = text.map_err(|error| ManifestError::Unreadable(manifest.to_owned(), error))?;
    Document::parse(text).map_err(|error| ManifestError::Invalid(manifest.to_owned(), error))
}

/// Returns the table `metadata` of a package or a workspace.
fn metadata_of(document: &Document<String>, scope: SettingsScope) -> Value {
    let metadata = document
        .get(scope.as_str())
        .and_then(|table| table.get("metadata"));
    metadata.map_or(Value::Null, value)
}

fn value(item: &Item) -> Value {
    use toml_edit::Value as Toml;
    if let Some(table) = item.as_table_like() {
        let entries = table.iter();
        return Value::Object(
            entries
                .map(|(key, item)| (key.to_owned(), value(item)))
                .collect(),
        );
    }
    if let Some(tables) = item.as_array_of_tables() {
        return tables
            .iter()
            .map(|table| value(&Item::Table(table.clone())))
            .collect();
    }
    match item.as_value() {
        Some(Toml::String(text)) => text.value().as_str().into(),
        Some(Toml::Integer(number)) => (*number.value()).into(),
        Some(Toml::Float(number)) => (*number.value()).into(),
        Some(Toml::Boolean(flag)) => (*flag.value()).into(),
        Some(Toml::Datetime(time)) => time.value().to_string().into(),
        Some(Toml::Array(list)) => list
            .iter()
            .map(|element| value(&Item::Value(element.clone())))
            .collect(),
        Some(Toml::InlineTable(_)) | None => Value::Null,
    }
}

/// Returns the `metadata.alembic` table of a package or a workspace.
fn alembic(document: &Document<String>, scope: SettingsScope) -> Option<SettingsTable> {
    let metadata = document.get(scope.as_str())?.get("metadata")?;
    let table = metadata.get("alembic")?.as_table_like()?;
    Some(from_toml(scope, table))
}

/// Returns the strings of an array of a workspace's table.
fn listed<'d>(document: &'d Document<String>, key: &str) -> impl Iterator<Item = &'d str> {
    let table = document.get("workspace");
    let array = table.and_then(|table| table.get(key)?.as_array());
    array
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.as_str())
}

/// Returns whether a workspace excludes a folder, and does not list it all the same.
fn is_excluded(folder: &Path, root: &Path, document: &Document<String>) -> bool {
    let is_in = |path: &str| folder.starts_with(resolved(&root.join(path)));
    listed(document, "exclude").any(is_in) && !listed(document, "members").any(is_in)
}

/// Returns the folders of the members that a workspace lists, by their paths or by patterns.
fn members(root: &Path, document: &Document<String>) -> Vec<PathBuf> {
    let escaped = glob::Pattern::escape(&root.display().to_string());
    let found = listed(document, "members").flat_map(|member| {
        let found = glob::glob(&format!("{escaped}/{member}"));
        found.into_iter().flatten().flatten()
    });
    found.map(|folder| resolved(&folder)).collect()
}

/// Returns a path without the `..` that lead out of folders before them.
fn resolved(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(resolved.pop()),
            std::path::Component::CurDir => {}
            part => resolved.push(part),
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_those_that_cargo_finds() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path).join("Cargo.toml");
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "",
            "[workspace]\nmembers = [\"./a\", \"crates/*\", \"deep/*/x?\", \"kept/in\", \"gone\"]\n\
             exclude = [\"crates/old\", \"kept\"]\n[workspace.dependencies]\nshared = { path = \"shared\" }\n\
             [package]\nname = \"root\"\n[dependencies]\nvia = { path = \"via\" }\n",
        );
        for name in [
            "a",
            "crates/b",
            "crates/old",
            "deep/q/x1",
            "deep/q/y",
            "kept/in",
            "kept/out",
            "other",
            "shared",
            "via/further",
        ] {
            let named = name.rsplit('/').next().unwrap();
            write(name, &format!("[package]\nname = \"{named}\"\n"));
        }
        write(
            "via",
            "[package]\nname = \"via\"\n[target.'cfg(unix)'.build-dependencies]\n\
             further = { path = \"further/../further\" }\nshared.workspace = true\n",
        );
        let all = ["root", "a", "b", "x1", "in", "shared", "via", "further"];
        let check = |manifest: &str, others, expected: &[&str]| {
            let manifest = folder.path().join(manifest).join("Cargo.toml");
            let found = Manifests::read(&manifest, others).unwrap();
            let mut names: Vec<&str> = found.packages().filter_map(Manifest::name).collect();
            let mut expected = expected.to_vec();
            names.sort_unstable();
            expected.sort_unstable();
            assert_eq!(names, expected, "{}", manifest.display());
        };
        check("", Others::Leave, &all);
        check("a", Others::Leave, &["a"]);
        check("a", Others::Read, &all);
        check("kept/in", Others::Read, &all);
        // Each of these is a workspace of its own, or what cargo would refuse.
        check("crates/old", Others::Read, &["old"]);
        check("kept/out", Others::Read, &["out"]);
    }
}
