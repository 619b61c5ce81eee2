//! The requests about the table of another tool.

use crate::request::{Execute, Query};
use crate::tool_table::ToolTable;

/// The requests about the table in which another tool records what it has run.
pub(crate) trait ToolTables {
    /// Returns the query for the columns of the table, each with the name of the database and whether
    /// others can be kept from writing to the table; no row if there is no such table.
    fn find_tool_table(&self, tool: &ToolTable) -> Query;

    /// Returns the query that waits for the end of a run of the tool, and keeps it from running until
    /// the transaction ends, by the number of its lock.
    fn lock_tool(&self, number: i64) -> Option<Query>;

    /// Returns the statement that keeps others from writing to the table until the transaction ends, where
    /// the transaction itself does not.
    fn lock_tool_table(&self, tool: &ToolTable) -> Option<Execute<'static>>;

    /// Returns the query that reads the table.
    fn read_tool_table(&self, tool: &ToolTable) -> Query;
}
