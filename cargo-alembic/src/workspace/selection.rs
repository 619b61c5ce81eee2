//! Selects the crates that a command is for.

use std::path::{Path, PathBuf};

use alembic_history::{
    DEFAULT_FOLDER, RevisionFile, Settings, SettingsScope, SettingsTable, nearest,
};
use alembic_migrate::history::read_folder;
use cargo_metadata::Package;

use super::Workspace;
use super::configuration::{self, Configuration, ConfigurationFault, Source};
use super::packages::folder;
use crate::args::GlobalArgs;
use crate::output::{Cause, Diagnostic, Error, Hint, Result, Subcommand, Suggestion};

impl Workspace {
    /// Finds the crates that the arguments choose, in dependency order.
    pub(crate) fn chosen(&self, args: &GlobalArgs) -> Result<Vec<Configuration>> {
        let names = self.choose(args)?;
        let packages = self.packages.iter();
        self.configure(packages.filter(|package| names.contains(&package.name.as_str())))
    }

    /// Finds every crate of the workspace that has migrations, whatever the arguments choose.
    pub(crate) fn all(&self) -> Result<Vec<Configuration>> {
        let packages = self.packages.iter();
        let configured = self.configure(packages.filter(|package| self.has_migrations(package)))?;
        match configured.is_empty() {
            true => Err(no_migrations()),
            false => Ok(configured),
        }
    }

    /// Finds a crate of the workspace that has migrations by its name, whatever the arguments choose.
    pub(crate) fn find_crate(&self, name: &str) -> Result<Option<Configuration>> {
        let packages = self.packages.iter();
        let package = packages.filter(|package| package.name.as_str() == name);
        let package = package.filter(|package| self.has_migrations(package));
        Ok(self.configure(package.take(1))?.pop())
    }

    /// Returns the one crate that was chosen, for a command that works on only one.
    pub(crate) fn only_one(&self, mut chosen: Vec<Configuration>) -> Result<Configuration> {
        match chosen.pop() {
            Some(only) if chosen.is_empty() => Ok(only),
            last => {
                chosen.extend(last);
                let names: Vec<&str> = chosen.iter().map(|chosen| chosen.name.as_str()).collect();
                let title = "this command works on one crate, but several have migrations";
                Err(Diagnostic::new(Cause::Arguments, title)
                    .note(format!("they are {}", names.join(", ")))
                    .help("choose one with `-p <crate>`, or run the command in its folder")
                    .into())
            }
        }
    }

