//! What is wrong with a source, or cannot be read from it.

use std::fmt;
use std::path::{Path, PathBuf};

use proc_macro2::Span;

use super::known_derives::Grammar;
use crate::written::{Finding, Wanted};

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

    /// Returns the fault of a path that does not lead to what is wanted.
    pub(super) fn unresolved(
        grammar: Grammar,
        file: &Path,
        span: Span,
        path: &str,
        wanted: Wanted,
    ) -> Self {
        let (text, help) = match (wanted, grammar) {
            (Wanted::Table, Grammar::SeaOrm) => (
                format!("no entity `{path}` is found here"),
                "import it; if its sources are elsewhere, write `skip_fk`, and leave the key to the revisions",
            ),
            (Wanted::Type, Grammar::SeaOrm) => (
                format!("no column type is known for `{path}`"),
                "say how it is stored: `#[sea_orm(column_type = \"...\")]`; an enum or newtype may have \
             `DeriveActiveEnum` or `DeriveValueType`",
            ),
            (Wanted::Table, Grammar::Own) => (
                format!("no struct `{path}` with `derive(Table)` is found here"),
                "import it, or name the table: `references(\"table\", \"column\")`",
            ),
            (Wanted::Columns, _) => (
                format!("no struct `{path}` with `derive(Columns)` is found here"),
                "add `#[derive(Columns)]` to it, or import it",
            ),
            (Wanted::Type, Grammar::Own) => (
                format!("no column type is known for `{path}`"),
                "say how it is stored: `#[column(type = \"TEXT\")]`, or for each engine: \
             `#[column(type(sqlite = \"TEXT\", postgres = \"INET\"))]`; an enum or newtype may have \
             `#[derive(ColumnType)]`",
            ),
        };
        Self::new(file, span, text).with_help(help)
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
