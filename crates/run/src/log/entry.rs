//! The rows of the log.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use alembic_history::{Digest, Direction, Versions};

use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::request::{Row, whole_seconds};

/// How a revision came to be applied, or no longer applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogAction {
    /// Its statements ran.
    Run,
    /// The target schema was created whole, and has it in it.
    Create,
    /// A stamp said so.
    Stamp,
    /// The version table said so, and the log did not know: it was not there yet, or another program
    /// moved the rows.
    Adopt,
    /// A person took what the files say for what is true.
    Accept,
}

impl LogAction {
    const ALL: [Self; 5] = [
        Self::Run,
        Self::Create,
        Self::Stamp,
        Self::Adopt,
        Self::Accept,
    ];

    /// Returns the word for it in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Create => "create",
            Self::Stamp => "stamp",
            Self::Adopt => "adopt",
            Self::Accept => "accept",
        }
    }
}

impl fmt::Display for LogAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEntry {
    /// Its number; the first one is 1.
    pub number: u64,
    /// The revision, as it is recorded.
    pub revision: String,
    /// The first paragraph of its header.
    pub message: String,
    /// Whether the revision is applied from then on, or no longer.
    pub direction: Direction,
    /// How that came to be.
    pub action: LogAction,
    /// The digest of what the revision does, if a file declared it.
    pub digest: Option<Digest>,
    /// The rows of the version table afterwards, in order, separated by commas.
    pub rows: String,
    /// When it was written, in UTC.
    pub logged_at: String,
    /// How long the statements took, if they ran.
    pub took: Option<Duration>,
    /// The user: of the server, or of the machine where there is no server.
    pub user: Option<String>,
    /// The machine of the program.
    pub host: Option<String>,
    /// The program.
    pub application: Option<String>,
    /// The version of this library.
    pub tool_version: String,
    /// The digest of the way back.
    pub(crate) way_back: Option<Digest>,
    /// The fingerprint of everything that is applied afterwards.
    pub(crate) fingerprint: String,
}

/// The columns of a row, as [`LogEntry::read`] expects them.
pub(crate) const COLUMNS: &str = "number, revision, message, direction, action, digest, rows_after, \
     fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest";

impl LogEntry {
    /// Reads a row that was queried by [`COLUMNS`].
    pub(crate) fn read(row: &Row) -> Result<Self, DatabaseError> {
        let unexpected = |column: usize| {
            let found = row.cell(column).unwrap_or_default();
            let source = format!("the log holds an unexpected {found:?}");
            DatabaseError::new(DatabaseErrorKind::Other, source)
        };
        let text = |column| row.text(column).map(ToOwned::to_owned);
        let optional = |column| row.cell(column).map(ToOwned::to_owned);
        let digest = |column: usize| {
            let digest = row.cell(column).map(Digest::from_str).transpose();
            digest.map_err(|_| unexpected(column))
        };
        let directions = [Direction::Upgrade, Direction::Downgrade];
        let word = row.text(3)?;
        let mut known = directions.into_iter();
        let direction = known.find(|direction| direction.to_string() == word);
        let word = row.text(4)?;
        let mut known = LogAction::ALL.into_iter();
        let action = known.find(|action| action.as_str() == word);
        let took = match row.cell(9) {
            None => None,
            Some(_) => Some(Duration::from_micros(row.number(9)?)),
        };
        Ok(Self {
            number: row.number(0)?,
            revision: text(1)?,
            message: text(2)?,
            direction: direction.ok_or_else(|| unexpected(3))?,
            action: action.ok_or_else(|| unexpected(4))?,
            digest: digest(5)?,
            rows: text(6)?,
            fingerprint: text(7)?,
            logged_at: whole_seconds(row.text(8)?),
            took,
            user: optional(10),
            host: optional(11),
            application: optional(12),
            tool_version: text(13)?,
            way_back: digest(14)?,
        })
    }
}

/// A row that is about to be written.
#[derive(Clone, Debug)]
pub(crate) struct NewEntry {
    pub(crate) revision: String,
    pub(crate) message: String,
    pub(crate) direction: Direction,
    pub(crate) action: LogAction,
    pub(crate) digest: Option<Digest>,
    /// The rows of the version table afterwards.
    pub(crate) rows: String,
    pub(crate) took: Option<Duration>,
    /// The way back, if a file has it.
    pub(crate) way_back: Option<String>,
}

impl NewEntry {
    /// Returns the digest of the way back.
    pub(crate) fn way_back_digest(&self) -> Option<Digest> {
        let text = self.way_back.as_deref()?;
        Some(Digest::of_texts([text]))
    }
}

/// Returns rows as the log holds them.
pub(crate) fn rows_text(versions: &Versions) -> String {
    versions.ids().join(",")
}
