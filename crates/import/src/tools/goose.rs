//! Migrations of goose: `<number>_<name>.sql` with `-- +goose Up` and `-- +goose Down`.

use super::{ByVersion, Marker, Reading, divide, leading_digits, markers, report_holes, words};
use crate::folder::{FolderFile, line_at};
use crate::migration::{Down, Key, Migration};
use crate::{Finding, FindingKind, Folder, Tool};

const DIRECTIONS: [&str; 2] = ["-- +goose Up", "-- +goose Down"];

/// Returns whether a file is one of goose.
pub(crate) fn is_ours(file: &FolderFile) -> bool {
    let is_named = parts(file).is_some();
    is_named
        && file
            .text()
            .is_some_and(|text| markers(text, marker).next().is_some())
}

/// Returns the version, the name and the ending of a file.
fn parts(file: &FolderFile) -> Option<(&str, &str, &str)> {
    let (version, rest) = leading_digits(file.name())?;
    let (name, ending) = rest.strip_prefix('_')?.rsplit_once('.')?;
    let is_ours = file.is_at_top() && ["sql", "go"].contains(&ending);
    is_ours.then_some((version, name, ending))
}

/// Reads an annotation.
fn marker(line: &str) -> Option<Vec<&str>> {
    let rest = line.strip_prefix("--")?.trim_start();
    let rest = rest.strip_prefix("+goose")?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    (rest.starts_with(char::is_whitespace) && !words.is_empty()).then_some(words)
}

pub(super) fn read(folder: &Folder) -> Reading<'_> {
    let mut reading = Reading::default();
    let mut by_version: ByVersion<'_, u64> = ByVersion::new();
    for file in &folder.files {
        match parts(file) {
            None => reading.find(file, FindingKind::NotAMigration),
            Some((_, name, "go")) if name.ends_with("_test") => {
                reading.find(file, FindingKind::NotAMigration);
            }
            Some((.., "go")) => reading.find(file, FindingKind::NotSql),
            Some((version, ..)) => match version.parse() {
                Ok(version) => by_version.add(version, file, &mut reading),
                Err(_) => reading.find(file, FindingKind::BadVersion),
            },
        }
    }
    let versions: Vec<u64> = by_version.files.keys().copied().collect();
    report_holes(&mut reading, versions.into_iter());
    for (version, file) in by_version.files {
        let Some(text) = reading.text(file) else {
            continue;
        };
        let found: Vec<Marker<'_>> = markers(text, marker).collect();
        let is = |marker: &Marker<'_>, word: &str| marker.words[0].eq_ignore_ascii_case(word);
        let mut divided = divide(file, text, &found, |marker| {
            let is_up = is(marker, "up");
            (is_up || is(marker, "down")).then_some(is_up)
        });
        let Some(mut up) = reading.way_up(file, &mut divided, DIRECTIONS) else {
            continue;
        };
        let outside = |marker: &Marker<'_>| is(marker, "no") && marker.words.len() > 1;
        up.outside = found.iter().any(outside);
        let substituted = found
            .iter()
            .find(|marker| is(marker, "envsub") && marker.words.last() == Some(&"ON"));
        if let Some(marker) = substituted {
            reading.findings.push(Finding {
                path: file.path.clone(),
                line: Some(line_at(text, marker.start)),
                kind: FindingKind::Placeholder {
                    text: "${…}".to_owned(),
                    tool: Tool::Goose,
                },
            });
        }
        let down = match divided.down {
            Some(mut down) => {
                down.outside = up.outside;
                Down::Script(down)
            }
            None => Down::Missing("goose had no `-- +goose Down` for it"),
        };
        let name = parts(file).map_or("", |(_, name, _)| name);
        reading.migrations.push(Migration {
            key: Key::Version(version.to_string()),
            id: version.to_string(),
            message: words(name),
            up,
            down,
            checksum: None,
        });
    }
    reading
}
