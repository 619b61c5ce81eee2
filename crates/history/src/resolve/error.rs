//! Why an expression names no revisions.

use std::fmt;

use crate::RevisionId;
use crate::expression::SyntaxError;
use crate::id::join;

/// The reason why an expression cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolveError {
    /// The text is not an expression.
    Syntax(SyntaxError),
    /// No id or label is, or begins with, the name.
    UnknownRevision {
        /// The name.
        name: String,
        /// Names that resemble it, the nearest first.
        similar: Vec<String>,
    },
    /// Several ids or labels begin with the prefix.
    AmbiguousPrefix {
        /// The prefix.
        prefix: String,
        /// The names that begin with it.
        candidates: Vec<String>,
    },
    /// The revision is not on the line of the branch.
    NotOnBranch {
        /// The revision.
        revision: RevisionId,
        /// The branch, as it was written.
        branch: String,
    },
    /// One revision is needed, and there are several heads.
    MultipleHeads {
        /// The expression.
        expression: String,
        /// The heads.
        heads: Vec<RevisionId>,
    },
    /// The history ends before the end of the walk.
    OutOfRange {
        /// The expression.
        expression: String,
        /// Whether the walk is a downgrade's: its end is the beginning.
        is_back: bool,
        /// How many revisions to walk.
        asked: u64,
        /// How many revisions there are.
        found: u64,
    },
    /// An offset that the command cannot use: `-N` to upgrade, `+N` to downgrade, zero.
    WrongWay {
        /// The expression.
        expression: String,
    },
    /// The walk reaches a revision where the history branches.
    AmbiguousWalk {
        /// The expression.
        expression: String,
        /// The revision where the history branches; `None` for the base.
        at: Option<RevisionId>,
        /// The next revisions.
        candidates: Vec<RevisionId>,
    },
    /// The offset counts from the rows of the version table, and there are several.
    AmbiguousStart {
        /// The expression.
        expression: String,
        /// The rows.
        rows: Vec<RevisionId>,
        /// The branch to count from, if nothing of it is applied: the rows are only below it.
        unapplied: Option<String>,
    },
    /// The offset counts from a branch, on which the version table has no row.
    NotStarted {
        /// The expression.
        expression: String,
        /// The branch.
        branch: String,
    },
    /// The command cannot use `current` or an offset.
    NotAllowed {
        /// The expression.
        expression: String,
    },
    /// The ends of a range are not on one line.
    NotARange {
        /// The older end.
        start: String,
        /// The newer end.
        end: String,
    },
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => error.fmt(f),
            Self::UnknownRevision { name, .. } => {
                write!(f, "can't locate revision identified by '{name}'")
            }
            Self::AmbiguousPrefix { prefix, candidates } => write!(
                f,
                "several revisions start with '{prefix}': {}",
                candidates.join(", ")
            ),
            Self::NotOnBranch { revision, branch } => {
                write!(f, "revision {revision} is not on branch '{branch}'")
            }
            Self::MultipleHeads { expression, heads } => write!(
                f,
                "multiple head revisions are present for '{expression}': {}",
                join(heads, ", ")
            ),
            Self::OutOfRange {
                expression,
                is_back,
                asked,
                found,
            } => {
                let end = if *is_back { "beginning" } else { "end" };
                write!(
                    f,
                    "'{expression}' leads past the {end} of the history, after {found} of {asked} revisions"
                )
            }
            Self::WrongWay { expression } => {
                write!(f, "'{expression}' does not lead in this direction")
            }
            Self::AmbiguousWalk {
                expression,
                at,
                candidates,
            } => {
                let at = at.as_ref().map_or("<base>", RevisionId::as_str);
                write!(
                    f,
                    "'{expression}' is ambiguous: from {at} it can lead to {}",
                    join(candidates, ", ")
                )
            }
            Self::AmbiguousStart {
                expression,
                rows,
                unapplied: Some(branch),
            } => write!(
                f,
                "'{expression}' counts from '{branch}', of which nothing is applied in the \
                 database: it is at {}",
                join(rows, ", ")
            ),
            Self::AmbiguousStart {
                expression,
                rows,
                unapplied: None,
            } => write!(
                f,
                "'{expression}' is ambiguous: the database is at several revisions, {}",
                join(rows, ", ")
            ),
            Self::NotStarted { expression, branch } => write!(
                f,
                "'{expression}' counts from '{branch}', of which nothing is applied in the database"
            ),
            Self::NotAllowed { expression } => {
                write!(f, "'{expression}' cannot be used with this command")
            }
            Self::NotARange { start, end } => write!(
                f,
                "{start} is not an ancestor of {end} along the same branch"
            ),
        }
    }
}

impl std::error::Error for ResolveError {}

impl From<SyntaxError> for ResolveError {
    fn from(error: SyntaxError) -> Self {
        ResolveError::Syntax(error)
    }
}
