//! Reads and describes the kinds of values in a manifest.

use super::{Chain, Edited, Fresh, StaleSchema, TransactionMode, Value};
use crate::Dialect;
use alembic_sql::SqliteVersion;

/// The type of a setting, as a manifest holds it.
// Functions that only the documentation needs are inlined, so that build scripts do not compile
// them.
pub(super) trait Kind: Sized {
    /// Reads a value, or returns what is wrong with it.
    fn read(value: &Value) -> Result<Self, String>;

    /// Describes the valid values, in Markdown.
    fn description() -> String;

    /// Returns the value as it is written in a manifest; empty if it need not be set.
    fn in_manifest(&self) -> String;
}

/// A setting that takes one of a few words.
pub(super) trait Choice: Copy + PartialEq + 'static {
    /// The words, each with its choice.
    const WORDS: &'static [(&'static str, Self)];

    /// Returns the word that stands for this choice.
    fn word(self) -> &'static str {
        let mut words = Self::WORDS.iter();
        let word = words.find(|(_, choice)| *choice == self);
        word.map(|(word, _)| *word).unwrap_or_default()
    }
}

impl Choice for Chain {
    const WORDS: &'static [(&'static str, Self)] =
        &[("linear", Self::Linear), ("merged", Self::Merged)];
}

impl Choice for Edited {
    const WORDS: &'static [(&'static str, Self)] =
        &[("refuse", Self::Refuse), ("warn", Self::Warn)];
}

impl Choice for Fresh {
    const WORDS: &'static [(&'static str, Self)] =
        &[("create", Self::Create), ("replay", Self::Replay)];
}

impl Choice for StaleSchema {
    const WORDS: &'static [(&'static str, Self)] = &[("warn", Self::Warn), ("error", Self::Error)];
}

impl Choice for TransactionMode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("run", Self::Run), ("revision", Self::Revision)];
}

impl<T: Choice> Kind for T {
    fn read(value: &Value) -> Result<Self, String> {
        let given = text(value)?;
        let mut words = T::WORDS.iter();
        match words.find(|(word, _)| *word == given) {
            Some((_, choice)) => Ok(*choice),
            None => {
                let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
                Err(format!("`{given}` is neither `{}`", words.join("` nor `")))
            }
        }
    }

    #[inline]
    fn description() -> String {
        let words: Vec<String> = T::WORDS.iter().map(|(word, _)| quoted(word)).collect();
        format!("`{}`", words.join("` or `"))
    }

    #[inline]
    fn in_manifest(&self) -> String {
        quoted(self.word())
    }
}

impl Kind for String {
    fn read(value: &Value) -> Result<Self, String> {
        text(value)
    }

    #[inline]
    fn description() -> String {
        "a string".to_owned()
    }

    #[inline]
    fn in_manifest(&self) -> String {
        quoted(self)
    }
}

impl<T: Kind> Kind for Option<T> {
    fn read(value: &Value) -> Result<Self, String> {
        T::read(value).map(Some)
    }

    #[inline]
    fn description() -> String {
        T::description()
    }

    #[inline]
    fn in_manifest(&self) -> String {
        self.as_ref().map(T::in_manifest).unwrap_or_default()
    }
}

impl Kind for Vec<String> {
    /// Reads a string, or a list of strings, none of which is empty; the list may be.
    fn read(value: &Value) -> Result<Self, String> {
        let values = match value {
            Value::List(list) => list.as_slice(),
            Value::Text(_) | Value::Number(_) | Value::Flag(_) | Value::Table(_) | Value::Other => {
                std::slice::from_ref(value)
            }
        };
        if !values.iter().all(|value| matches!(value, Value::Text(_))) {
            return Err("it is neither a string nor a list of strings".to_owned());
        }
        values.iter().map(text).collect()
    }

    #[inline]
    fn description() -> String {
        "a string or a list of strings".to_owned()
    }

    #[inline]
    fn in_manifest(&self) -> String {
        match self.as_slice() {
            [one] => quoted(one),
            several => format!("{several:?}"),
        }
    }
}

impl Kind for Vec<Dialect> {
    fn read(value: &Value) -> Result<Self, String> {
        let names = Vec::<String>::read(value)?;
        if names.is_empty() {
            return Err("the list is empty".to_owned());
        }
        let dialects = names.iter().map(|name| name.parse::<Dialect>());
        let dialects: Result<Self, _> = dialects.collect();
        dialects.map_err(|error| error.to_string())
    }

    #[inline]
    fn description() -> String {
        let names = Dialect::ALL.iter().map(|dialect| quoted(dialect.name()));
        let names: Vec<String> = names.collect();
        format!("`{}`, or a list of these", names.join("`, `"))
    }

    #[inline]
    fn in_manifest(&self) -> String {
        let names = self.iter().map(|dialect| dialect.name().to_owned());
        names.collect::<Vec<String>>().in_manifest()
    }
}

impl Kind for SqliteVersion {
    fn read(value: &Value) -> Result<Self, String> {
        let version = text(value)?.parse::<Self>();
        version.map_err(|error| error.to_string())
    }

    #[inline]
    fn description() -> String {
        format!(
            "a version of SQLite, {} or newer",
            quoted(&Self::OLDEST.to_string())
        )
    }

    #[inline]
    fn in_manifest(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Kind for bool {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Flag(flag) => Ok(*flag),
            Value::Text(_) | Value::Number(_) | Value::List(_) | Value::Table(_) | Value::Other => {
                Err("it is neither true nor false".to_owned())
            }
        }
    }

    #[inline]
    fn description() -> String {
        "`true` or `false`".to_owned()
    }

    #[inline]
    fn in_manifest(&self) -> String {
        self.to_string()
    }
}

impl Kind for usize {
    fn read(value: &Value) -> Result<Self, String> {
        let number = match value {
            Value::Number(number) if *number > 0 => usize::try_from(*number).ok(),
            Value::Number(_)
            | Value::Text(_)
            | Value::Flag(_)
            | Value::List(_)
            | Value::Table(_)
            | Value::Other => None,
        };
        number.ok_or_else(|| "it is not a positive whole number".to_owned())
    }

    #[inline]
    fn description() -> String {
        "a positive whole number".to_owned()
    }

    #[inline]
    fn in_manifest(&self) -> String {
        self.to_string()
    }
}

/// Commands, each a list of a program and its arguments.
impl Kind for Vec<Vec<String>> {
    fn read(value: &Value) -> Result<Self, String> {
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
            Value::List(_)
            | Value::Text(_)
            | Value::Number(_)
            | Value::Flag(_)
            | Value::Table(_)
            | Value::Other => Err(why()),
        };
        commands.iter().map(command).collect()
    }

    #[inline]
    fn description() -> String {
        "a list of commands".to_owned()
    }

    #[inline]
    fn in_manifest(&self) -> String {
        if self.is_empty() {
            String::new()
        } else {
            format!("{self:?}")
        }
    }
}

/// Reads a string that is not empty.
pub(super) fn text(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(text)
}

fn string(value: &Value) -> Result<String, String> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        Value::Number(_) | Value::Flag(_) | Value::List(_) | Value::Table(_) | Value::Other => {
            Err("it is not a string".to_owned())
        }
    }
}

#[inline]
pub(super) fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
