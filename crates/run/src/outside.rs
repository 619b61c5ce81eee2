//! Statements outside of transactions: each is there at once, and cannot be undone.

use super::refusal::Refusal;
use super::session::{Partial, Session};
use super::{DatabaseError, DatabaseErrorKind, Fault, Request};
use alembic_history::{Dialect, Direction, FileStatement, Node};
use alembic_sql::StatementKind;

impl<'h> Session<'h> {
    /// Commits, and runs statements outside of transactions; returns how many statements of the
    /// revision are done then.
    pub(super) async fn run_outside(
        &mut self,
        node: Node,
        direction: Direction,
        statements: &[FileStatement<'h>],
        mut done: usize,
    ) -> Result<usize, Fault> {
        self.provide_version_table().await?;
        self.record(node, direction, done, true).await?;
        self.commit().await?;
        for (index, statement) in statements.iter().enumerate() {
            let recorded = done;
            let changes = self.total_changes().await;
            let mut outcome = self.run_alone_outside(node, *statement, done + 1).await;
            if outcome.is_ok() {
                outcome = self.check_index(node, *statement, done + 1).await;
                // An index that is not valid is not what was asked for.
                let is_done = !matches!(outcome, Err(Fault::InvalidIndex { .. }));
                done += usize::from(is_done);
            }
            if outcome.is_ok() {
                let more = index + 1 < statements.len();
                outcome = self.record(node, direction, done, more).await;
            }
            if let Err(fault) = outcome {
                let (undone, is_clean) = match &fault {
                    Fault::Statement {
                        error, leftover, ..
                    } => {
                        let lost = error.kind == DatabaseErrorKind::ConnectionLost;
                        let changes = changes.as_deref();
                        let in_part = lost || self.may_be_done(&statement.kind, changes).await;
                        (!in_part, leftover.is_empty())
                    }
                    _ => (true, true),
                };
                let known = undone && self.take_back(node, direction, done).await;
                let left = Partial {
                    node,
                    statements: if known { done } else { recorded },
                    uncertain: !known,
                };
                self.partial = match is_clean {
                    true => Partial::of(node, left.statements, left.uncertain),
                    false => Some(left),
                };
                return Err(fault);
            }
        }
        self.partial = Partial::of(node, done, false);
        Ok(done)
    }

    /// Tells whether a statement that has failed outside of transactions may have done something:
    /// on SQLite, a conflict or a trigger may say `FAIL`, and what was changed by then stays.
    async fn may_be_done(&self, kind: &StatementKind, changes_before: Option<&str>) -> bool {
        match self.runner.dialect {
            Dialect::Sqlite => self.total_changes().await.as_deref() != changes_before,
            Dialect::Postgres => kind.may_commit(),
        }
    }

    /// Returns how many rows the connection has changed, on SQLite.
    async fn total_changes(&self) -> Option<String> {
        if self.runner.dialect == Dialect::Postgres {
            return None;
        }
        let rows = self.port.query("SELECT total_changes()").await.ok()?;
        rows.into_iter().next()?.into_iter().next()?
    }

    /// Runs a statement outside of transactions.
    async fn run_alone_outside(
        &self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
    ) -> Result<(), Fault> {
        self.check_lock().await?;
        self.check_index(node, statement, number).await?;
        let Err(error) = self.execute_outside(statement).await else {
            return Ok(());
        };
        let left = self.leftover(&statement.kind).await;
        let mut fault = self.runner.statement_fault(node, statement, number, error);
        if let Fault::Statement { leftover, .. } = &mut fault {
            *leftover = left;
        }
        Err(fault)
    }

    /// Refuses to go on where the index that a statement is to build is there, and not valid.
    async fn check_index(
        &self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
    ) -> Result<(), Fault> {
        match self.invalid_target(&statement.kind).await? {
            None => Ok(()),
            Some(index) => Err(Fault::InvalidIndex {
                place: Box::new(self.runner.place(node, statement, number, None)),
                index,
            }),
        }
    }

    /// Executes a statement of a revision outside of transactions, unless it would keep the run
    /// from going on.
    async fn execute_outside(&self, statement: FileStatement<'h>) -> Result<(), DatabaseError> {
        if let Some(refusal) = Refusal::of(&statement.kind, self.open) {
            return Err(refusal.into());
        }
        let request = Request::Execute(statement.sql.into());
        let reply = match self.runner.dialect {
            // Alone, a statement that finds a lock changes nothing.
            Dialect::Sqlite => self.ask_patiently(request).await,
            Dialect::Postgres => self.port.ask(request).await,
        };
        reply.changed().map(drop)
    }
}
