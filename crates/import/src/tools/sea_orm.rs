//! Migrations of sea-orm: a crate whose modules are called `m<date>_<time>_<name>`, and whose program runs
//! them.

use super::{Reading, words};
use crate::folder::FolderFile;
use crate::{FindingKind, Folder};

/// The name of a migration in its parts.
pub(crate) struct Name<'n> {
    /// `m<date>_<time>`, by which people know it.
    pub(crate) short: &'n str,
    /// The digits of the date and the time.
    pub(crate) digits: String,
    /// What it does, in words.
    pub(crate) message: String,
}

impl<'n> Name<'n> {
    /// Reads a name, unless it is another one than the tool gives.
    pub(crate) fn parse(name: &'n str) -> Option<Self> {
        const SHORT: usize = "m20220101_000001".len();
        let (short, rest) = name.split_at_checked(SHORT)?;
        let (date, time) = short.strip_prefix('m')?.split_once('_')?;
        let is_number =
            |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(date, 8) || !is_number(time, 6) {
            return None;
        }
        let message = words(rest.strip_prefix('_')?);
        Some(Self {
            short,
            digits: format!("{date}{time}"),
            message,
        })
    }
}

/// Returns whether a file is a migration of sea-orm.
pub(crate) fn is_ours(file: &FolderFile) -> bool {
    let stem = file.name().strip_suffix(".rs");
    stem.is_some_and(|stem| Name::parse(stem).is_some())
}

/// Reports the migrations: what they do is known only once they have run.
pub(super) fn read(folder: &Folder) -> Reading<'_> {
    let mut reading = Reading::default();
    for file in folder.files.iter().filter(|file| is_ours(file)) {
        reading.find(file, FindingKind::NotSql);
    }
    reading
}
