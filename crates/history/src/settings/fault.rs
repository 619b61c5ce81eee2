//! What is wrong with a configuration.

use std::fmt;

use super::Key;
use crate::{Code, Dialect};

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
    /// The key decides what a database is, so that a workspace cannot set it.
    OfPackage(Key),
    /// The URL of a workspace is of this dialect, and the crate does not say which it is written
    /// for.
    ImpliedDialect(Dialect),
}

impl SettingsFault {
    /// Returns the code that names this kind of fault.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self.kind {
            SettingsFaultKind::UnknownKey(_) => Code::UnknownConfigurationKey,
            SettingsFaultKind::Value(_) => Code::InvalidConfigurationValue,
            SettingsFaultKind::OfPackage(_) | SettingsFaultKind::ImpliedDialect(_) => {
                Code::WorkspaceConfiguration
            }
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
            SettingsFaultKind::OfPackage(key) => format!(
                "move `{key}` to [package.metadata.alembic] of each crate that needs it: a crate that \
                 is packaged, vendored or copied leaves its workspace behind"
            ),
            SettingsFaultKind::ImpliedDialect(dialect) => format!(
                "add `dialects = [\"{dialect}\"]` to [package.metadata.alembic] of each crate that \
                 is written for it"
            ),
        }
    }
}

impl fmt::Display for SettingsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.kind {
            SettingsFaultKind::UnknownKey(_) => write!(f, "unknown configuration key `{key}`"),
            SettingsFaultKind::Value(why) => write!(f, "invalid value of `{key}`: {why}"),
            SettingsFaultKind::OfPackage(_) => {
                write!(f, "`{key}` cannot be set for a whole workspace")
            }
            SettingsFaultKind::ImpliedDialect(_) => {
                write!(
                    f,
                    "the `{key}` of a workspace does not decide the dialect of its crates"
                )
            }
        }
    }
}

impl std::error::Error for SettingsFault {}
