//! The version table, the log and the table of progress on PostgreSQL.

use alembic_history::{MAX_ID_LENGTH, VersionTable};
use alembic_sql::literal;

use super::Postgres;
use super::trust::{self, is_own, runs_nothing};
use crate::database_error::DatabaseError;
use crate::engine::OwnTables;
use crate::other_tools;
use crate::request::{LogTask, Query, Task, VersionTask};

impl OwnTables for Postgres {
    fn lacks_column(&self, error: &DatabaseError) -> bool {
        // undefined_column
        error.code() == Some("42703")
    }

    fn find_versions(&self, table: &VersionTable) -> Query {
        let task = Task::Versions(table.clone(), VersionTask::Find);
        Query::new(task, find(table))
    }

    /// Inside a transaction, the lock timeout limits the wait. Setting it outside of one would need
    /// another message, or change the settings of a caller's transaction.
    fn reading(&self, tables: &[&VersionTable], select: String, is_open: bool) -> String {
        if is_open {
            return select;
        }
        let tables: Vec<String> = tables.iter().map(|table| table.quoted()).collect();
        let tables = tables.join(", ");
        format!("LOCK TABLE {tables} IN ACCESS SHARE MODE NOWAIT; {select}")
    }

    fn find_log_writers(&self, versions: &VersionTable) -> Option<Query> {
        let find = trust::find_writers(&versions.log());
        Some(Query::new(Task::Log(LogTask::FindWriters), find))
    }

    fn equals(&self) -> &'static str {
        "OPERATOR(pg_catalog.=)"
    }

    fn user(&self) -> Option<&'static str> {
        Some("session_user")
    }

    fn last_number(&self) -> &'static str {
        "pg_catalog.max(m.number)"
    }

    fn next_number(&self) -> &'static str {
        "coalesce(pg_catalog.max(number), 0) OPERATOR(pg_catalog.+) 1"
    }

    fn process_and_time(&self) -> (&'static str, &'static str) {
        (
            "pg_catalog.pg_backend_pid()",
            "pg_catalog.clock_timestamp() AT TIME ZONE 'UTC'",
        )
    }

    fn without_waiting(&self, update: String) -> String {
        // The statement is a transaction, whose commit goes by this. A part without an effect on the
        // rows would not be computed.
        format!(
            "WITH s AS (SELECT pg_catalog.set_config('synchronous_commit', 'off', true) AS value) \
             {update} WHERE (SELECT value FROM s) IS NOT NULL"
        )
    }

    fn new_id_limit(&self) -> Option<usize> {
        Some(MAX_ID_LENGTH)
    }

    fn has_no_other_tool(&self, table: &VersionTable) -> String {
        let is_missing = format!(
            "pg_catalog.to_regclass({}) IS NULL",
            literal(&table.quoted())
        );
        format!("{} IS NULL", find_other_tool(&is_missing, &schema(table)))
    }

    fn are_trusted(&self, table: &VersionTable) -> Option<String> {
        Some(trust::are_trusted(table))
    }

    /// A deferred trigger could change the rows after they are checked.
    fn read_final_versions(&self, table: &VersionTable) -> Query {
        let Query { sql, task } = self.read_versions(table, true);
        Query::new(task, format!("SET CONSTRAINTS ALL IMMEDIATE; {sql}"))
    }
}

/// Returns the query for the kind of the object that has the version table's name, whether the table
/// of progress exists, the schema, the database, the table of another tool, how many characters of an
/// id the version table holds, and what the account may do with the log.
///
/// Every start waits for it, and the server spends most of its time on planning: so who is trusted is
/// asked once, for all tables, and what is attached to a table only if it is somebody else's.
fn find(table: &VersionTable) -> String {
    let schema = schema(table);
    let log = literal(&table.log().name);
    format!(
        "WITH named AS (SELECT pg_catalog.to_regclass({})::pg_catalog.oid AS version, \
         pg_catalog.to_regclass({})::pg_catalog.oid AS progress), \
         home AS (SELECT s.oid, s.nspname FROM pg_catalog.pg_namespace s \
         WHERE s.oid OPERATOR(pg_catalog.=) (SELECT v.relnamespace FROM pg_catalog.pg_class v \
         WHERE v.oid OPERATOR(pg_catalog.=) (SELECT version FROM named)) \
         OR (SELECT version IS NULL FROM named) \
         AND s.nspname OPERATOR(pg_catalog.=) {schema}::pg_catalog.name), \
         named_so AS MATERIALIZED (SELECT r.oid, r.relname, r.relnamespace, r.relkind, r.relpersistence, \
         r.relowner, r.relhastriggers, r.relhasrules, r.relrowsecurity, r.relhassubclass, r.relchecks, \
         {} AS is_own FROM pg_catalog.pg_class r \
         WHERE r.oid OPERATOR(pg_catalog.=) (SELECT version FROM named) \
         OR r.oid OPERATOR(pg_catalog.=) (SELECT progress FROM named) \
         OR r.relname OPERATOR(pg_catalog.=) {log} \
         AND r.relnamespace OPERATOR(pg_catalog.=) (SELECT oid FROM home)), \
         found AS (SELECT r.*, r.is_own OR {} AS is_trusted FROM named_so r) \
         SELECT {KIND}, CASE WHEN p.is_trusted THEN 1 END, coalesce(h.nspname, {schema}), \
         pg_catalog.current_database(), {}, {ID_LIMIT}, {LOG_ACCESS} \
         FROM named n LEFT JOIN home h ON true \
         LEFT JOIN found c ON c.oid OPERATOR(pg_catalog.=) n.version \
         LEFT JOIN found p ON p.oid OPERATOR(pg_catalog.=) n.progress \
         LEFT JOIN found l ON l.relname OPERATOR(pg_catalog.=) {log} \
         AND l.relnamespace OPERATOR(pg_catalog.=) h.oid",
        literal(&table.quoted()),
        literal(&table.progress().quoted()),
        is_own("r"),
        runs_nothing("r"),
        find_other_tool("c.oid IS NULL", &schema),
    )
}

