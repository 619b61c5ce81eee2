//! Asks a database, after a failed run, the question that the explanation depends on.

use std::time::Duration;

use alembic_history::Direction;
use alembic_migrate::Migrations;
use alembic_migrate::report::LogAction;
use alembic_sql::literal;

use crate::database::{Connection, Database};
use crate::explain::{Evidence, Question, SchemaPrivileges};

/// Answers a question; a database that no longer responds yields no evidence.
pub(super) fn evidence(
    question: &Question,
    migrations: &Migrations,
    database: &Database,
) -> Evidence {
    match question {
        Question::ExistsAlready { object, revision } => {
            let exists = |name: &String| has_object(database, name);
            if database.identity().is_none() || !object.as_ref().is_none_or(exists) {
                return Evidence::Nothing;
            }
            let migrations = migrations.clone().lock_timeout(Duration::ZERO);
            if let Some(since) = stamped_below(&migrations, database, revision) {
                return Evidence::StampedBelow { since };
            }
            match is_untracked(&migrations, database) {
                true => Evidence::Untracked,
                false => Evidence::Nothing,
            }
        }
        Question::SchemaPrivileges { schema, table } => {
            let privileges = schema_privileges(database, schema.as_deref(), table.as_deref());
            privileges.map_or(Evidence::Nothing, Evidence::SchemaPrivileges)
        }
    }
}

/// Returns when a stamp said that a revision is not applied, if that is the last the log has of it.
fn stamped_below(migrations: &Migrations, database: &Database, revision: &str) -> Option<String> {
    let report = migrations.log(&mut database.read().ok()?).ok()?;
    let mut entries = report.entries.into_iter().rev();
    let last = entries.find(|entry| entry.revision == revision)?;
    let is_stamped = last.action == LogAction::Stamp && last.direction == Direction::Downgrade;
    is_stamped.then_some(last.logged_at)
}

/// Returns whether the version table names no revision.
fn is_untracked(migrations: &Migrations, database: &Database) -> bool {
    let rows = || migrations.current(&mut database.read().ok()?).ok();
    rows().is_some_and(|rows| rows.is_empty())
}

/// Returns whether a SQLite database has an object of this name.
fn has_object(database: &Database, name: &str) -> bool {
    let Ok(Connection::Sqlite(connection)) = database.read() else {
        return false;
    };
    let sql = "SELECT count(*) FROM sqlite_master WHERE name = ?1 COLLATE NOCASE";
    let count = connection.query_row(sql, [name], |row| row.get::<_, i64>(0));
    count.is_ok_and(|count| count > 0)
}

/// Returns the user's privileges in a schema of a server, by default the connection's default
/// schema.
fn schema_privileges(
    database: &Database,
    schema: Option<&str>,
    table: Option<&str>,
) -> Option<SchemaPrivileges> {
    let Ok(Connection::Postgres(server)) = database.read() else {
        return None;
    };
    let schema = schema.map_or_else(|| "pg_catalog.current_schema()".to_owned(), literal);
    let table = literal(table.unwrap_or_default());
    let sql = format!(
        "SELECT n.nspname, pg_catalog.has_schema_privilege(n.oid, 'USAGE'), \
         pg_catalog.has_schema_privilege(n.oid, 'CREATE'), \
         EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace OPERATOR(pg_catalog.=) n.oid \
         AND c.relname OPERATOR(pg_catalog.=) {table}::pg_catalog.name) \
         FROM pg_catalog.pg_namespace n \
         WHERE n.nspname OPERATOR(pg_catalog.=) {schema}::pg_catalog.name"
    );
    match server.query(&sql).ok()?.as_slice() {
        [schema, usage, create, has_table] => Some(SchemaPrivileges {
            schema: schema.clone(),
            usage: usage == "t",
            create: create == "t",
            has_table: has_table == "t",
        }),
        _ => None,
    }
}
