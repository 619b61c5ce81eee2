//! What every command works with: the arguments that all share, and the crates that they choose.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use alembic_history::{DEFAULT_FOLDER, RevisionFile, Settings, nearest};
use alembic_migrate::read_folder;
use cargo_metadata::camino::Utf8Path;
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use crate::commands::GlobalArgs;
use crate::config::{self, Source};
use crate::diagnostic::{Diagnostic, Error, Result};
use crate::exit::Exit;
use crate::json::Format;
use crate::member::Member;
use crate::shell::{Shell, Verbosity};

/// The arguments that all commands share, resolved.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) shell: Shell,
    pub(crate) format: Format,
    args: GlobalArgs,
    workspace: OnceCell<Workspace>,
}

/// Returns a path as it is shown: relative to the current folder, where it is below it.
pub(crate) fn shown(path: &Path) -> String {
    let current = std::env::current_dir().unwrap_or_default();
    let shown = path.strip_prefix(&current).unwrap_or(path);
    shown.display().to_string()
}

impl Context {
    pub(crate) fn new(args: GlobalArgs) -> Result<Self> {
        let verbosity = if args.quiet {
            Verbosity::Quiet
        } else {
            Verbosity::Normal
        };
        Ok(Self {
            shell: Shell { verbosity },
            format: args.format,
            args,
            workspace: OnceCell::new(),
        })
    }

    /// Finds the workspace; cargo is asked once.
    fn workspace(&self) -> Result<&Workspace> {
        if let Some(workspace) = self.workspace.get() {
            return Ok(workspace);
        }
        let found = Workspace::find(&self.args)?;
        Ok(self.workspace.get_or_init(|| found))
    }

    /// Finds the crates that the arguments choose, in the order in which they depend on each other.
    pub(crate) fn members(&self) -> Result<Vec<Member>> {
        self.members_of(&self.args)
    }

    fn members_of(&self, args: &GlobalArgs) -> Result<Vec<Member>> {
        let workspace = self.workspace()?;
        let names = workspace.choose(args)?;
        let chosen = workspace
            .packages
            .iter()
            .filter(|package| names.contains(&package.name.as_str()));
        let mut members = Vec::new();
        let mut faults: Vec<Diagnostic> = Vec::new();
        for package in chosen {
            match workspace.config(package) {
                Ok(config) => members.push(Member::new(package, config)),
                Err(found) => {
                    // A fault of the workspace's table is one fault, however many crates share it.
                    for fault in found {
                        if !faults.contains(&fault) {
                            faults.push(fault);
                        }
                    }
                }
            }
        }
        if faults.is_empty() {
            Ok(members)
        } else {
            Err(Error {
                exit: Exit::Configuration,
                diagnostics: faults,
            })
        }
    }

    /// Finds the one crate that the arguments choose, for a command that concerns only one.
    pub(crate) fn member(&self) -> Result<Member> {
        let mut members = self.members()?;
        match members.len() {
            1 => Ok(members.remove(0)),
            _ => {
                let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
                Err(
                    Diagnostic::new("this command concerns one crate, and several have migrations")
                        .note(format!("they are {}", names.join(", ")))
                        .help("choose one with `-p <crate>`, or run the command in its folder")
                        .exit(Exit::Usage),
                )
            }
        }
    }

    /// Finds every crate of the workspace that has migrations, whatever the arguments choose.
    pub(crate) fn all_members(&self) -> Result<Vec<Member>> {
        self.members_of(&GlobalArgs {
            package: Vec::new(),
            exclude: Vec::new(),
            workspace: true,
            ..self.args.clone()
        })
    }

    /// Finds a crate of the workspace that has migrations by its name, whatever the arguments choose.
    pub(crate) fn member_named(&self, name: &str) -> Result<Option<Member>> {
        let workspace = self.workspace()?;
        let mut packages = workspace.packages.iter();
        let package = packages.find(|package| package.name.as_str() == name);
        let Some(package) = package.filter(|package| workspace.has_migrations(package)) else {
            return Ok(None);
        };
        match workspace.config(package) {
            Ok(config) => Ok(Some(Member::new(package, config))),
            Err(diagnostics) => Err(Error {
                exit: Exit::Configuration,
                diagnostics,
            }),
        }
    }

    /// Finds the one package that `init` is to give migrations to, whether or not it has any.
    pub(crate) fn package_to_init(&self) -> Result<(PathBuf, String)> {
        let workspace = self.workspace()?;
        let package = match self.args.package.as_slice() {
            [name] => Some(workspace.package(name)?),
            [] => workspace.here().or(match workspace.packages.as_slice() {
                [package] => Some(package),
                _ => None,
            }),
            _ => None,
        };
        match package {
            Some(package) => Ok((
                package.manifest_path.clone().into_std_path_buf(),
                package.name.to_string(),
            )),
            None => {
                let names = workspace.names(|_| true);
                Err(
                    Diagnostic::new("`init` concerns one crate, and the workspace has several")
                        .note(format!("they are {}", names.join(", ")))
                        .help("choose one with `-p <crate>`, or run the command in its folder")
                        .exit(Exit::Usage),
                )
            }
        }
    }
}

/// The packages of a workspace, each after those that it depends on.
#[derive(Debug)]
struct Workspace {
    packages: Vec<Package>,
    root: PathBuf,
    metadata: serde_json::Value,
    /// The manifest that the command was given, or that is nearest to the current folder.
    manifest: Option<PathBuf>,
}

