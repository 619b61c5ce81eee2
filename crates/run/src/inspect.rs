//! Reads the schema of a database as data.

use alembic_history::{Dialect, VersionTable};
use alembic_schema::{ObjectId, ObjectKind, Rows, Schema, queries, reflect};

use crate::action::Action;
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::error::RunError;
use crate::exchange::Run;
use crate::failure::Failure;
use crate::refused_request::RefusedRequest;
use crate::report::Inspection;
use crate::request::{Query, Task};
use crate::runner::Runner;
use crate::session::Session;

impl<'h> Runner<'h> {
    /// Reads the schema: everything except the version table, the log and the table of progress.
    ///
    /// How many queries that takes does not depend on the database.
    #[must_use]
    pub fn inspect(self) -> Run<'h, Result<Inspection, RunError>> {
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            loop {
                let outcome = inspect(&mut session).await;
                if let Some(outcome) = session.settle(outcome).await {
                    return session.close(outcome).await;
                }
            }
        })
    }
}

async fn inspect(session: &mut Session<'_>) -> Result<Inspection, Failure> {
    let found = session.find_versions().await?;
    let dialect = session.runner.dialect;
    session.engine.begin_reading(&mut session.link).await?;
    let mut answers: Vec<Rows> = Vec::new();
    for (_, sql) in queries(dialect) {
        let query = Query::new(Task::DescribeSchema, *sql);
        let rows = session.link.query_patiently(query).await?;
        answers.push(rows.into_iter().map(Into::into).collect());
    }
    let mut schema = reflect(dialect, &answers).map_err(|error| {
        let error = DatabaseError::new(DatabaseErrorKind::Other, error);
        RefusedRequest::new(Action::DescribeSchema, error)
    })?;
    let table = &session.versions.table;
    let own = [table, &table.log(), &table.progress()];
    leave_out(&mut schema, &own);
    Ok(Inspection {
        schema,
        has_version_table: found.as_deref() == Some("table"),
    })
}

/// Removes tables, and everything that goes when they are dropped.
fn leave_out(schema: &mut Schema, tables: &[&VersionTable]) {
    let dialect = schema.dialect;
    schema.leave_out(|id| {
        id.kind == ObjectKind::Table && tables.iter().any(|table| is_table(table, id, dialect))
    });
}

fn is_table(table: &VersionTable, id: &ObjectId, dialect: Dialect) -> bool {
    let found = VersionTable {
        name: id.name.clone(),
        schema: Some(id.schema.clone()).filter(|schema| !schema.is_empty()),
    };
    table.is_same(&found, dialect)
}
