//! Migrations of sqlx: `<number>_<name>.sql`, or `.up.sql` and `.down.sql`.

use std::collections::BTreeMap;

use super::{ByVersion, Reading, report_holes, words};
use crate::checksum::Checksum;
use crate::folder::FolderFile;
use crate::migration::{Down, Key, Migration, Script};
use crate::{FindingKind, Folder, tools};

/// What sqlx takes for the mark of a file that runs outside of transactions, at its very beginning.
const OUTSIDE: &str = "-- no-transaction";

const DOWN: &str = ".down.sql";

/// Returns whether a file is one of sqlx, and of no other tool.
pub(crate) fn is_only_ours(file: &FolderFile) -> bool {
    let is_number = |version: &str| version.parse::<i64>().is_ok();
    let is_named = parts(file).is_some_and(|(version, _)| is_number(version));
    is_named && !tools::dbmate::is_ours(file) && !tools::goose::is_ours(file)
}

/// Returns the version and the name of a file, as sqlx divides them.
fn parts(file: &FolderFile) -> Option<(&str, &str)> {
    let (version, name) = file.path.split_once('_')?;
    (file.is_at_top() && name.ends_with(".sql")).then_some((version, name))
}

/// Reads a folder; checksums pass over the `ignored` characters.
pub(super) fn read<'f>(folder: &'f Folder, ignored: &[char]) -> Reading<'f> {
    let mut reading = Reading::default();
    let (mut ups, mut downs) = (ByVersion::new(), BTreeMap::new());
    for file in &folder.files {
        let Some((version, name)) = parts(file) else {
            reading.find(file, FindingKind::NotAMigration);
            continue;
        };
        match version.parse::<i64>() {
            Err(_) => reading.find(file, FindingKind::BadVersion),
            Ok(version) if name.ends_with(DOWN) => {
                downs.insert(version, file);
            }
            Ok(version) => ups.add(version, file, &mut reading),
        }
    }
    let versions = ups.files.keys();
    let versions: Vec<u64> = versions
        .filter_map(|version| (*version).try_into().ok())
        .collect();
    report_holes(&mut reading, versions.into_iter());
    for (version, file) in ups.files {
        let (_, name) = parts(file).unwrap_or_default();
        let name = name.trim_end_matches(".sql");
        let (name, is_reversible) = match name.strip_suffix(".up") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let Some(text) = reading.text(file) else {
            continue;
        };
        let down = match (downs.remove(&version), is_reversible) {
            (Some(down), _) => match reading.text(down) {
                Some(text) => Down::Script(script(down, text)),
                None => continue,
            },
            (None, true) => Down::Missing("sqlx had no .down.sql for it"),
            (None, false) => Down::Missing("sqlx had a single file for it, without a way back"),
        };
        reading.migrations.push(Migration {
            key: Key::Version(version.to_string()),
            id: version.to_string(),
            message: words(name),
            up: script(file, text),
            down,
            checksum: Some(Checksum::sqlx(text, ignored)),
        });
    }
    for file in downs.into_values() {
        reading.find(file, FindingKind::DownWithoutUp);
    }
    reading
}

fn script<'f>(file: &'f FolderFile, text: &'f str) -> Script<'f> {
    let mut script = Script::whole(&file.path, text);
    if text.starts_with(OUTSIDE) {
        let end = text.find('\n').map_or(text.len(), |newline| newline + 1);
        // Only the rest of a comment may follow in that line.
        let is_marker = text[..end].trim() == OUTSIDE;
        script.outside = true;
        script.markers.extend(is_marker.then_some(0..end));
    }
    script
}
