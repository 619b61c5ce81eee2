//! Revisions of Alembic, and migrations of other tools that are programs, as what they executed when they were
//! run one at a time.
//!
//! Only running programs shows what they do. What each executed in both
//! directions comes in as events, and revisions with the same ids and relations go out.

mod sections;
mod statements;

use std::collections::BTreeSet;

use alembic_history::{
    BranchLabel, Dialect, Direction, FindingKind as Fault, NewRevision, RevisionFile, RevisionId,
};

use crate::{Finding, FindingKind, Imported, ImportedRevision, Origin};
use sections::{Side, sections};
use statements::{Reading, statements};

pub(crate) use statements::words;

/// What the revisions of a project executed on one engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The engine.
    pub dialect: Dialect,
    /// The revisions, in the order in which they ran.
    pub revisions: Vec<RecordedRevision>,
}

/// A revision of Alembic or of another tool, and what it executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedRevision {
    /// Its id.
    pub id: String,
    /// The ids of the revisions that it follows.
    pub parents: Vec<String>,
    /// The labels that it declares.
    pub labels: Vec<String>,
    /// What it depends on: ids, or branch labels.
    pub depends_on: Vec<String>,
    /// The docstring of its file.
    pub doc: String,
    /// The name of its file.
    pub file: String,
    /// What its upgrade did.
    pub upgrade: Vec<Event>,
    /// What its downgrade did.
    pub downgrade: Vec<Event>,
    /// What its downgrade failed with, if it did.
    pub raised: Option<String>,
    /// Where it comes from, unless the version table of the project is ours.
    pub origin: Option<Origin>,
}

/// Something that a function of a revision did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It executed SQL.
    Executed {
        /// The SQL, with the values of its parameters.
        sql: String,
        /// Whether it did so without looking at a result.
        deliberate: bool,
        /// Whether that was outside of a transaction.
        outside: bool,
    },
    /// It executed SQL with a value that has no literal.
    Unwritten {
        /// The SQL, without the values.
        sql: String,
        /// Why not.
        why: String,
    },
    /// It changed the table in which the tool records its migrations.
    OfTool {
        /// The SQL.
        sql: String,
    },
    /// It committed.
    Committed,
    /// It rolled back.
    RolledBack,
}

/// Makes revisions of recordings of one project, each on another engine; `today` is the creation date of
/// those that declare none.
#[must_use]
pub fn import_recorded(recordings: &[Recording], today: &str) -> Imported {
    let mut imported = Imported::default();
    let Some(first) = recordings.first() else {
        return imported;
    };
    let dialects: Vec<Dialect> = recordings.iter().map(|one| one.dialect).collect();
    let mut stems = BTreeSet::new();
    let mut final_ones = Vec::new();
    for revision in &first.revisions {
        let sides = recordings.iter().filter_map(|recording| {
            let mut revisions = recording.revisions.iter();
            let found = revisions.find(|other| other.id == revision.id)?;
            Some((recording.dialect, found))
        });
        let sides: Vec<(Dialect, &RecordedRevision)> = sides.collect();
        let mut author = Author {
            revision,
            findings: Vec::new(),
        };
        let written = author.write(&sides, &dialects, &mut stems, today);
        for finding in author.findings {
            // Engines have much to say alike.
            if !imported.findings.contains(&finding) {
                imported.findings.push(finding);
            }
        }
        if sides.iter().any(|(_, side)| side.raised.is_some()) {
            final_ones.push(revision.id.clone());
        }
        imported.revisions.extend(written);
    }
    if !final_ones.is_empty() {
        imported.findings.push(Finding {
            path: String::new(),
            line: None,
            kind: FindingKind::NoWayBack {
                all: first.revisions.len(),
                ids: final_ones,
            },
        });
    }
    imported
}

/// What writes one revision.
struct Author<'r> {
    revision: &'r RecordedRevision,
    findings: Vec<Finding>,
}