/// What has the name of the version table, `c`, as an expression.
const KIND: &str = "CASE WHEN c.oid IS NULL THEN NULL ELSE pg_catalog.concat(\
     CASE WHEN c.relpersistence OPERATOR(pg_catalog.=) 't' THEN 'temporary ' END, \
     CASE WHEN c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']) THEN \
     CASE WHEN c.is_trusted THEN 'table' \
     ELSE 'table of another user, and runs code of its own' END \
     WHEN c.relkind OPERATOR(pg_catalog.=) 'v' THEN 'view' \
     WHEN c.relkind OPERATOR(pg_catalog.=) 'm' THEN 'materialized view' \
     WHEN c.relkind OPERATOR(pg_catalog.=) 'f' THEN 'foreign table' \
     WHEN c.relkind OPERATOR(pg_catalog.=) 'S' THEN 'sequence' \
     WHEN c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['i', 'I']) THEN 'index' \
     WHEN c.relkind OPERATOR(pg_catalog.=) 'c' THEN 'type' ELSE 'relation' END) END";

/// Returns the schema of the version table as an expression.
fn schema(table: &VersionTable) -> String {
    match &table.schema {
        Some(schema) => literal(schema),
        None => "pg_catalog.current_schema()".to_owned(),
    }
}

/// The number of characters that the column of the version table `c` holds, as an expression.
const ID_LIMIT: &str = "(SELECT a.atttypmod OPERATOR(pg_catalog.-) 4 FROM pg_catalog.pg_attribute a \
     WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid \
     AND a.attname OPERATOR(pg_catalog.=) 'version_num' \
     AND a.atttypmod OPERATOR(pg_catalog.>) 4 \
     AND a.atttypid OPERATOR(pg_catalog.=) ANY \
     (ARRAY['pg_catalog.varchar'::pg_catalog.regtype::pg_catalog.oid, \
     'pg_catalog.bpchar'::pg_catalog.regtype::pg_catalog.oid]))";

/// Returns the name of another tool's table in a schema or on the search path as an expression; it is
/// only looked for if `is_missing` says that there is no version table.
fn find_other_tool(is_missing: &str, schema: &str) -> String {
    format!(
        "(SELECT o.relname FROM pg_catalog.pg_class o \
         JOIN pg_catalog.pg_namespace s ON s.oid OPERATOR(pg_catalog.=) o.relnamespace \
         WHERE {is_missing} AND (s.nspname OPERATOR(pg_catalog.=) {schema}::pg_catalog.name \
         OR s.nspname OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(false))) \
         AND o.relname OPERATOR(pg_catalog.=) ANY (ARRAY[{}]::pg_catalog.name[]) \
         AND o.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']::pg_catalog.\"char\"[]) LIMIT 1)",
        other_tools::tables()
    )
}

/// What the account may do with the log `l`, as an expression: it is created in the schema `h`. What
/// the log says is believed, so it is only read if it is the user's own, or belongs to the same role as
/// the version table `c`, which is believed, too.
const LOG_ACCESS: &str = "CASE WHEN l.oid IS NULL \
     THEN CASE WHEN pg_catalog.has_schema_privilege(h.oid, 'CREATE') THEN 'create' END \
     WHEN NOT (l.is_own OR coalesce(l.relowner OPERATOR(pg_catalog.=) c.relowner, false) \
     AND l.is_trusted) \
     THEN pg_catalog.concat('untrusted ', pg_catalog.pg_get_userbyid(l.relowner)) \
     WHEN NOT pg_catalog.has_table_privilege(l.oid, 'SELECT') THEN NULL \
     WHEN pg_catalog.has_table_privilege(l.oid, 'INSERT') THEN 'write' ELSE 'read' END";
