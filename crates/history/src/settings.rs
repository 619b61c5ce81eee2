//! What a crate configures: the keys of `[package.metadata.alembic]`, and what they mean.
//!
//! Who reads the manifest brings the tables, as plain [`Value`]s; what they mean is decided here,
//! once for the command line and for build scripts.

use std::fmt;

use crate::{Code, Dialect, VersionTable, nearest};

/// A value in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A list.
    List(Vec<Value>),
    /// Anything that no key takes.
    Other,
}

/// A `metadata.alembic` table: keys and values in the order of the manifest.
pub type Table = Vec<(String, Value)>;

/// What a crate configures, with the defaults for what it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `url`: the database, unless the environment names another.
    pub url: Option<String>,
    /// `url-env`: the environment variable that names the database.
    pub url_env: String,
    /// `migrations`: the folders of the revision files, relative to the crate.
    pub migrations: Vec<String>,
    /// `dialects`: what the revisions are written for.
    ///
    /// Where it is not given, see [`dialects_for`](Self::dialects_for).
    pub dialects: Option<Vec<Dialect>>,
    /// `chain`: what shape the history must have where a build checks it.
    pub chain: Chain,
    /// `version-table` and `version-table-schema`.
    pub version_table: VersionTable,
    /// `transaction`: how much goes into one.
    pub transaction: TransactionMode,
    /// `schema`: the file that creates the target schema whole, relative to the crate.
    pub schema: Option<String>,
    /// `baseline`: the revision at which a database without a version table is taken to be.
    pub baseline: String,
    /// `fresh`: how an empty database comes to its schema.
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

/// What shape a history must have where a build checks it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chain {
    /// Each revision follows the one before, from one base to one head.
    #[default]
    Linear,
    /// Branches are allowed as long as they are merged: there is one head.
    Merged,
}

/// How an empty database comes to its schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fresh {
    /// The target schema is created whole, where the crate has one.
    #[default]
    Create,
    /// The revisions are replayed.
    Replay,
}

/// How much goes into one transaction.
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
        f.write_str(match self {
            TransactionMode::Run => "run",
            TransactionMode::Revision => "revision",
        })
    }
}

/// The folder in which revision files are looked for, unless configured.
pub const DEFAULT_FOLDER: &str = "migrations";

/// The names of new revision files, unless configured: a listing of the folder reads in order.
pub const DEFAULT_FILE_TEMPLATE: &str = "{year}{month}{day}_{hour}{minute}_{rev}_{slug}";

const KEYS: [&str; 15] = [
    "url",
    "url-env",
    "migrations",
    "dialects",
    "chain",
    "version-table",
    "version-table-schema",
    "transaction",
    "schema",
    "baseline",
    "fresh",
    "file-template",
    "truncate-slug-length",
    "timezone",
    "post-write-hooks",
];

/// Keys whose meaning is settled, and that nothing reads yet.
const RESERVED: [&str; 5] = [
    "models",
    "compare-type",
    "compare-server-default",
    "include",
    "exclude",
];

/// Something wrong in a `metadata.alembic` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFault {
    /// Which of the tables, by its place among those given.
    pub table: usize,
    /// The key.
    pub key: String,
    /// What is wrong with it.
    pub kind: SettingsFaultKind,
}

/// What is wrong with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsFaultKind {
    /// The key is not known; carries the key that is probably meant.
    UnknownKey(Option<&'static str>),
    /// The value is not of the key's kind; carries what it should be.
    Value(String),
}

