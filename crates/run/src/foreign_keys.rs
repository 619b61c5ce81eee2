//! Foreign keys during a run on SQLite.
//!
//! SQLite enforces them row by row, so a hand-written rebuild of a table (create, copy, drop,
//! rename) deletes the rows of every `ON DELETE CASCADE` child, without a word, when they are
//! enforced; and `PRAGMA foreign_keys` does nothing inside a transaction. So a run switches the
//! enforcement off before its transaction, compares what refers to nothing before and after, and
//! restores what it found.

use std::collections::BTreeMap;

use super::exchange::Port;
use super::{DatabaseError, Violation};
use alembic_history::{Dialect, FileStatement};

/// How many rows of one table refer to missing rows of another, for each such pair.
pub(super) type Dangling = BTreeMap<(String, String), u64>;

/// Switches enforcement off and returns whether it was on, where the dialect has such a switch.
pub(super) async fn switch_off(
    port: &Port<'_>,
    dialect: Dialect,
) -> Result<Option<bool>, DatabaseError> {
    match dialect {
        Dialect::Postgres => Ok(None),
        Dialect::Sqlite => {
            let found = port.query("PRAGMA foreign_keys").await?;
            let on = found.first().and_then(|row| row.first()?.as_deref()) == Some("1");
            if on {
                switch(port, false).await?;
            }
            Ok(Some(on))
        }
    }
}

/// Switches enforcement on or off.
pub(super) async fn switch(port: &Port<'_>, on: bool) -> Result<(), DatabaseError> {
    let set = if on { "ON" } else { "OFF" };
    let executed = port.execute(format!("PRAGMA foreign_keys = {set}")).await;
    executed.map(drop)
}

/// Returns whether one of these statements could leave rows that refer to nothing.
///
/// The check reads every row that refers to another table, so runs that only create things do
/// without it.
pub(super) fn may_dangle<'s>(
    mut statements: impl Iterator<Item = FileStatement<'s>>,
    dialect: Dialect,
) -> bool {
    dialect == Dialect::Sqlite && statements.any(|statement| !statement.kind.only_changes_schema())
}

/// Tells whether SQLite refused to count because a key is declared that can refer to nothing; all
/// databases of SQLite say it with the same code as any other error.
pub(super) fn is_mismatch(error: &DatabaseError) -> bool {
    error.to_string().starts_with("foreign key mismatch")
}

/// Counts the rows that refer to nothing.
pub(super) async fn dangling(port: &Port<'_>) -> Result<Dangling, DatabaseError> {
    let query = "SELECT \"table\", \"parent\", count(*) FROM pragma_foreign_key_check \
                 GROUP BY 1, 2";
    let rows = port.query(query).await?;
    let count = |row: Vec<Option<String>>| {
        let mut cells = row.into_iter().map(Option::unwrap_or_default);
        let (table, parent) = (cells.next()?, cells.next()?);
        Some(((table, parent), cells.next()?.parse().ok()?))
    };
    Ok(rows.into_iter().filter_map(count).collect())
}

/// Returns what refers to nothing now, and did not before.
pub(super) async fn violations(
    port: &Port<'_>,
    before: &Dangling,
) -> Result<Vec<Violation>, DatabaseError> {
    let after = dangling(port).await?;
    if after.is_empty() || after == *before {
        return Ok(Vec::new());
    }
    let query = "SELECT name FROM sqlite_master WHERE type = 'table'";
    let tables = port.query(query).await?.into_iter().flatten().flatten();
    Ok(new_violations(before, &after, &tables.collect::<Vec<_>>()))
}

/// Compares what refers to nothing with what did before; `tables` are those of now.
///
/// Rows of a table that is renamed, or that refer to one that is, do not count as new.
fn new_violations(before: &Dangling, after: &Dangling, tables: &[String]) -> Vec<Violation> {
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
