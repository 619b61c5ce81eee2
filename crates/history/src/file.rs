//! One revision file: a header that places the revision in the history, and sections of SQL.
//!
//! ```text
//! -- Add documents
//! --
//! -- Revision ID: 1975ea83b712
//! -- Revises: ae1027a6acf0
//! -- Create Date: 2026-01-02 03:04:06+00:00
//!
//! -- alembic: upgrade
//! CREATE TABLE documents (id INTEGER PRIMARY KEY);
//!
//! -- alembic: downgrade
//! DROP TABLE documents;
//! ```

mod header;
mod render;
mod section;

use crate::{Dialect, Direction, Finding, FindingKind, Revision, Span};
use alembic_sql::{self as sql, StatementKind};

pub use header::{Header, Named};
pub use render::NewRevision;
pub use section::{Body, Reversal, Section};

/// A revision file as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionFile {
    /// What the header declares.
    pub header: Header,
    /// The sections, in the order of the file.
    pub sections: Vec<Section>,
}

/// A statement of a revision, and where it stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStatement<'f> {
    /// The statement as it is sent to the database.
    pub sql: &'f str,
    /// Where it stands.
    pub span: Span,
}

impl RevisionFile {
    /// Reads a revision file, checking the SQL of its sections for each of `dialects`.
    ///
    /// Returns what was understood, where that is enough to place the revision in a history, and
    /// what is wrong with the file, in its order: everything, or the first twenty findings.
    ///
    /// ```
    /// use alembic_history::{Dialect, RevisionFile};
    ///
    /// let text = "-- Add users\n--\n-- Revision ID: a1b2\n-- Revises:\n\n-- alembic: upgrade\nSELECT 1;\n";
    /// let (file, findings) = RevisionFile::parse(text, &[Dialect::Sqlite]);
    /// assert!(findings.is_empty());
    /// assert_eq!(file.unwrap().header.message, "Add users");
    /// ```
    #[must_use]
    pub fn parse(text: &str, dialects: &[Dialect]) -> (Option<Self>, Vec<Finding>) {
        let mut findings = Vec::new();
        // A byte-order mark counts as white space; spans go on counting from the start of the file.
        let start = text.len() - text.trim_start_matches('\u{feff}').len();
        if text[start..].trim().is_empty() {
            findings.push(Finding::new(
                Span::new(0, text.len()),
                FindingKind::EmptyFile,
            ));
            return (None, findings);
        }
        let (header, body) = header::parse(text, start, &mut findings);
        let sections = section::parse(text, body, &mut findings);
        for section in &sections {
            check_sql(text, section, dialects, &mut findings);
        }
        findings.sort_by_key(|finding| finding.span);
        findings.truncate(MAX_FINDINGS);
        let file = header.map(|header| RevisionFile { header, sections });
        (file, findings)
    }

    /// Returns what the graph needs to know of this revision.
    #[must_use]
    pub fn revision(&self) -> Revision {
        let header = &self.header;
        Revision {
            id: header.id.name.clone(),
            down_revisions: header
                .revises
                .iter()
                .map(|named| named.name.clone())
                .collect(),
            branch_labels: header
                .branch_labels
                .iter()
                .map(|named| named.name.clone())
                .collect(),
            depends_on: header
                .depends_on
                .iter()
                .map(|named| named.name.clone())
                .collect(),
            message: header.message.clone(),
        }
    }

    /// Returns the sections that run in `direction` on `dialect`, in the order of the file.
    pub fn sections(
        &self,
        direction: Direction,
        dialect: Dialect,
    ) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| {
            section.direction == direction && section.dialect.is_none_or(|only| only == dialect)
        })
    }

    /// Tells whether and how this revision can be reverted on `dialect`.
    #[must_use]
    pub fn reversal(&self, dialect: Dialect) -> Reversal<'_> {
        section::reversal(self, dialect)
    }
}

impl Section {
    /// Splits the section's SQL into statements for `dialect`.
    ///
    /// `text` is the file that the section was read from.
    #[must_use]
    pub fn statements<'f>(&self, text: &'f str, dialect: Dialect) -> Vec<FileStatement<'f>> {
        let Body::Sql(body) = &self.body else {
            return Vec::new();
        };
        sql::split(body.text(text), dialect)
            .statements
            .into_iter()
            .map(|statement| statement.span.shifted(body.start))
            .map(|span| FileStatement {
                sql: span.text(text),
                span,
            })
            .collect()
    }
}

/// How many findings of one file are reported: nobody reads more, as a whole dump would give.
const MAX_FINDINGS: usize = 20;

/// Finds what no database should be sent: text without an end, and statements that would end the
/// run's own transaction.
fn check_sql(text: &str, section: &Section, dialects: &[Dialect], findings: &mut Vec<Finding>) {
    let Body::Sql(body) = section.body else {
        return;
    };
    let runs_on = |dialect: &&Dialect| section.dialect.is_none_or(|only| only == **dialect);
    let own = findings.len();
    for dialect in dialects.iter().filter(runs_on) {
        // A shared section is read once per dialect: what both find is one finding.
        let mut found = sql_findings(text, body, *dialect);
        found.retain(|finding| !findings[own..].contains(finding));
        findings.append(&mut found);
    }
}

/// Returns the first findings in a section's SQL.
fn sql_findings(text: &str, body: Span, dialect: Dialect) -> Vec<Finding> {
    let split = sql::split(body.text(text), dialect);
    let errors = split.errors.into_iter().map(|error| {
        let span = error.span.shifted(body.start);
        Finding::new(span, FindingKind::Sql(error.kind))
    });
    let statements = split.statements.into_iter().filter_map(|statement| {
        let span = statement.span.shifted(body.start);
        let sql = span.text(text);
        let ends = StatementKind::of(sql, dialect) == StatementKind::TransactionControl;
        ends.then(|| {
            let statement = sql::summary(sql, dialect);
            Finding::new(span, FindingKind::TransactionControl { statement })
        })
    });
    let mut findings: Vec<Finding> = errors.chain(statements).collect();
    findings.sort_by_key(|finding| finding.span);
    findings.truncate(MAX_FINDINGS);
    findings
}

#[cfg(test)]
mod tests;
