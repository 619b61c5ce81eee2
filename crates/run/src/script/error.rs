//! Why there is no script.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use super::obstacle::Obstacle;
use crate::failure::{Failure, StatementLocation};
use alembic_history::RevisionId;

/// Why a run cannot be written as a script.
#[derive(Debug)]
#[non_exhaustive]
pub enum ScriptError {
    /// The run would be refused, too.
    Failure(Box<Failure>),
    /// The expression says where to go from where the database is, and nothing says where that is.
    NoStart {
        /// The expression.
        expression: String,
    },
    /// A range needs both of its ends here.
    OpenRange {
        /// The range.
        range: String,
    },
    /// Several targets begin at different revisions.
    SeveralStarts,
    /// A statement that would not reach the database as it is written.
    Statement {
        /// Where it stands.
        location: Box<StatementLocation>,
        /// Why.
        obstacle: Obstacle,
    },
    /// A revision sets the search path and has a section outside of transactions, and the schema of
    /// the version table is not known.
    SearchPath {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        path: PathBuf,
    },
}

impl From<Failure> for ScriptError {
    fn from(failure: Failure) -> Self {
        Self::Failure(Box::new(failure))
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failure(failure) => failure.fmt(f),
            Self::NoStart { expression } => write!(
                f,
                "'{expression}' is relative to the revision of a database, which a script does not know"
            ),
            Self::OpenRange { range } => {
                write!(f, "'{range}' needs a start and an end, as in 'head:base'")
            }
            Self::SeveralStarts => {
                f.write_str("the targets start at different revisions, but a script has one start")
            }
            Self::Statement { location, obstacle } => write!(
                f,
                "{}:{}: statement {} of revision {}: {obstacle}",
                location.path.display(),
                location.position,
                location.statement,
                location.revision
            ),
            Self::SearchPath { revision, .. } => write!(
                f,
                "revision {revision} sets the search path and has a section outside a transaction, \
                 after which a script could not find the version table"
            ),
        }
    }
}

impl Error for ScriptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        None
    }
}
