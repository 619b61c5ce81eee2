//! What a server says besides its answers: warnings and notices.

use std::fmt;
use std::path::PathBuf;

use alembic_history::{Position, RevisionId};

/// A message that a server sends next to the answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// The statement of the request that it is about, counted from 0.
    pub statement: usize,
    /// How important it is.
    pub severity: Severity,
    /// The text.
    pub message: String,
    /// The server's code for it, if the library passes it on.
    pub code: Option<String>,
    /// More about it, if the server has more and the library passes it on.
    pub detail: Option<String>,
    /// What to do about it, under the same conditions.
    pub hint: Option<String>,
}

/// The severity of a notice, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// For the people who write the server or a function.
    Debug,
    /// What the user asked for.
    Info,
    /// What may help the user.
    Notice,
    /// A likely problem.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Debug => "debug",
            Severity::Info => "info",
            Severity::Notice => "notice",
            Severity::Warning => "warning",
        })
    }
}

impl Notice {
    /// Creates a notice about a statement of the last request, counted from 0.
    #[must_use]
    pub fn new(statement: usize, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            statement,
            severity,
            message: message.into(),
            code: None,
            detail: None,
            hint: None,
        }
    }

    /// Adds the server's code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Adds what else the server has to say.
    #[must_use]
    pub fn with_details(mut self, detail: Option<&str>, hint: Option<&str>) -> Self {
        self.detail = detail.map(ToOwned::to_owned);
        self.hint = hint.map(ToOwned::to_owned);
        self
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (before, more) in [("; ", &self.detail), ("; hint: ", &self.hint)] {
            if let Some(more) = more {
                write!(f, "{before}{}", more.trim_end_matches('.'))?;
            }
        }
        Ok(())
    }
}

/// The statement of a file that made the server send a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoticeOrigin {
    /// The revision; `None` in a target schema or a base.
    pub revision: Option<RevisionId>,
    /// The file.
    pub path: PathBuf,
    /// Where the statement begins.
    pub position: Position,
    /// The statement, in short.
    pub summary: String,
    /// Whether it is there to run code, which may have said this; otherwise it is what the server says
    /// of the statement: that a table exists and is skipped, or that a name is cut.
    pub may_speak: bool,
}

impl fmt::Display for NoticeOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.position)
    }
}
