//! Queries for how much changes destroy, and how many rows are in their way.

use alembic_sql::quote;

use crate::change::Hazard;
use crate::model::{ObjectId, ObjectKind};

/// Returns what a hazard destroys or refuses, and the query for how many rows or values that are.
#[must_use]
pub fn counting(hazard: &Hazard) -> Option<(&ObjectId, String)> {
    match hazard.without_engine() {
        Hazard::DestroysRows(table) => {
            let count = function(table);
            let query = format!("SELECT {count}(*) FROM {}", name(table));
            Some((table, query))
        }
        Hazard::DestroysValues(column) => {
            let table = table_of(column)?;
            let count = function(&table);
            let (table, column_name) = (name(&table), quote(&column.name));
            let query = format!("SELECT {count}({column_name}) FROM {table}");
            Some((column, query))
        }
        Hazard::RefusesNull(column) => {
            let table = table_of(column)?;
            let count = function(&table);
            let (table, column_name) = (name(&table), quote(&column.name));
            let query = format!("SELECT {count}(*) FROM {table} WHERE {column_name} IS NULL");
            Some((column, query))
        }
        Hazard::Rewrites(_)
        | Hazard::Scans(_)
        | Hazard::ScansLocked(_)
        | Hazard::MayFail(_)
        | Hazard::BreaksProgram(_)
        | Hazard::On(..) => None,
    }
}

fn table_of(column: &ObjectId) -> Option<ObjectId> {
    let parent = column.parent.as_ref()?;
    let table = ObjectId::new(ObjectKind::Table, column.schema.as_str(), parent);
    Some(table)
}

/// Returns the function that counts, as no object in a schema of the search path can be taken for it.
fn function(table: &ObjectId) -> &'static str {
    match table.schema.as_str() {
        "" => "count",
        _ => "pg_catalog.count",
    }
}

fn name(table: &ObjectId) -> String {
    match table.schema.as_str() {
        "" => quote(&table.name),
        schema => format!("{}.{}", quote(schema), quote(&table.name)),
    }
}
