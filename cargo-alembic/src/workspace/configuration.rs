//! A crate's configuration: `[package.metadata.alembic]`, over `[workspace.metadata.alembic]`.

use std::path::{Path, PathBuf};

use alembic_history::{
    Code, HistorySettings, Settings, SettingsFault, SettingsScope, SettingsTable, SettingsValue,
    VersionTable, split_full_name,
};
use alembic_migrate::{Dialect, LoadError};
use serde_json::Value;
use toml_edit::TableLike;

use super::dotenv::Dotenv;
use crate::explain::{self, Manifest};
use crate::output::{Cause, Diagnostic, Error, Hint, Subcommand, Suggestion, display_path};

/// A crate that has migrations, and its configuration.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    /// The crate's name; if it has several histories, with the name of this one.
    pub(crate) name: String,
    /// The crate's folder.
    pub(crate) folder: PathBuf,
    /// The workspace's folder.
    pub(super) workspace: PathBuf,
    pub(crate) settings: Settings,
    /// Whether the URL of its database may be in `.env`.
    pub(super) dotenv: Dotenv,
}

/// A `metadata.alembic` table, and the manifest that holds it.
#[derive(Clone, Copy)]
pub(super) struct Source<'s> {
    pub(super) table: &'s Value,
    pub(super) manifest: &'s Path,
    pub(super) scope: SettingsScope,
}

/// Something wrong in a `metadata.alembic` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConfigurationFault {
    manifest: PathBuf,
    scope: SettingsScope,
    /// What is wrong with a key; `None` if `alembic` is not a table at all.
    key: Option<SettingsFault>,
}

impl Configuration {
    /// Returns the folders of the crate's revision files.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let folders = self.settings.migrations.iter();
        folders.map(|folder| self.folder.join(folder)).collect()
    }

    /// Returns the libraries that connections to SQLite load: paths, and plain names.
    pub(crate) fn sqlite_extensions(&self) -> Vec<PathBuf> {
        let base = self.manifest_folder(self.settings.sqlite_extensions_scope);
        let names = self.settings.sqlite_extensions.iter();
        let library = |name: &String| match name.contains(std::path::is_separator) {
            true => base.join(name),
            false => name.into(),
        };
        names.map(library).collect()
    }

    /// Returns the folder of the manifest that holds a table of the configuration.
    pub(super) fn manifest_folder(&self, scope: SettingsScope) -> &Path {
        match scope {
            SettingsScope::Package => &self.folder,
            SettingsScope::Workspace => &self.workspace,
        }
    }

    /// Returns whether the crate has several histories, of which this is one.
    pub(crate) fn is_one_of_several(&self) -> bool {
        split_full_name(&self.name).1.is_some()
    }

    /// Returns whether the revisions are written for databases of this dialect, as far as it is said.
    pub(crate) fn is_for(&self, dialect: Dialect) -> bool {
        let dialects = self.settings.dialects.as_ref();
        dialects.is_none_or(|dialects| dialects.contains(&dialect))
    }

    /// Returns the crate's version table in a database of this dialect.
    pub(crate) fn version_table(&self, dialect: Dialect) -> VersionTable {
        let dialects = self.settings.dialects.as_deref().unwrap_or_default();
        self.settings.version_table.on(dialect, dialects)
    }

    /// Explains why the crate's revision files cannot be read.
    pub(super) fn explain(&self, error: LoadError) -> Error {
        let error = match error {
            LoadError::History(error) => return explain::history(&error, &self.name),
            LoadError::Folder(error) => error,
        };
        let name = &self.name;
        let (path, is_missing) = (
            display_path(&error.path),
            error.source.kind() == std::io::ErrorKind::NotFound,
        );
        let title = format!(
            "cannot read the migrations of `{name}`: {path}: {}",
            error.reason()
        );
        let fault = Diagnostic::new(Cause::Unreadable(error.source), title);
        let fault = fault.code(Code::UnreadableFolder);
        let fault = match is_missing {
            true => fault
                .help("if it was there before, bring it back as it was, as from git")
                .help(
                    Hint::from("if the crate has no revisions yet, create the folder with ")
                        .command(Suggestion::for_crate(Subcommand::Init, name)),
                ),
            false => fault.help("make the folder readable"),
        };
        fault.into()
    }
}

