//! What is wrong with a source, or cannot be read from it.

use std::fmt;
use std::path::{Path, PathBuf};

use proc_macro2::Span;

use crate::written::Finding;

/// What is wrong with a source, or cannot be read from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub text: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Fault {
    pub(super) fn new(file: &Path, span: Span, text: impl Into<String>) -> Self {
        let start = span.start();
        Self {
            file: file.to_owned(),
            line: start.line,
            column: start.column + 1,
            text: text.into(),
            help: None,
        }
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn of_finding(file: &Path, finding: Finding) -> Self {
        let fault = Self::new(file, finding.span, finding.text);
        Self {
            help: finding.help,
            ..fault
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        write!(f, "{file}:{}:{}: {}", self.line, self.column, self.text)
    }
}

impl std::error::Error for Fault {}
