//! The statements of revisions; those that change a table as the rehearsal has planned them.

use alembic_history::{FileStatement, Node};
use alembic_schema::sqlite::Step;

use super::Writer;
use crate::alter::Numbered;
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::pieces::Piece;
use crate::script::checks::Check;
use crate::script::error::ScriptError;
use crate::script::obstacle::Obstacle;
use crate::session_changes::SessionChanges;
use crate::target::Schema;

impl<'h> Writer<'_, 'h> {
    /// Writes a piece of a revision.
    pub(super) fn piece(&mut self, piece: &Piece<'h>) -> Result<(), ScriptError> {
        match piece {
            Piece::Statement {
                node,
                statement,
                number,
            } => self.revision_statement(*node, *statement, *number, true),
            Piece::Alter { node, statements } => {
                let Some(Numbered { statement, number }) = statements.first() else {
                    return Ok(());
                };
                let obstacle = |obstacle| ScriptError::Statement {
                    location: Box::new(self.runner.locate(*node, *statement, *number, None)),
                    obstacle,
                };
                let steps = self.runner.rehearsed.steps(*node, *number);
                let steps = steps
                    .ok_or_else(|| obstacle(Obstacle::Unrehearsed))?
                    .to_vec();
                for Numbered { statement, .. } in statements {
                    self.comment(statement.sql);
                }
                for step in &steps {
                    match step {
                        Step::Execute { sql, .. } => {
                            let sql = self.shell.pass(sql).map_err(obstacle)?.into_owned();
                            self.statement(&sql);
                        }
                        Step::Expect(objects) => {
                            let check = self.shell.holds_objects(objects);
                            let condition = self.shell.pass(&check.condition).map_err(obstacle)?;
                            let check = Check::new(condition, check.message);
                            let require = self.shell.require(&[check]);
                            self.text.push_str(&require);
                        }
                        Step::Count { from, into } => {
                            let condition = format!(
                                "(SELECT count(*) FROM {from}) = (SELECT count(*) FROM {into})"
                            );
                            let check = Check::new(condition, "not all rows were copied");
                            let require = self.shell.require(&[check]);
                            self.text.push_str(&require);
                        }
                        Step::Require(check) => {
                            let condition = format!("NOT EXISTS ({})", check.query);
                            let check = Check::new(condition, format!("rows {}", check.loss));
                            let require = self.shell.require(&[check]);
                            self.text.push_str(&require);
                        }
                    }
                }
                Ok(())
            }
            Piece::Setting(_) | Piece::Modes { .. } | Piece::Row(_) => Ok(()),
        }
    }

    /// Writes what is older than the revisions.
    pub(super) fn base(&mut self, base: &Schema) -> Result<(), ScriptError> {
        let dialect = self.runner.dialect;
        if let Some(error) = base.text.split(dialect).errors.first() {
            let source = DatabaseError::new(DatabaseErrorKind::Other, *error);
            return Err(base.failure(error.span.start, source).into());
        }
        self.comment(&format!(
            "What is older than the revisions: {}",
            base.path.display()
        ));
        self.text.push('\n');
        let statements: Vec<FileStatement<'_>> = base.text.statements(dialect).collect();
        let changes = SessionChanges::of(&statements);
        let own = self.runner.lock_timeout;
        let keep = self.shell.keep_session(&changes, own);
        self.text += keep.as_deref().unwrap_or_default();
        for statement in statements {
            let start = statement.span.start;
            if let Some(refusal) = self.engine.refuses(statement.kind(), true) {
                return Err(base.failure(start, refusal.into()).into());
            }
            let sql = self.shell.pass(statement.sql).map_err(|obstacle| {
                let source = DatabaseError::new(DatabaseErrorKind::Other, obstacle.to_string());
                base.failure(start, source)
            })?;
            self.statement(&sql);
            let reading = self.shell.restore_reading(&statement.setting_changes);
            self.text.push_str(reading);
        }
        if keep.is_some() {
            self.text += &self.shell.restore_session(own);
        }
        Ok(())
    }

    /// Writes a statement of a revision.
    pub(super) fn revision_statement(
        &mut self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
        in_transaction: bool,
    ) -> Result<(), ScriptError> {
        if let Some(refusal) = self.engine.refuses(statement.kind(), in_transaction) {
            let refused = self.runner.refused(node, statement, number, refusal);
            return Err(refused.into());
        }
        let sql = self.shell.pass(statement.sql);
        let sql = sql.map_err(|obstacle| ScriptError::Statement {
            location: Box::new(self.runner.locate(node, statement, number, None)),
            obstacle,
        })?;
        self.statement(&sql);
        let reading = self.shell.restore_reading(&statement.setting_changes);
        self.text.push_str(reading);
        if in_transaction && self.modes.enter(statement, number) {
            self.text.push_str(&self.shell.restore_modes());
        }
        Ok(())
    }
}
