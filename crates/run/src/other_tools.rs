//! Databases that another migration tool manages: it keeps a table of what it has run.

use crate::failure::Failure;
use crate::report::OtherTool;
use crate::versions::VersionStore;

/// A table in which another tool records what it has run.
struct Record {
    table: &'static str,
    tool: &'static str,
}

const fn record(table: &'static str, tool: &'static str) -> Record {
    Record { table, tool }
}

const RECORDS: [Record; 12] = [
    record("_sqlx_migrations", "sqlx"),
    record("__diesel_schema_migrations", "diesel"),
    record("refinery_schema_history", "refinery"),
    record("seaql_migrations", "sea-orm"),
    record("flyway_schema_history", "Flyway"),
    record("goose_db_version", "goose"),
    record("schema_migrations", "dbmate, golang-migrate or Rails"),
    record("_prisma_migrations", "Prisma"),
    record("django_migrations", "Django"),
    record("databasechangelog", "Liquibase"),
    record("knex_migrations", "Knex"),
    record("__EFMigrationsHistory", "Entity Framework"),
];

/// Returns the names of the tables in which other migration tools record what they have run.
pub fn other_tool_tables() -> impl Iterator<Item = &'static str> {
    RECORDS.iter().map(|record| record.table)
}

/// Returns the names of the tables, as a list of SQL literals.
pub(crate) fn tables() -> String {
    let literals = RECORDS.iter().map(|record| format!("'{}'", record.table));
    literals.collect::<Vec<_>>().join(", ")
}

/// Returns the tool that manages a database without a version table, if its table shows one.
pub(crate) fn find(versions: &VersionStore) -> Option<OtherTool> {
    let (None, Some(table)) = (&versions.rows, &versions.other_tool) else {
        return None;
    };
    let mut records = RECORDS.iter();
    let known = records.find(|record| record.table.eq_ignore_ascii_case(table));
    Some(OtherTool {
        name: known.map_or("another tool", |record| record.tool),
        table: table.clone(),
    })
}

/// Refuses to apply revisions to a database that has another tool's table and no version table: what
/// that tool has run would run again.
pub(crate) fn check(versions: &VersionStore) -> Result<(), Failure> {
    match find(versions) {
        None => Ok(()),
        Some(OtherTool { name, table }) => Err(Failure::ManagedByAnotherTool {
            table,
            tool: name,
            version_table: versions.table.quoted(),
        }),
    }
}
