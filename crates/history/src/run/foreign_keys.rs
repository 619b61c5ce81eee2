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
use crate::Dialect;
use crate::sql::StatementKind;

/// How many rows of one table refer to missing rows of another, for each such pair.
pub(super) type Dangling = BTreeMap<(String, String), u64>;

/// Switches enforcement off and returns whether it was on.
pub(super) async fn switch_off(port: &Port<'_>, dialect: Dialect) -> Result<bool, DatabaseError> {
    match dialect {
        Dialect::Postgres => Ok(false),
        Dialect::Sqlite => {
            let found = port.query("PRAGMA foreign_keys").await?;
            let on = found.first().and_then(|row| row.first()?.as_deref()) == Some("1");
            if on {
                port.execute("PRAGMA foreign_keys = OFF").await?;
            }
            Ok(on)
        }
    }
}

/// Switches enforcement on again.
pub(super) async fn switch_on(port: &Port<'_>) -> Result<(), DatabaseError> {
    port.execute("PRAGMA foreign_keys = ON").await.map(drop)
}

/// Returns whether one of these statements could leave rows that refer to nothing.
///
/// The check reads every row that refers to another table, so runs that only create things do
/// without it.
pub(super) fn may_dangle<'s>(
    statements: impl IntoIterator<Item = &'s str>,
    dialect: Dialect,
) -> bool {
    dialect == Dialect::Sqlite
        && statements
            .into_iter()
            .any(|sql| StatementKind::of(sql, dialect) != StatementKind::SchemaOnly)
}

/// Counts the rows that refer to nothing.
///
/// SQLite refuses to count when a key is declared that can refer to nothing ("foreign key
/// mismatch").
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
pub(super) fn new_violations(before: &Dangling, after: &Dangling) -> Vec<Violation> {
    after
        .iter()
        .filter_map(|(pair, now)| {
            let rows = now.saturating_sub(before.get(pair).copied().unwrap_or(0));
            (rows > 0).then(|| Violation {
                table: pair.0.clone(),
                parent: pair.1.clone(),
                rows,
            })
        })
        .collect()
}
