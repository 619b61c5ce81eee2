//! The files of revisions that are put on top of others.

use std::fmt;
use std::path::{Path, PathBuf};

use alembic_history::{History, LockFile, Node, Rebase, RevisionId, SourceFile, rows_file};
use similar::TextDiff;

use crate::explain;
use crate::lock_file::{CrateLock, NewRevisions};
use crate::new_file::FileChanges;
use crate::new_revision::{create_date, file_path, now};
use crate::output::{Cause, Diagnostic, Result, Shell, display_path};
use crate::workspace::Crate;

/// The changes of the files, and of the lock file.
pub(crate) struct RebasedFiles {
    files: Vec<RebasedFile>,
    lock: Option<RebasedLock>,
}

/// A revision's file, before and after.
#[derive(Clone)]
pub(crate) struct RebasedFile {
    pub(crate) id: RevisionId,
    pub(crate) revises: Vec<RevisionId>,
    is_moved: bool,
    before: PathBuf,
    pub(crate) path: PathBuf,
    text_before: String,
    text: String,
}

struct RebasedLock {
    path: PathBuf,
    before: String,
    text: String,
    had_conflict: bool,
}

impl RebasedFiles {
    /// Writes the new texts, and checks that they form a valid history.
    pub(crate) fn new(owner: &Crate, plan: &Rebase, dates: bool) -> Result<Self> {
        let history = owner.history();
        let settings = &owner.configuration.settings;
        let date = match dates {
            true => Some(now(settings.timezone.as_deref())?),
            false => None,
        };
        let header_date = date.as_ref().map(create_date);
        let current = std::env::current_dir().unwrap_or_default();
        let mut files = Vec::new();
        for (node, revises) in &plan.moved {
            let file = history.file(*node);
            let before = current.join(&file.path);
            let folder = before.parent().unwrap_or(Path::new("."));
            let header = &file.file.header;
            let path = match &date {
                Some(date) => {
                    let message = header.doc.lines().next().unwrap_or_default();
                    file_path(settings, folder, &header.id.name, message, date)?
                }
                None => before.clone(),
            };
            files.push(RebasedFile {
                id: header.id.name.clone(),
                revises: revises.clone(),
                is_moved: history.graph()[*node].down_revisions != *revises,
                before,
                path,
                text_before: file.text.to_string(),
                text: file.moved(revises, header_date.as_deref()),
            });
        }
        let moved = moved_history((owner.name(), history), plan, &files)?;
        Ok(Self {
            lock: lock(owner, &moved, &files)?,
            files,
        })
    }

    /// Returns the files that change.
    pub(crate) fn changed(&self) -> Vec<RebasedFile> {
        let changed = self.files.iter();
        let changed =
            changed.filter(|file| file.text != file.text_before || file.path != file.before);
        changed.cloned().collect()
    }

    /// Returns whether a revision follows others than before.
    pub(crate) fn move_revisions(&self) -> bool {
        self.files.iter().any(|file| file.is_moved)
    }

    /// Reports what was changed.
    pub(crate) fn report(&self, shell: Shell) {
        for file in self.changed() {
            shell.status(
                "Rebased",
                format_args!("{}: {file}", display_path(&file.path)),
            );
        }
        if let Some(lock) = self.lock.as_ref().filter(|lock| lock.had_conflict) {
            shell.status("Resolved", display_path(&lock.path));
        }
    }

    /// Returns whether nothing changes.
    pub(crate) fn are_as_before(&self) -> bool {
        let lock = self.lock.as_ref();
        self.changed().is_empty() && lock.is_none_or(|lock| lock.text == lock.before)
    }

    /// Returns what changes, as a diff.
    pub(crate) fn diff(&self) -> String {
        let mut diff = String::new();
        let mut add = |before: &Path, after: &Path, texts: [&str; 2]| {
            let names = [before, after].map(|path| display_path(path).replace('\\', "/"));
            if names[0] != names[1] {
                diff += &format!("rename from {}\nrename to {}\n", names[0], names[1]);
            }
            let names = [format!("a/{}", names[0]), format!("b/{}", names[1])];
            let lines = TextDiff::from_lines(texts[0], texts[1]);
            let mut lines = lines.unified_diff();
            diff += &lines
                .context_radius(2)
                .header(&names[0], &names[1])
                .to_string();
        };
        for file in self.changed() {
            add(&file.before, &file.path, [&file.text_before, &file.text]);
        }
        if let Some(lock) = &self.lock {
            add(&lock.path, &lock.path, [&lock.before, &lock.text]);
        }
        diff
    }

    /// Prepares the changes.
    pub(crate) fn stage(&self) -> Result<FileChanges> {
        let mut changes = FileChanges::default();
        for file in self.changed() {
            if file.path == file.before {
                changes.replace(&file.path, &file.text)?;
                continue;
            }
            rename(&mut changes, &file.before, &file.path, &file.text)?;
            let rows = rows_file(&file.before);
            if rows.exists() {
                let text = alembic_history::read_text(&rows).map_err(|error| {
                    let title = format!("cannot read {}: {error}", display_path(&rows));
                    Diagnostic::new(Cause::Unreadable(error), title)
                })?;
                rename(&mut changes, &rows, &rows_file(&file.path), &text)?;
            }
        }
        if let Some(lock) = self.lock.as_ref().filter(|lock| lock.text != lock.before) {
            changes.replace(&lock.path, &lock.text)?;
        }
        Ok(changes)
    }
}

impl fmt::Display for RebasedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let revises: Vec<&str> = self.revises.iter().map(RevisionId::as_str).collect();
        write!(f, "{} follows {}", self.id, revises.join(", "))
    }
}

fn rename(changes: &mut FileChanges, from: &Path, to: &Path, text: &str) -> Result<()> {
    if to.exists() {
        let title = format!("{} already exists", display_path(to));
        return Err(Diagnostic::new(Cause::Arguments, title)
            .help("move it away, or leave `--dates` out")
            .into());
    }
    changes.create(to, text)?;
    changes.remove(from)
}

/// Reads the history as it will be.
fn moved_history(
    (name, history): (&str, &History),
    plan: &Rebase,
    files: &[RebasedFile],
) -> Result<History> {
    let text = |node: Node| {
        let mut moved = plan.moved.iter().zip(files);
        let file = moved.find(|((moved, _), _)| *moved == node);
        file.map_or_else(
            || history.file(node).text.to_string(),
            |(_, file)| file.text.clone(),
        )
    };
    let sources = history.graph().nodes().map(|node| SourceFile {
        path: history.file(node).path.clone(),
        content: Ok(text(node).into_bytes()),
    });
    let moved = History::read(sources, history.dialects());
    moved.map_err(|error| explain::history(&error, name))
}

/// Returns the lock file as it will be; whatever else differs from it has to be settled before.
fn lock(owner: &Crate, moved: &History, files: &[RebasedFile]) -> Result<Option<RebasedLock>> {
    let Some(lock) = CrateLock::read(&owner.configuration) else {
        return Ok(None);
    };
    let ids: Vec<RevisionId> = files.iter().map(|file| file.id.clone()).collect();
    let before = lock.both_sides(&lock.current(owner.history()))?;
    let text = before.with_parents(&lock.current(moved), &ids).render();
    let file = LockFile::new(
        display_path(&lock.path).into(),
        Ok(text.clone()),
        owner.name(),
    );
    lock.check_file(&file, moved, NewRevisions::Allow)?;
    Ok(Some(RebasedLock {
        before: lock.file.text().to_owned(),
        had_conflict: lock.has_conflict(),
        path: lock.path,
        text,
    }))
}