    /// Finds the manifest and the name of the one package that `init` will set up, whether or not
    /// it already has migrations.
    pub(crate) fn package_to_init(&self, args: &GlobalArgs) -> Result<(PathBuf, String)> {
        let package = match args.package.as_slice() {
            [name] => Some(self.package(name)?),
            [] => self.here().or(match self.packages.as_slice() {
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
                let names = self.names(|_| true);
                let title = "this command works on one crate, but the workspace has several";
                Err(Diagnostic::new(Cause::Arguments, title)
                    .note(format!("they are {}", names.join(", ")))
                    .help("choose one with `-p <crate>`, or run the command in its folder")
                    .into())
            }
        }
    }

    /// Returns the names of the packages that the arguments choose.
    fn choose(&self, args: &GlobalArgs) -> Result<Vec<&str>> {
        for name in &args.exclude {
            self.package(name)?;
        }
        if !args.package.is_empty() {
            let mut names = Vec::new();
            for name in &args.package {
                names.push(self.migrated(self.package(name)?)?);
            }
            return Ok(names);
        }
        if !args.workspace
            && args.exclude.is_empty()
            && let Some(here) = self.here()
        {
            // The root's folder stands for the workspace, unless it is a crate that has nothing to
            // do with databases: then cargo would not go on to the others either.
            let name = self.migrated(here)?;
            if folder(here) != self.root {
                return Ok(vec![name]);
            }
        }
        let excluded = |package: &Package| {
            let mut names = args.exclude.iter();
            names.any(|name| name == package.name.as_str())
        };
        let names = self.names(|package| self.has_migrations(package) && !excluded(package));
        match names.is_empty() {
            true => Err(no_migrations()),
            false => Ok(names),
        }
    }

    /// Returns the name of a package, or fails if it has no migrations.
    fn migrated<'p>(&self, package: &'p Package) -> Result<&'p str> {
        let name = package.name.as_str();
        if self.has_migrations(package) {
            return Ok(name);
        }
        let title = format!("crate `{name}` has no migrations");
        let init = Suggestion::for_crate(Subcommand::Init, name);
        let diagnostic = Diagnostic::new(Cause::Workspace, title)
            .help(Hint::from("add some with ").command(init));
        let others = self.names(|package| self.has_migrations(package));
        Err(match others.as_slice() {
            [] => diagnostic.into(),
            others => diagnostic
                .help(format!(
                    "or choose another crate with `-p <crate>`, or all of them with `--workspace`: \
                     {}",
                    others.join(", ")
                ))
                .into(),
        })
    }

    fn names(&self, keep: impl Fn(&Package) -> bool) -> Vec<&str> {
        let kept = self.packages.iter().filter(|package| keep(package));
        kept.map(|package| package.name.as_str()).collect()
    }

    /// Returns the package of the manifest that was given, or of the nearest one.
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
        match packages.find(|package| package.name.as_str() == name) {
            Some(package) => Ok(package),
            None => {
                let names = self.names(|_| true);
                let help = match nearest(name, names.iter().copied()).first() {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("its packages are {}", names.join(", ")),
                };
                let title = format!("the workspace has no package `{name}`");
                Err(Diagnostic::new(Cause::Arguments, title).help(help).into())
            }
        }
    }

    fn has_migrations(&self, package: &Package) -> bool {
        let default = || folder(package).join(DEFAULT_FOLDER);
        package.metadata.get("alembic").is_some()
            || self.readahead.has_seen_revisions(&default())
            || holds_revisions(&default())
    }

    /// Reads the configuration of a package that is about to have these keys.
    pub(crate) fn configuration(
        &self,
        name: &str,
        folder: &Path,
        keys: SettingsTable,
    ) -> Result<Configuration> {
        let workspace = self.workspace_source();
        let tables = workspace.iter().map(configuration::from_json);
        let tables: Vec<SettingsTable> = tables.chain([keys]).collect();
        let settings = Settings::read(&tables).map_err(|faults| {
            let faults = faults.iter().map(|fault| {
                Diagnostic::new(Cause::Settings(fault.clone()), fault.to_string())
                    .code(fault.code())
                    .help(fault.help())
            });
            faults.collect::<Vec<Diagnostic>>()
        })?;
        Ok(Configuration {
            name: name.to_owned(),
            folder: folder.to_owned(),
            workspace: self.root.clone(),
            settings,
            dotenv: self.dotenv,
        })
    }

    /// Returns the configuration of the workspace itself.
    fn workspace_source(&self) -> Option<Source<'_>> {
        let table = self.metadata.get("alembic")?;
        Some(Source {
            table,
            manifest: &self.root_manifest,
            scope: SettingsScope::Workspace,
        })
    }

    /// Reads the configuration of packages.
    fn configure<'p>(
        &self,
        packages: impl Iterator<Item = &'p Package>,
    ) -> Result<Vec<Configuration>> {
        let mut configurations = Vec::new();
        let mut faults: Vec<ConfigurationFault> = Vec::new();
        for package in packages {
            let workspace = self.workspace_source();
            let own = package.metadata.get("alembic").map(|table| Source {
                table,
                manifest: package.manifest_path.as_std_path(),
                scope: SettingsScope::Package,
            });
            let sources: Vec<Source<'_>> = workspace.into_iter().chain(own).collect();
            match configuration::read(&sources) {
                Ok(settings) => configurations.push(Configuration {
                    name: package.name.to_string(),
                    folder: folder(package).to_owned(),
                    workspace: self.root.clone(),
                    settings,
                    dotenv: self.dotenv,
                }),
                Err(found) => {
                    // A fault in the workspace's table is reported once, however many crates share
                    // it.
                    for fault in found {
                        if !faults.contains(&fault) {
                            faults.push(fault);
                        }
                    }
                }
            }
        }
        if faults.is_empty() {
            return Ok(configurations);
        }
        let diagnostics: Vec<Diagnostic> = faults.iter().map(ConfigurationFault::explain).collect();
        Err(diagnostics.into())
    }
}

fn no_migrations() -> Error {
    let init = Suggestion::new(Subcommand::Init);
    Diagnostic::new(Cause::Workspace, "no crate here has migrations")
        .help(Hint::from("add some to a crate with ").command(init))
        .into()
}

/// Returns whether a folder holds a file that declares a revision, and so does not belong to
/// another tool.
pub(crate) fn holds_revisions(folder: &Path) -> bool {
    let files = read_folder(folder).unwrap_or_default();
    files.into_iter().any(|file| {
        let text = file
            .content
            .ok()
            .and_then(|content| String::from_utf8(content).ok());
        text.is_some_and(|text| RevisionFile::parse(text, &[]).0.is_some())
    })
}
