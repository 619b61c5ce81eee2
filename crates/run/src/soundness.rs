//! What a database holds that does not work, before and after a run: only what is new is a fault.

use alembic_history::{Direction, FileStatement, Node, Step, TransactionMode};

use crate::broken::{BrokenObject, new_ones};
use crate::dangling::{DanglingFault, DanglingRows, KeyChange};
use crate::failure::Failure;
use crate::session::Session;

/// What does not work before statements that may add to it.
#[derive(Debug, Default)]
pub(crate) struct Soundness {
    /// Rows that refer to nothing, and keys that cannot be enforced; `None` if there will be no new
    /// ones.
    dangling: Option<DanglingRows>,
    /// Objects that do not work; `None` likewise.
    broken: Option<Vec<BrokenObject>>,
}

impl Soundness {
    /// Looks for what does not work already, as far as the statements may add to it.
    pub(crate) async fn find<'f>(
        session: &mut Session<'_>,
        statements: impl Iterator<Item = FileStatement<'f>>,
    ) -> Result<Self, Failure> {
        let (mut change, mut may_break) = (KeyChange::None, false);
        for statement in statements {
            change = change.max(session.engine.key_change(statement.kind()));
            may_break |= session.engine.may_break(statement.kind());
        }
        let (engine, link) = (&mut session.engine, &session.link);
        let dangling = match change {
            KeyChange::None => None,
            change => engine.find_dangling(link, change).await?,
        };
        let broken = match may_break {
            false => None,
            true => engine.find_broken(link).await?.map(|broken| broken.objects),
        };
        Ok(Self { dangling, broken })
    }

    /// Refuses what did not exist before and does not work.
    pub(crate) async fn check(&self, session: &Session<'_>) -> Result<(), Failure> {
        let compared = match &self.dangling {
            None => None,
            Some(before) => {
                let compared = session.engine.compare_dangling(&session.link, before);
                compared.await?
            }
        };
        match compared {
            None => self.check_objects(session).await,
            Some(DanglingFault::Unenforceable(keys)) => {
                // What does not exist is not unique either.
                self.check_objects(session).await?;
                Err(Failure::ForeignKeyMismatch {
                    keys,
                    suspects: Vec::new(),
                })
            }
            Some(DanglingFault::Rows(violations)) => Err(Failure::ForeignKeys {
                violations,
                suspects: Vec::new(),
            }),
        }
    }

    async fn check_objects(&self, session: &Session<'_>) -> Result<(), Failure> {
        let Some(before) = &self.broken else {
            return Ok(());
        };
        let Some(after) = session.engine.find_broken(&session.link).await? else {
            return Ok(());
        };
        let objects = new_ones(before, after.objects, &after.tables);
        match objects.is_empty() {
            true => Ok(()),
            false => Err(Failure::Broken {
                objects,
                next: None,
            }),
        }
    }
}

/// Returns what a step may do to foreign keys.
fn key_change(session: &Session<'_>, step: &Step, direction: Direction) -> KeyChange {
    let statements = session.runner.all_statements(step.revision, direction);
    let changes = statements
        .iter()
        .map(|statement| session.engine.key_change(statement.kind()));
    changes.max().unwrap_or_default()
}

/// Adds the revisions that a fault is about. Those that may have left dangling rows, or keys that cannot be
/// enforced: all are compared once for all steps, since each search reads every row that refers to another
/// table. And the one that would have run next, which may mend broken objects.
pub(crate) fn with_revisions(
    session: &Session<'_>,
    failure: Failure,
    steps: &[Step],
    next: Option<&Step>,
    direction: Direction,
) -> Failure {
    let suspects = |may_be: KeyChange| {
        let suspects = steps
            .iter()
            .filter(|step| key_change(session, step, direction) >= may_be);
        let suspects: Vec<Node> = suspects.map(|step| step.revision).collect();
        session.graph().ids(&suspects)
    };
    match failure {
        Failure::ForeignKeys { violations, .. } => Failure::ForeignKeys {
            violations,
            suspects: suspects(KeyChange::Rows),
        },
        Failure::ForeignKeyMismatch { keys, .. } => Failure::ForeignKeyMismatch {
            keys,
            suspects: suspects(KeyChange::Keys),
        },
        Failure::Broken { objects, .. } => {
            let next = match session.runner.transaction {
                TransactionMode::Revision => next,
                TransactionMode::Run => None,
            };
            let next = next.map(|step| session.graph()[step.revision].id.clone());
            Failure::Broken { objects, next }
        }
        failure => failure,
    }
}
