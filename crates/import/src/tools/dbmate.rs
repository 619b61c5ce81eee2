//! Migrations of dbmate: `<digits>_<name>.sql` with `-- migrate:up` and `-- migrate:down`.

use super::{ByVersion, Marker, Reading, divide, leading_digits, markers, words};
use crate::folder::FolderFile;
use crate::migration::{Down, Key, Migration};
use crate::{FindingKind, Folder};

const DIRECTIONS: [&str; 2] = ["-- migrate:up", "-- migrate:down"];

/// Returns whether a file is one of dbmate.
pub(crate) fn is_ours(file: &FolderFile) -> bool {
    let is_named = file.is_at_top() && parts(file).is_some();
    is_named
        && file
            .text()
            .is_some_and(|text| markers(text, marker).next().is_some())
}

fn parts(file: &FolderFile) -> Option<(&str, &str)> {
    leading_digits(file.name().strip_suffix(".sql")?)
}

/// Reads a line that begins a direction: its name, and the options after it.
fn marker(line: &str) -> Option<Vec<&str>> {
    let rest = line
        .strip_prefix("--")?
        .trim_start()
        .strip_prefix("migrate:")?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let is_direction = words
        .first()
        .is_some_and(|word| ["up", "down"].contains(word));
    is_direction.then_some(words)
}

pub(super) fn read(folder: &Folder) -> Reading<'_> {
    let mut reading = Reading::default();
    let mut by_version: ByVersion<'_, String> = ByVersion::new();
    for file in &folder.files {
        match parts(file).filter(|_| file.is_at_top()) {
            Some((version, _)) => by_version.add(version.to_owned(), file, &mut reading),
            None => reading.find(file, FindingKind::NotAMigration),
        }
    }
    let mut in_order: Vec<(String, &FolderFile)> = by_version.files.into_iter().collect();
    in_order.sort_by_key(|(_, file)| file.name());
    for (version, file) in in_order {
        let Some(text) = reading.text(file) else {
            continue;
        };
        let found: Vec<Marker<'_>> = markers(text, marker).collect();
        let mut divided = divide(file, text, &found, |marker| Some(marker.words[0] == "up"));
        let Some(mut up) = reading.way_up(file, &mut divided, DIRECTIONS) else {
            continue;
        };
        let is_outside = |direction: &str| {
            let mut found = found.iter().filter(|marker| marker.words[0] == direction);
            found.any(|marker| marker.words.contains(&"transaction:false"))
        };
        up.outside = is_outside("up");
        let down = match divided.down {
            Some(mut down) => {
                down.outside = is_outside("down");
                Down::Script(down)
            }
            None => Down::Missing("dbmate had no `-- migrate:down` for it"),
        };
        let name = parts(file).map_or("", |(_, name)| name);
        reading.migrations.push(Migration {
            key: Key::Version(version.clone()),
            id: version,
            message: words(name),
            up,
            down,
            checksum: None,
        });
    }
    reading
}
