//! Selects the crates that a command is for.

use std::path::{Path, PathBuf};

use alembic_history::{
    DEFAULT_FOLDER, RevisionFile, Settings, SettingsKey, SettingsScope, SettingsTable, full_name,
    nearest, split_full_name,
};
use alembic_migrate::Dialect;
use alembic_migrate::history::read_folder;
use cargo_metadata::Package;

use super::Workspace;
use super::configuration::{self, Configuration, ConfigurationFault, Source};
use super::packages::folder;
use crate::args::GlobalArgs;
use crate::output::{Cause, Diagnostic, Error, Hint, Result, Subcommand, Suggestion};

/// A crate, or one of its histories.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Choice<'w> {
    package: &'w Package,
    /// The history; all of them, unless one is named.
    history: Option<&'w str>,
}

impl Workspace {
    /// Finds the crates that the arguments choose, in dependency order; of the histories of a crate
    /// that has several, those that they choose.
    pub(crate) fn chosen(&self, args: &GlobalArgs) -> Result<Vec<Configuration>> {
        let excluded = args.exclude.iter().map(|name| self.find_choice(name));
        let excluded = excluded.collect::<Result<Vec<_>>>()?;
        let choices = self.choose(args, &excluded)?;
        let packages = self.packages.iter();
        let is_chosen = |package: &&Package| {
            let mut choices = choices.iter();
            choices.any(|choice| choice.package == *package)
        };
        let mut chosen = self.configure(packages.filter(is_chosen))?;
        for choice in choices.iter().chain(&excluded) {
            self.check_history(*choice, &chosen)?;
        }
        chosen.retain(|configuration| {
            let is_of = |choice: &Choice<'_>| choice.is_of(configuration);
            choices.iter().any(is_of) && !excluded.iter().any(is_of)
        });
        match chosen.is_empty() {
            true => Err(no_migrations()),
            false => Ok(chosen),
        }
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
        let Ok(choice) = self.find_choice(name) else {
            return Ok(None);
        };
        let package = [choice.package].into_iter();
        let package = package.filter(|package| self.has_migrations(package));
        let mut configured = self.configure(package)?;
        configured.retain(|configuration| configuration.name == name);
        Ok(configured.pop())
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

    /// Leaves out the histories of a crate that are not for its database, if another one is and they
    /// are not chosen by their names; an argument may name the database's URL, or its dialect.
    pub(crate) fn of_their_databases(
        &self,
        chosen: Vec<Configuration>,
        args: &GlobalArgs,
        (url, dialect): (Option<&str>, Option<Dialect>),
    ) -> Vec<Configuration> {
        let is_for_its_database = |configuration: &Configuration| {
            let dialect = dialect.or_else(|| {
                // What is wrong with a URL is told to whoever opens the database.
                let (url, _) = configuration.find_url(url).ok().flatten()?;
                Dialect::of_url(&url)
            });
            dialect.is_none_or(|dialect| configuration.is_for(dialect))
        };
        let served: Vec<PathBuf> = chosen
            .iter()
            .filter(|configuration| is_for_its_database(configuration))
            .map(|configuration| configuration.folder.clone())
            .collect();
        let mut chosen = chosen;
        chosen.retain(|configuration| {
            !configuration.is_one_of_several()
                || args.package.contains(&configuration.name)
                || is_for_its_database(configuration)
                || !served.contains(&configuration.folder)
        });
        chosen
    }

    /// Finds the manifest and the name of the one package that `init` will set up, whether or not
    /// it already has migrations; the name may be that of a history of it.
    pub(crate) fn package_to_init(&self, args: &GlobalArgs) -> Result<(PathBuf, String)> {
        let choice = match args.package.as_slice() {
            [name] => Some(self.find_choice(name)?),
            [] => self
                .here()
                .map(Choice::all)
                .or(match self.packages.as_slice() {
                    [package] => Some(Choice::all(package)),
                    _ => None,
                }),
            _ => None,
        };
        match choice {
            Some(Choice { package, history }) => Ok((
                package.manifest_path.clone().into_std_path_buf(),
                full_name(package.name.as_str(), history),
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

    /// Returns the crates and histories that the arguments choose.
    fn choose<'w>(
        &'w self,
        args: &'w GlobalArgs,
        excluded: &[Choice<'w>],
    ) -> Result<Vec<Choice<'w>>> {
        if !args.package.is_empty() {
            let mut choices = Vec::new();
            for name in &args.package {
                let choice = self.find_choice(name)?;
                self.check_migrated(choice.package)?;
                choices.push(choice);
            }
            return Ok(choices);
        }
        if !args.workspace
            && args.exclude.is_empty()
            && let Some(here) = self.here()
        {
            // The root's folder stands for the workspace, unless it is a crate that has nothing to
            // do with databases: then cargo would not go on to the others either.
            self.check_migrated(here)?;
            if folder(here) != self.root {
                return Ok(vec![Choice::all(here)]);
            }
        }
        let packages = self.packages.iter().filter(|package| {
            self.has_migrations(package) && !excluded.contains(&Choice::all(package))
        });
        Ok(packages.map(Choice::all).collect())
    }

    /// Finds the crate, or the history of a crate, that a name stands for.
    fn find_choice<'w>(&'w self, name: &'w str) -> Result<Choice<'w>> {
        let named = |name: &str| {
            let mut packages = self.packages.iter();
            packages.find(|package| package.name.as_str() == name)
        };
        // The crate of an application has the whole name.
        if let Some(package) = named(name) {
            return Ok(Choice::all(package));
        }
        let (package, history) = split_full_name(name);
        if let Some(package) = named(package) {
            return Ok(Choice { package, history });
        }
        let names = self.names(|_| true);
        let help = match nearest(package, names.iter().copied()).first() {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("its packages are {}", names.join(", ")),
        };
        let title = format!("the workspace has no package `{package}`");
        Err(Diagnostic::new(Cause::Arguments, title).help(help).into())
    }

    /// Refuses a choice of a history that its crate does not have.
    fn check_history(&self, choice: Choice<'_>, chosen: &[Configuration]) -> Result<()> {
        let Some(history) = choice.history else {
            return Ok(());
        };
        let own = Choice::all(choice.package);
        let own = chosen
            .iter()
            .filter(|configuration| own.is_of(configuration));
        let names: Vec<&str> = own
            .map(|configuration| configuration.name.as_str())
            .collect();
        let package = choice.package.name.as_str();
        if names.is_empty() || names.contains(&full_name(package, Some(history)).as_str()) {
            return Ok(());
        }
        let title = format!("crate `{package}` has no history `{history}`");
        let help = match names.as_slice() {
            [name] if *name == package => "it has only one, which has no name".to_owned(),
            names => format!("its histories are {}", names.join(", ")),
        };
        Err(Diagnostic::new(Cause::Arguments, title).help(help).into())
    }

    /// Refuses a package that has no migrations.
    fn check_migrated(&self, package: &Package) -> Result<()> {
        if self.has_migrations(package) {
            return Ok(());
        }
        let name = package.name.as_str();
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
        let mut tables: Vec<SettingsTable> =
            workspace.iter().map(configuration::from_json).collect();
        // A new history has what its crate has.
        if let Ok(Choice {
            package,
            history: Some(_),
        }) = self.find_choice(name)
            && let Some(own) = own_source(package)
        {
            let mut own = configuration::from_json(&own);
            own.entries
                .retain(|(key, _)| key != SettingsKey::Histories.as_str());
            tables.push(own);
        }
        tables.push(keys);
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
            let own = own_source(package);
            let sources: Vec<Source<'_>> = workspace.into_iter().chain(own).collect();
            match configuration::read(&sources) {
                Ok(histories) => {
                    configurations.extend(histories.into_iter().map(|history| Configuration {
                        name: history.full_name(package.name.as_str()),
                        folder: folder(package).to_owned(),
                        workspace: self.root.clone(),
                        settings: history.settings,
                        dotenv: self.dotenv,
                    }))
                }
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

impl<'w> Choice<'w> {
    /// Chooses all histories of a crate.
    fn all(package: &'w Package) -> Self {
        Self {
            package,
            history: None,
        }
    }

    /// Returns whether a configuration is that of the crate, or of the history.
    fn is_of(&self, configuration: &Configuration) -> bool {
        let is_own = configuration.folder == folder(self.package);
        let own = full_name(self.package.name.as_str(), self.history);
        is_own && (self.history.is_none() || configuration.name == own)
    }
}

/// Returns the configuration of a package itself.
fn own_source(package: &Package) -> Option<Source<'_>> {
    let table = package.metadata.get("alembic")?;
    Some(Source {
        table,
        manifest: package.manifest_path.as_std_path(),
        scope: SettingsScope::Package,
    })
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
