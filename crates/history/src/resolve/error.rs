//! Why an expression names no revisions.

use std::fmt;

use crate::RevisionId;
use crate::expression::SyntaxError;
use crate::id::join;

/// Why an expression names no revisions, or not the ones it needs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolveError {
    /// The text is not an expression.
    Syntax(SyntaxError),
    /// No revision and no label is called so, or begins so.
    UnknownRevision {
        /// The name.
        name: String,
        /// Names that resemble it, the nearest first.
        similar: Vec<String>,
    },
    /// Several ids or labels begin so.
    AmbiguousPrefix {
        /// The beginning that was given.
        prefix: String,
        /// The names that begin so.
        candidates: Vec<String>,
    },
    /// The revision is not on the line of the branch.
    NotOnBranch {
        /// The revision.
        revision: RevisionId,
        /// The branch, as it was given.
        branch: String,
    },
    /// One revision is asked for, and there are several heads.
    MultipleHeads {
        /// The expression.
        expression: String,
        /// The heads that it names.
        heads: Vec<RevisionId>,
    },
    /// The history ends before that many revisions are walked.
    OutOfRange {
        /// The expression.
        expression: String,
        /// How many revisions it asks for.
        asked: u64,
        /// How many there are.
        found: u64,
    },
    /// An offset that the command cannot use: `-N` to upgrade, `+N` to downgrade, zero.
    WrongWay {
        /// The expression.
        expression: String,
    },
    /// The walk comes to a revision from which several ways lead on.
    AmbiguousWalk {
        /// The expression.
        expression: String,
        /// The revision where the ways part; nothing where they part at the base.
        at: Option<RevisionId>,
        /// Where they lead.
        candidates: Vec<RevisionId>,
    },
    /// The offset counts from the rows of the version table, and there are several.
    AmbiguousStart {
        /// The expression.
        expression: String,
        /// The rows it could count from.
        rows: Vec<RevisionId>,
    },
    /// No row of the version table is on the branch from which the offset counts.
    NotStarted {
        /// The expression.
        expression: String,
        /// The branch.
        branch: String,
    },
    /// `current`, or an offset, where the command cannot use it.
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
                asked,
                found,
            } => write!(
                f,
                "'{expression}' leads past the end of the history, after {found} of {asked} revisions"
            ),
            Self::WrongWay { expression } => {
                write!(f, "'{expression}' does not lead this way")
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
            Self::AmbiguousStart { expression, rows } => write!(
                f,
                "'{expression}' is ambiguous: the database is at several revisions, {}",
                join(rows, ", ")
            ),
            Self::NotStarted { expression, branch } => write!(
                f,
                "'{expression}' counts from branch '{branch}', which the database has not begun"
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
