//! How each tool reads its folder.

pub(crate) mod dbmate;
pub(crate) mod diesel;
pub(crate) mod flyway;
pub(crate) mod goose;
pub(crate) mod refinery;
pub(crate) mod sea_orm;
pub(crate) mod sqlx;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::folder::FolderFile;
use crate::migration::{Migration, Script};
use crate::{Finding, FindingKind, Folder, Tool, ToolConfig};

/// What a tool finds in a folder.
#[derive(Debug, Default)]
pub(crate) struct Reading<'f> {
    /// The migrations, in the order in which the tool runs them.
    pub(crate) migrations: Vec<Migration<'f>>,
    pub(crate) findings: Vec<Finding>,
}

/// Reads a folder as a tool does that is configured like this.
pub(crate) fn read<'f>(tool: Tool, folder: &'f Folder, config: &ToolConfig) -> Reading<'f> {
    match tool {
        Tool::Sqlx => sqlx::read(folder, &config.ignored),
        Tool::Diesel => diesel::read(folder),
        Tool::Refinery => refinery::read(folder),
        Tool::Dbmate => dbmate::read(folder),
        Tool::Goose => goose::read(folder),
        Tool::Flyway => flyway::read(folder),
        Tool::SeaOrm => sea_orm::read(folder),
    }
}

impl<'f> Reading<'f> {
    fn find(&mut self, file: &FolderFile, kind: FindingKind) {
        self.findings.push(Finding {
            path: file.path.clone(),
            line: None,
            kind,
        });
    }

    /// Returns the text of a file, or reports that it has none.
    fn text(&mut self, file: &'f FolderFile) -> Option<&'f str> {
        let text = file.text();
        if text.is_none() {
            self.find(file, FindingKind::NotUtf8);
        }
        text
    }

    /// Takes the way up of a divided file, or reports that it has none or several parts, or that statements
    /// stand before its marker.
    fn way_up(
        &mut self,
        file: &FolderFile,
        divided: &mut Divided<'f>,
        [marker, down]: [&'static str; 2],
    ) -> Option<Script<'f>> {
        let kind = match divided.up.take() {
            None => FindingKind::NoUp { marker },
            Some(_) if divided.ups > 1 => FindingKind::SeveralMarkers { marker },
            Some(_) if divided.downs > 1 => FindingKind::SeveralMarkers { marker: down },
            Some(_) if holds_statements(divided.before) => FindingKind::OutsideMarkers { marker },
            Some(up) => return Some(up),
        };
        self.find(file, kind);
        None
    }
}

/// Files by version, of which each version may have one.
struct ByVersion<'f, V> {
    files: BTreeMap<V, &'f FolderFile>,
}

impl<'f, V: Ord + ToString> ByVersion<'f, V> {
    fn new() -> Self {
        Self {
            files: BTreeMap::new(),
        }
    }

    /// Adds a file, or reports that another one has its version.
    fn add(&mut self, version: V, file: &'f FolderFile, reading: &mut Reading<'f>) {
        match self.files.entry(version) {
            Entry::Vacant(entry) => {
                entry.insert(file);
            }
            Entry::Occupied(entry) => {
                let kind = FindingKind::DuplicateVersion {
                    version: entry.key().to_string(),
                    first: entry.get().path.clone(),
                };
                reading.find(file, kind);
            }
        }
    }
}

/// A line of a file that only a tool understands.
struct Marker<'t> {
    start: usize,
    end: usize,
    /// What stands after the words that begin it.
    words: Vec<&'t str>,
}

/// Returns the lines of a text that `read` understands.
fn markers<'t>(
    text: &'t str,
    read: impl Fn(&'t str) -> Option<Vec<&'t str>> + 't,
) -> impl Iterator<Item = Marker<'t>> {
    let mut offset = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = offset;
        offset += line.len();
        let content = line.trim_end_matches(['\n', '\r']);
        let words = read(content.trim_start_matches('\u{feff}'))?;
        Some(Marker {
            start,
            end: start + line.len(),
            words,
        })
    })
}

/// Divides a file into its two directions at markers.
struct Divided<'f> {
    up: Option<Script<'f>>,
    down: Option<Script<'f>>,
    /// How many markers begin a way up, and how many a way back.
    ups: usize,
    downs: usize,
    /// The statements before the first marker.
    before: &'f str,
}

/// Returns the parts of a file after each of two markers; the markers themselves are left out.
fn divide<'f>(
    file: &'f FolderFile,
    text: &'f str,
    markers: &[Marker<'_>],
    direction: impl Fn(&Marker<'_>) -> Option<bool>,
) -> Divided<'f> {
    let turns: Vec<(usize, bool)> = markers
        .iter()
        .filter_map(|marker| Some((marker.start, direction(marker)?)))
        .collect();
    let part = |is_up: bool| {
        let index = turns.iter().position(|(_, up)| *up == is_up)?;
        // Comments may come before the first marker.
        let start = match index {
            0 => text.len() - text.trim_start_matches('\u{feff}').len(),
            index => turns[index].0,
        };
        let end = turns.get(index + 1).map_or(text.len(), |(start, _)| *start);
        Some(Script {
            span: start..end,
            markers: markers
                .iter()
                .filter(|marker| (start..end).contains(&marker.start))
                .map(|marker| marker.start..marker.end)
                .collect(),
            ..Script::whole(&file.path, text)
        })
    };
    let before = turns.first().map_or(text.len(), |(start, _)| *start);
    let count = |is_up: bool| turns.iter().filter(|(_, up)| *up == is_up).count();
    Divided {
        up: part(true),
        down: part(false),
        ups: count(true),
        downs: count(false),
        before: &text[..before],
    }
}

/// Returns whether a text holds more than blank lines and comments.
fn holds_statements(text: &str) -> bool {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    lines.any(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with("--")
    })
}

/// Returns the words of a name that is written for files.
fn words(name: &str) -> String {
    let words = name.split(['_', '-']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the digits at the beginning of a name, and the rest.
fn leading_digits(name: &str) -> Option<(&str, &str)> {
    let end = name
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(name.len());
    (end > 0).then(|| name.split_at(end))
}

/// Reports the numbers that are missing between small ones: dates have gaps.
fn report_holes(reading: &mut Reading<'_>, versions: impl Iterator<Item = u64>) {
    const DATE: u64 = 1_000_000;
    let mut before: Option<u64> = None;
    for version in versions {
        if let Some(before) = before
            && version < DATE
            && version > before + 1
        {
            reading.findings.push(Finding {
                path: String::new(),
                line: None,
                kind: FindingKind::Hole {
                    first: before + 1,
                    last: version - 1,
                },
            });
        }
        before = Some(version);
    }
}
