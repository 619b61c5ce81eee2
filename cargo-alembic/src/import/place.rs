//! The crate that gets the revisions of an import, and where they go.

use std::path::{Path, PathBuf};

use alembic_history::{
    DEFAULT_FOLDER, Dialect, History, Lock, SettingsScope, SourceFile, split_full_name,
};
use alembic_import::Imported;
use toml_edit::{Array, Table, value};

use crate::context::Context;
use crate::explain;
use crate::manifest::{DatabaseSetting, Manifest, configured_url, new_table};
use crate::new_file::FileChanges;
use crate::output::{Cause, Diagnostic, Error, Result, display_path};
use crate::workspace::{Configuration, from_toml, holds_revisions};

/// The folder for revisions, if the crate is not configured and `migrations` is the other tool's.
const NEW_FOLDER: &str = "revisions";

/// What the arguments say about the place of the revisions.
pub(crate) struct PlaceRequest {
    /// The folder to write to, relative to the crate.
    pub(crate) into: Option<PathBuf>,
    /// The dialects of the migrations; none if that of the database counts.
    pub(crate) dialects: Vec<Dialect>,
    /// The database that an argument names.
    pub(crate) url: Option<String>,
}

/// Which engines the migrations of a tool may be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engines {
    /// One, as they are SQL.
    One,
    /// All that the crate has.
    All,
}

/// The crate that gets the revisions, and where they go.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) manifest: Manifest,
    pub(super) configuration: Configuration,
    pub(super) dialects: Vec<Dialect>,
    /// The folder to write to, relative to the crate.
    pub(super) into: PathBuf,
    /// The keys of the configuration to set.
    pub(super) keys: Table,
}

/// A revision file to write.
#[derive(Clone, Debug)]
pub(super) struct NewFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl NewFile {
    /// Returns the files of revisions, in the folder that they go to.
    pub(super) fn of(imported: &Imported, place: &Place) -> Vec<Self> {
        let target = place.folder();
        let files = imported.revisions.iter().map(|revision| Self {
            path: target.join(format!("{}.sql", revision.file_stem())),
            text: revision.render(),
        });
        files.collect()
    }
}

impl PlaceRequest {
    /// Finds out where the revisions go that are imported from a folder, and what the configuration becomes.
    pub(super) fn find(
        &self,
        context: &Context,
        crate_to_set_up: (Manifest, String),
        from: &Path,
        engines: Engines,
    ) -> Result<Place> {
        let (manifest, name) = crate_to_set_up;
        let crate_folder = manifest.path.parent().unwrap_or(Path::new(".")).to_owned();
        let is_configured = manifest.is_configured();
        let workspace = context.workspace()?;
        let configured = match is_configured {
            true => workspace.find_crate(&name)?,
            false => None,
        };
        let folders = configured
            .as_ref()
            .map(Configuration::folders)
            .unwrap_or_default();
        let own = folders.first().filter(|folder| real(folder) != real(from));
        let (_, history) = split_full_name(&name);
        // Other histories of the crate may be in it.
        let usual = crate_folder.join(DEFAULT_FOLDER);
        let usual = history.is_none().then_some(&usual);
        let mut holding = folders.iter().chain(usual);
        if let Some(holding) = holding.find(|folder| holds_revisions(folder)) {
            return Err(occupied(holding, &name));
        }
        let into = match (&self.into, own) {
            (Some(into), _) => into.clone(),
            (None, Some(own)) => own.strip_prefix(&crate_folder).unwrap_or(own).to_owned(),
            (None, None) => match history {
                Some(history) => Path::new(NEW_FOLDER).join(history),
                None => NEW_FOLDER.into(),
            },
        };
        let target = crate_folder.join(&into);
        if !is_free(&target) {
            return Err(occupied(&target, &name));
        }
        let mut keys = Table::new();
        let (mut configuration, dialects) = match configured {
            Some(mut configuration) => {
                let dialects = self.dialects_of(&configuration, engines)?;
                let settings = &mut configuration.settings;
                let shown = into.display().to_string();
                if settings.migrations != [shown.clone()] {
                    keys["migrations"] = value(&shown);
                    settings.migrations = vec![shown];
                }
                (configuration, dialects)
            }
            None => {
                let configure = |table: &Table| {
                    let keys = from_toml(SettingsScope::Package, table);
                    workspace.configuration(&name, &crate_folder, keys)
                };
                let setting = match (&self.url, self.dialects.first()) {
                    (Some(url), _) => configured_url(url.clone(), &crate_folder)?,
                    (None, Some(dialect)) => DatabaseSetting::Dialect(*dialect),
                    (None, None) => {
                        // Another URL in the manifest would hide the one of the environment.
                        let any = DatabaseSetting::Dialect(Dialect::ALL[0]);
                        let bare = configure(&new_table(&into, &any))?;
                        DatabaseSetting::Dialect(self.dialects_of(&bare, Engines::One)?[0])
                    }
                };
                keys = new_table(&into, &setting);
                let configuration = configure(&keys)?;
                let dialects = match &setting {
                    DatabaseSetting::Dialect(_) if !self.dialects.is_empty() => {
                        self.dialects.clone()
                    }
                    DatabaseSetting::Dialect(dialect) => vec![*dialect],
                    DatabaseSetting::Url(_) => self.dialects_of(&configuration, engines)?,
                };
                (configuration, dialects)
            }
        };
        let known = configuration.settings.dialects_for(self.url.as_deref());
        if dialects.iter().any(|dialect| !known.contains(dialect)) {
            let names: Array = dialects.iter().map(|dialect| dialect.name()).collect();
            keys["dialects"] = value(names);
            configuration.settings.dialects = Some(dialects.clone());
        }
        Ok(Place {
            name,
            manifest,
            configuration,
            dialects,
            into,
            keys,
        })
    }