/// Reads the configuration of each history of a crate; later `sources` override earlier ones.
pub(super) fn read(
    sources: &[Source<'_>],
) -> Result<Vec<HistorySettings>, Vec<ConfigurationFault>> {
    let fault = |source: &Source<'_>, key| ConfigurationFault {
        manifest: source.manifest.to_owned(),
        scope: source.scope,
        key,
    };
    if let Some(source) = sources.iter().find(|source| !source.table.is_object()) {
        return Err(vec![fault(source, None)]);
    }
    let tables: Vec<SettingsTable> = sources.iter().map(from_json).collect();
    Settings::read_histories(&tables).map_err(|faults| {
        let faults = faults.into_iter();
        let faults = faults.map(|key| fault(&sources[key.table], Some(key)));
        faults.collect()
    })
}

impl ConfigurationFault {
    /// Explains what is wrong, and where in the manifest.
    pub(super) fn explain(&self) -> Diagnostic {
        let path = display_path(&self.manifest);
        match &self.key {
            Some(key) => {
                let manifest = Manifest {
                    path,
                    text: std::fs::read_to_string(&self.manifest).ok(),
                    scope: self.scope,
                };
                explain::setting(key, &manifest)
            }
            None => {
                let scope = self.scope;
                let title = format!("`{scope}.metadata.alembic` is not a table");
                Diagnostic::new(Cause::Configuration, title)
                    .code(Code::InvalidConfigurationValue)
                    .note(format!("in {path}"))
                    .help(format!("begin it with `[{scope}.metadata.alembic]`"))
            }
        }
    }
}

/// Reads a `metadata.alembic` table as cargo reports it.
pub(super) fn from_json(source: &Source<'_>) -> SettingsTable {
    let entries = source.table.as_object().into_iter().flatten();
    let entries = entries.map(|(key, json)| (key.clone(), json_value(json)));
    SettingsTable {
        scope: source.scope,
        entries: entries.collect(),
    }
}

fn json_value(json: &Value) -> SettingsValue {
    match json {
        Value::String(text) => SettingsValue::Text(text.clone()),
        Value::Number(number) => number
            .as_i64()
            .map_or(SettingsValue::Other, SettingsValue::Number),
        Value::Array(list) => SettingsValue::List(list.iter().map(json_value).collect()),
        Value::Bool(flag) => SettingsValue::Flag(*flag),
        Value::Object(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, json)| (key.clone(), json_value(json)));
            SettingsValue::Table(entries.collect())
        }
        Value::Null => SettingsValue::Other,
    }
}

/// Reads a `metadata.alembic` table from a parsed manifest.
pub(crate) fn from_toml(scope: SettingsScope, table: &dyn TableLike) -> SettingsTable {
    SettingsTable {
        scope,
        entries: toml_entries(table),
    }
}

fn toml_entries(table: &dyn TableLike) -> Vec<(String, SettingsValue)> {
    let entries = table.iter().map(|(key, item)| {
        let value = match (item.as_value(), item.as_table_like()) {
            (_, Some(table)) => SettingsValue::Table(toml_entries(table)),
            (Some(value), None) => toml_value(value),
            (None, None) => SettingsValue::Other,
        };
        (key.to_owned(), value)
    });
    entries.collect()
}

fn toml_value(value: &toml_edit::Value) -> SettingsValue {
    use toml_edit::Value as Toml;
    match value {
        Toml::String(text) => SettingsValue::Text(text.value().clone()),
        Toml::Integer(number) => SettingsValue::Number(*number.value()),
        Toml::Array(list) => SettingsValue::List(list.iter().map(toml_value).collect()),
        Toml::Boolean(flag) => SettingsValue::Flag(*flag.value()),
        Toml::InlineTable(table) => SettingsValue::Table(toml_entries(table)),
        Toml::Float(_) | Toml::Datetime(_) => SettingsValue::Other,
    }
}
