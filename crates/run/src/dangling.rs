//! Dangling rows, which refer to rows that do not exist, on databases that allow them.
//!
//! SQLite enforces foreign keys row by row, so a hand-written rebuild of a table (create, copy,
//! drop, rename) silently deletes the rows of every `ON DELETE CASCADE` child when they are
//! enforced; and `PRAGMA foreign_keys` does nothing inside a transaction. So a run switches the
//! enforcement off before its transaction, compares the dangling rows before and after, and
//! restores the setting.

use std::fmt;

use alembic_history::fnv_1a;

/// A foreign key, as the schema declares it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct ForeignKey {
    /// The table that declares it.
    pub table: String,
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The referenced table.
    pub parent: String,
    /// The referenced columns, as far as they are known.
    pub parent_columns: Vec<String>,
}

impl ForeignKey {
    /// Returns whether two keys have the same names; SQLite ignores their case.
    fn is(&self, other: &Self) -> bool {
        is_same(&self.table, &other.table)
            && is_same(&self.parent, &other.parent)
            && are_same(&self.columns, &other.columns)
    }
}

impl fmt::Display for ForeignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.columns.join(", ");
        write!(f, "{} ({columns}) to {}", self.table, self.parent)?;
        match self.parent_columns.as_slice() {
            [] => Ok(()),
            columns => write!(f, " ({})", columns.join(", ")),
        }
    }
}

fn is_same(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}

fn are_same(names: &[String], others: &[String]) -> bool {
    let mut pairs = names.iter().zip(others);
    names.len() == others.len() && pairs.all(|(name, other)| is_same(name, other))
}

/// Dangling rows of one table, whose referenced rows in another table do not exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The table of the dangling rows.
    pub table: String,
    /// The referenced table.
    pub parent: String,
    /// How many more rows dangle than before.
    pub rows: u64,
}

/// The tables of a database and their foreign keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySchema {
    pub(crate) tables: Vec<String>,
    pub(crate) keys: Vec<ForeignKey>,
}

/// What statements may do to foreign keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyChange {
    /// Nothing.
    #[default]
    None,
    /// They may leave keys that cannot be enforced.
    Keys,
    /// They may leave rows that dangle, too.
    Rows,
}

/// The dangling rows of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DanglingRows {
    /// What was checked.
    pub(crate) checked: KeyChange,
    /// The databases of the connection that were checked.
    pub(crate) schemas: Vec<String>,
    /// The rows that dangle, for each key that has some.
    pub(crate) rows: Vec<(ForeignKey, KeyRows)>,
    /// The keys that cannot be enforced, so that no row is checked by them.
    pub(crate) unenforceable: Vec<ForeignKey>,
}

/// The rows that dangle by one key: two numbers for each, since there may be millions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyRows {
    /// The columns of the table's primary key, which tell its rows apart.
    identity: Vec<String>,
    rows: Vec<RowDigest>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RowDigest {
    /// The digest of the values of the primary key.
    identity: u64,
    /// The digest of the values that refer to nothing.
    reference: u64,
}

impl KeyRows {
    /// Creates the rows of a table with the primary key `identity`, each from the texts of its
    /// primary key and of its reference.
    pub(crate) fn new<'t>(
        identity: Vec<String>,
        rows: impl Iterator<Item = (&'t str, &'t str)>,
    ) -> Self {
        let rows = rows.map(|(identity, reference)| RowDigest {
            identity: fnv_1a(identity.bytes()),
            reference: fnv_1a(reference.bytes()),
        });
        Self {
            identity,
            rows: rows.collect(),
        }
    }

    /// Returns whether these are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the number by which a row here is recognised among `others`: its primary key, or its
    /// reference if the table has none or another one now.
    ///
    /// The number that SQLite gives a row does not outlast a rebuild of its table.
    fn recognised_by(&self, others: &Self) -> fn(&RowDigest) -> u64 {
        match !self.identity.is_empty() && are_same(&self.identity, &others.identity) {
            true => |row| row.identity,
            false => |row| row.reference,
        }
    }

    /// Removes the rows that are among `others`, each as often as there.
    fn remove(&mut self, others: &Self) {
        let number = self.recognised_by(others);
        let mut others: Vec<u64> = others.rows.iter().map(number).collect();
        others.sort_unstable();
        self.rows.sort_unstable_by_key(number);
        let mut others = others.into_iter().peekable();
        self.rows.retain(|row| {
            let row = number(row);
            while others.next_if(|other| *other < row).is_some() {}
            others.next_if_eq(&row).is_none()
        });
    }
}

/// What makes a state of the database unfit to be committed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DanglingFault {
    /// Keys cannot be enforced that were enforceable before, or did not exist.
    Unenforceable(Vec<ForeignKey>),
    /// Rows dangle that did not before.
    Rows(Vec<Violation>),
}

/// Compares the dangling rows before and `after` a part of a run, and returns what is wrong with
/// those that are new; `now` is the schema after it.
///
/// Rows of a table that is renamed, or that refer to one that is, are not new.
pub(crate) fn compare(
    before: &DanglingRows,
    after: DanglingRows,
    now: &KeySchema,
) -> Option<DanglingFault> {
    let is_or_was = |old: &str, new: &str| {
        is_same(old, new) || !now.tables.iter().any(|table| is_same(table, old))
    };
    let was = |key: &ForeignKey, old: &ForeignKey| {
        old.is(key)
            || !now.keys.iter().any(|key| key.is(old))
                && is_or_was(&old.table, &key.table)
                && is_or_was(&old.parent, &key.parent)
                && old.columns.len() == key.columns.len()
    };
    let was_unenforceable = |key: &ForeignKey| before.unenforceable.iter().any(|old| was(key, old));
    let mut unenforceable = after.unenforceable;
    unenforceable.retain(|key| !was_unenforceable(key));
    if !unenforceable.is_empty() {
        return Some(DanglingFault::Unenforceable(unenforceable));
    }
    let mut violations: Vec<Violation> = Vec::new();
    for (key, mut rows) in after.rows {
        // Which rows dangled by such a key was not known before.
        if was_unenforceable(&key) {
            continue;
        }
        for (_, old) in before.rows.iter().filter(|(old, _)| was(&key, old)) {
            rows.remove(old);
        }
        if rows.is_empty() {
            continue;
        }
        let count = rows.rows.len() as u64;
        let ForeignKey { table, parent, .. } = key;
        let mut same = violations.iter_mut();
        match same.find(|other| other.table == table && other.parent == parent) {
            Some(violation) => violation.rows += count,
            None => violations.push(Violation {
                table,
                parent,
                rows: count,
            }),
        }
    }
    violations.sort();
    (!violations.is_empty()).then_some(DanglingFault::Rows(violations))
}
