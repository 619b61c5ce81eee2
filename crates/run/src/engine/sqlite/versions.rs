//! The version table, the log and the table of progress on SQLite.

use alembic_history::VersionTable;
use alembic_sql::{literal, quote};

use super::Sqlite;
use crate::database_error::DatabaseError;
use crate::engine::OwnTables;
use crate::other_tools;
use crate::request::{Query, Task, VersionTask};

/// Returns the schema of a table and a dot, to write before the names of the schema's own tables.
pub(crate) fn schema_prefix(table: &VersionTable) -> String {
    let schema = table.schema.as_deref();
    schema.map_or(String::new(), |schema| format!("{}.", quote(schema)))
}

impl OwnTables for Sqlite {
    /// SQLite has one code for everything that is wrong with a statement; this one is right, and its
    /// table exists.
    fn lacks_column(&self, error: &DatabaseError) -> bool {
        error.is_generic_sqlite_error()
    }

    fn find_versions(&self, table: &VersionTable) -> Query {
        let named = format!(
            "name = {} COLLATE NOCASE AND type IN ('table', 'view')",
            literal(&table.name)
        );
        let schema = schema_prefix(table);
        let temporary = match &table.schema {
            Some(_) => String::new(),
            // A temporary object would hide the table.
            None => format!(
                "SELECT 'temporary ' || type FROM sqlite_temp_master WHERE {named} UNION ALL "
            ),
        };
        let query = format!(
            "SELECT ({temporary}SELECT type FROM {schema}sqlite_master WHERE {named} LIMIT 1), \
             (SELECT 1 FROM {schema}sqlite_master WHERE name = {} COLLATE NOCASE), NULL, NULL, \
             (SELECT name FROM {schema}sqlite_master WHERE type = 'table' \
             AND name COLLATE NOCASE IN ({}) LIMIT 1), NULL, \
             coalesce((SELECT 'write' FROM {schema}sqlite_master WHERE name = {} COLLATE NOCASE), \
             'create')",
            literal(&table.progress().name),
            other_tools::tables(),
            literal(&table.log().name)
        );
        Query::new(Task::Versions(table.clone(), VersionTask::Find), query)
    }

    fn has_no_other_tool(&self, table: &VersionTable) -> String {
        let schema = schema_prefix(table);
        format!(
            "(EXISTS (SELECT 1 FROM {schema}sqlite_master WHERE name = {} COLLATE NOCASE) \
             OR NOT EXISTS (SELECT 1 FROM {schema}sqlite_master WHERE type = 'table' \
             AND name COLLATE NOCASE IN ({})))",
            literal(&table.name),
            other_tools::tables()
        )
    }

    fn are_trusted(&self, _table: &VersionTable) -> Option<String> {
        // Whoever can write to the file can do so.
        None
    }

    fn reading(&self, _tables: &[&VersionTable], select: String, _is_open: bool) -> String {
        select
    }

    fn find_log_writers(&self, _versions: &VersionTable) -> Option<Query> {
        // Whoever can write to the file can do so.
        None
    }

    fn equals(&self) -> &'static str {
        "="
    }

    fn user(&self) -> Option<&'static str> {
        None
    }

    fn last_number(&self) -> &'static str {
        "max(m.number)"
    }

    fn next_number(&self) -> &'static str {
        "coalesce(max(number), 0) + 1"
    }

    fn process_and_time(&self) -> (&'static str, &'static str) {
        ("NULL", "CURRENT_TIMESTAMP")
    }

    fn new_id_limit(&self) -> Option<usize> {
        // The width of a column has no meaning.
        None
    }
}
