//! Rehearsals of scripts: what a database looks like is not known when a script is written, so its
//! revisions run on an empty one first, and the statements that are planned from a catalog are noted.

use std::collections::BTreeMap;

use alembic_history::{Direction, Node, Plan, Section};
use alembic_schema::sqlite::Step;
use alembic_sql::StatementKind;

use super::{Range, ScriptError};
use crate::alter::Means;
use crate::broken::new_ones;
use crate::engine::{Engine, engine};
use crate::error::RunError;
use crate::exchange::Run;
use crate::failure::{Failure, StatementScope};
use crate::link::Link;
use crate::pieces::{Piece, group};
use crate::rehearsed::Rehearsed;
use crate::request::{Execute, Task};
use crate::runner::Runner;
use crate::state::DatabaseState;

impl<'h> Runner<'h> {
    /// Returns the run to carry out on an empty database before the script of an upgrade is written,
    /// if it is needed; what it returns goes into [`rehearsed`](Self::rehearsed).
    ///
    /// # Errors
    ///
    /// As [`upgrade_script`](Self::upgrade_script).
    pub fn rehearse_upgrade(
        &self,
        range: &str,
    ) -> Result<Option<Run<'h, Result<Rehearsed, RunError>>>, ScriptError> {
        let Range { rows, plan, .. } = self.upgrade_range(range)?;
        Ok(self.rehearse(rows, plan))
    }

    /// Returns the same for the script of a downgrade.
    ///
    /// # Errors
    ///
    /// As [`downgrade_script`](Self::downgrade_script).
    pub fn rehearse_downgrade(
        &self,
        range: &str,
    ) -> Result<Option<Run<'h, Result<Rehearsed, RunError>>>, ScriptError> {
        let Range { rows, plan, .. } = self.downgrade_range(range)?;
        Ok(self.rehearse(rows, plan))
    }

    fn rehearse(
        &self,
        rows: Vec<Node>,
        plan: Plan,
    ) -> Option<Run<'h, Result<Rehearsed, RunError>>> {
        let own = engine(self.dialect);
        let mut statements = plan
            .steps
            .iter()
            .flat_map(|step| self.all_statements(step.revision, plan.direction));
        statements.find(|statement| own.alters(statement.kind()) == Some(Means::Catalog))?;
        drop(statements);
        let runner = self.clone();
        Some(Run::new(move |port| async move {
            let link = Link::new(port, runner.clock, runner.lock_timeout, false);
            let outcome = follow_all(&runner, &*own, &link, &rows, &plan).await;
            outcome.map_err(|failure| RunError::new(failure, DatabaseState::Unchanged))
        }))
    }
}

async fn follow_all<'h>(
    runner: &Runner<'h>,
    engine: &dyn Engine,
    link: &Link<'h>,
    rows: &[Node],
    plan: &Plan,
) -> Result<Rehearsed, Failure> {
    let off = Task::SwitchForeignKeys { on: false };
    link.execute(Execute::new(off, "PRAGMA foreign_keys = OFF"))
        .await?;
    if let Some(base) = &runner.base {
        for statement in base.text.statements(runner.dialect) {
            let execute = Execute::new(Task::RunStatement, statement.sql.to_owned());
            let executed = link.execute(execute).await;
            executed.map_err(|refused| base.failure(statement.span.start, refused.error))?;
        }
    }
    let graph = runner.history.graph();
    let before = graph.in_order(&graph.required_by(rows));
    let mut noted = BTreeMap::new();
    for node in before {
        follow(runner, engine, link, (node, Direction::Upgrade), &mut noted).await?;
    }
    noted.clear();
    let broken = engine.find_broken(link).await?.unwrap_or_default();
    for step in &plan.steps {
        let place = (step.revision, plan.direction);
        follow(runner, engine, link, place, &mut noted).await?;
    }
    let found = engine.find_broken(link).await?.unwrap_or_default();
    let objects = new_ones(&broken.objects, found.objects, &found.tables);
    match objects.is_empty() {
        true => Ok(Rehearsed::new(noted)),
        false => Err(Failure::Broken {
            objects,
            next: None,
        }),
    }
}

/// Runs the statements of a revision, and notes what those become that are planned from a catalog.
async fn follow<'h>(
    runner: &Runner<'h>,
    engine: &dyn Engine,
    link: &Link<'h>,
    (node, direction): (Node, Direction),
    noted: &mut BTreeMap<(Node, usize), Vec<Step>>,
) -> Result<(), Failure> {
    let scope = || StatementScope::Transaction { is_shared: false };
    let mut pieces = Vec::new();
    let mut done = 0;
    for section in runner.sections(node, direction) {
        pieces.extend(grouped(runner, engine, (node, section), done));
        done += section.statements(runner.dialect).count();
    }
    for piece in pieces {
        match piece {
            Piece::Statement {
                statement, number, ..
            } if may_follow(statement.kind()) => {
                let execute = Execute::new(Task::RunStatement, statement.sql);
                let executed = link.execute(execute).await;
                executed.map_err(|refused| {
                    runner.statement_failure(node, statement, number, refused.error, scope())
                })?;
            }
            Piece::Alter { statements, .. } => {
                let altered = engine.alter(link, &statements).await;
                let steps = altered
                    .map_err(|failed| runner.alter_failure(node, &statements, failed, scope()))?;
                if let Some(first) = statements.first() {
                    noted.insert((node, first.number), steps);
                }
            }
            Piece::Statement { .. } | Piece::Setting(_) | Piece::Modes { .. } | Piece::Row(_) => {}
        }
    }
    Ok(())
}

/// Returns the statements of a section of a revision, those that are carried out together as one piece;
/// `done` statements of the revision come before it.
pub(super) fn grouped<'h>(
    runner: &Runner<'h>,
    engine: &dyn Engine,
    (node, section): (Node, &'h Section),
    done: usize,
) -> Vec<Piece<'h>> {
    let statements = section.statements(runner.dialect).enumerate();
    let pieces = statements.map(|(index, statement)| Piece::Statement {
        node,
        statement,
        number: done + index + 1,
    });
    match section.transaction {
        true => group(pieces.collect(), |kind| engine.alters(kind)),
        false => pieces.collect(),
    }
}

/// Returns whether a statement concerns the schema or the rows of the database alone.
fn may_follow(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::CreateTable(_)
        | StatementKind::AlterTable(_)
        | StatementKind::DropTable(_)
        | StatementKind::Index(_)
        | StatementKind::View
        | StatementKind::Trigger
        | StatementKind::Rows
        | StatementKind::Call
        | StatementKind::Block { .. }
        | StatementKind::AddEnumValue(_)
        | StatementKind::Other => true,
        StatementKind::Transaction(_)
        | StatementKind::Setting(_)
        | StatementKind::Attach
        | StatementKind::Detach
        | StatementKind::Vacuum => false,
    }
}
