//! What the table of a tool says about a database.

use std::collections::BTreeMap;

use crate::tools::flyway::Version;
use crate::{Key, Tool};

/// What a database has applied, as the tool's own table says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The migrations that are applied.
    pub migrations: Vec<AppliedMigration>,
    /// The migrations that were begun and not finished.
    pub dirty: Vec<Key>,
    /// The version up to which the database was taken for applied when the tool began with it.
    pub(crate) baseline: Option<Version>,
}

/// A migration that is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedMigration {
    /// What the table calls it.
    pub key: Key,
    /// Its checksum, if the tool records one.
    pub checksum: Option<String>,
}

/// What a row makes of a migration.
enum Row {
    Applied(Option<String>),
    Dirty,
    Reverted,
}

impl Applied {
    /// Reads the rows of a tool's table, in the order in which they were written; their cells are those of
    /// [`Tool::columns`].
    #[must_use]
    pub fn read(tool: Tool, rows: &[Vec<Option<String>>]) -> Self {
        let mut last: BTreeMap<Key, Row> = BTreeMap::new();
        let mut baseline = None;
        for cells in rows {
            let cell = |index: usize| cells.get(index).and_then(Option::as_deref);
            let is_true = |index| matches!(cell(index), Some("t" | "true" | "1"));
            let version = || Key::Version(cell(0).unwrap_or_default().to_owned());
            let text = |index| cell(index).map(ToOwned::to_owned);
            let (key, row) = match tool {
                Tool::Sqlx if is_true(1) => (version(), Row::Applied(text(2))),
                Tool::Sqlx => (version(), Row::Dirty),
                Tool::Diesel | Tool::Dbmate | Tool::SeaOrm => (version(), Row::Applied(None)),
                Tool::Refinery => (version(), Row::Applied(text(1))),
                // It begins its table with it.
                Tool::Goose if cell(0) == Some("0") => continue,
                Tool::Goose if is_true(1) => (version(), Row::Applied(None)),
                Tool::Goose => (version(), Row::Reverted),
                Tool::Flyway => {
                    let key = match cell(0) {
                        Some(_) => version(),
                        None => Key::Repeatable(cell(1).unwrap_or_default().to_owned()),
                    };
                    match cell(2).unwrap_or_default() {
                        "SCHEMA" => continue,
                        "BASELINE" => {
                            baseline = cell(0).and_then(Version::parse);
                            continue;
                        }
                        _ if !is_true(4) => (key, Row::Dirty),
                        "DELETE" => (key, Row::Reverted),
                        kind if kind.starts_with("UNDO") => (key, Row::Reverted),
                        _ => (key, Row::Applied(text(3))),
                    }
                }
            };
            last.insert(key, row);
        }
        let mut applied = Self {
            baseline,
            ..Self::default()
        };
        for (key, row) in last {
            match row {
                Row::Applied(checksum) => {
                    applied.migrations.push(AppliedMigration { key, checksum });
                }
                Row::Dirty => applied.dirty.push(key),
                Row::Reverted => {}
            }
        }
        applied
    }
}
