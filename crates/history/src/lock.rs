//! The lock file of a crate: a line for each revision, with its parents and what it does.
//!
//! A file that is edited, moved or removed no longer agrees with its line. Two people who each add a
//! revision add a line at the same place, so git reports a conflict there.

mod check;
mod line;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::conflict::without_markers;
use crate::file::lines;
use crate::lock_finding::{LockDifference, LockError, LockErrorKind};
use crate::{Dialect, Digest, History, RevisionId, Span, merge_conflict};

pub use check::LockFile;

/// What a revision is and does: a line of the lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedRevision {
    /// Its id.
    pub id: RevisionId,
    /// The revisions that it follows.
    pub revises: Vec<RevisionId>,
    /// The revisions that it depends on, as in its header.
    pub depends_on: Vec<String>,
    /// What it does on each dialect of the crate; empty as long as the revision is new, and its
    /// statements are still being written.
    pub digests: BTreeMap<Dialect, Digest>,
}

/// The revisions of a crate, in the order of its lock file.
///
/// ```
/// use alembic_history::Lock;
///
/// let text = "-- Comment\naa01 sqlite 00000000000000aa\nbb02 revises aa01 sqlite 00000000000000bb\n";
/// let lock = Lock::parse(text).unwrap();
/// assert_eq!(lock.revisions()[1].revises[0].as_str(), "aa01");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    revisions: Vec<LockedRevision>,
    /// The places of the revisions in this order.
    places: HashMap<RevisionId, usize>,
    /// The spans of their lines, if they were read from a file.
    spans: Vec<Span>,
}

impl Lock {
    /// The name of the file, in the first of the crate's migration folders.
    pub const FILE_NAME: &str = "alembic.lock";

    /// The first line of the file.
    const COMMENT: &str = "-- What each revision follows and does, as `cargo alembic revision`, \
                           `edit`, `merge`, `rebase` and `lock` record it.\n";

    /// Returns the lock that describes the files of a history.
    #[must_use]
    pub fn of(history: &History, dialects: &[Dialect]) -> Self {
        let graph = history.graph();
        let revisions = graph.nodes().map(|node| {
            let revision = &graph[node];
            let digest = |dialect: &Dialect| (*dialect, history.digests(*dialect)[node.index()]);
            LockedRevision {
                id: revision.id.clone(),
                revises: revision.down_revisions.clone(),
                depends_on: revision.depends_on.clone(),
                digests: dialects.iter().map(digest).collect(),
            }
        });
        Self::default().ordered(revisions.collect())
    }