impl Settings {
    /// Returns what the revisions are written for: what is configured, else what the database at
    /// `url` speaks, else what the configured one does, else SQLite.
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

    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match &self.kind {
            SettingsFaultKind::UnknownKey(Some(meant)) => format!("did you mean `{meant}`?"),
            SettingsFaultKind::UnknownKey(None) => {
                format!("known keys are {}", KEYS.join(", "))
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
    /// Reads tables, each over those before it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong in any of them.
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
                let kind = match KEYS.iter().find(|known| **known == key) {
                    Some(known) => match settings.set(known, value) {
                        Ok(()) => continue,
                        Err(why) => SettingsFaultKind::Value(why),
                    },
                    None if RESERVED.contains(&key.as_str()) => continue,
                    None => SettingsFaultKind::UnknownKey(nearest(key, KEYS).first().map(|near| {
                        let mut keys = KEYS.iter();
                        keys.find(|known| *known == near)
                            .copied()
                            .unwrap_or_default()
                    })),
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

    fn set(&mut self, key: &str, value: &Value) -> Result<(), String> {
        match key {
            "url" => self.url = Some(text(value)?),
            "url-env" => self.url_env = text(value)?,
            "migrations" => self.migrations = texts(value)?,
            "dialects" => {
                let names = texts(value)?;
                let dialects = names.iter().map(|name| name.parse::<Dialect>());
                let dialects: Result<Vec<_>, _> = dialects.collect();
                self.dialects = Some(dialects.map_err(|error| error.to_string())?);
            }
            "chain" => {
                self.chain = choice(
                    value,
                    &[("linear", Chain::Linear), ("merged", Chain::Merged)],
                )?;
            }
            "version-table" => self.version_table.name = text(value)?,
            "version-table-schema" => self.version_table.schema = Some(text(value)?),
            "transaction" => {
                let modes = [
                    ("run", TransactionMode::Run),
                    ("revision", TransactionMode::Revision),
                ];
                self.transaction = choice(value, &modes)?;
            }
            "schema" => self.schema = Some(text(value)?),
            "baseline" => self.baseline = text(value)?,
            "fresh" => {
                self.fresh = choice(
                    value,
                    &[("create", Fresh::Create), ("replay", Fresh::Replay)],
                )?;
            }
            "file-template" => self.file_template = text(value)?,
            "truncate-slug-length" => {
                self.truncate_slug_length = match value {
                    Value::Number(number) if *number > 0 => usize::try_from(*number).ok(),
                    _ => None,
                }
                .ok_or("it is not a positive whole number")?;
            }
            "timezone" => self.timezone = Some(text(value)?),
            "post-write-hooks" => self.post_write_hooks = commands(value)?,
            key => unreachable!("`{key}` is not among the known keys"),
        }
        Ok(())
    }
}

/// Reads a string that is not empty.
fn text(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(text)
}

fn string(value: &Value) -> Result<String, String> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        Value::Number(_) | Value::List(_) | Value::Other => Err("it is not a string".to_owned()),
    }
}

/// Reads a string, or a list of strings, neither of which is empty.
fn texts(value: &Value) -> Result<Vec<String>, String> {
    let values = match value {
        Value::List(list) if list.is_empty() => return Err("the list is empty".to_owned()),
        Value::List(list) => list.as_slice(),
        Value::Text(_) | Value::Number(_) | Value::Other => std::slice::from_ref(value),
    };
    if !values.iter().all(|value| matches!(value, Value::Text(_))) {
        return Err("it is neither a string nor a list of strings".to_owned());
    }
    values.iter().map(text).collect()
}

fn choice<T: Copy>(value: &Value, choices: &[(&str, T)]) -> Result<T, String> {
    let given = text(value)?;
    let mut found = choices.iter().filter(|(name, _)| *name == given);
    found.next().map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<String> = choices
            .iter()
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        format!("`{given}` is neither {}", names.join(" nor "))
    })
}

/// Reads a list of commands, each a list of a program and its arguments.
fn commands(value: &Value) -> Result<Vec<Vec<String>>, String> {
    let why = || "it is not a list of commands such as [\"sqlfluff\", \"fix\"]".to_owned();
    let Value::List(commands) = value else {
        return Err(why());
    };
    let command = |command: &Value| match command {
        // An argument may be empty.
        Value::List(words) if words.first().is_some_and(|program| text(program).is_ok()) => {
            let words = words.iter().map(string);
            words.collect::<Result<Vec<_>, _>>().map_err(|_| why())
        }
        Value::List(_) | Value::Text(_) | Value::Number(_) | Value::Other => Err(why()),
    };
    commands.iter().map(command).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, value: Value, expected: Result<(), &str>) {
        let read = Settings::read(&[vec![(key.to_owned(), value)]]);
        let why = read.map(drop).map_err(|faults| faults[0].to_string());
        assert_eq!(why, expected.map_err(ToOwned::to_owned), "{key}");
    }

    #[test]
    fn values_are_of_their_kind() {
        let text = |text: &str| Value::Text(text.to_owned());
        let list = |texts: &[&str]| Value::List(texts.iter().map(|item| text(item)).collect());
        check("url", text("sqlite://a.db"), Ok(()));
        check(
            "url",
            Value::Number(1),
            Err("invalid value of `url`: it is not a string"),
        );
        for key in [
            "url",
            "url-env",
            "version-table",
            "schema",
            "baseline",
            "timezone",
        ] {
            let why = format!("invalid value of `{key}`: it is empty");
            check(key, text(""), Err(&why));
        }
        check(
            "migrations",
            list(&["a", " "]),
            Err("invalid value of `migrations`: it is empty"),
        );
        check("migrations", list(&["a", "b"]), Ok(()));
        check(
            "migrations",
            list(&[]),
            Err("invalid value of `migrations`: the list is empty"),
        );
        check("dialects", text("postgresql"), Ok(()));
        check(
            "dialects",
            list(&["mysql"]),
            Err(
                "invalid value of `dialects`: unknown dialect 'mysql', expected `sqlite` or `postgres`",
            ),
        );
        check("chain", text("merged"), Ok(()));
        check(
            "chain",
            text("wild"),
            Err("invalid value of `chain`: `wild` is neither `linear` nor `merged`"),
        );
        check("truncate-slug-length", Value::Number(60), Ok(()));
        check(
            "truncate-slug-length",
            Value::Number(0),
            Err("invalid value of `truncate-slug-length`: it is not a positive whole number"),
        );
        check(
            "post-write-hooks",
            Value::List(vec![list(&["a", "b", ""])]),
            Ok(()),
        );
        check(
            "post-write-hooks",
            list(&["a"]),
            Err(
                "invalid value of `post-write-hooks`: it is not a list of commands such as [\"sqlfluff\", \"fix\"]",
            ),
        );
        check("models", Value::Other, Ok(()));
        check(
            "modles",
            Value::Other,
            Err("unknown configuration key `modles`"),
        );
    }

    #[test]
    fn later_tables_come_first() {
        let table = |url: &str| vec![("url".to_owned(), Value::Text(url.to_owned()))];
        let settings = Settings::read(&[table("workspace"), table("package")]).unwrap();
        assert_eq!(settings.url.as_deref(), Some("package"));
    }
}
