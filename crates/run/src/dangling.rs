//! Dangling rows, which refer to rows that do not exist, on databases that allow them.
//!
//! SQLite enforces foreign keys row by row, so a hand-written rebuild of a table (create, copy,
//! drop, rename) silently deletes the rows of every `ON DELETE CASCADE` child when they are
//! enforced; and `PRAGMA foreign_keys` does nothing inside a transaction. So a run switches the
//! enforcement off before its transaction, compares the dangling rows before and after, and
//! restores the setting.

use std::collections::BTreeMap;

use crate::failure::Violation;

/// How many rows of one table refer to missing rows of another, for each such pair.
pub(crate) type DanglingCounts = BTreeMap<(String, String), u64>;

/// Returns the rows that dangle now and did not before; `tables` are the tables as they are called
/// now.
///
/// Rows of a table that is renamed, or that refer to one that is, do not count as new.
pub(crate) fn new_violations(
    before: &DanglingCounts,
    after: &DanglingCounts,
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
