//! The log of what was applied to a database: a table next to the version table.
//!
//! The version table says where a database is, not what ran there. The log has a row for each
//! revision that was applied, reverted, stamped or adopted, in the transaction that moved the rows of
//! the version table. Nothing in it is ever changed.
//!
//! Its last row is enough to see that nothing is wrong: it holds the rows of the version table, and a
//! fingerprint of everything that is applied. So a start that finds nothing to do reads one row. Only
//! if these differ from the files is the whole log read.

mod author;
mod check;
mod compare;
mod entry;
mod record;
mod store;
mod write;
mod writer;

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use alembic_history::{Digest, Direction, Graph, NodeSet, fnv_1a};

pub use author::Author;
pub(crate) use check::{applies_missing, check, nodes, with_missing};
pub(crate) use compare::Differences;
pub(crate) use entry::{COLUMNS, NewEntry, rows_text};
pub use entry::{LogAction, LogEntry};
pub use record::{LogReport, Record};
pub use store::LogGap;
pub(crate) use store::{LastEntry, LogAccess, LogStore};
pub(crate) use write::{
    Whole, adopt, enter_acceptance, enter_stamp, enter_step, examine, read_log, read_record, write,
};
pub use writer::LogWriter;

/// A revision as the log knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedRevision {
    /// The revision.
    pub revision: String,
    /// The first paragraph of its header, as it was then.
    pub message: String,
    /// When it was logged, in UTC.
    pub since: String,
}

impl fmt::Display for LoggedRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            revision,
            message,
            since,
        } = self;
        write!(f, "{revision}, logged at {since} UTC")?;
        match message.as_str() {
            "" => Ok(()),
            message => write!(f, ": {message}"),
        }
    }
}

/// What the log says is applied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    /// The last row, if there is one.
    pub(crate) last: Option<LastEntry>,
    applied: BTreeMap<String, Applied>,
    /// The fingerprint of what is applied.
    fingerprint: Fingerprint,
    /// The ways back whose text the log holds.
    ways_back: HashSet<Digest>,
}

/// A revision that is applied.
#[derive(Clone, Debug)]
struct Applied {
    /// The number of the row that applied it.
    number: u64,
    digest: Option<Digest>,
    way_back: Option<Digest>,
    logged: LoggedRevision,
}

impl Log {
    /// Reads the rows, which are in their order.
    pub(crate) fn read(entries: &[LogEntry]) -> Self {
        let mut log = Self::default();
        for entry in entries {
            log.apply(entry);
        }
        log
    }

    fn apply(&mut self, entry: &LogEntry) {
        let revision = entry.revision.as_str();
        if let Some(before) = self.applied.remove(revision) {
            self.fingerprint.remove(revision, before.digest);
        }
        if entry.direction == Direction::Upgrade {
            self.fingerprint.add(revision, entry.digest);
            let logged = LoggedRevision {
                revision: revision.to_owned(),
                message: entry.message.clone(),
                since: entry.logged_at.clone(),
            };
            let applied = Applied {
                number: entry.number,
                digest: entry.digest,
                way_back: entry.way_back,
                logged,
            };
            self.applied.insert(revision.to_owned(), applied);
        }
        self.ways_back.extend(entry.way_back);
        self.last = Some(LastEntry {
            number: entry.number,
            rows: entry.rows.clone(),
            fingerprint: entry.fingerprint.clone(),
        });
    }

    /// Adds a row, and returns it.
    pub(crate) fn append(&mut self, new: &NewEntry, author: &Author) -> LogEntry {
        let number = self.last.as_ref().map_or(0, |last| last.number) + 1;
        let mut entry = LogEntry {
            number,
            revision: new.revision.clone(),
            message: new.message.clone(),
            direction: new.direction,
            action: new.action,
            digest: new.digest,
            rows: new.rows.clone(),
            logged_at: String::new(),
            took: new.took,
            user: author.user.clone(),
            host: author.host.clone(),
            application: author.application.clone(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            way_back: new.way_back_digest(),
            fingerprint: String::new(),
        };
        self.apply(&entry);
        entry.fingerprint = self.fingerprint.to_string();
        if let Some(last) = &mut self.last {
            last.fingerprint.clone_from(&entry.fingerprint);
        }
        entry
    }

    /// Returns how many texts of ways back the log holds.
    pub(crate) fn ways_back(&self) -> usize {
        self.ways_back.len()
    }

    /// Returns whether a revision is applied.
    pub(crate) fn has_applied(&self, revision: &str) -> bool {
        self.applied.contains_key(revision)
    }

    /// Returns the revisions that are applied, in the order in which they were.
    pub(crate) fn applied(&self) -> Vec<&LoggedRevision> {
        let mut applied: Vec<&Applied> = self.applied.values().collect();
        applied.sort_by_key(|applied| applied.number);
        applied.iter().map(|applied| &applied.logged).collect()
    }

    /// Returns what is known of a revision that is applied.
    pub(crate) fn find(&self, revision: &str) -> Option<&LoggedRevision> {
        Some(&self.applied.get(revision)?.logged)
    }

    /// Returns the digest of the recorded way back, if the revision is applied and it is known.
    fn way_back(&self, revision: &str) -> Option<Digest> {
        self.applied.get(revision)?.way_back
    }

    /// Returns the digest of what was applied, if the revision is and it is known.
    fn digest(&self, revision: &str) -> Option<Digest> {
        self.applied.get(revision)?.digest
    }
}

/// A digest of a set of revisions and of what they do, in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    /// Returns the fingerprint of revisions as the files have them.
    pub(crate) fn of(graph: &Graph, digests: &[Digest], nodes: &NodeSet) -> Self {
        let mut fingerprint = Self::default();
        for (node, digest) in graph.nodes().zip(digests) {
            if nodes.contains(node) {
                fingerprint.add(graph[node].id.as_str(), Some(*digest));
            }
        }
        fingerprint
    }

    pub(crate) fn add(&mut self, revision: &str, digest: Option<Digest>) {
        self.0 = self.0.wrapping_add(hash(revision, digest));
    }

    pub(crate) fn remove(&mut self, revision: &str, digest: Option<Digest>) {
        self.0 = self.0.wrapping_sub(hash(revision, digest));
    }
}

fn hash(revision: &str, digest: Option<Digest>) -> u64 {
    let digest = digest.map(|digest| digest.number().to_be_bytes());
    let digest = digest.into_iter().flatten();
    fnv_1a(revision.bytes().chain([0]).chain(digest))
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
