//! The settings of a crate: the keys of `[package.metadata.alembic]`, and their meaning.
//!
//! The reader of the manifest passes the tables as plain [`Value`]s; their meaning is decided here,
//! once for the command line and for build scripts.

mod fault;
mod histories;
mod key;
mod kind;
mod models;
mod schema_files;

use std::fmt;

use alembic_sql::SqliteVersion;

use crate::version_table::{check_schema_name, check_table_name};
use crate::{Dialect, VersionTable, nearest};

use kind::Choice;

pub use fault::{SettingsFault, SettingsFaultKind};
pub use histories::{Histories, HistorySettings, check_history_name, full_name, split_full_name};
pub use key::{Key, KeyDocumentation};
pub use models::{EntitySources, ModelSources};
pub use schema_files::SchemaFiles;

/// A value in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
    /// A list.
    List(Vec<Value>),
    /// A table: its keys and values, in the order of the manifest.
    Table(Vec<(String, Value)>),
    /// Any other value, which no key takes.
    Other,
}

/// A `metadata.alembic` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The part of a manifest that holds it.
    pub scope: Scope,
    /// Its keys and values, in the order of the manifest.
    pub entries: Vec<(String, Value)>,
}

/// The part of a manifest that holds a `metadata.alembic` table.
///
/// A crate leaves its workspace when it is packaged, vendored or copied, so the workspace only has
/// keys that change nothing in what a build embeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `[workspace.metadata.alembic]`: defaults for all crates of a workspace.
    Workspace,
    /// `[package.metadata.alembic]`: one crate.
    Package,
}

impl Scope {
    /// Returns the name of the part in a manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Package => "package",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The settings of a crate, with defaults for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `url`: the database, unless the environment names another.
    pub url: Option<String>,
    /// The table that sets `url`; a relative path is relative to its manifest.
    pub url_scope: Scope,
    /// `scratch-url`: a database of the server on which temporary databases are created.
    pub scratch_url: Option<String>,
    /// `url-env`: the environment variable that names the database.
    pub url_env: String,
    /// `sqlite-extensions`: the libraries that the command loads into its connections to SQLite.
    pub sqlite_extensions: Vec<String>,
    /// The table that sets `sqlite-extensions`; a relative path is relative to its manifest.
    pub sqlite_extensions_scope: Scope,
    /// `histories`: the histories of a crate that has several; see
    /// [`read_histories`](Self::read_histories).
    pub histories: Histories,
    /// `migrations`: the folders of the revision files, relative to the crate.
    pub migrations: Vec<String>,
    /// `dialects`: the dialects that the revisions are written for.
    ///
    /// If it is not set, see [`dialects_for`](Self::dialects_for).
    pub dialects: Option<Vec<Dialect>>,
    /// `sqlite-version`: the oldest SQLite that runs the revisions.
    pub sqlite_version: SqliteVersion,
    /// `chain`: the shape that a build requires of the history.
    pub chain: Chain,
    /// `lock`: whether a lock file records what each revision is and does.
    pub lock: bool,
    /// `version-table` and `version-table-schema`.
    pub version_table: VersionTable,
    /// `log`: whether a log of what was applied is kept.
    pub log: bool,
    /// `edited`: the treatment of applied revisions whose content is another now.
    pub edited: Edited,
    /// `transaction`: how much one transaction covers.
    pub transaction: TransactionMode,
    /// `schema`: the files that create the whole target schema, relative to the crate.
    pub schema: Option<SchemaFiles>,
    /// `models`: what states the target schema instead.
    pub models: ModelSources,
    /// `model-features`: the features with which the structs are read, besides the default ones.
    pub model_features: Vec<String>,
    /// `stale-schema`: the treatment of a target schema that was written for other revisions.
    pub stale_schema: StaleSchema,
    /// `base`: the files that create what is older than the revisions, relative to the crate.
    pub base: Option<SchemaFiles>,
    /// `allow`: the costs of changes that `revision --autogenerate` writes.
    pub allow: Vec<String>,
    /// `include`: the objects that schemas are compared by; all, if it is empty.
    pub include: Vec<String>,
    /// `exclude`: the objects that no comparison of schemas looks at.
    pub exclude: Vec<String>,
    /// `engine-specific`: the tables and columns that the engines of a crate may have differently.
    pub engine_specific: Vec<String>,
    /// `baseline`: the revision at which a database without a version table is assumed to be.
    pub baseline: String,
    /// `fresh`: how an empty database gets its schema.
    pub fresh: Fresh,
    /// `file-template`: the names of new revision files, without `.sql`.
    pub file_template: String,
    /// `truncate-slug-length`: in characters.
    pub truncate_slug_length: usize,
    /// `timezone`: of the dates of new revisions.
    pub timezone: Option<String>,
    /// `diesel-schema`: the file of diesel's that declares the tables, relative to the crate.
    pub diesel_schema: Option<String>,
    /// `post-write-hooks`: programs and their arguments, run on each new revision file.
    pub post_write_hooks: Vec<Vec<String>>,
    /// `post-run-hooks`: programs and their arguments, run after a database was migrated.
    pub post_run_hooks: Vec<Vec<String>>,
}

