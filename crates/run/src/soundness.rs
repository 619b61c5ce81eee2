//! What a database holds that does not work, before and after a run: only what is new is a fault.

use alembic_history::{Direction, FileStatement, Node, Step, TransactionMode};

use crate::broken::{BrokenObject, new_ones};
use crate::dangling::{DanglingFault, DanglingRows, ForeignKey, KeyChange};
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

/// Returns whether a step may have left one of the keys, since it names its table or the referenced one.
fn names_one(
    session: &Session<'_>,
    step: &Step,
    direction: Direction,
    keys: &[ForeignKey],
) -> bool {
    let statements = session.runner.all_statements(step.revision, direction);
    statements.iter().any(|statement| {
        let sql = statement.sql.to_lowercase();
        let mut tables = keys.iter().flat_map(|key| [&key.table, &key.parent]);
        session.engine.key_change(statement.kind()) != KeyChange::None
            && tables.any(|table| sql.contains(&table.to_lowercase()))
    })
}

/// Adds the revisions that a fault is about. Those that may have left dangling rows: the rows are compared
/// once for all steps, since each search reads every row that refers to another table. Those that may have left
/// keys that cannot be enforced. And the one that would have run next, which may mend broken objects.
pub(crate) fn with_revisions(
    session: &Session<'_>,
    failure: Failure,
    steps: &[Step],
    next: Option<&Step>,
    direction: Direction,
) -> Failure {
    let ids = |suspects: &mut dyn Iterator<Item = &Step>| {
        let suspects: Vec<Node> = suspects.map(|step| step.revision).collect();
        session.graph().ids(&suspects)
    };
    let suspects = steps.iter();
    match failure {
        Failure::ForeignKeys { violations, .. } => Failure::ForeignKeys {
            violations,
            suspects: ids(&mut suspects
                .filter(|step| key_change(session, step, direction) == KeyChange::Rows)),
        },
        Failure::ForeignKeyMismatch { keys, .. } => Failure::ForeignKeyMismatch {
            suspects: ids(&mut suspects.filter(|step| names_one(session, step, direction, &keys))),
            keys,
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
