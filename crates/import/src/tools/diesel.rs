//! Migrations of diesel: a folder `<version>_<name>` for each, with `up.sql`, `down.sql` and
//! `metadata.toml`.

use std::collections::BTreeMap;

use super::{Reading, words};
use crate::folder::FolderFile;
use crate::migration::{Down, Key, Migration, Script};
use crate::{FindingKind, Folder};

const UP: &str = "up.sql";
const DOWN: &str = "down.sql";
const METADATA: &str = "metadata.toml";

/// The files of one migration.
#[derive(Default)]
struct Files<'f> {
    up: Option<&'f FolderFile>,
    down: Option<&'f FolderFile>,
    metadata: Option<&'f FolderFile>,
}

/// Returns whether a file is one of diesel.
pub(crate) fn is_ours(file: &FolderFile) -> bool {
    matches!(file.path.split_once('/'), Some((_, UP)))
}

pub(super) fn read(folder: &Folder) -> Reading<'_> {
    let mut reading = Reading::default();
    let mut folders: BTreeMap<&str, Files<'_>> = BTreeMap::new();
    for file in &folder.files {
        let place = match file.path.split_once('/') {
            Some((name, UP)) => &mut folders.entry(name).or_default().up,
            Some((name, DOWN)) => &mut folders.entry(name).or_default().down,
            Some((name, METADATA)) => &mut folders.entry(name).or_default().metadata,
            _ => {
                reading.find(file, FindingKind::NotAMigration);
                continue;
            }
        };
        *place = Some(file);
    }
    let mut by_version: BTreeMap<String, (&str, Files<'_>)> = BTreeMap::new();
    for (name, files) in folders {
        let Some(up) = files.up else {
            let others = [files.down, files.metadata].into_iter().flatten();
            others.for_each(|file| reading.find(file, FindingKind::DownWithoutUp));
            continue;
        };
        let version = name.split('_').next().unwrap_or(name).replace('-', "");
        if let Some((first, _)) = by_version.get(&version) {
            let first = (*first).to_owned();
            reading.find(up, FindingKind::DuplicateVersion { version, first });
            continue;
        }
        by_version.insert(version, (name, files));
    }
    for (version, (name, files)) in by_version {
        let Some(up) = files.up else { continue };
        let Some(text) = reading.text(up) else {
            continue;
        };
        let outside = files
            .metadata
            .is_some_and(|file| runs_outside(&mut reading, file));
        let script = |file: &'_ FolderFile| file.text().map(str::len);
        let down = match files.down {
            None => Down::Missing("diesel had no down.sql for it"),
            Some(file) => match reading.text(file) {
                Some(text) if script(file).is_some() => Down::Script(Script {
                    outside,
                    ..Script::whole(&file.path, text)
                }),
                _ => continue,
            },
        };
        let message = name.split_once('_').map_or(name, |(_, name)| name);
        reading.migrations.push(Migration {
            key: Key::Version(version.clone()),
            id: version,
            message: words(message),
            up: Script {
                outside,
                ..Script::whole(&up.path, text)
            },
            down,
            checksum: None,
        });
    }
    reading
}

/// Returns whether a migration runs outside of transactions: if its settings do not say that it runs
/// inside of one, but not if they cannot be read.
fn runs_outside<'f>(reading: &mut Reading<'f>, file: &'f FolderFile) -> bool {
    let settings = file
        .text()
        .and_then(|text| text.parse::<toml_edit::DocumentMut>().ok());
    let Some(settings) = settings else {
        reading.find(file, FindingKind::UnreadableSettings);
        return false;
    };
    match settings.get("run_in_transaction") {
        None => true,
        Some(inside) => match inside.as_bool() {
            Some(inside) => !inside,
            None => {
                reading.find(file, FindingKind::UnreadableSettings);
                false
            }
        },
    }
}
