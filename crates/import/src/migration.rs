//! Migrations of another tool, before they become revisions.

use std::fmt;
use std::ops::Range;

use crate::Checksum;

/// What a tool calls a migration in its table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// Its version.
    Version(String),
    /// The description of a migration that runs again whenever it changes.
    Repeatable(String),
    /// None: it is the creation of the tool's own table.
    Table(String),
}

impl Key {
    /// Returns the name alone.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Version(name) | Self::Repeatable(name) | Self::Table(name) => name,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "version {version}"),
            Self::Repeatable(description) => write!(f, "repeatable {description}"),
            Self::Table(name) => write!(f, "table {name}"),
        }
    }
}

/// A migration of another tool.
#[derive(Clone, Debug)]
pub(crate) struct Migration<'f> {
    pub(crate) key: Key,
    /// The id that people know the migration by.
    pub(crate) id: String,
    /// What the migration does, in words.
    pub(crate) message: String,
    pub(crate) up: Script<'f>,
    pub(crate) down: Down<'f>,
    pub(crate) checksum: Option<Checksum>,
}

/// SQL of a migration for one direction: a part of a file.
#[derive(Clone, Debug)]
pub(crate) struct Script<'f> {
    pub(crate) path: &'f str,
    /// The text of the whole file.
    pub(crate) text: &'f str,
    pub(crate) span: Range<usize>,
    /// The lines that only the tool understands.
    pub(crate) markers: Vec<Range<usize>>,
    /// Whether the tool runs it outside of transactions.
    pub(crate) outside: bool,
}

/// The way back of a migration.
#[derive(Clone, Debug)]
pub(crate) enum Down<'f> {
    Script(Script<'f>),
    /// There is none, for this reason.
    Missing(&'static str),
}

impl<'f> Script<'f> {
    /// Returns the script of a whole file.
    pub(crate) fn whole(path: &'f str, text: &'f str) -> Self {
        let start = text.len() - text.trim_start_matches('\u{feff}').len();
        Self {
            path,
            text,
            span: start..text.len(),
            markers: Vec::new(),
            outside: false,
        }
    }
}
