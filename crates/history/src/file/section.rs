//! The sections of a revision file.

use std::sync::Arc;

use alembic_sql::{FileStatement, SqlText};

use super::header::lines;
use super::{Place, RevisionFile};
use crate::section_heading::{HEADING, is_heading};
use crate::{Dialect, Direction, Finding, FindingKind, Span, nearest};

/// A part of a revision file that runs in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// When the section runs.
    pub direction: Direction,
    /// The only dialect of the section; `None` if it is for all dialects.
    pub dialect: Option<Dialect>,
    /// Whether the section must run outside a transaction.
    pub transaction: bool,
    /// The content of the section.
    pub body: Body,
    /// The span of its heading.
    pub heading: Span,
}

/// The content of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// SQL, from the line after the heading to the next heading.
    Sql(SqlText),
    /// The declaration that the revision cannot be reverted, with the reason.
    Irreversible(String),
    /// The declaration that the section has no statements on purpose.
    Empty,
}

/// Whether and how a revision can be reverted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reversal<'f> {
    /// Its downgrade sections revert it; they may be empty.
    Possible,
    /// A section declares that it cannot be reverted, for this reason.
    Declared(&'f str),
    /// It has no downgrade section.
    Missing,
}

impl Section {
    /// Returns whether the section runs on `dialect`.
    pub(crate) fn runs_on(&self, dialect: Dialect) -> bool {
        self.dialect.is_none_or(|only| only == dialect)
    }

    /// Returns the section's SQL, unless it declares that it has none.
    #[must_use]
    pub const fn sql(&self) -> Option<&SqlText> {
        match &self.body {
            Body::Sql(sql) => Some(sql),
            Body::Irreversible(_) | Body::Empty => None,
        }
    }

    /// Returns the finding that the section has no statements for one of `dialects`, in a revision at
    /// `place`.
    pub(super) fn emptiness(&self, dialects: &[Dialect], place: Place) -> Option<Finding> {
        let kind = match (place, self.transaction, self.direction) {
            (Place::Unknown, _, _) => None,
            (Place::Line | Place::Junction, false, _) => Some(FindingKind::EmptyOutside),
            (Place::Line, true, Direction::Upgrade) => Some(FindingKind::EmptyUpgrade),
            (Place::Junction, true, Direction::Upgrade) | (_, true, Direction::Downgrade) => None,
        }?;
        let is_empty = self.lacks_statements(dialects);
        is_empty.then(|| Finding::new(self.heading, kind))
    }

    /// Returns whether the section holds no statement for one of `dialects`, although nothing
    /// declares that this is on purpose.
    fn lacks_statements(&self, dialects: &[Dialect]) -> bool {
        let mut theirs = dialects.iter().filter(|dialect| self.runs_on(**dialect));
        self.sql().is_some_and(|sql| {
            theirs.any(|dialect| {
                let split = sql.split(*dialect);
                split.statements.is_empty() && split.errors.is_empty()
            })
        })
    }

    /// Returns the section's statements, as `dialect` reads them.
    ///
    /// The first call for each dialect splits the section's SQL. If that fails, only the complete
    /// statements are returned; [`History::check_sql`](crate::History::check_sql) reports the
    /// failure.
    pub fn statements(&self, dialect: Dialect) -> impl Iterator<Item = FileStatement<'_>> {
        let sql = self.sql().into_iter();
        sql.flat_map(move |sql| sql.statements(dialect))
    }
}

pub(super) fn parse(text: &Arc<str>, start: usize, findings: &mut Vec<Finding>) -> Vec<Section> {
    let headings: Vec<Span> = lines(text, start)
        .filter(|line| is_heading(line.text(text)))
        .collect();
    let before = headings.first().map_or(text.len(), |first| first.start);
    if let Some(line) = lines(&text[..before], start).find(|line| holds_sql(line.text(text))) {
        findings.push(Finding::new(line, FindingKind::OutsideSection));
    }
    let mut sections = Vec::new();
    for (index, heading) in headings.iter().enumerate() {
        let end = headings
            .get(index + 1)
            .map_or(text.len(), |next| next.start);
        let body = lines(text, heading.start)
            .nth(1)
            .map_or(end, |line| line.start.min(end));
        match section(text, *heading, Span::new(body, end)) {
            Ok(section) => sections.push(section),
            Err(finding) => findings.push(finding),
        }
    }
    let upgrade = |section: &Section| section.direction == Direction::Upgrade;
    if !sections.iter().any(upgrade) && findings.is_empty() {
        let place = Span::new(before, before);
        findings.push(Finding::new(place, FindingKind::NoUpgrade));
    }
    sections
}