    /// Reads a lock file.
    ///
    /// # Errors
    ///
    /// The first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        if let Some(span) = merge_conflict(text) {
            let kind = LockErrorKind::Conflict;
            return Err(LockError { span, kind });
        }
        Self::read(text, lines(text, 0), &Self::default())
    }

    /// Reads a lock file that may hold the two sides of a merge that git could not do, and takes
    /// the lines of both. If they describe a revision differently, the line that describes the files
    /// as `current` does is that of the side that has changed it.
    ///
    /// # Errors
    ///
    /// The first line that is wrong.
    pub fn parse_both_sides(text: &str, current: &Self) -> Result<Self, LockError> {
        Self::read(text, without_markers(text), current)
    }

    fn read(
        text: &str,
        lines: impl Iterator<Item = Span>,
        current: &Self,
    ) -> Result<Self, LockError> {
        let mut lock = Self::default();
        for span in lines {
            let line = span.text(text).trim_start_matches('\u{feff}').trim();
            if line.is_empty() || line.starts_with("--") {
                continue;
            }
            let revision = line::parse(line).ok_or(LockError {
                span,
                kind: LockErrorKind::Malformed,
            })?;
            match lock.revision(&revision.id) {
                None => {
                    lock.push(revision);
                    lock.spans.push(span);
                }
                Some(known) if *known == revision => {}
                Some(known) if current.revision(&revision.id) == Some(known) => {}
                Some(_) if current.revision(&revision.id) == Some(&revision) => {
                    let place = lock.places[&revision.id];
                    lock.revisions[place] = revision;
                    lock.spans[place] = span;
                }
                Some(_) => {
                    let kind = LockErrorKind::Duplicate(revision.id);
                    return Err(LockError { span, kind });
                }
            }
        }
        Ok(lock)
    }

    /// Returns the text of the file. It ends its lines with `\n`.
    #[must_use]
    pub fn render(&self) -> String {
        let lines = self.revisions.iter().map(line::render);
        std::iter::once(Self::COMMENT.to_owned())
            .chain(lines)
            .collect()
    }

    /// Returns the revisions, in the order of the file.
    #[must_use]
    pub fn revisions(&self) -> &[LockedRevision] {
        &self.revisions
    }

    /// Returns the line of a revision.
    #[must_use]
    pub fn revision(&self, id: &RevisionId) -> Option<&LockedRevision> {
        self.places.get(id).map(|place| &self.revisions[*place])
    }

    /// Returns the place of a revision's line in the file that was read.
    #[must_use]
    pub fn span(&self, id: &RevisionId) -> Option<Span> {
        self.spans.get(*self.places.get(id)?).copied()
    }

    fn push(&mut self, revision: LockedRevision) {
        let place = self.revisions.len();
        self.places.insert(revision.id.clone(), place);
        self.revisions.push(revision);
    }

    /// Returns the lock that describes the files as `current` does, in the order of this one: what
    /// is new comes last.
    #[must_use]
    pub fn renewed(&self, current: &Self) -> Self {
        let revisions = current.revisions.iter();
        self.ordered(revisions.map(|revision| self.record(revision)).collect())
    }

    /// Returns this lock with the lines that `current` has for `ids`, and without those that it
    /// does not have.
    #[must_use]
    pub fn with(&self, current: &Self, ids: &[RevisionId]) -> Self {
        let kept = self.revisions.iter();
        let kept = kept.filter(|revision| !ids.contains(&revision.id)).cloned();
        let new = ids.iter().filter_map(|id| current.revision(id));
        let new = new.map(|revision| self.record(revision));
        self.ordered(kept.chain(new).collect())
    }

    /// Returns this lock with the line that `current` has for a revision whose statements are still
    /// to be written.
    #[must_use]
    pub fn with_new(&self, current: &Self, id: &RevisionId) -> Self {
        let mut new = current.revision(id).cloned();
        new.iter_mut().for_each(|revision| revision.digests.clear());
        self.ordered(self.revisions.iter().cloned().chain(new).collect())
    }

    /// Returns this lock with the parents and dependencies that `current` has for `ids`.
    #[must_use]
    pub fn with_parents(&self, current: &Self, ids: &[RevisionId]) -> Self {
        let revisions = self.revisions.iter().cloned().map(|mut revision| {
            let moved = current
                .revision(&revision.id)
                .filter(|moved| ids.contains(&moved.id));
            if let Some(moved) = moved {
                revision.revises.clone_from(&moved.revises);
                revision.depends_on.clone_from(&moved.depends_on);
            }
            revision
        });
        self.ordered(revisions.collect())
    }

    /// Returns the line for a revision: a new one stays new until it has statements.
    fn record(&self, revision: &LockedRevision) -> LockedRevision {
        let known = self.revision(&revision.id);
        let mut revision = revision.clone();
        if known.is_some_and(LockedRevision::is_new) && !revision.has_statements() {
            revision.digests.clear();
        }
        revision
    }

    /// Puts revisions into the order of this lock, as long as each comes after those that it
    /// follows; new ones come last, by their ids.
    ///
    /// So a revision that is added at a head adds a line at the end, wherever the graph branches.
    fn ordered(&self, revisions: Vec<LockedRevision>) -> Self {
        let known: HashMap<&str, usize> = revisions
            .iter()
            .enumerate()
            .map(|(index, known)| (known.id.as_str(), index))
            .collect();
        let mut followers: Vec<Vec<usize>> = vec![Vec::new(); revisions.len()];
        let mut missing: Vec<usize> = vec![0; revisions.len()];
        for (index, revision) in revisions.iter().enumerate() {
            let before: BTreeSet<usize> = before(revision)
                .filter_map(|id| known.get(id).copied())
                .collect();
            missing[index] = before.len();
            before
                .iter()
                .for_each(|parent| followers[*parent].push(index));
        }
        let key = |index: usize| {
            let id = &revisions[index].id;
            (
                self.places.get(id).copied().unwrap_or(usize::MAX),
                id,
                index,
            )
        };
        let mut left: BTreeSet<_> = (0..revisions.len()).map(key).collect();
        let mut ready: BTreeSet<_> = left
            .iter()
            .filter(|(_, _, index)| missing[*index] == 0)
            .copied()
            .collect();
        let mut ordered = Self::default();
        // Lines that were not taken from the files may follow each other in a circle.
        while let Some(next) = ready.pop_first().or_else(|| left.first().copied()) {
            left.remove(&next);
            let (_, _, index) = next;
            ordered.push(revisions[index].clone());
            for follower in &followers[index] {
                missing[*follower] = missing[*follower].saturating_sub(1);
                if missing[*follower] == 0 && left.contains(&key(*follower)) {
                    ready.insert(key(*follower));
                }
            }
        }
        ordered
    }

    /// Returns how this lock differs from the one that describes the files, in the order of the
    /// two.
    #[must_use]
    pub fn differences(&self, current: &Self) -> Vec<LockDifference> {
        let mut differences = Vec::new();
        let dialects = |lock: &Self| -> BTreeSet<Dialect> {
            let revisions = lock.revisions.iter();
            revisions
                .flat_map(|known| known.digests.keys().copied())
                .collect()
        };
        let (ours, theirs) = (dialects(self), dialects(current));
        if ours != theirs && !ours.is_empty() && !theirs.is_empty() {
            differences.push(LockDifference::Dialects(ours.into_iter().collect()));
        }
        for revision in &current.revisions {
            let id = &revision.id;
            let Some(known) = self.revision(id) else {
                differences.push(LockDifference::Added(id.clone()));
                continue;
            };
            if known.revises != revision.revises {
                differences.push(LockDifference::Parents(id.clone()));
            }
            if known.depends_on != revision.depends_on {
                differences.push(LockDifference::Dependencies(id.clone()));
            }
            if known.is_new() && revision.has_statements() {
                differences.push(LockDifference::Unrecorded(id.clone()));
            }
            let dialects = revision.digests.iter().filter(|(dialect, digest)| {
                let locked = known.digests.get(dialect);
                locked.is_some_and(|locked| locked.shows_change(**digest))
            });
            let dialects: Vec<Dialect> = dialects.map(|(dialect, _)| *dialect).collect();
            if !dialects.is_empty() {
                differences.push(LockDifference::Content(id.clone(), dialects));
            }
        }
        let removed = self.revisions.iter().map(|known| &known.id);
        let removed = removed.filter(|id| current.revision(id).is_none()).cloned();
        differences.extend(removed.map(LockDifference::Removed));
        differences
    }
}

impl LockedRevision {
    fn is_new(&self) -> bool {
        self.digests.is_empty()
    }

    fn has_statements(&self) -> bool {
        self.digests.values().any(|digest| *digest != Digest::EMPTY)
    }
}

/// Returns the ids of the lines that stand before that of a revision.
fn before(revision: &LockedRevision) -> impl Iterator<Item = &str> {
    let parents = revision.revises.iter().map(RevisionId::as_str);
    parents.chain(revision.depends_on.iter().map(String::as_str))
}

#[cfg(test)]
mod tests;
