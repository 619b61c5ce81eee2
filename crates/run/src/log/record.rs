//! The ways back that the log recorded.

use std::collections::BTreeMap;
use std::path::PathBuf;

use alembic_history::{Dialect, Digest, Direction, History, HistoryError, SourceFile};

use super::compare::Differences;
use super::store::{LastEntry, LogGap};
use super::writer::LogWriter;
use super::{Log, LogEntry, LoggedRevision};
use crate::report::UnfinishedRevision;
use crate::request::Row;

/// The log of a database, in its order, and the reason if there is none to show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogReport {
    /// The entries.
    pub entries: Vec<LogEntry>,
    /// Why no log is read, or none is kept.
    pub gap: Option<LogGap>,
}

/// What the log recorded of the revisions of a database: enough to go back without their files.
#[derive(Clone, Debug)]
pub struct Record {
    /// The recorded revisions, in the order in which they were first applied.
    revisions: Vec<Recorded>,
    /// The applied revisions that no file explains: it is gone, was edited, or puts them elsewhere.
    unexplained: Vec<LoggedRevision>,
    /// Whether files declare some of the applied revisions.
    is_known: bool,
    /// Who else could have written to the log.
    writers: Vec<LogWriter>,
    /// The last row of the log when it was read.
    last: Option<LastEntry>,
}

/// A revision whose way back is recorded.
#[derive(Clone, Debug)]
struct Recorded {
    revision: String,
    digest: Digest,
    way_back: String,
    /// Whether it is applied now.
    is_applied: bool,
}

impl Record {
    /// Collects what the log holds; `ways_back` are its digests and texts.
    pub(crate) fn new(
        log: &Log,
        entries: &[LogEntry],
        ways_back: &[Row],
        differences: &Differences,
        writers: Vec<LogWriter>,
        is_declared: impl Fn(&str) -> bool,
    ) -> Self {
        let texts = ways_back.iter().filter_map(|row| {
            let digest: Digest = row.cell(0)?.parse().ok()?;
            Some((digest, row.cell(1)?))
        });
        let texts: BTreeMap<Digest, &str> = texts.collect();
        let mut revisions: Vec<Recorded> = Vec::new();
        for entry in entries {
            let text = entry.way_back.and_then(|digest| texts.get(&digest));
            let (Some(text), Some(digest)) = (text, entry.digest) else {
                continue;
            };
            let recorded = Recorded {
                revision: entry.revision.clone(),
                digest,
                is_applied: log.has_applied(&entry.revision),
                way_back: (*text).to_owned(),
            };
            // The last one is the one that fits what is applied.
            match revisions
                .iter_mut()
                .find(|known| known.revision == entry.revision)
            {
                Some(known) => *known = recorded,
                None => revisions.push(recorded),
            }
        }
        let is_unexplained = |logged: &&LoggedRevision| {
            let id = logged.revision.as_str();
            let mut edited = differences.edited.iter();
            !is_declared(id)
                || differences.removed.contains(logged)
                || edited.any(|(_, edited)| edited.revision == id)
        };
        let applied = log.applied();
        let mut ids = applied.iter();
        let is_known = ids.any(|logged| is_declared(&logged.revision));
        let unexplained = applied.into_iter().filter(is_unexplained);
        Self {
            revisions,
            unexplained: unexplained.cloned().collect(),
            is_known,
            writers,
            last: log.last.clone(),
        }
    }

    /// Returns the roles, other than the user, that could have written to the log: the ways back are
    /// only run if there are none.
    #[must_use]
    pub fn writers(&self) -> &[LogWriter] {
        &self.writers
    }

    /// Returns whether the way back continues a revision that an earlier one has left unfinished.
    pub(crate) fn continues(&self, unfinished: &UnfinishedRevision) -> bool {
        let mut reverted = self.unexplained.iter();
        unfinished.direction == Direction::Downgrade.to_string()
            && reverted.any(|logged| logged.revision == unfinished.revision)
    }

    /// Returns the last row of the log when it was read.
    pub(crate) fn last(&self) -> Option<&LastEntry> {
        self.last.as_ref()
    }

    /// Returns whether files declare some of the applied revisions; otherwise, the database is most
    /// likely that of another crate.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// Returns the applied revisions that no file explains, in the order in which they were applied.
    #[must_use]
    pub fn unexplained(&self) -> &[LoggedRevision] {
        &self.unexplained
    }

    /// Returns the first unexplained revision whose way back is not recorded.
    #[must_use]
    pub fn unrecorded(&self) -> Option<&LoggedRevision> {
        self.unexplained.iter().find(|logged| {
            let mut recorded = self.revisions.iter();
            !recorded.any(|recorded| recorded.revision == logged.revision)
        })
    }

    /// Returns the recorded revisions as a history that only leads back: those that are applied, or
    /// all where they do not stand without the others.
    ///
    /// # Errors
    ///
    /// When they do not fit together.
    pub fn history(&self, dialect: Dialect) -> Result<History, HistoryError> {
        let applied = self.revisions.iter().filter(|recorded| recorded.is_applied);
        history(applied, dialect).or_else(|_| history(self.revisions.iter(), dialect))
    }
}

fn history<'r>(
    revisions: impl Iterator<Item = &'r Recorded> + Clone,
    dialect: Dialect,
) -> Result<History, HistoryError> {
    let files = revisions.clone().map(|recorded| SourceFile {
        path: PathBuf::from(format!("the log of {}", recorded.revision)),
        content: Ok(recorded.way_back.clone().into_bytes()),
    });
    let history = History::read(files, &[dialect])?;
    let digests: Vec<u64> = revisions.map(|recorded| recorded.digest.number()).collect();
    Ok(history.with_digests(dialect, &digests))
}
