//! Rows that refer to nothing, on databases that can be left with some.
//!
//! SQLite enforces foreign keys row by row, so a hand-written rebuild of a table (create, copy, drop,
//! rename) deletes the rows of every `ON DELETE CASCADE` child, without a word, when they are
//! enforced; and `PRAGMA foreign_keys` does nothing inside a transaction. So a run switches the
//! enforcement off before its transaction, compares what refers to nothing before and after, and
//! restores what it found.

use std::collections::BTreeMap;

use crate::failure::Violation;

/// How many rows of one table refer to missing rows of another, for each such pair.
pub(crate) type Dangling = BTreeMap<(String, String), u64>;

/// Compares what refers to nothing with what did before; `tables` are those of now.
///
/// Rows of a table that is renamed, or that refer to one that is, do not count as new.
pub(crate) fn new_violations(
    before: &Dangling,
    after: &Dangling,
    tables: &[String],
) -> Vec<Violation> {
    let is_or_was = |old: &str, new: &str| {
        old.eq_ignore_ascii_case(new) || !tables.iter().any(|table| table.eq_ignore_ascii_case(old))
    };
    let known = |pair: &(String, String)| -> u64 {
        let same = |old: &(String, String)| {
            old == pair
                || !after.contains_key(old)
                    && is_or_was(&old.0, &pair.0)
                    && is_or_was(&old.1, &pair.1)
        };
        let known = before.iter().filter(|(old, _)| same(old));
        known.map(|(_, rows)| rows).sum()
    };
    after
        .iter()
        .filter_map(|(pair, now)| {
            let rows = now.saturating_sub(known(pair));
            (rows > 0).then(|| Violation {
                table: pair.0.clone(),
                parent: pair.1.clone(),
                rows,
            })
        })
        .collect()
}
