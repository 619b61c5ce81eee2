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

use std::sync::Arc;

use alembic_sql::{SqlText, SqliteVersion, summary};

use crate::{Dialect, Direction, Finding, FindingKind, Revision, Span, merge_conflict};

pub(crate) use header::lines;
pub use header::{Header, Named};
pub use render::NewRevision;
pub use section::{Body, Reversal, Section};

/// A parsed revision file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionFile {
    /// The header.
    pub header: Header,
    /// The sections, in the order of the file.
    pub sections: Vec<Section>,
}

/// The place of a revision in its history, which decides whether it needs statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At most one revision before it, and one after it: it is there for its statements.
    Line,
    /// Lines part or join there, which is a reason to be there without statements.
    Junction,
    /// Unknown, because something else is wrong with the history.
    Unknown,
}

/// A parsed text, whether or not it declares which revision it is.
pub(crate) struct Draft {
    header: Option<Header>,
    sections: Vec<Section>,
    /// The findings, except those in its SQL, in no order.
    findings: Vec<Finding>,
}

impl Draft {
    /// Reads a text except for its SQL.
    pub(crate) fn read(text: &Arc<str>) -> Self {
        if let Some(marker) = merge_conflict(text) {
            // Whatever else is wrong comes from having both sides.
            return Self {
                header: None,
                sections: Vec::new(),
                findings: vec![Finding::new(marker, FindingKind::MergeConflict)],
            };
        }
        let mut findings = Vec::new();
        // A byte-order mark counts as white space; spans still count from the start of the file.
        let start = text.len() - text.trim_start_matches('\u{feff}').len();
        if text[start..].trim().is_empty() {
            findings.push(Finding::new(
                Span::new(0, text.len()),
                FindingKind::EmptyFile,
            ));
            return Self {
                header: None,
                sections: Vec::new(),
                findings,
            };
        }
        let (header, body) = header::parse(text, start, &mut findings);
        let sections = section::parse(text, body, &mut findings);
        Self {
            header,
            sections,
            findings,
        }
    }

    /// Checks the SQL for each of `dialects`.
    pub(crate) fn check_sql(&mut self, dialects: &[Dialect]) {
        check_sections(&self.sections, dialects, &mut self.findings);
    }

    /// Returns whether the header places the revision in a history.
    pub(crate) const fn has_header(&self) -> bool {
        self.header.is_some()
    }

    /// Returns the revision, if it is known, and the findings.
    pub(crate) fn finish(self) -> (Option<RevisionFile>, Vec<Finding>) {
        let sections = self.sections;
        let file = self.header.map(|header| RevisionFile { header, sections });
        (file, first(self.findings))
    }
}

impl RevisionFile {
    /// Reads a revision file, checking the SQL of its sections for each of `dialects`.
    ///
    /// Returns the file, if its header places the revision in a history, and the findings in the
    /// order of the file: all of them, or the first twenty.
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
    pub fn parse(text: impl Into<Arc<str>>, dialects: &[Dialect]) -> (Option<Self>, Vec<Finding>) {
        let mut draft = Draft::read(&text.into());
        draft.check_sql(dialects);
        draft.finish()
    }

    /// Returns the findings in the SQL of the sections that run in one of `directions` on
    /// `dialects`, in the order of the file: all of them, or the first twenty.
    pub(crate) fn check_sql(
        &self,
        directions: &[Direction],
        dialects: &[Dialect],
        place: Place,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let sections = self.sections.iter();
        for section in sections.filter(|section| directions.contains(&section.direction)) {
            check_sections(std::slice::from_ref(section), dialects, &mut findings);
            let emptiness = section.emptiness(dialects, place);
            findings.extend(emptiness.filter(|finding| finding.kind != FindingKind::EmptyUpgrade));
        }
        first(findings)
    }

    /// Returns the upgrade sections without statements that do not say that this is on purpose, unless
    /// another section has the statements.
    pub(crate) fn empty_upgrades(&self, dialects: &[Dialect], place: Place) -> Vec<Finding> {
        let has_statements = |dialect: Dialect| {
            let mut upgrades = self.sections(Direction::Upgrade, dialect);
            upgrades.any(|section| section.statements(dialect).next().is_some())
        };
        let bare: Vec<Dialect> = dialects
            .iter()
            .copied()
            .filter(|dialect| !has_statements(*dialect))
            .collect();
        let sections = self.sections.iter();
        let findings = sections.filter_map(|section| section.emptiness(&bare, place));
        findings
            .filter(|finding| finding.kind == FindingKind::EmptyUpgrade)
            .collect()
    }

    /// Returns what only newer versions of SQLite than `oldest` understand in the sections that run in
    /// `direction` on one of `dialects`, in the order of the file: all of it, or the first twenty.
    pub(crate) fn newer_sql(
        &self,
        direction: Direction,
        dialects: &[Dialect],
        oldest: SqliteVersion,
    ) -> Vec<Finding> {
        let findings = dialects.iter().flat_map(|dialect| {
            let texts = self.sections(direction, *dialect).filter_map(Section::sql);
            let newer = texts.flat_map(|sql| sql.newer_sql(*dialect, oldest));
            newer.map(|newer| Finding::new(newer.span, FindingKind::Newer(newer)))
        });
        first(findings.collect())
    }

    /// Returns the revision as the graph needs it.
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
        self.sections
            .iter()
            .filter(move |section| section.direction == direction && section.runs_on(dialect))
    }

    /// Returns whether and how this revision can be reverted on `dialect`.
    #[must_use]
    pub fn reversal(&self, dialect: Dialect) -> Reversal<'_> {
        section::reversal(self, dialect)
    }
}

/// The maximum number of findings reported for one file: a whole dump would give far more than
/// anyone reads.
const MAX_FINDINGS: usize = 20;

/// Returns the first of the findings in the order of the file.
fn first(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| finding.span);
    findings.truncate(MAX_FINDINGS);
    findings
}

/// Finds text that no database should receive: unterminated text, and statements that would end the
/// run's own transaction.
fn check_sections(sections: &[Section], dialects: &[Dialect], findings: &mut Vec<Finding>) {
    for section in sections {
        let own = findings.len();
        for dialect in dialects {
            if let Some(sql) = section.sql().filter(|_| section.runs_on(*dialect)) {
                // A shared section is read once per dialect: a finding of both is reported once.
                let mut found = sql_findings(sql, *dialect);
                found.retain(|finding| !findings[own..].contains(finding));
                findings.append(&mut found);
            }
        }
    }
}

/// Returns the first findings in a section's SQL.
fn sql_findings(sql: &SqlText, dialect: Dialect) -> Vec<Finding> {
    let errors = sql.split(dialect).errors.iter();
    let errors = errors.map(|error| Finding::new(error.span, FindingKind::Sql(error.kind)));
    let statements = sql
        .statements(dialect)
        .filter(|statement| statement.kind.is_transaction_control())
        .map(|statement| {
            let summary = summary(statement.sql, dialect);
            let kind = FindingKind::TransactionControl { statement: summary };
            Finding::new(statement.span, kind)
        });
    first(errors.chain(statements).collect())
}

#[cfg(test)]
mod tests;
