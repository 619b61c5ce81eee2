//! The lock files of crates: reads them, and adds what the commands change to them.

use std::path::PathBuf;

use alembic_history::{
    Direction, FindingKind, History, Lock, LockDifference, LockFile, LockFinding, RevisionId,
    merge_conflict, read_text,
};

use crate::explain;
use crate::output::{Error, Result, display_path};
use crate::workspace::{Configuration, Crate};

/// The lock of a crate that keeps one.
pub(crate) struct CrateLock<'c> {
    configuration: &'c Configuration,
    pub(crate) path: PathBuf,
    pub(crate) file: LockFile,
}

impl<'c> CrateLock<'c> {
    /// Reads the lock file of a crate, if it keeps one.
    pub(crate) fn read(configuration: &'c Configuration) -> Option<Self> {
        let folder = configuration.settings.lock_folder()?;
        let path = configuration.folder.join(folder).join(Lock::FILE_NAME);
        let text = read_text(&path);
        let file = LockFile::new(display_path(&path).into(), text, &configuration.name);
        Some(Self {
            configuration,
            path,
            file,
        })
    }

    /// Returns whether the file holds the two sides of a merge that git could not do.
    pub(crate) fn has_conflict(&self) -> bool {
        merge_conflict(self.file.text()).is_some()
    }

    /// Returns the lock that describes the files of a history.
    pub(crate) fn current(&self, history: &History) -> Lock {
        // As a build sees the crate, whatever database the environment names.
        Lock::of(history, &self.configuration.settings.dialects_for(None))
    }

    /// Returns the lock of the file, or of both sides of a merge that git could not do; `current`
    /// describes the files.
    pub(crate) fn both_sides(&self, current: &Lock) -> Result<Lock> {
        let lock = self.file.parse_both_sides(current);
        lock.map_err(|fault| explain::fault(&fault, &self.configuration.name).into())
    }

    /// Compares the file with the files of a history.
    fn check(&self, history: &History, new: NewRevisions) -> Result<()> {
        self.check_file(&self.file, history, new)
    }

    /// Compares a lock file that may be about to be written with the files of a history.
    pub(crate) fn check_file(
        &self,
        file: &LockFile,
        history: &History,
        new: NewRevisions,
    ) -> Result<()> {
        let dialects = self.configuration.settings.dialects_for(None);
        let mut faults = history.check_lock(file, &dialects);
        if new == NewRevisions::Allow {
            faults.retain(|fault| !is_unrecorded(&fault.finding.kind));
        }
        if faults.is_empty() {
            return Ok(());
        }
        let name = &self.configuration.name;
        let faults = faults.iter().map(|fault| explain::fault(fault, name));
        Err(faults.collect::<Vec<_>>().into())
    }
}

impl Crate {
    /// Compares the revision files with the crate's lock file, if it keeps one.
    pub(crate) fn check_lock(&self, new: NewRevisions) -> Result<()> {
        let Some(lock) = CrateLock::read(&self.configuration) else {
            return Ok(());
        };
        // SQL that cannot be read differs from everything.
        self.check_sql(Direction::Upgrade)?;
        lock.check(self.history(), new)
    }
}

/// What to do about new revisions, whose statements are not recorded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewRevisions {
    /// Allow them, for those who write them.
    Allow,
    Refuse,
}

fn is_unrecorded(kind: &FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::Lock {
            finding: LockFinding::Difference(LockDifference::Unrecorded(_)),
            ..
        }
    )
}

/// Compares the revision files of several crates with their lock files, before a command applies
/// them.
pub(crate) fn check_all(crates: &[Crate]) -> Result<()> {
    let mut failed = None;
    for next in crates {
        if let Err(error) = next.check_lock(NewRevisions::Allow) {
            Error::add(&mut failed, error);
        }
    }
    failed.map_or(Ok(()), Err)
}

/// What a lock file takes in, by revision.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TakenIn {
    pub(crate) added: Vec<RevisionId>,
    /// The new revisions whose statements are recorded now.
    pub(crate) recorded: Vec<RevisionId>,
    /// The revisions that are not as before, each with what has changed.
    pub(crate) changed: Vec<(RevisionId, Vec<String>)>,
    pub(crate) removed: Vec<RevisionId>,
}

impl TakenIn {
    /// Sorts differences by what they mean.
    pub(crate) fn new(differences: Vec<LockDifference>) -> Self {
        let mut taken = Self::default();
        for difference in differences {
            match difference {
                LockDifference::Added(id) => taken.added.push(id),
                LockDifference::Removed(id) => taken.removed.push(id),
                LockDifference::Unrecorded(id) => taken.recorded.push(id),
                LockDifference::Parents(id) => taken.change(id, "parents".to_owned()),
                LockDifference::Dependencies(id) => taken.change(id, "dependencies".to_owned()),
                LockDifference::Content(id, dialects) => {
                    for dialect in dialects {
                        let what = format!("statements for {}", dialect.product());
                        taken.change(id.clone(), what);
                    }
                }
                // Every line changes, and no revision.
                LockDifference::Dialects(_) => {}
            }
        }
        taken
    }

    fn change(&mut self, id: RevisionId, what: String) {
        match self.changed.last_mut() {
            Some((last, changes)) if *last == id => changes.push(what),
            _ => self.changed.push((id, vec![what])),
        }
    }
}
