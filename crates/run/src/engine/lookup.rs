//! What a database answers when it is asked where the version table is.

use crate::log::LogAccess;
use crate::request::Row;

/// The answer to the search for the version table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VersionTableLookup {
    /// The kind of the object that has the version table's name.
    pub(crate) kind: Option<String>,
    /// Whether the table of progress exists.
    pub(crate) has_progress: bool,
    /// The schema that holds the version table, or would, where the database has schemas.
    pub(crate) schema: Option<String>,
    /// The database's name, where the server has several.
    pub(crate) database: Option<String>,
    /// The table of another migration tool in that schema, if there is no version table.
    pub(crate) other_tool: Option<String>,
    /// How many characters of an id the version table holds, where the database enforces that.
    pub(crate) id_limit: Option<usize>,
    /// What the account may do with the log.
    pub(crate) log: LogAccess,
}

impl VersionTableLookup {
    pub(crate) fn read(rows: &[Row]) -> Self {
        let Some(row) = rows.first() else {
            return Self::default();
        };
        let cell = |column| row.cell(column).map(ToOwned::to_owned);
        Self {
            kind: cell(0),
            has_progress: row.is_true(1),
            schema: cell(2),
            database: cell(3),
            other_tool: cell(4),
            id_limit: row.cell(5).and_then(|limit| limit.parse().ok()),
            log: LogAccess::parse(row.cell(6)),
        }
    }
}