/// The shape that a build requires of a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chain {
    /// Each revision follows the one before, from one base to one head.
    #[default]
    Linear,
    /// Branches are allowed as long as they are merged: there is one head.
    Merged,
}

/// The treatment of applied revisions whose content is another now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edited {
    /// A run refuses to change the database.
    #[default]
    Refuse,
    /// A run reports them.
    Warn,
}

/// The treatment of a target schema that was written for other revisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StaleSchema {
    /// A build reports it.
    #[default]
    Warn,
    /// A build fails.
    Error,
}

/// How an empty database gets its schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fresh {
    /// The target schema is created whole, if the crate has one.
    #[default]
    Create,
    /// The revisions are replayed.
    Replay,
}

/// How much one transaction covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransactionMode {
    /// The whole run: after a failure, the database is as before.
    #[default]
    Run,
    /// Each revision: after a failure, the database is at the last whole revision.
    Revision,
}

impl fmt::Display for TransactionMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The folder in which revision files are looked for, unless configured.
pub const DEFAULT_FOLDER: &str = "migrations";

/// The names of new revision files, unless configured: a listing of the folder reads in order.
pub const DEFAULT_FILE_TEMPLATE: &str = "{year}{month}{day}_{hour}{minute}_{rev}_{slug}";

impl Settings {
    /// Returns the folder of the lock file, relative to the crate, if the crate keeps one.
    #[must_use]
    pub fn lock_folder(&self) -> Option<&str> {
        let first = self.migrations.first().filter(|_| self.lock);
        first.map(String::as_str)
    }

    /// Returns the dialects that the revisions are written for: the configured ones, else that of
    /// the database at `url`, else that of the configured database, else SQLite.
    #[must_use]
    pub fn dialects_for(&self, url: Option<&str>) -> Vec<Dialect> {
        if let Some(dialects) = &self.dialects {
            return dialects.clone();
        }
        let urls = [url, self.url.as_deref()].into_iter().flatten();
        let spoken = urls.filter_map(Dialect::of_url).next();
        vec![spoken.unwrap_or(Dialect::Sqlite)]
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: None,
            url_scope: Scope::Package,
            scratch_url: None,
            url_env: "DATABASE_URL".to_owned(),
            sqlite_extensions: Vec::new(),
            sqlite_extensions_scope: Scope::Package,
            histories: Histories::default(),
            migrations: vec![DEFAULT_FOLDER.to_owned()],
            dialects: None,
            sqlite_version: SqliteVersion::default(),
            chain: Chain::default(),
            lock: false,
            version_table: VersionTable::default(),
            transaction: TransactionMode::default(),
            schema: None,
            models: ModelSources::None,
            model_features: Vec::new(),
            stale_schema: StaleSchema::default(),
            base: None,
            allow: ["additive", "widening", "rebuild", "may-fail", "destructive"]
                .map(ToOwned::to_owned)
                .to_vec(),
            include: Vec::new(),
            exclude: Vec::new(),
            engine_specific: Vec::new(),
            baseline: "base".to_owned(),
            log: true,
            edited: Edited::default(),
            fresh: Fresh::default(),
            file_template: DEFAULT_FILE_TEMPLATE.to_owned(),
            truncate_slug_length: 40,
            timezone: None,
            diesel_schema: None,
            post_write_hooks: Vec::new(),
            post_run_hooks: Vec::new(),
        }
    }
}