impl Author<'_> {
    fn find(&mut self, kind: FindingKind) {
        self.findings.push(Finding {
            path: self.revision.file.clone(),
            line: None,
            kind,
        });
    }

    fn write(
        &mut self,
        sides: &[(Dialect, &RecordedRevision)],
        dialects: &[Dialect],
        stems: &mut BTreeSet<String>,
        today: &str,
    ) -> Option<ImportedRevision> {
        let upgrade = self.sides(sides, Direction::Upgrade);
        let downgrade = self.sides(sides, Direction::Downgrade);
        self.report_idleness(&upgrade, &downgrade);
        let recorded = self.revision;
        let (mut message, date) = documented(recorded);
        if let Some(origin) = &recorded.origin {
            message = format!("{message}\n\n{origin}");
        }
        let new = NewRevision {
            message,
            id: self.id(&recorded.id)?,
            revises: self.ids(&recorded.parents)?,
            create_date: date.unwrap_or(today).to_owned(),
            branch_labels: self.labels(&recorded.labels)?,
            depends_on: recorded.depends_on.clone(),
        };
        let revision = ImportedRevision {
            sections: format!(
                "{}\n{}",
                sections(Direction::Upgrade, &upgrade),
                sections(Direction::Downgrade, &downgrade)
            ),
            file: self.file(stems),
            origin: recorded.origin.clone(),
            new,
        };
        let faults = faults(&revision, dialects, &upgrade, &downgrade);
        for fault in &faults {
            self.find(FindingKind::Revision(fault.clone()));
        }
        faults.is_empty().then_some(revision)
    }

    /// Returns the file to name the revision's after: of two files with one name, which lie in several
    /// folders, the second one gets its id.
    fn file(&self, stems: &mut BTreeSet<String>) -> String {
        let file = &self.revision.file;
        match stems.insert(file.to_lowercase()) {
            true => file.clone(),
            false => format!("{}_{file}", self.revision.id),
        }
    }

    fn sides(&mut self, sides: &[(Dialect, &RecordedRevision)], direction: Direction) -> Vec<Side> {
        let sides = sides.iter().map(|&(dialect, recorded)| {
            let (events, raised) = match direction {
                Direction::Upgrade => (&recorded.upgrade, None),
                Direction::Downgrade => (&recorded.downgrade, recorded.raised.as_deref()),
            };
            if let Some(why) = raised {
                let why = why.to_owned();
                self.find(FindingKind::Raises { why });
                return Side {
                    dialect,
                    statements: Vec::new(),
                    raised: true,
                };
            }
            let Reading {
                statements,
                reads,
                findings,
            } = statements(events, &recorded.file, dialect);
            self.findings.extend(findings);
            if let Some(query) = reads {
                self.find(match statements.is_empty() {
                    true => FindingKind::DependsOnRows { direction, query },
                    false => FindingKind::ReadsRows { direction, query },
                });
            }
            Side {
                dialect,
                statements,
                raised: false,
            }
        });
        sides.collect()
    }

    /// Reports functions that do nothing, where none is expected to do so.
    fn report_idleness(&mut self, upgrade: &[Side], downgrade: &[Side]) {
        let is_idle = |side: &Side| !side.raised && side.statements.is_empty();
        let is_merge = self.revision.parents.len() > 1;
        let is_known = |findings: &[Finding], wanted: Direction| {
            findings.iter().any(|finding| {
                matches!(&finding.kind, FindingKind::DependsOnRows { direction, .. } if *direction == wanted)
            })
        };
        let up = upgrade.iter().all(is_idle);
        let down = downgrade.iter().all(is_idle);
        if up && !is_merge && !is_known(&self.findings, Direction::Upgrade) {
            self.find(FindingKind::EmptyUp);
        }
        if down && !up && !is_known(&self.findings, Direction::Downgrade) {
            self.find(FindingKind::IdleDown);
        }
    }

    fn id(&mut self, id: &str) -> Option<RevisionId> {
        let valid = RevisionId::new(id).ok();
        if valid.is_none() {
            let version = id.to_owned();
            self.find(FindingKind::NoId { version });
        }
        valid
    }

    fn ids(&mut self, ids: &[String]) -> Option<Vec<RevisionId>> {
        ids.iter().map(|id| self.id(id)).collect()
    }

    fn labels(&mut self, labels: &[String]) -> Option<Vec<BranchLabel>> {
        let labels = labels.iter().map(|label| {
            let valid = BranchLabel::new(label).ok();
            if valid.is_none() {
                let version = label.clone();
                self.find(FindingKind::NoId { version });
            }
            valid
        });
        labels.collect()
    }
}

/// Returns what a docstring says, without the lines that the header of a revision file has, too; and the
/// creation date among these.
fn documented(revision: &RecordedRevision) -> (String, Option<&str>) {
    let mut date = None;
    let mut message = String::new();
    for line in revision.doc.lines() {
        let (key, value) = line.split_once(':').unwrap_or(("", ""));
        match key.trim().to_ascii_lowercase().as_str() {
            "create date" => date = Some(value.trim()).filter(|date| !date.is_empty()),
            "revision id" | "revises" | "branch labels" | "depends on" => {}
            _ => {
                message.push_str(line.trim_end());
                message.push('\n');
            }
        }
    }
    let message = match message.trim() {
        "" => revision.id.clone(),
        message => message.to_owned(),
    };
    (message, date)
}

/// Returns what a reader of the file would find wrong in it.
fn faults(
    revision: &ImportedRevision,
    dialects: &[Dialect],
    upgrade: &[Side],
    downgrade: &[Side],
) -> Vec<Fault> {
    let (file, findings) = RevisionFile::parse(revision.render(), dialects);
    let findings: Vec<Fault> = findings.into_iter().map(|finding| finding.kind).collect();
    let Some(file) = file.filter(|_| findings.is_empty()) else {
        return findings;
    };
    let is_whole = |sides: &[Side], direction| {
        sides.iter().all(|side| {
            let sections = file.sections(direction, side.dialect);
            let found = sections.flat_map(|section| section.statements(side.dialect));
            let own = side.statements.iter().map(|statement| statement.count);
            found.count() == own.sum::<usize>()
        })
    };
    let is_same = is_whole(upgrade, Direction::Upgrade)
        && is_whole(downgrade, Direction::Downgrade)
        && file.header.doc == revision.new.doc();
    match is_same {
        true => Vec::new(),
        // A line inside of a literal was taken for a heading.
        false => vec![Fault::MisspeltHeading],
    }
}
