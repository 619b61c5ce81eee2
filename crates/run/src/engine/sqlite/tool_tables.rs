//! The table of another tool on SQLite.

use alembic_sql::{literal, quote};

use super::Sqlite;
use crate::engine::ToolTables;
use crate::request::{Execute, Query, Task, ToolTask};
use crate::tool_table::{ToolColumn, ToolTable};

impl ToolTables for Sqlite {
    fn find_tool_table(&self, tool: &ToolTable) -> Query {
        let schema = tool.table.schema.as_deref().unwrap_or("main");
        let find = format!(
            "SELECT name, 'main', 1 FROM pragma_table_info({}, {})",
            literal(&tool.table.name),
            literal(schema)
        );
        Query::new(Task::ToolTable(ToolTask::Find), find)
    }

    /// The transaction of the run excludes every other writer.
    fn lock_tool(&self, _number: i64) -> Option<Query> {
        None
    }

    fn lock_tool_table(&self, _tool: &ToolTable) -> Option<Execute<'static>> {
        None
    }

    fn read_tool_table(&self, tool: &ToolTable) -> Query {
        let columns = tool.columns.iter().map(|column| match column {
            ToolColumn::Text(name) => format!("CAST({} AS TEXT)", quote(name)),
            ToolColumn::Bytes(name) => format!("lower(hex({}))", quote(name)),
        });
        let read = format!(
            "SELECT {} FROM {}.{} ORDER BY {}",
            columns.collect::<Vec<String>>().join(", "),
            quote(tool.table.schema.as_deref().unwrap_or("main")),
            quote(&tool.table.name),
            quote(tool.order)
        );
        Query::new(Task::ToolTable(ToolTask::Read), read)
    }
}
