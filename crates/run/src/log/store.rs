//! What a run knows of the log.

use std::fmt;

use super::{Differences, Log, NewEntry};
use crate::event::Event;
use crate::request::Row;

/// What a run may do with the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogAccess {
    /// Nothing: the account may not.
    #[default]
    None,
    /// Nothing: it is switched off, and there is none to continue.
    Off,
    /// Nothing: the table belongs to a role that the run has no reason to trust.
    Untrusted {
        /// The role.
        owner: String,
    },
    /// Create it.
    Create,
    /// Read it.
    Read,
    /// Write to it, so that it stays true, and compare nothing with it: it is switched off, and
    /// exists.
    Continue,
    /// Read it and write to it.
    Write,
}

/// The word before the owner of a log that is not trusted.
const UNTRUSTED: &str = "untrusted ";

impl LogAccess {
    /// Reads the answer of the database.
    pub(crate) fn parse(answer: Option<&str>) -> Self {
        match answer {
            Some("create") => Self::Create,
            Some("read") => Self::Read,
            Some("write") => Self::Write,
            Some(other) => match other.strip_prefix(UNTRUSTED) {
                Some(owner) => Self::Untrusted {
                    owner: owner.to_owned(),
                },
                None => Self::None,
            },
            None => Self::None,
        }
    }

    /// Returns what a run may do that keeps no log.
    pub(crate) fn switched_off(self) -> Self {
        match self {
            Self::Write | Self::Continue => Self::Continue,
            Self::None | Self::Off | Self::Untrusted { .. } | Self::Create | Self::Read => {
                Self::Off
            }
        }
    }

    /// Returns whether the log can be read.
    pub(crate) const fn can_read(&self) -> bool {
        match self {
            Self::None | Self::Off | Self::Untrusted { .. } | Self::Create => false,
            Self::Read | Self::Continue | Self::Write => true,
        }
    }

    /// Returns whether the log can be written to, once it is created.
    pub(crate) const fn can_write(&self) -> bool {
        match self {
            Self::None | Self::Off | Self::Untrusted { .. } | Self::Read => false,
            Self::Create | Self::Continue | Self::Write => true,
        }
    }

    /// Returns whether the files are compared with the log, once it exists.
    pub(crate) const fn is_compared(&self) -> bool {
        match self {
            Self::None | Self::Off | Self::Untrusted { .. } | Self::Continue => false,
            Self::Create | Self::Read | Self::Write => true,
        }
    }

    /// Returns why a command that needs the log has none.
    pub(crate) fn gap(&self) -> Option<LogGap> {
        match self {
            Self::None => Some(LogGap::NotAllowed),
            Self::Off | Self::Continue => Some(LogGap::SwitchedOff),
            Self::Untrusted { owner } => Some(LogGap::Untrusted {
                owner: owner.clone(),
            }),
            Self::Create => Some(LogGap::Missing),
            Self::Read | Self::Write => None,
        }
    }
}

/// The reason why a database shows no log of what was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogGap {
    /// The configuration switches it off.
    SwitchedOff,
    /// Nothing was written yet: the next run creates it.
    Missing,
    /// The account may not read it, or not create it.
    NotAllowed,
    /// The table belongs to another role, which could have written anything into it.
    Untrusted {
        /// The role.
        owner: String,
    },
}

impl fmt::Display for LogGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SwitchedOff => f.write_str("`log = false` switches the log off"),
            Self::Missing => f.write_str("the database has no log yet"),
            Self::NotAllowed => f.write_str(
                "the database has no log that this account may read, and none that it may create",
            ),
            Self::Untrusted { owner } => write!(
                f,
                "the log is a table of the role {owner}, and the version table is not"
            ),
        }
    }
}

/// The last row of the log, as far as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastEntry {
    pub(crate) number: u64,
    pub(crate) rows: String,
    pub(crate) fingerprint: String,
}

impl LastEntry {
    /// Reads the cells from `column` on: number, rows and fingerprint.
    pub(crate) fn read(row: &Row, column: usize) -> Option<Self> {
        Some(Self {
            number: row.number(column).ok()?,
            rows: row.cell(column + 1)?.to_owned(),
            fingerprint: row.cell(column + 2)?.to_owned(),
        })
    }
}

/// What a run knows of the log.
#[derive(Debug, Default)]
pub(crate) struct LogStore {
    pub(crate) access: LogAccess,
    /// The last row, as of the last reading of the version table.
    pub(crate) last: Option<LastEntry>,
    /// The whole log, once it was read; it is that of the database as long as the last row is.
    pub(crate) whole: Option<Log>,
    /// How it differed from the files and from these rows when they were compared.
    pub(crate) differences: Option<(String, Differences)>,
    /// The rows that the open transaction will add.
    pub(crate) open: Vec<NewEntry>,
    /// Whether this run has written to the log since.
    pub(crate) is_written: bool,
    /// Whether this run has reported what was edited.
    pub(crate) has_told: bool,
    /// Whether this run has reported that the log is not trusted.
    pub(crate) has_told_of_owner: bool,
    /// What to report once they are written.
    pub(crate) adoption: Option<Event>,
}

impl LogStore {
    /// Returns the whole log, if it was read and is still that of the database.
    pub(crate) fn current(&self) -> Option<&Log> {
        self.whole.as_ref().filter(|log| log.last == self.last)
    }

    /// Takes the whole log out, if it was read and is still that of the database.
    pub(crate) fn take_current(&mut self) -> Option<Log> {
        self.whole.take().filter(|log| log.last == self.last)
    }

    /// Forgets what a rollback takes back.
    pub(crate) fn roll_back(&mut self) {
        self.open.clear();
        self.differences = None;
        self.whole = None;
        self.last = None;
    }
}
