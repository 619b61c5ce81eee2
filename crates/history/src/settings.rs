//! The settings of a crate: the keys of `[package.metadata.alembic]`, and their meaning.
//!
//! The reader of the manifest passes the tables as plain [`Value`]s; their meaning is decided here,
//! once for the command line and for build scripts.

mod key;
mod kind;

use std::fmt;

use crate::{Code, Dialect, VersionTable, nearest};

use kind::Choice;

pub use key::{Key, KeyDocumentation};

/// A value in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A list.
    List(Vec<Value>),
    /// Any other value, which no key takes.
    Other,
}

/// A `metadata.alembic` table: keys and values in the order of the manifest.
pub type Table = Vec<(String, Value)>;

/// The settings of a crate, with defaults for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `url`: the database, unless the environment names another.
    pub url: Option<String>,
    /// `url-env`: the environment variable that names the database.
    pub url_env: String,
    /// `migrations`: the folders of the revision files, relative to the crate.
    pub migrations: Vec<String>,
    /// `dialects`: the dialects that the revisions are written for.
    ///
    /// If it is not set, see [`dialects_for`](Self::dialects_for).
    pub dialects: Option<Vec<Dialect>>,
    /// `chain`: the shape that a build requires of the history.
    pub chain: Chain,
    /// `version-table` and `version-table-schema`.
    pub version_table: VersionTable,
    /// `transaction`: how much one transaction covers.
    pub transaction: TransactionMode,
    /// `schema`: the file that creates the whole target schema, relative to the crate.
    pub schema: Option<String>,
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
    /// `post-write-hooks`: programs and their arguments, run on each new revision file.
    pub post_write_hooks: Vec<Vec<String>>,
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

/// A fault in a `metadata.alembic` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFault {
    /// The index of the table among those given.
    pub table: usize,
    /// The key.
    pub key: String,
    /// The kind of the fault.
    pub kind: SettingsFaultKind,
}

/// The kinds of faults of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsFaultKind {
    /// The key is unknown; carries the key that was probably meant.
    UnknownKey(Option<Key>),
    /// The value is not of the key's kind; carries the expected kind.
    Value(String),
}

impl Settings {
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

impl SettingsFault {
    /// Returns the code that names this kind of fault.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self.kind {
            SettingsFaultKind::UnknownKey(_) => Code::UnknownConfigurationKey,
            SettingsFaultKind::Value(_) => Code::InvalidConfigurationValue,
        }
    }

    /// Returns how to correct it.
    #[must_use]
    pub fn help(&self) -> String {
        match &self.kind {
            SettingsFaultKind::UnknownKey(Some(meant)) => format!("did you mean `{meant}`?"),
            SettingsFaultKind::UnknownKey(None) => {
                format!("known keys are {}", Key::names().join(", "))
            }
            SettingsFaultKind::Value(_) => {
                format!("correct the value of `{}`, or remove it", self.key)
            }
        }
    }
}

impl fmt::Display for SettingsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.kind {
            SettingsFaultKind::UnknownKey(_) => write!(f, "unknown configuration key `{key}`"),
            SettingsFaultKind::Value(why) => write!(f, "invalid value of `{key}`: {why}"),
        }
    }
}

impl std::error::Error for SettingsFault {}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: None,
            url_env: "DATABASE_URL".to_owned(),
            migrations: vec![DEFAULT_FOLDER.to_owned()],
            dialects: None,
            chain: Chain::default(),
            version_table: VersionTable::default(),
            transaction: TransactionMode::default(),
            schema: None,
            baseline: "base".to_owned(),
            fresh: Fresh::default(),
            file_template: DEFAULT_FILE_TEMPLATE.to_owned(),
            truncate_slug_length: 40,
            timezone: None,
            post_write_hooks: Vec::new(),
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
    /// use alembic_history::{Settings, SettingsValue};
    ///
    /// let table = vec![("url".to_owned(), SettingsValue::Text("sqlite://app.db".to_owned()))];
    /// assert_eq!(Settings::read(&[table]).unwrap().url.as_deref(), Some("sqlite://app.db"));
    ///
    /// let table = vec![("urll".to_owned(), SettingsValue::Text("sqlite://app.db".to_owned()))];
    /// assert_eq!(Settings::read(&[table]).unwrap_err()[0].help(), "did you mean `url`?");
    /// ```
    pub fn read(tables: &[Table]) -> Result<Self, Vec<SettingsFault>> {
        let mut settings = Self::default();
        let mut faults = Vec::new();
        for (table, entries) in tables.iter().enumerate() {
            for (key, value) in entries {
                let kind = match Key::named(key) {
                    Some(known) => match known.set(&mut settings, value) {
                        Ok(()) => continue,
                        Err(why) => SettingsFaultKind::Value(why),
                    },
                    None => {
                        let near = nearest(key, Key::names());
                        SettingsFaultKind::UnknownKey(
                            near.first().and_then(|near| Key::named(near)),
                        )
                    }
                };
                faults.push(SettingsFault {
                    table,
                    key: key.clone(),
                    kind,
                });
            }
        }
        if faults.is_empty() {
            Ok(settings)
        } else {
            Err(faults)
        }
    }
}

#[cfg(test)]
mod tests;