impl Settings {
    /// Reads tables, each of which overrides those before it.
    ///
    /// # Errors
    ///
    /// All faults in the tables.
    ///
    /// ```
    /// use alembic_history::{Settings, SettingsScope, SettingsTable, SettingsValue};
    ///
    /// let table = |key: &str| SettingsTable {
    ///     scope: SettingsScope::Package,
    ///     entries: vec![(key.to_owned(), SettingsValue::Text("sqlite://app.db".to_owned()))],
    /// };
    /// let settings = Settings::read(&[table("url")]).unwrap();
    /// assert_eq!(settings.url.as_deref(), Some("sqlite://app.db"));
    ///
    /// let faults = Settings::read(&[table("urll")]).unwrap_err();
    /// assert_eq!(faults[0].help(), "did you mean `url`?");
    /// ```
    pub fn read(tables: &[Table]) -> Result<Self, Vec<SettingsFault>> {
        let (settings, mut faults) = Self::set_all(tables);
        faults.extend(settings.implied_dialect(tables));
        faults.extend(settings.version_table_faults(tables));
        if faults.is_empty() {
            Ok(settings)
        } else {
            Err(faults)
        }
    }

    /// Sets every key by itself, and returns the faults of those that cannot be set.
    fn set_all(tables: &[Table]) -> (Self, Vec<SettingsFault>) {
        let mut settings = Self::default();
        let mut faults = Vec::new();
        for (table, Table { scope, entries }) in tables.iter().enumerate() {
            for (key, value) in entries {
                let Err(kind) = settings.set(*scope, key, value) else {
                    continue;
                };
                faults.push(SettingsFault {
                    table,
                    key: key.clone(),
                    kind,
                });
            }
        }
        (settings, faults)
    }

    fn set(&mut self, scope: Scope, key: &str, value: &Value) -> Result<(), SettingsFaultKind> {
        let Some(known) = Key::named(key) else {
            let near = nearest(key, Key::names());
            let meant = near.first().and_then(|near| Key::named(near));
            return Err(SettingsFaultKind::UnknownKey(meant));
        };
        if scope == Scope::Workspace && !known.is_shared() {
            return Err(SettingsFaultKind::OfPackage(known));
        }
        known.set(self, value).map_err(SettingsFaultKind::Value)?;
        if known == Key::Url {
            self.url_scope = scope;
        }
        if known == Key::SqliteExtensions {
            self.sqlite_extensions_scope = scope;
        }
        Ok(())
    }

    /// Returns the faults of the names of the version table and its schema, which depend on the
    /// dialects.
    fn version_table_faults(&self, tables: &[Table]) -> Vec<SettingsFault> {
        let VersionTable { name, schema } = &self.version_table;
        let schema = schema.as_deref().map_or(Ok(()), check_schema_name);
        let checks = [
            (
                Key::VersionTable,
                check_table_name(name, &self.dialects_for(None)),
            ),
            (Key::VersionTableSchema, schema),
        ];
        let faults = checks.into_iter().filter_map(|(key, checked)| {
            let sets = |table: &Table| table.entries.iter().any(|(set, _)| set == key.as_str());
            Some(SettingsFault {
                table: tables.iter().rposition(sets)?,
                key: key.as_str().to_owned(),
                kind: SettingsFaultKind::Value(checked.err()?),
            })
        });
        faults.collect()
    }

    /// Returns the fault of a workspace whose URL would decide what its crates are written for, as
    /// long as they are in it; SQLite is also the default.
    fn implied_dialect(&self, tables: &[Table]) -> Option<SettingsFault> {
        let table = tables
            .iter()
            .position(|table| table.scope == self.url_scope)?;
        let dialect = Dialect::of_url(self.url.as_deref()?)?;
        let is_implied = self.url_scope == Scope::Workspace
            && self.dialects.is_none()
            && [dialect] != *Self::default().dialects_for(None);
        is_implied.then(|| SettingsFault {
            table,
            key: Key::Url.as_str().to_owned(),
            kind: SettingsFaultKind::ImpliedDialect(dialect),
        })
    }
}

#[cfg(test)]
mod tests;
