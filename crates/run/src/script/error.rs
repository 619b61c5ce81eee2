//! Errors of writing a script.

use std::error::Error;
use std::fmt;

use super::obstacle::Obstacle;
use crate::failure::{Failure, StatementLocation};

/// The reason why a run cannot be written as a script.
#[derive(Debug)]
#[non_exhaustive]
pub enum ScriptError {
    /// The run itself would fail.
    Failure(Box<Failure>),
    /// The expression is relative to the database's revision, and no start is given.
    NoStart {
        /// The expression.
        expression: String,
    },
    /// The command needs both ends of the range.
    OpenRange {
        /// The range.
        range: String,
    },
    /// The targets start at different revisions.
    SeveralStarts,
    /// A shell would not pass a statement on unchanged.
    Statement {
        /// The location of the statement.
        location: Box<StatementLocation>,
        /// The obstacle.
        obstacle: Obstacle,
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
        }
    }
}

impl Error for ScriptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        None
    }
}
