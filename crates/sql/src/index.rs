//! Statements that build and drop indexes.

use crate::cursor::Cursor;
use crate::name::Name;

/// A statement about indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexStatement {
    /// The action.
    pub action: IndexAction,
    /// Whether it lets other sessions write meanwhile; if it fails, it can leave invalid indexes.
    pub concurrently: bool,
}

/// The action of a statement on indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexAction {
    /// `CREATE INDEX`, which leaves an invalid index when it fails concurrently.
    Create {
        /// The index, in the schema of the table; `None` if the database chooses its name.
        name: Option<Name>,
        /// The table that is indexed.
        table: Name,
    },
    /// `DROP INDEX`, which leaves an invalid index when it fails concurrently.
    Drop {
        /// The index; the first of several, of which only one can be dropped concurrently.
        name: Name,
    },
    /// PostgreSQL's `REINDEX`, which leaves indexes with `_ccnew` or `_ccold` at the end of their
    /// names when it fails concurrently.
    Reindex {
        /// The kind of the named object.
        object: ReindexTarget,
        /// Its name, which can be left out for a database.
        name: Option<Name>,
    },
}

/// The kinds of objects whose indexes `REINDEX` rebuilds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReindexTarget {
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
    /// Reads the rest of a statement after `CREATE INDEX`, and `CONCURRENTLY` where it is a keyword.
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

    /// Reads the rest of a statement after `DROP INDEX`, and `CONCURRENTLY` where it is a keyword.
    pub(crate) fn read_dropped(mut words: Cursor<'_>, concurrently: bool) -> Option<Self> {
        words.eat_all(&["IF", "EXISTS"]);
        let name = Name::read(&mut words)?;
        Some(Self {
            action: IndexAction::Drop { name },
            concurrently,
        })
    }
}