    /// Returns the dialects of the migrations: those that are named, or that of the database.
    fn dialects_of(&self, configuration: &Configuration, engines: Engines) -> Result<Vec<Dialect>> {
        if !self.dialects.is_empty() {
            return Ok(self.dialects.clone());
        }
        let settings = &configuration.settings;
        if let (Engines::All, Some(dialects)) = (engines, &settings.dialects) {
            return Ok(dialects.clone());
        }
        if let Some((url, _)) = configuration.find_url(self.url.as_deref())?
            && let Some(dialect) = Dialect::of_url(&url)
        {
            return Ok(vec![dialect]);
        }
        match settings.dialects.as_deref() {
            Some([dialect]) if settings.url.is_some() => Ok(vec![*dialect]),
            _ => Err(Diagnostic::new(
                Cause::Arguments,
                "the dialect of the migrations is not known",
            )
            .help(
                "name it with `--dialect sqlite` or `--dialect postgres`, or name the database with \
                 `--url`",
            )
            .into()),
        }
    }
}

impl Place {
    /// Leaves a table out of what is compared: a database that is taken over keeps it, and no revision has to
    /// make it.
    pub(super) fn exclude(&mut self, table: &str) {
        let mut excluded = self.configuration.settings.exclude.clone();
        if !excluded.iter().any(|known| known == table) {
            excluded.push(table.to_owned());
        }
        self.keys["exclude"] = value(excluded.iter().collect::<Array>());
        self.configuration.settings.exclude = excluded;
    }

    /// Returns the folder to write to.
    pub(super) fn folder(&self) -> PathBuf {
        self.configuration.folder.join(&self.into)
    }

    /// Returns the history that the files are.
    pub(super) fn history(&self, files: &[NewFile]) -> Result<History> {
        let sources = files.iter().map(|file| SourceFile {
            path: display_path(&file.path).into(),
            content: Ok(file.text.as_bytes().to_vec()),
        });
        let dialects = self.configuration.settings.dialects_for(None);
        let history = History::new(sources, &dialects);
        history.map_err(|error| explain::history(&error, &self.name))
    }

    /// Writes the revisions, the lock file and the configuration, or none of them.
    pub(super) fn write(self, context: &Context, files: &[NewFile]) -> Result<()> {
        let history = self.history(files)?;
        let target = self.folder();
        let settings = &self.configuration.settings;
        let dialects = settings.dialects_for(None);
        let mut changes = FileChanges::default();
        for file in files {
            changes.create(&file.path, &file.text)?;
        }
        let is_configured = self.manifest.is_configured();
        if settings.lock || !is_configured {
            let lock = Lock::of(&history, &dialects);
            changes.write(&target.join(Lock::FILE_NAME), &lock.render())?;
        }
        let manifest = self.manifest.path.clone();
        let configured = match is_configured {
            true => self.manifest.with_keys(&self.keys),
            false => self.manifest.configured(self.keys),
        };
        changes.replace(&manifest, &configured)?;
        changes.commit()?;
        context.shell.status("Created", display_path(&target));
        context.shell.status("Configured", display_path(&manifest));
        Ok(())
    }
}

/// Returns the path of what is there, whatever leads to it.
pub(super) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Returns whether a folder does not exist, or holds nothing but what `init` writes.
fn is_free(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else {
        return !folder.exists();
    };
    let ours = ["README.md", Lock::FILE_NAME];
    let mut names = entries.flatten().map(|entry| entry.file_name());
    names.all(|name| ours.iter().any(|own| name == *own))
}

fn occupied(folder: &Path, name: &str) -> Error {
    let title = format!("{} already exists and is not empty", display_path(folder));
    Diagnostic::new(Cause::Configuration, title)
        .note(format!("crate `{name}`; nothing was written"))
        .help(
            "choose another folder with `--into`, or remove this one if it is of an earlier import",
        )
        .into()
}
