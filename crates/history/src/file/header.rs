//! The header of a revision file: its leading comment.

use crate::id::check_visible;
use crate::section_heading::is_heading;
use crate::{BranchLabel, Finding, FindingKind, InvalidName, RevisionId, Span, nearest};

/// The declarations in the header of a revision file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The first paragraph, on one line.
    pub message: String,
    /// Everything but the keys.
    pub doc: String,
    /// `Revision ID`.
    pub id: Named<RevisionId>,
    /// `Revises`: empty for a base, several for a merge point.
    pub revises: Vec<Named<RevisionId>>,
    /// The span of all of `Revises`.
    pub revises_value: Span,
    /// `Branch Labels`.
    pub branch_labels: Vec<Named<BranchLabel>>,
    /// `Depends On`: ids or branch labels.
    pub depends_on: Vec<Named<String>>,
    /// `Create Date`, as written.
    pub create_date: Option<String>,
    /// The span of `Create Date`.
    pub create_date_value: Option<Span>,
}

/// A name, and its span in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T> {
    /// The name.
    pub name: T,
    /// The span of the name.
    pub span: Span,
}

const REVISION_ID: &str = "Revision ID";
const REVISES: &str = "Revises";
const CREATE_DATE: &str = "Create Date";
const BRANCH_LABELS: &str = "Branch Labels";
const DEPENDS_ON: &str = "Depends On";
const KEYS: [&str; 5] = [REVISION_ID, REVISES, CREATE_DATE, BRANCH_LABELS, DEPENDS_ON];

/// A value of a key, not yet parsed.
#[derive(Clone, Copy)]
struct Value {
    key: Span,
    value: Span,
}

/// Reads the header from `start` on; returns it, if it places the revision in a history, and where
/// the rest of the file begins.
pub(super) fn parse(
    text: &str,
    start: usize,
    findings: &mut Vec<Finding>,
) -> (Option<Header>, usize) {
    let mut values: [Option<Value>; KEYS.len()] = [None; KEYS.len()];
    let mut doc = String::new();
    let mut begun = false;
    let mut end = text.len();
    for line in lines(text, start) {
        let content = line.text(text);
        if content.trim().is_empty() && !begun {
            continue;
        }
        let Some(comment) = content.strip_prefix("--").filter(|_| !is_heading(content)) else {
            end = line.start;
            break;
        };
        begun = true;
        let offset = line.start + 2;
        let prose = comment.strip_prefix(' ').unwrap_or(comment).trim_end();
        let Some(Key { key, value }) = key_value(comment) else {
            push_line(&mut doc, prose);
            continue;
        };
        let (key, value) = (key.shifted(offset), value.shifted(offset));
        let name = key.text(text);
        match position(name) {
            Some(index) => match values[index] {
                Some(first) => findings.push(Finding::new(
                    key,
                    FindingKind::DuplicateKey {
                        key: KEYS[index],
                        first: first.key,
                    },
                )),
                None => values[index] = Some(Value { key, value }),
            },
            None => match resembling(name) {
                Some(meant) => findings.push(Finding::new(
                    key,
                    FindingKind::UnknownKey {
                        key: name.to_owned(),
                        meant: Some(meant),
                    },
                )),
                None => push_line(&mut doc, prose),
            },
        }
    }
    findings.extend(keys_below(text, end));
    let [id, revises, create_date, branch_labels, depends_on] = values;
    let place = Span::new(
        start,
        lines(text, start).next().map_or(start, |line| line.end),
    );
    let id = match id {
        None => {
            missing_key(REVISION_ID, place, findings);
            None
        }
        Some(Value { key, value }) if value.text(text).is_empty() => {
            let why = InvalidName::Empty;
            let name = String::new();
            findings.push(Finding::new(key, FindingKind::InvalidId { name, why }));
            None
        }
        Some(Value { value, .. }) => revision_id(text, value, findings),
    };
    if revises.is_none() {
        missing_key(REVISES, place, findings);
    }
    let revises_value = revises.map_or(Span::new(end, end), |revises| revises.value);
    let revises = list(text, revises)
        .filter_map(|span| revision_id(text, span, findings))
        .collect();
    let branch_labels = list(text, branch_labels)
        .filter_map(|span| {
            let name = span.text(text);
            match BranchLabel::new(name) {
                Ok(name) => Some(Named { name, span }),
                Err(why) => {
                    let name = name.to_owned();
                    findings.push(Finding::new(span, FindingKind::InvalidLabel { name, why }));
                    None
                }
            }
        })
        .collect();
    let depends_on = list(text, depends_on)
        .filter_map(|span| {
            let name = span.text(text).to_owned();
            match check_visible(&name) {
                Ok(()) => Some(Named { name, span }),
                Err(why) => {
                    findings.push(Finding::new(span, FindingKind::InvalidId { name, why }));
                    None
                }
            }
        })
        .collect();
    doc.truncate(doc.trim_end().len());
    doc.drain(..doc.len() - doc.trim_start().len());
    let header = id.map(|id| Header {
        message: first_paragraph(&doc),
        doc,
        id,
        revises,
        revises_value,
        branch_labels,
        depends_on,
        create_date_value: create_date.map(|date| date.value),
        create_date: create_date
            .map(|date| date.value.text(text).to_owned())
            .filter(|date| !date.is_empty()),
    });
    (header, end)
}

