//! Migrations of Flyway: `V<version>__<description>.sql`, `U` for their ways back, and `R` for what runs
//! again at each change.

use std::collections::BTreeMap;
use std::fmt;

use super::{Reading, words};
use crate::checksum::Checksum;
use crate::folder::{FolderFile, line_at};
use crate::migration::{Down, Key, Migration, Script};
use crate::{Finding, FindingKind, Folder, Tool};

/// A version, which is ordered by its numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    numbers: Vec<u64>,
    text: String,
}

impl Version {
    /// Reads a version; parts are divided by dots or single underscores.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.replace('_', ".");
        let numbers = text.split('.').map(|part| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| is_number)
        });
        let mut numbers: Vec<u64> = numbers.collect::<Option<_>>()?;
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self { numbers, text })
    }

    /// Returns whether another version is this one or comes before it.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        other.numbers <= self.numbers
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The name of a file.
enum Name<'f> {
    Versioned(Version, &'f str),
    Undo(Version),
    Repeatable(&'f str),
    /// In another language.
    NotSql,
    Other,
}

impl<'f> Name<'f> {
    fn read(file: &'f FolderFile) -> Self {
        let name = file.name();
        let Some((prefix, rest)) = name.split_once("__") else {
            return Self::Other;
        };
        let Some((description, ending)) = rest.rsplit_once('.') else {
            return Self::Other;
        };
        let Some(letter) = prefix.chars().next() else {
            return Self::Other;
        };
        let version = Version::parse(prefix.get(1..).unwrap_or_default());
        match (letter, version, ending) {
            ('V' | 'R', _, "java" | "kt" | "class" | "py" | "ps1" | "sh" | "bash" | "cmd") => {
                Self::NotSql
            }
            ('V', Some(version), "sql") => Self::Versioned(version, description),
            ('U', Some(version), "sql") => Self::Undo(version),
            ('R', None, "sql") if prefix == "R" => Self::Repeatable(description),
            _ => Self::Other,
        }
    }
}

/// Returns whether a file is named after a version, as refinery's are, too.
pub(crate) fn is_versioned(file: &FolderFile) -> bool {
    matches!(Name::read(file), Name::Versioned(..))
}

/// Returns whether a file is one of Flyway, and not of refinery.
pub(crate) fn is_only_ours(file: &FolderFile) -> bool {
    match Name::read(file) {
        Name::Versioned(version, description) => {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            version.numbers.len() > 1 || !description.chars().all(is_word)
        }
        Name::Repeatable(_) => true,
        Name::NotSql => !file.name().ends_with(".rs"),
        Name::Undo(_) | Name::Other => false,
    }
}

pub(super) fn read(folder: &Folder) -> Reading<'_> {
    let mut reading = Reading::default();
    let mut versioned: BTreeMap<Vec<u64>, (Version, &str, &FolderFile)> = BTreeMap::new();
    let mut undo: BTreeMap<Vec<u64>, &FolderFile> = BTreeMap::new();
    let mut repeatable: BTreeMap<&str, &FolderFile> = BTreeMap::new();
    let mut settings: BTreeMap<&str, &FolderFile> = BTreeMap::new();
    for file in &folder.files {
        if let Some(of) = file.path.strip_suffix(".conf") {
            settings.insert(of, file);
            continue;
        }
        let taken = match Name::read(file) {
            Name::Versioned(version, description) => {
                let numbers = version.numbers.clone();
                let name = version.to_string();
                let before = versioned.get(&numbers).map(|(.., file)| file.path.clone());
                versioned
                    .entry(numbers)
                    .or_insert((version, description, file));
                before.map(|first| (name, first))
            }
            Name::Undo(version) => {
                undo.insert(version.numbers, file);
                None
            }
            Name::Repeatable(description) => {
                let before = repeatable.get(description).map(|file| file.path.clone());
                repeatable.entry(description).or_insert(file);
                before.map(|first| (description.to_owned(), first))
            }
            Name::NotSql => {
                reading.find(file, FindingKind::NotSql);
                None
            }
            Name::Other => {
                reading.find(file, FindingKind::NotAMigration);
                None
            }
        };
        if let Some((version, first)) = taken {
            reading.find(file, FindingKind::DuplicateVersion { version, first });
        }
    }
    for (numbers, (version, description, file)) in versioned {
        let back = undo.remove(&numbers);
        let (Some(text), Some(back)) = (
            reading.text(file),
            back.map_or(Some(None), |back| {
                reading.text(back).map(|text| Some((back, text)))
            }),
        ) else {
            continue;
        };
        let down = match back {
            Some((back, text)) => Down::Script(script(&mut reading, back, text, &settings)),
            None => Down::Missing("Flyway had no undo migration for it"),
        };
        let up = script(&mut reading, file, text, &settings);
        reading.migrations.push(Migration {
            key: Key::Version(version.to_string()),
            id: format!("V{version}"),
            message: words(description),
            up,
            down,
            checksum: Some(Checksum::flyway(text)),
        });
    }
    for file in undo.into_values() {
        reading.find(file, FindingKind::DownWithoutUp);
    }
    for (description, file) in repeatable {
        let Some(text) = reading.text(file) else {
            continue;
        };
        reading.find(file, FindingKind::Repeatable);
        let up = script(&mut reading, file, text, &settings);
        reading.migrations.push(Migration {
            key: Key::Repeatable(description.replace('_', " ")),
            id: format!("R_{description}"),
            message: words(description),
            up,
            down: Down::Missing("Flyway has no way back for what it repeats"),
            checksum: Some(Checksum::flyway(text)),
        });
    }
    reading
}

fn script<'f>(
    reading: &mut Reading<'f>,
    file: &'f FolderFile,
    text: &'f str,
    settings: &BTreeMap<&str, &'f FolderFile>,
) -> Script<'f> {
    let outside = settings.get(file.path.as_str()).is_some_and(|settings| {
        let text = settings.text().unwrap_or_default();
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines.any(|(key, value)| {
            key.trim() == "executeInTransaction" && value.trim().eq_ignore_ascii_case("false")
        })
    });
    if let Some(start) = text.find("${")
        && let Some(end) = text[start..].find('}')
    {
        reading.findings.push(Finding {
            path: file.path.clone(),
            line: Some(line_at(text, start)),
            kind: FindingKind::Placeholder {
                text: text[start..=start + end].to_owned(),
                tool: Tool::Flyway,
            },
        });
    }
    Script {
        outside,
        ..Script::whole(&file.path, text)
    }
}
