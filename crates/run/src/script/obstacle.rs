//! Why a shell would not pass a statement on as it is written.

use std::fmt;

/// Why a shell would not pass a statement on as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Obstacle {
    /// A parameter, for which the sqlite3 shell puts NULL, or what its user has bound.
    Parameter(String),
    /// A line that the sqlite3 shell takes for the end of a statement: `go` or `/` alone.
    Terminator(String),
    /// `BEGIN`, `CASE` and `END` in the definition of a routine, which psql pairs to find its end.
    UnpairedBegin,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(
                f,
                "the statement has the parameter {name}, which has no value"
            ),
            Self::Terminator(line) => write!(
                f,
                "the sqlite3 shell would take the line `{line}` for the end of the statement"
            ),
            Self::UnpairedBegin => f.write_str(
                "psql would not find the end of the statement: it expects an END for each BEGIN and \
                 CASE",
            ),
        }
    }
}