impl Workspace {
    fn find(args: &GlobalArgs) -> Result<Self> {
        let mut command = MetadataCommand::new();
        command.no_deps();
        if let Some(manifest) = &args.manifest_path {
            command.manifest_path(manifest);
        }
        let metadata = command.exec().map_err(|error| {
            let why = match error {
                cargo_metadata::Error::CargoMetadata { stderr } => stderr,
                error => error.to_string(),
            };
            let why = why.trim().trim_start_matches("error: ");
            let help = match why.contains("could not find `Cargo.toml`")
                || why.contains("manifest path")
            {
                true => "run the command in a Cargo project, or name one with `--manifest-path`",
                false => "correct what Cargo refuses there, and run the command again",
            };
            Diagnostic::new(format!("cannot read the workspace: {why}"))
                .help(help)
                .exit(Exit::Configuration)
        })?;
        let manifest = match &args.manifest_path {
            Some(manifest) => manifest.canonicalize().ok(),
            None => std::env::current_dir().ok().and_then(|current| {
                let mut folders = current.ancestors().map(|folder| folder.join("Cargo.toml"));
                folders.find(|manifest| manifest.is_file())
            }),
        };
        Ok(Self {
            root: metadata.workspace_root.clone().into_std_path_buf(),
            metadata: metadata.workspace_metadata,
            packages: in_dependency_order(metadata.packages),
            manifest,
        })
    }

    /// Returns the names of the packages that the arguments choose.
    fn choose(&self, args: &GlobalArgs) -> Result<Vec<&str>> {
        for name in &args.exclude {
            self.package(name)?;
        }
        if !args.package.is_empty() {
            let mut names = Vec::new();
            for name in &args.package {
                let package = self.package(name)?;
                if !self.has_migrations(package) {
                    return Err(Diagnostic::new(format!("crate `{name}` has no migrations"))
                        .help(format!("give it some with `cargo alembic init -p {name}`"))
                        .exit(Exit::Configuration));
                }
                names.push(package.name.as_str());
            }
            return Ok(names);
        }
        if !args.workspace
            && args.exclude.is_empty()
            && let Some(here) = self.here()
            && self.has_migrations(here)
            && here
                .manifest_path
                .parent()
                .is_some_and(|folder| folder != self.root)
        {
            return Ok(vec![here.name.as_str()]);
        }
        let excluded = |package: &Package| {
            args.exclude
                .iter()
                .any(|name| name == package.name.as_str())
        };
        let names = self.names(|package| self.has_migrations(package) && !excluded(package));
        if names.is_empty() {
            return Err(Diagnostic::new("no crate here has migrations")
                .help("give a crate some with `cargo alembic init`")
                .exit(Exit::Configuration));
        }
        Ok(names)
    }

    fn names(&self, keep: impl Fn(&Package) -> bool) -> Vec<&str> {
        let kept = self.packages.iter().filter(|package| keep(package));
        kept.map(|package| package.name.as_str()).collect()
    }

    /// Returns the package whose manifest the command was given or is nearest.
    fn here(&self) -> Option<&Package> {
        let manifest = self.manifest.as_ref()?;
        let mut packages = self.packages.iter();
        packages.find(|package| {
            let path = package.manifest_path.as_std_path();
            path == manifest || path.canonicalize().is_ok_and(|path| path == *manifest)
        })
    }

    fn package(&self, name: &str) -> Result<&Package> {
        let mut packages = self.packages.iter();
        packages
            .find(|package| package.name.as_str() == name)
            .ok_or_else(|| {
                let names = self.names(|_| true);
                let help = match nearest(name, names.iter().copied()).first() {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("its packages are {}", names.join(", ")),
                };
                Diagnostic::new(format!("the workspace has no package `{name}`"))
                    .help(help)
                    .exit(Exit::Usage)
            })
    }

    fn has_migrations(&self, package: &Package) -> bool {
        package.metadata.get("alembic").is_some()
            || holds_revisions(&folder(package).join(DEFAULT_FOLDER))
    }

    fn config(&self, package: &Package) -> std::result::Result<Settings, Vec<Diagnostic>> {
        let root = self.root.join("Cargo.toml");
        let manifest = package.manifest_path.as_std_path();
        let workspace = self.metadata.get("alembic").map(|table| Source {
            table,
            manifest: &root,
            owner: "workspace",
        });
        let package_table = package.metadata.get("alembic").map(|table| Source {
            table,
            manifest,
            owner: "package",
        });
        let sources: Vec<Source<'_>> = workspace.into_iter().chain(package_table).collect();
        config::read(&sources)
    }
}

fn folder(package: &Package) -> &Path {
    let manifest = package.manifest_path.as_std_path();
    manifest.parent().unwrap_or(manifest)
}

/// Returns whether a folder holds a file that declares a revision, so that it is not another
/// tool's.
fn holds_revisions(folder: &Path) -> bool {
    let files = read_folder(folder).unwrap_or_default();
    files.into_iter().any(|file| {
        let text = file
            .content
            .ok()
            .and_then(|content| String::from_utf8(content).ok());
        text.is_some_and(|text| RevisionFile::parse(text, &[]).0.is_some())
    })
}

/// Sorts packages so that each comes after those that it depends on, else by name.
fn in_dependency_order(mut packages: Vec<Package>) -> Vec<Package> {
    packages.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
    let folders: HashMap<&Utf8Path, usize> = packages
        .iter()
        .enumerate()
        .filter_map(|(index, package)| Some((package.manifest_path.parent()?, index)))
        .collect();
    let mut followers = vec![Vec::new(); packages.len()];
    let mut missing = vec![0_usize; packages.len()];
    for (index, package) in packages.iter().enumerate() {
        // A dev-dependency may lead in a circle; it brings no tables.
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
