//! Obstacles that keep a shell from passing a statement on unchanged.

use std::fmt;

/// Obstacles that keep a shell from passing a statement on unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Obstacle {
    /// A parameter, which the sqlite3 shell replaces by NULL, or by a value that its user has
    /// bound.
    Parameter(String),
    /// A line that the sqlite3 shell treats as the end of a statement: `go` or `/` alone.
    Terminator(String),
    /// `BEGIN`, `CASE` and `END` in the definition of a routine, which psql pairs to find its end.
    UnpairedBegin,
    /// What becomes of the statement depends on the table, and the script was not rehearsed.
    Unrehearsed,
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
            Self::Unrehearsed => f.write_str(
                "what becomes of the statement depends on the table: rehearse the script first",
            ),
            Self::UnpairedBegin => f.write_str(
                "psql would not find the end of the statement: it expects an END for each BEGIN and \
                 CASE",
            ),
        }
    }
}
