//! The table of another tool on PostgreSQL.

use alembic_sql::{literal, quote};

use super::Postgres;
use super::trust::is_own;
use crate::engine::ToolTables;
use crate::request::{Execute, Query, Task, ToolTask};
use crate::tool_table::{ToolColumn, ToolTable};

impl ToolTables for Postgres {
    /// Only plain tables with the server's own types, and of others only those without rules and policies:
    /// reading anything else could run code of its owner.
    fn find_tool_table(&self, tool: &ToolTable) -> Query {
        let find = format!(
            "SELECT a.attname, pg_catalog.current_database(), \
             pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') \
             FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid \
             JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) a.atttypid \
             JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) y.typnamespace \
             WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({})::pg_catalog.oid \
             AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']::pg_catalog.\"char\"[]) \
             AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped \
             AND n.nspname OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.name \
             AND ({} OR NOT c.relhasrules AND NOT c.relrowsecurity)",
            literal(&tool.table.quoted()),
            is_own("c")
        );
        Query::new(Task::ToolTable(ToolTask::Find), find)
    }

    fn lock_tool(&self, number: i64) -> Option<Query> {
        let lock = format!("SELECT pg_catalog.pg_advisory_xact_lock({number})");
        Some(Query::new(Task::ToolTable(ToolTask::Lock), lock))
    }

    fn lock_tool_table(&self, tool: &ToolTable) -> Option<Execute<'static>> {
        let lock = format!("LOCK TABLE {} IN SHARE MODE", tool.table.quoted());
        Some(Execute::new(Task::ToolTable(ToolTask::Lock), lock))
    }

    fn read_tool_table(&self, tool: &ToolTable) -> Query {
        let columns = tool.columns.iter().map(|column| match column {
            ToolColumn::Text(name) => format!("{}::pg_catalog.text", quote(name)),
            ToolColumn::Bytes(name) => format!("pg_catalog.encode({}, 'hex')", quote(name)),
        });
        let read = format!(
            "SELECT {} FROM {} ORDER BY {}",
            columns.collect::<Vec<String>>().join(", "),
            tool.table.quoted(),
            quote(tool.order)
        );
        Query::new(Task::ToolTable(ToolTask::Read), read)
    }
}
