//! What a run knows of the log.

use super::{Differences, Log, NewEntry};
use crate::event::Event;
use crate::request::Row;

/// What a run may do with the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogAccess {
    /// Nothing: it is switched off, or the account may not.
    #[default]
    None,
    /// Create it.
    Create,
    /// Read it.
    Read,
    /// Read it and write to it.
    Write,
}

impl LogAccess {
    /// Reads the answer of the database.
    pub(crate) fn parse(answer: Option<&str>) -> Self {
        match answer {
            Some("create") => Self::Create,
            Some("read") => Self::Read,
            Some("write") => Self::Write,
            Some(_) | None => Self::None,
        }
    }

    /// Returns whether the log can be read.
    pub(crate) const fn can_read(self) -> bool {
        match self {
            Self::None | Self::Create => false,
            Self::Read | Self::Write => true,
        }
    }

    /// Returns whether the log can be written to, once it is created.
    pub(crate) const fn can_write(self) -> bool {
        match self {
            Self::None | Self::Read => false,
            Self::Create | Self::Write => true,
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
