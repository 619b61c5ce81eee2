//! Migrations of refinery: `V<number>__<name>.sql`, in any folder below; `U` may come late.

use super::{ByVersion, Reading, report_holes, words};
use crate::checksum::Checksum;
use crate::folder::FolderFile;
use crate::migration::{Down, Key, Migration, Script};
use crate::{FindingKind, Folder};

/// Returns whether a file is one of refinery, and not of Flyway.
pub(crate) fn is_only_ours(file: &FolderFile) -> bool {
    file.name().ends_with(".rs") && parts(file.name()).is_some()
}

/// Returns the letter, the version, the name and the ending of a file.
fn parts(name: &str) -> Option<(char, &str, &str, &str)> {
    let letter = name
        .chars()
        .next()
        .filter(|letter| "UV|".contains(*letter))?;
    let (version, rest) = name[1..].split_once("__")?;
    let (name, ending) = rest.split_once('.')?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = match version.split_once('.') {
        Some((whole, part)) => is_number(whole) && is_number(part),
        None => is_number(version),
    };
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_version && is_name && ["sql", "rs"].contains(&ending))
        .then_some((letter, version, name, ending))
}

pub(super) fn read(folder: &Folder) -> Reading<'_> {
    let mut reading = Reading::default();
    let mut by_version: ByVersion<'_, i64> = ByVersion::new();
    for file in &folder.files {
        match parts(file.name()) {
            // Cargo's sources often share the folder.
            None if file.name() == "mod.rs" => {}
            None => reading.find(file, FindingKind::NotAMigration),
            Some((.., "rs")) => reading.find(file, FindingKind::ReturnsSql),
            Some((_, version, ..)) => match version.parse() {
                Ok(version) => by_version.add(version, file, &mut reading),
                Err(_) => reading.find(file, FindingKind::BadVersion),
            },
        }
    }
    let versions = by_version.files.keys();
    let versions: Vec<u64> = versions
        .filter_map(|version| (*version).try_into().ok())
        .collect();
    report_holes(&mut reading, versions.into_iter());
    for (version, file) in by_version.files {
        let (Some(text), Some((letter, _, name, _))) = (reading.text(file), parts(file.name()))
        else {
            continue;
        };
        reading.migrations.push(Migration {
            key: Key::Version(version.to_string()),
            id: format!("{letter}{version}"),
            message: words(name),
            up: Script::whole(&file.path, text),
            down: Down::Missing("refinery has no ways back"),
            checksum: Some(Checksum::refinery(name, version, text)),
        });
    }
    reading
}
