//! Reads the schema of a database as data.

use alembic_history::{Dialect, VersionTable};
use alembic_schema::{ObjectId, ObjectKind, Rows, Schema, queries, reflect};

use crate::action::Action;
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::engine::engine;
use crate::error::RunError;
use crate::exchange::{Port, Run};
use crate::failure::Failure;
use crate::other_objects::OtherObjects;
use crate::refused_request::RefusedRequest;
use crate::report::Inspection;
use crate::request::{Query, Task};
use crate::runner::Runner;
use crate::session::Session;
use crate::target::Target;

impl<'h> Runner<'h> {
    /// Reads the schema: everything except the version table, the log and the table of progress.
    ///
    /// So are the tables, views and other objects of other crates, as far as they are known. How many
    /// queries that takes does not depend on the database.
    #[must_use]
    pub fn inspect(
        self,
        target: Target,
        others: Vec<(Self, Target)>,
    ) -> Run<'h, Result<Inspection, RunError>> {
        Run::new(move |port| async move {
            let own = (self, target);
            let crates: Vec<(Self, Target)> = others.into_iter().chain([own]).collect();
            inspected(&crates, crates.len() - 1, &port).await
        })
    }
}

/// Reads the schema for one of `crates`.
pub(crate) async fn inspected<'h>(
    crates: &[(Runner<'h>, Target)],
    index: usize,
    port: &Port<'h>,
) -> Result<Inspection, RunError> {
    let mut session = Session::open(crates[index].0.clone(), port.clone()).await?;
    loop {
        let outcome = inspect(&mut session, crates, index).await;
        if let Some(outcome) = session.settle(outcome).await {
            return session.close(outcome).await;
        }
    }
}

/// Removes what belongs to other crates from a schema.
pub(crate) fn leave_out_others(schema: &mut Schema, crates: &[(Runner<'_>, Target)], index: usize) {
    if crates.len() == 1 {
        // All SQL of the crate would be read for nothing.
        return;
    }
    let engine = engine(schema.dialect);
    for (number, (other, _)) in crates.iter().enumerate() {
        if number != index {
            leave_out_versions(schema, &other.version_table);
        }
    }
    let others = OtherObjects::known(crates, index);
    let left_out = others.of(&*engine, schema);
    schema.objects.retain(|id, _| !left_out.contains(id));
}

async fn inspect(
    session: &mut Session<'_>,
    crates: &[(Runner<'_>, Target)],
    index: usize,
) -> Result<Inspection, Failure> {
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
    leave_out_versions(&mut schema, &session.versions.table);
    leave_out_others(&mut schema, crates, index);
    Ok(Inspection {
        schema,
        has_version_table: found.as_deref() == Some("table"),
    })
}

/// Removes a version table and the tables next to it.
fn leave_out_versions(schema: &mut Schema, table: &VersionTable) {
    let dialect = schema.dialect;
    let own = [table, &table.log(), &table.progress()];
    schema.leave_out(|id| {
        id.kind == ObjectKind::Table && own.iter().any(|table| is_table(table, id, dialect))
    });
}

/// Returns whether an object is a table of this name, in any schema if it is not known in which.
fn is_table(table: &VersionTable, id: &ObjectId, dialect: Dialect) -> bool {
    let found = VersionTable {
        name: id.name.to_string(),
        schema: table.schema.as_ref().map(|_| id.schema.to_string()),
    };
    table.is_same(&found, dialect)
}
