//! A target schema, created whole in an empty database.

use alembic_history::{FileStatement, Position};
use alembic_sql::summary;

use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::error::RunError;
use crate::exchange::{Port, Run};
use crate::failure::Failure;
use crate::notice::NoticeOrigin;
use crate::pieces::execute_all;
use crate::runner::Runner;
use crate::session::Session;
use crate::session_changes::SessionChanges;
use crate::soundness::Soundness;
use crate::target::Schema;

impl<'h> Runner<'h> {
    /// Creates a schema in one transaction, and records nothing of it.
    #[must_use]
    pub fn create(self, schema: Schema) -> Run<'h, Result<(), RunError>> {
        Run::new(move |port| async move { created(self, &schema, &port).await })
    }
}

/// Creates a schema in one transaction, and records nothing of it.
pub(crate) async fn created<'h>(
    runner: Runner<'h>,
    schema: &Schema,
    port: &Port<'h>,
) -> Result<(), RunError> {
    let mut session = Session::open(runner, port.clone()).await?;
    loop {
        let outcome = create(&mut session, schema).await;
        if let Some(outcome) = session.settle(outcome).await {
            return session.close(outcome).await;
        }
    }
}

impl Schema {
    /// Returns the failure of the statement that begins at `offset`.
    pub(crate) fn failure(&self, offset: usize, error: DatabaseError) -> Failure {
        let offset = offset + error.offset().unwrap_or(0);
        Failure::Schema {
            role: self.role,
            path: self.path.clone(),
            text: self.text.clone(),
            position: Position::of(self.text.as_str(), offset),
            error,
        }
    }
}

async fn create(session: &mut Session<'_>, schema: &Schema) -> Result<(), Failure> {
    session.find_versions().await?;
    session.begin().await?;
    create_schema(session, schema).await?;
    session.commit().await
}

/// Runs the statements of a target schema in the transaction that is open.
pub(crate) async fn create_schema(
    session: &mut Session<'_>,
    schema: &Schema,
) -> Result<(), Failure> {
    let text = &schema.text;
    let dialect = session.runner.dialect;
    if let Some(error) = text.split(dialect).errors.first() {
        let source = DatabaseError::new(DatabaseErrorKind::Other, *error);
        return Err(schema.failure(error.span.start, source));
    }
    let statements: Vec<FileStatement<'_>> = text.statements(dialect).collect();
    let before = Soundness::find(session, statements.iter().copied()).await?;
    let changes = SessionChanges::of(&statements);
    session.engine.keep_session(&session.link, changes).await?;
    for statement in &statements {
        let refusal = session.engine.refuses_in_schema(statement.sql);
        let refusal = refusal.or_else(|| {
            let is_open = session.link.is_open;
            session.engine.refuses(statement.kind(), is_open)
        });
        if let Some(refusal) = refusal {
            return Err(schema.failure(statement.span.start, refusal.into()));
        }
    }
    let executed = statements
        .iter()
        .map(|statement| session.statement(*statement).into_owned());
    let origin = |index: usize| {
        let statement = statements.get(index)?;
        Some(NoticeOrigin {
            revision: None,
            path: schema.path.clone(),
            position: Position::of(text.as_str(), statement.span.start),
            summary: summary(statement.sql, dialect),
            may_speak: statement.kind().may_speak(),
        })
    };
    let executed = execute_all(session, executed.collect(), origin).await;
    if let Some((index, error)) = executed.failed {
        return Err(schema.failure(statements[index].span.start, error));
    }
    session.restore_session().await?;
    before.check(session).await
}
