//! Statements that build and drop indexes.

use crate::cursor::Cursor;
use crate::name::Name;

/// A statement about indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexStatement {
    /// What it does.
    pub action: IndexAction,
    /// Whether it keeps no writers out meanwhile; if it fails then, it can leave invalid indexes.
    pub concurrently: bool,
}

/// What a statement does to indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexAction {
    /// `CREATE INDEX`, which leaves an index that is not valid when it fails concurrently.
    Create {
        /// The index, in the schema of the table; none when the database chooses its name.
        name: Option<Name>,
        /// The table that is indexed.
        table: Name,
    },
    /// `DROP INDEX`, which leaves the index, but not valid, when it fails concurrently.
    Drop {
        /// The index; the first of several, of which only one can be dropped concurrently.
        name: Name,
    },
    /// PostgreSQL's `REINDEX`, which leaves indexes with `_ccnew` or `_ccold` at the end of their
    /// names when it fails concurrently.
    Reindex {
        /// What is named.
        object: Reindexed,
        /// Its name, which can be left out for a database.
        name: Option<Name>,
    },
}

/// The kinds of objects whose indexes `REINDEX` builds anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reindexed {
    /// One index.
    Index,
    /// All indexes of a table.
    Table,
    /// All indexes of a schema.
    Schema,
    /// All indexes of a database.
    Database,
}

impl IndexStatement {
    /// Reads what follows `CREATE INDEX`, and `CONCURRENTLY` where it is a keyword.
    pub(crate) fn read_created(mut words: Cursor<'_>, concurrently: bool) -> Option<Self> {
        words.eat_all(&["IF", "NOT", "EXISTS"]);
        let name = if words.at("ON") {
            None
        } else {
            Some(Name::read(&mut words)?)
        };
        if !words.eat("ON") {
            return None;
        }
        let table = Name::read_table(&mut words)?;
        Some(Self {
            action: IndexAction::Create { name, table },
            concurrently,
        })
    }

    /// Reads what follows `DROP INDEX`, and `CONCURRENTLY` where it is a keyword.
    pub(crate) fn read_dropped(mut words: Cursor<'_>, concurrently: bool) -> Option<Self> {
        words.eat_all(&["IF", "EXISTS"]);
        let name = Name::read(&mut words)?;
        Some(Self {
            action: IndexAction::Drop { name },
            concurrently,
        })
    }
}