fn holds_sql(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with("--")
}

/// Reads a heading:
/// `-- alembic: upgrade|downgrade [DIALECT] [no-transaction | empty | irreversible: REASON]`.
fn section(text: &Arc<str>, heading: Span, body: Span) -> Result<Section, Finding> {
    let line = heading.text(text);
    let Some(rest) = line.strip_prefix(HEADING) else {
        let finding = FindingKind::MisspeltHeading;
        return Err(Finding::new(heading, finding));
    };
    let (rest, reason) = match rest.split_once("irreversible:") {
        Some((rest, reason)) => (rest, Some(reason.trim())),
        None => (rest, None),
    };
    let mut direction = None;
    let mut dialect = None;
    let mut transaction = true;
    let mut empty = false;
    for word in rest.split_whitespace() {
        let offset = word.as_ptr() as usize - text.as_ptr() as usize;
        let span = Span::new(offset, offset + word.len());
        match (word, direction) {
            ("upgrade", None) => direction = Some(Direction::Upgrade),
            ("downgrade", None) => direction = Some(Direction::Downgrade),
            (_, None) => {
                let meant = nearest(word, ["upgrade", "downgrade"]).first().copied();
                let section = word.to_owned();
                let kind = FindingKind::UnknownSection { section, meant };
                return Err(Finding::new(span, kind));
            }
            // Nothing follows a flag.
            ("no-transaction", Some(_)) if transaction && !empty => transaction = false,
            ("empty", Some(_)) if transaction && !empty => empty = true,
            (_, Some(_)) => match word.parse() {
                Ok(found) if dialect.is_none() && transaction && !empty => dialect = Some(found),
                _ => {
                    let flags = ["no-transaction", "empty", "irreversible:"].into_iter();
                    let dialects = Dialect::ALL.iter().map(|dialect| dialect.name());
                    let meant = nearest(word, flags.chain(dialects));
                    let meant = meant.first().copied().filter(|meant| *meant != word);
                    let flag = word.to_owned();
                    return Err(Finding::new(span, FindingKind::UnknownFlag { flag, meant }));
                }
            },
        }
    }
    let Some(direction) = direction else {
        let section = String::new();
        let kind = FindingKind::UnknownSection {
            section,
            meant: None,
        };
        return Err(Finding::new(heading, kind));
    };
    let first_sql = || lines(&text[..body.end], body.start).find(|line| holds_sql(line.text(text)));
    let body = match reason {
        None if empty => match first_sql() {
            Some(line) => return Err(Finding::new(line, FindingKind::SqlInEmpty)),
            None => Body::Empty,
        },
        None => Body::Sql(SqlText::within(text.clone(), body)),
        Some(_) if direction == Direction::Upgrade => {
            return Err(Finding::new(heading, FindingKind::IrreversibleUpgrade));
        }
        Some("") => return Err(Finding::new(heading, FindingKind::NoReason)),
        Some(reason) => match first_sql() {
            Some(line) => return Err(Finding::new(line, FindingKind::SqlInIrreversible)),
            None => Body::Irreversible(reason.to_owned()),
        },
    };
    Ok(Section {
        direction,
        dialect,
        transaction,
        body,
        heading,
    })
}

/// Returns how a revision is reverted on a dialect; one that does nothing there has nothing to
/// revert.
pub(super) fn reversal(file: &RevisionFile, dialect: Dialect) -> Reversal<'_> {
    let mut found = false;
    for section in file.sections(Direction::Downgrade, dialect) {
        match &section.body {
            Body::Irreversible(reason) => return Reversal::Declared(reason),
            Body::Sql(_) | Body::Empty => found = true,
        }
    }
    if found || file.sections(Direction::Upgrade, dialect).next().is_none() {
        Reversal::Possible
    } else {
        Reversal::Missing
    }
}
