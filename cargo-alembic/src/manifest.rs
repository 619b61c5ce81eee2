//! The manifest of a crate that gets its configuration: `[package.metadata.alembic]`.

use std::path::{Path, PathBuf};

use alembic_history::{DEFAULT_FOLDER, Dialect, SettingsKey, check_history_name, split_full_name};
use toml_edit::{DocumentMut, Item, Table, TomlError, value};

use crate::output::{Cause, Diagnostic, Error, Result, display_path};
use crate::url::{DatabaseUrl, RedactedUrl, UrlPlace};
use crate::workspace::holds_revisions;

/// The manifest of a crate, as it is before it is changed.
pub(crate) struct Manifest {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) document: DocumentMut,
    /// The tables below `package` down to the one that is changed: the crate's configuration, or that of
    /// one of its histories.
    tables: Vec<String>,
}

impl Manifest {
    /// Reads a manifest that can hold the configuration of a crate, or of a history of it, by its name.
    pub(crate) fn read(path: PathBuf, name: &str) -> Result<Self> {
        let text = std::fs::read_to_string(&path).map_err(|error| unwritable(&path, error))?;
        let document: DocumentMut = text
            .parse()
            .map_err(|error: TomlError| cannot_change(&path, Cause::Manifest, &error))?;
        let package = document.get("package").and_then(Item::as_table_like);
        let metadata = package.and_then(|package| package.get("metadata"));
        if metadata.is_some_and(|metadata| !metadata.is_table_like()) {
            let why = "`package.metadata` is not a table";
            return Err(cannot_change(&path, Cause::Manifest, &why));
        }
        let alembic = metadata.and_then(|metadata| metadata.get("alembic"));
        let tables = configured_tables(&path, name, alembic)?;
        Ok(Self {
            path,
            text,
            document,
            tables,
        })
    }

    /// Returns whether the manifest holds a configuration.
    pub(crate) fn is_configured(&self) -> bool {
        let mut tables = self.tables.iter();
        let package = self.document.get("package");
        let table =
            package.and_then(|package| tables.try_fold(package, |table, name| table.get(name)));
        table.is_some()
    }

    /// Returns the text with a configuration, for a manifest that has none; the rest stays as it is.
    pub(crate) fn configured(mut self, alembic: Table) -> String {
        let mut table = self.document["package"].or_insert(Item::Table(Table::new()));
        let Some((last, above)) = self.tables.split_last() else {
            return self.render();
        };
        for name in above {
            if table.get(name).is_none() {
                let mut missing = Table::new();
                missing.set_implicit(true);
                table[name] = Item::Table(missing);
            }
            table = &mut table[name];
        }
        table[last] = Item::Table(alembic);
        self.render()
    }

    /// Returns the text with keys of the configuration set.
    pub(crate) fn with_keys(mut self, keys: &Table) -> String {
        let mut alembic = &mut self.document["package"];
        for name in &self.tables {
            alembic = &mut alembic[name];
        }
        for (key, item) in keys {
            alembic[key] = item.clone();
        }
        self.render()
    }

    fn render(&self) -> String {
        let configured = self.document.to_string();
        // The TOML parser normalises line endings.
        if self.text.contains("\r\n") && !configured.contains('\r') {
            return configured.replace('\n', "\r\n");
        }
        configured
    }
}

/// Returns the tables below `package` down to that of a crate, or of a history of it, by its name: a crate
/// has either one history without a name, or several with names.
fn configured_tables(path: &Path, name: &str, alembic: Option<&Item>) -> Result<Vec<String>> {
    let key = SettingsKey::Histories.as_str();
    let histories = alembic.and_then(|alembic| alembic.get(key));
    let fault = |title: String| Diagnostic::new(Cause::Configuration, title);
    let mut tables = vec!["metadata".to_owned(), "alembic".to_owned()];
    let (package, history) = split_full_name(name);
    match (history, histories) {
        (None, None) => return Ok(tables),
        (None, Some(_)) => {
            let title = format!("crate `{package}` has several histories");
            let help = format!("choose one of them, or a new one, with `-p {package}/<history>`");
            return Err(fault(title).help(help).into());
        }
        (Some(history), _) => {
            let checked = check_history_name(history);
            checked.map_err(|why| Diagnostic::new(Cause::Arguments, why))?;
            tables.extend([key.to_owned(), history.to_owned()]);
        }
    }
    if histories.is_none()
        && (alembic.is_some() || holds_revisions(&path.with_file_name(DEFAULT_FOLDER)))
    {
        let title = format!("crate `{package}` has one history, which has no name");
        let help = format!(
            "give it one in {}: move its keys to [package.metadata.alembic.{key}.<name>]",
            display_path(path)
        );
        return Err(fault(title).help(help).into());
    }
    Ok(tables)
}

fn cannot_change(path: &Path, cause: Cause, why: &dyn std::fmt::Display) -> Error {
    let title = format!("cannot change {}: {why}", display_path(path));
    Diagnostic::new(cause, title).into()
}

/// Explains that a manifest cannot be read or written.
pub(crate) fn unwritable(path: &Path, error: std::io::Error) -> Error {
    let why = error.to_string();
    cannot_change(path, Cause::Unwritable(error), &why)
}

/// The database setting that is written to the configuration.
pub(crate) enum DatabaseSetting {
    /// The URL of the database.
    Url(String),
    /// Its dialect; the URL is written elsewhere.
    Dialect(Dialect),
}

/// Returns the setting for a URL of the command line, if it can be configured: a manifest must not
/// contain a password.
pub(crate) fn configured_url(url: String, crate_folder: &Path) -> Result<DatabaseSetting> {
    let shown = RedactedUrl::new(&url);
    let invalid = |why: &dyn std::fmt::Display| {
        let title = format!("invalid database URL `{shown}`: {why}");
        Diagnostic::new(Cause::Arguments, title)
    };
    let parsed = DatabaseUrl::parse(&url, &UrlPlace::Argument).map_err(|error| invalid(&error))?;
    if shown.hides {
        return Err(invalid(&"its password would be written to Cargo.toml")
            .help(
                "leave the password out: set PGPASSWORD, use ~/.pgpass, or put the whole URL in \
                 the environment variable DATABASE_URL",
            )
            .into());
    }
    Ok(DatabaseSetting::Url(match parsed {
        DatabaseUrl::Sqlite(parsed) => parsed.in_manifest(crate_folder).unwrap_or(url),
        DatabaseUrl::Postgres(_) => url,
    }))
}

/// Returns the configuration.
pub(crate) fn new_table(folder: &Path, database: &DatabaseSetting) -> Table {
    let mut alembic = Table::new();
    let dialect = match database {
        DatabaseSetting::Url(url) => {
            alembic["url"] = value(url);
            Dialect::of_url(url)
        }
        DatabaseSetting::Dialect(dialect) => Some(*dialect),
    };
    // Revisions that nobody has checked for an engine are not to run there.
    if let Some(dialect) = dialect {
        let dialects: toml_edit::Array = [dialect.name()].into_iter().collect();
        alembic["dialects"] = value(dialects);
    }
    if folder != Path::new(DEFAULT_FOLDER) {
        alembic["migrations"] = value(folder.display().to_string());
    }
    alembic["lock"] = value(true);
    alembic
}
