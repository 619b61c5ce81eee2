//! Dangling rows, which refer to rows that do not exist, on databases that allow them.
//!
//! SQLite enforces foreign keys row by row, so a hand-written rebuild of a table (create, copy,
//! drop, rename) silently deletes the rows of every `ON DELETE CASCADE` child when they are
//! enforced; and `PRAGMA foreign_keys` does nothing inside a transaction. So a run switches the
//! enforcement off before its transaction, compares the dangling rows before and after, and
//! restores the setting.

use std::collections::{BTreeMap, HashMap, HashSet};
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

fn are_same(names: &[String], others: &[String]) -> bool {
    let mut pairs = names.iter().zip(others);
    names.len() == others.len() && pairs.all(|(name, other)| name.eq_ignore_ascii_case(other))
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

    /// Returns what a row here is recognised by among `others`: its primary key and what it refers
    /// to, or its reference alone if the table has no primary key or another one now.
    ///
    /// The number that SQLite gives a row does not outlast a rebuild of its table.
    fn recognised_by(&self, others: &Self) -> fn(&RowDigest) -> RowDigest {
        match !self.identity.is_empty() && are_same(&self.identity, &others.identity) {
            true => |row| *row,
            false => |row| RowDigest {
                identity: 0,
                reference: row.reference,
            },
        }
    }

    /// Removes the rows that are among `others`, each as often as there.
    fn remove(&mut self, others: &Self) {
        let recognise = self.recognised_by(others);
        let mut others: Vec<RowDigest> = others.rows.iter().map(recognise).collect();
        others.sort_unstable();
        self.rows.sort_unstable_by_key(recognise);
        let mut others = others.into_iter().peekable();
        self.rows.retain(|row| {
            let row = recognise(row);
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

/// What a key of now is recognised by among those of before, in lower case.
#[derive(PartialEq, Eq, Hash)]
struct Place {
    /// The table that declares the key; `None` if it has another name now.
    table: Option<String>,
    /// The referenced table, likewise.
    parent: Option<String>,
    columns: Columns,
}

/// The columns of a key, as far as they are recognised.
#[derive(PartialEq, Eq, Hash)]
enum Columns {
    /// Of a key that still exists.
    Named(Vec<String>),
    /// How many there are, of a key that does not: it, or one of its tables or columns, may have
    /// another name now.
    Counted(usize),
}

/// Returns a name in the letters in which SQLite compares it.
fn folded(name: &str) -> String {
    name.to_ascii_lowercase()
}

impl Place {
    /// Returns the place of a key that still exists.
    fn exact(key: &ForeignKey) -> Self {
        let columns = key.columns.iter().map(|name| folded(name));
        Self {
            table: Some(folded(&key.table)),
            parent: Some(folded(&key.parent)),
            columns: Columns::Named(columns.collect()),
        }
    }

    /// Returns the places where a key of now may have been.
    fn earlier(key: &ForeignKey) -> impl Iterator<Item = Self> {
        let renamed = |table: bool, parent: bool| Self {
            table: (!table).then(|| folded(&key.table)),
            parent: (!parent).then(|| folded(&key.parent)),
            columns: Columns::Counted(key.columns.len()),
        };
        [
            Self::exact(key),
            renamed(false, false),
            renamed(false, true),
            renamed(true, false),
            renamed(true, true),
        ]
        .into_iter()
    }
}

/// The names of the tables and keys that exist after a part of a run.
struct Now {
    tables: HashSet<String>,
    keys: HashSet<Place>,
}

impl Now {
    fn new(schema: &KeySchema) -> Self {
        Self {
            tables: schema.tables.iter().map(|table| folded(table)).collect(),
            keys: schema.keys.iter().map(Place::exact).collect(),
        }
    }

    /// Returns the place of a key of before.
    fn place(&self, key: &ForeignKey) -> Place {
        let exact = Place::exact(key);
        if self.keys.contains(&exact) {
            return exact;
        }
        let still = |name: &String| self.tables.contains(name);
        Place {
            table: exact.table.filter(still),
            parent: exact.parent.filter(still),
            columns: Columns::Counted(key.columns.len()),
        }
    }
}

/// Compares the dangling rows before and `after` a part of a run, and returns what is wrong with
/// those that are new; `now` is the schema after it.
///
/// Rows of a table that is renamed, or that refer to one that is, are not new. A row that refers to
/// something else than before is, since it is this run that has written what it refers to.
pub(crate) fn compare(
    before: &DanglingRows,
    after: DanglingRows,
    now: &KeySchema,
) -> Option<DanglingFault> {
    let now = Now::new(now);
    let unenforceable_before = before.unenforceable.iter().map(|key| now.place(key));
    let unenforceable_before: HashSet<Place> = unenforceable_before.collect();
    let was_unenforceable =
        |key: &ForeignKey| Place::earlier(key).any(|place| unenforceable_before.contains(&place));
    let mut unenforceable = after.unenforceable;
    unenforceable.retain(|key| !was_unenforceable(key));
    if !unenforceable.is_empty() {
        return Some(DanglingFault::Unenforceable(unenforceable));
    }
    let mut rows_before: HashMap<Place, Vec<&KeyRows>> = HashMap::new();
    for (key, rows) in &before.rows {
        rows_before.entry(now.place(key)).or_default().push(rows);
    }
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (key, mut rows) in after.rows {
        // Which rows dangled by such a key was not known before.
        if was_unenforceable(&key) {
            continue;
        }
        let places = Place::earlier(&key).filter_map(|place| rows_before.get(&place));
        places.flatten().for_each(|old| rows.remove(old));
        if !rows.is_empty() {
            *counts.entry((key.table, key.parent)).or_default() += rows.rows.len() as u64;
        }
    }
    let violations = counts.into_iter();
    let violations = violations.map(|((table, parent), rows)| Violation {
        table,
        parent,
        rows,
    });
    let violations: Vec<Violation> = violations.collect();
    (!violations.is_empty()).then_some(DanglingFault::Rows(violations))
}
