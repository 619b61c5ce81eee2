//! What is wrong with a lock file, or with the files that it describes.

use std::fmt;

use crate::{Code, Dialect, RevisionId, Span};

/// Why a text is not a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockError {
    /// The line at fault.
    pub span: Span,
    /// What is wrong with it.
    pub kind: LockErrorKind,
}

/// What is wrong with a line of a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockErrorKind {
    /// It is a marker of a merge that git could not do.
    Conflict,
    /// It does not describe a revision.
    Malformed,
    /// Another line describes the same revision.
    Duplicate(RevisionId),
}

/// A difference between a lock file and the revision files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockDifference {
    /// A revision that the lock file does not have.
    Added(RevisionId),
    /// A revision that no file declares.
    Removed(RevisionId),
    /// The revision has other parents.
    Parents(RevisionId),
    /// The revision depends on other revisions.
    Dependencies(RevisionId),
    /// The revision is new, and what it does is not recorded yet.
    Unrecorded(RevisionId),
    /// The revision does something else on these dialects.
    Content(RevisionId, Vec<Dialect>),
    /// The lock file is about these dialects, which are not those of the crate.
    Dialects(Vec<Dialect>),
}

/// Something wrong with a lock file, or with a revision file that differs from its line there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockFinding {
    /// There is no lock file.
    Missing,
    /// The lock file cannot be read; carries the reason.
    Unreadable(String),
    /// A line of the lock file is wrong.
    Line(LockErrorKind),
    /// The lock file and the revision files differ.
    Difference(LockDifference),
}

impl LockFinding {
    /// Returns the code that names this kind of finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing => Code::LockMissing,
            Self::Unreadable(_) => Code::UnreadableFile,
            Self::Line(LockErrorKind::Conflict) => Code::LockConflict,
            Self::Line(LockErrorKind::Malformed | LockErrorKind::Duplicate(_)) => {
                Code::LockMalformed
            }
            Self::Difference(LockDifference::Added(_)) => Code::LockAdded,
            Self::Difference(LockDifference::Removed(_)) => Code::LockRemoved,
            Self::Difference(LockDifference::Parents(_) | LockDifference::Dependencies(_)) => {
                Code::LockParents
            }
            Self::Difference(LockDifference::Content(..) | LockDifference::Unrecorded(_)) => {
                Code::LockContent
            }
            Self::Difference(LockDifference::Dialects(_)) => Code::LockDialects,
        }
    }

    /// Returns what comes before `cargo alembic lock`, and after it, in the text that says how to
    /// correct it.
    #[must_use]
    pub const fn help(&self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => (
                "write it with ",
                ", or remove `lock` from [package.metadata.alembic]",
            ),
            Self::Unreadable(_) => ("make the file readable, or write it anew with ", ""),
            Self::Line(LockErrorKind::Conflict) => (
                "join the two sides with `cargo alembic rebase -p CRATE` or `cargo alembic merge \
                 -p CRATE`, which resolve it; if the history has one head, write it anew with ",
                "",
            ),
            Self::Line(LockErrorKind::Malformed | LockErrorKind::Duplicate(_)) => (
                "restore the line, or write the file anew with ",
                ", which lists what it takes in",
            ),
            Self::Difference(LockDifference::Added(_)) => {
                ("if the file is meant to be here, record it with ", "")
            }
            Self::Difference(LockDifference::Removed(_)) => (
                "restore its file; if it was removed on purpose, and no database has applied it, \
                 record that with ",
                "",
            ),
            Self::Difference(LockDifference::Parents(_) | LockDifference::Dependencies(_)) => (
                "restore the header: a database that has applied a later revision never applies what \
                 is put below it; if no database has, record the change with ",
                "",
            ),
            Self::Difference(LockDifference::Content(..)) => (
                "restore the file, and put the change into a new revision: a database that has \
                 applied this one never applies it again; if the change is on purpose, record it \
                 with ",
                "",
            ),
            Self::Difference(LockDifference::Unrecorded(_)) => (
                "when they are written, and before others get the revision, record them with ",
                "",
            ),
            Self::Difference(LockDifference::Dialects(_)) => ("record them with ", ""),
        }
    }
}

impl fmt::Display for LockFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the lock file is missing"),
            Self::Unreadable(why) => write!(f, "cannot read the lock file: {why}"),
            Self::Line(LockErrorKind::Conflict) => {
                f.write_str("unresolved merge conflict in the lock file")
            }
            Self::Line(LockErrorKind::Malformed) => {
                f.write_str("the line does not describe a revision")
            }
            Self::Line(LockErrorKind::Duplicate(id)) => {
                write!(f, "another line describes revision {id} differently")
            }
            Self::Difference(LockDifference::Added(id)) => {
                write!(f, "revision {id} is not in the lock file")
            }
            Self::Difference(LockDifference::Removed(id)) => {
                write!(f, "revision {id} of the lock file is missing")
            }
            Self::Difference(LockDifference::Parents(id)) => {
                write!(
                    f,
                    "revision {id} follows other revisions than in the lock file"
                )
            }
            Self::Difference(LockDifference::Dependencies(id)) => {
                write!(
                    f,
                    "revision {id} depends on other revisions than in the lock file"
                )
            }
            Self::Difference(LockDifference::Unrecorded(id)) => write!(
                f,
                "the statements of the new revision {id} are not recorded in the lock file"
            ),
            Self::Difference(LockDifference::Content(id, dialects)) => write!(
                f,
                "the statements of revision {id} for {} differ from the lock file",
                products(dialects)
            ),
            Self::Difference(LockDifference::Dialects(locked)) => write!(
                f,
                "the lock file is for {}, but the crate has other dialects",
                products(locked)
            ),
        }
    }
}

fn products(dialects: &[Dialect]) -> String {
    let names: Vec<&str> = dialects.iter().map(|dialect| dialect.product()).collect();
    names.join(" and ")
}