/// Adds that a key is missing, unless the file seems to have it, misspelt or in another place: that is
/// found already.
fn missing_key(missing: &'static str, place: Span, findings: &mut Vec<Finding>) {
    let is_meant = findings.iter().any(|finding| match &finding.kind {
        FindingKind::UnknownKey { meant, .. } => *meant == Some(missing),
        FindingKind::KeyOutsideHeader { key } => *key == missing,
        _ => false,
    });
    if !is_meant {
        let kind = FindingKind::MissingKey { key: missing };
        findings.push(Finding::new(place, kind));
    }
}

/// Finds the keys below the header, where they have no effect.
fn keys_below(text: &str, header_end: usize) -> impl Iterator<Item = Finding> {
    let below = lines(text, header_end).take_while(|line| !is_heading(line.text(text)));
    below.filter_map(|line| {
        let content = line.text(text);
        let comment = content.trim_start().strip_prefix("--")?;
        let key = key_value(comment)?.key;
        let name = key.text(comment);
        let meant = position(name)
            .map(|index| KEYS[index])
            .or_else(|| resembling(name))?;
        let place = key.shifted(line.end - comment.len());
        Some(Finding::new(
            place,
            FindingKind::KeyOutsideHeader { key: meant },
        ))
    })
}

/// Returns which of the keys `name` is.
fn position(name: &str) -> Option<usize> {
    KEYS.iter()
        .position(|known| known.eq_ignore_ascii_case(name))
}

/// Returns the key that `name` probably means.
fn resembling(name: &str) -> Option<&'static str> {
    let near = nearest(name, KEYS);
    let near = near.first()?;
    KEYS.iter().find(|known| *known == near).copied()
}

/// Returns the lines from `start` on, without their line endings.
pub(crate) fn lines(text: &str, start: usize) -> impl Iterator<Item = Span> {
    let mut offset = start;
    text[start..].split_inclusive('\n').map(move |line| {
        let begin = offset;
        offset += line.len();
        Span::new(begin, begin + line.trim_end_matches(['\n', '\r']).len())
    })
}

/// The spans of a key and its value in a comment.
struct Key {
    key: Span,
    value: Span,
}

fn key_value(comment: &str) -> Option<Key> {
    let colon = comment.find(':')?;
    Some(Key {
        key: trim(comment, Span::new(0, colon)),
        value: trim(comment, Span::new(colon + 1, comment.len())),
    })
}

/// Returns `span` without the white space at its ends.
fn trim(text: &str, span: Span) -> Span {
    let content = span.text(text);
    let start = span.start + (content.len() - content.trim_start().len());
    Span::new(start, start + content.trim().len())
}

/// Returns the comma-separated parts of a value, without brackets and quotes around them.
fn list(text: &str, value: Option<Value>) -> impl Iterator<Item = Span> {
    let span = value.map_or(Span::new(0, 0), |value| value.value);
    let mut offset = span.start;
    span.text(text)
        .split(',')
        .map(move |part| {
            let begin = offset;
            offset += part.len() + 1;
            trim(text, Span::new(begin, begin + part.len()))
        })
        .filter(|part| part.start < part.end)
}

fn revision_id(text: &str, span: Span, findings: &mut Vec<Finding>) -> Option<Named<RevisionId>> {
    match RevisionId::new(span.text(text)) {
        Ok(name) => Some(Named { name, span }),
        Err(why) => {
            let name = span.text(text).to_owned();
            findings.push(Finding::new(span, FindingKind::InvalidId { name, why }));
            None
        }
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn first_paragraph(doc: &str) -> String {
    let mut paragraph = String::new();
    let lines = doc.lines().map(str::trim);
    for line in lines.take_while(|line| !line.is_empty()) {
        if !paragraph.is_empty() {
            paragraph.push(' ');
        }
        paragraph.push_str(line);
    }
    paragraph
}
