//! The steps of a run: the statements of revisions, and the checks around them.

use std::time::Duration;

use alembic_history::{Direction, FileStatement, Node, Plan, Step};

use crate::base::provide_base;
use crate::batch::Batch;
use crate::event::{Event, RunStep};
use crate::failure::Failure;
use crate::log::{self, Differences};
use crate::outside::{lookup_after, run_outside};
use crate::pieces::{self, Piece};
use crate::progress::{Continuation, forget, is_own, resume, wait};
use crate::refusal::Refusal;
use crate::report::StepReport;
use crate::session::{Decide, Session};
use crate::session_changes::{ConstraintModes, Reach, SessionChanges};
use crate::soundness::{Soundness, with_revisions};
use crate::versions::{Lookup, Moment};

/// The work of a command, carried out in one transaction after the other.
struct Work {
    /// When the work began.
    start: Duration,
    /// How long the wait for another run was when it was last reported.
    reported: Option<Duration>,
    /// What is left, once a transaction is committed.
    rest: Option<Rest>,
}

/// What is left to do.
struct Rest {
    plan: Plan,
    /// How many steps of the plan the last transaction has done.
    done: usize,
    /// The rows that it has left, sorted.
    rows: Vec<Node>,
}

/// Carries out the plan that `decide` makes from the rows, under lock, in the open transaction or
/// in one of its own.
///
/// `decide` sees the rows again once the lock is held, since its previous holder may have done some
/// or all of the work.
pub(crate) async fn carry_out(
    session: &mut Session<'_>,
    decide: Decide<'_>,
) -> Result<(), Failure> {
    let mut work = Work {
        start: session.link.now(),
        reported: None,
        rest: None,
    };
    loop {
        match carry_out_batch(session, decide, &mut work).await {
            Ok(Extent::All) => return Ok(()),
            Ok(Extent::Some) => {}
            // Before anything is committed, the whole command begins again.
            Err(failure) if session.ledger.is_untouched() => return Err(failure),
            Err(failure) => session.retry(failure).await?,
        }
    }
}

/// How much of the work is done.
enum Extent {
    All,
    Some,
}

/// Carries out the work of one transaction, or waits for another run that may be doing it.
async fn carry_out_batch(
    session: &mut Session<'_>,
    decide: Decide<'_>,
    work: &mut Work,
) -> Result<Extent, Failure> {
    if !session.link.is_open {
        session.hold_foreign_keys().await?;
        session.begin().await?;
    }
    session.read_versions().await?;
    let rows = log::nodes(session).await?;
    let differences = log::adopt(session).await?;
    let is_first = work.rest.is_none();
    let rest = work.rest.take();
    let rest = Rest::plan(session, decide, rest, rows, &differences)?;
    log::check(session, &differences, &rest.plan).await?;
    let rest = work.rest.insert(rest);
    let waited = session.link.now().saturating_sub(work.start);
    match resume(session, &rest.plan, waited).await? {
        Continuation::Continue => {}
        Continuation::Wait { process } => {
            if is_first {
                // The other run may move the rows, and so the target.
                work.rest = None;
            }
            wait(session, process, waited, &mut work.reported).await?;
            return Ok(Extent::Some);
        }
    }
    if rest.plan.steps.is_empty() {
        return Ok(Extent::All);
    }
    if rest.plan.direction == Direction::Upgrade {
        provide_base(session).await?;
    }
    let batch = session.runner.batch(&rest.plan);
    if run_steps(session, &rest.plan, batch).await? {
        if batch.steps == rest.plan.steps.len() {
            return Ok(Extent::All);
        }
        rest.done = batch.steps;
        rest.rows = sorted(log::nodes(session).await?);
    }
    Ok(Extent::Some)
}

impl Rest {
    /// Plans what is left at `rows`: from the rest before, or else by `decide`.
    fn plan(
        session: &Session<'_>,
        decide: Decide<'_>,
        before: Option<Self>,
        rows: Vec<Node>,
        differences: &Differences,
    ) -> Result<Self, Failure> {
        let mut plan = match before {
            Some(mut rest) if rest.done > 0 && rest.rows == sorted(rows.clone()) => {
                // It was checked before; planning it again takes longer the more there is.
                rest.plan.steps.drain(..rest.done);
                rest.done = 0;
                return Ok(rest);
            }
            Some(rest) => session.graph().resume(&rest.plan, &rows),
            None => {
                let plan = decide(&rows)?;
                session.check_shown(&plan)?;
                plan
            }
        };
        log::with_missing(session, differences, &mut plan);
        session.runner.check_reversible(&plan)?;
        session.check_ids(plan.steps.iter().flat_map(|step| &step.rows))?;
        check_connections(session, &plan)?;
        Ok(Self {
            plan,
            done: 0,
            rows: sorted(rows),
        })
    }
}

fn sorted(mut rows: Vec<Node>) -> Vec<Node> {
    rows.sort_unstable();
    rows
}

/// Refuses a plan that leaves its transactions if the lock cannot be held outside of them, or if
/// everything is to be taken back.
fn check_connections(session: &Session<'_>, plan: &Plan) -> Result<(), Failure> {
    let runner = &session.runner;
    let is_locked = session.engine.locks_outside().is_some();
    if is_locked && !runner.dry_run {
        return Ok(());
    }
    let mut steps = plan.steps.iter();
    let Some(step) = steps.find(|step| runner.leaves_transaction(step, plan.direction)) else {
        return Ok(());
    };
    let file = runner.history.file(step.revision);
    let (revision, path) = (file.file.header.id.name.clone(), file.path.clone());
    Err(match runner.dry_run {
        true => Failure::NotTakenBack { revision, path },
        false => Failure::NoSecondConnection { revision, path },
    })
}

/// What ends the transaction of steps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Commit,
    /// The commit that also records that the first statement of the next step begins.
    NextRecord,
}

/// Runs the first steps of a plan and commits them; returns whether they are done, which they are
/// not if another run has continued them.
async fn run_steps(
    session: &mut Session<'_>,
    plan: &Plan,
    batch: Batch<'_>,
) -> Result<bool, Failure> {
    let direction = plan.direction;
    let total = session.ledger.steps().len() + plan.steps.len();
    let transactions = session
        .runner
        .transactions(&plan.steps[..batch.steps], direction);
    let transactions: Vec<&[Step]> = transactions.collect();
    let mut done = 0;
    for (index, steps) in transactions.iter().enumerate() {
        done += steps.len();
        let next = transactions.get(index + 1).map(|steps| steps[0].revision);
        let end = match next.map(|next| check_statements(session, next, direction)) {
            Some(Ok(())) => End::NextRecord,
            // What is refused must not take back what is done.
            Some(Err(_)) | None => End::Commit,
        };
        let (rest, place) = (plan.steps.get(done), (direction, total));
        if !run_transaction(session, steps, rest, place, end).await? {
            return Ok(false);
        }
        if end == End::NextRecord {
            continue;
        }
        if let (Some(value), Some(next)) = (batch.value, rest) {
            let before = session.graph()[next.revision].id.clone();
            let value = value.written.clone();
            let event = Event::CommittingValue { before, value };
            session.link.report(event).await;
        }
        session.commit().await?;
        session.engine.forget_session();
    }
    Ok(true)
}

/// Runs steps up to the commit, with its checks; returns whether they are done. `next` is the step
/// after them, and `total` how many steps the run has.
async fn run_transaction(
    session: &mut Session<'_>,
    steps: &[Step],
    next: Option<&Step>,
    (direction, total): (Direction, usize),
    end: End,
) -> Result<bool, Failure> {
    let statements = steps
        .iter()
        .flat_map(|step| session.runner.all_statements(step.revision, direction));
    let statements: Vec<FileStatement<'_>> = statements.collect();
    let before = Soundness::find(session, statements.into_iter()).await?;
    let mut modes = ConstraintModes::default();
    let mut lookup = Lookup::Known;
    for step in steps {
        let revision = &session.graph()[step.revision];
        let run_step = RunStep {
            revision: revision.id.clone(),
            down_revisions: revision.down_revisions.clone(),
            message: revision.message.clone(),
            direction,
        };
        let started = Event::StepStarted {
            step: run_step.clone(),
            done: session.ledger.steps().len(),
            total,
        };
        session.link.report(started).await;
        let start = session.link.now();
        keep_session(session, step.revision, direction).await?;
        let place = (step.revision, direction);
        let last = run_sections(session, place, &before, &mut modes);
        let Some(mut pieces) = last.await? else {
            return Ok(false);
        };
        let restored = session.engine.restore_session(session.link.is_open);
        pieces.extend(restored.into_iter().map(Piece::Setting));
        pieces.extend(restore_modes(session, place, &mut modes));
        pieces.extend(step.rows.iter().copied().map(Piece::Row));
        if !pieces.iter().all(Piece::is_own) {
            lookup = Lookup::Again;
        }
        pieces::run(session, pieces).await?;
        if end == End::Commit {
            forget(session).await?;
        }
        let took = session.link.now().saturating_sub(start);
        session.ledger.enter(StepReport {
            revision: run_step.revision.clone(),
            message: run_step.message.clone(),
            took,
        });
        log::enter_step(session, step.revision, direction, took);
        let finished = Event::StepFinished {
            step: run_step,
            took,
        };
        session.link.report(finished).await;
    }
    log::write(session).await?;
    let checked = before.check(session).await;
    checked.map_err(|failure| with_revisions(session, failure, steps, next, direction))?;
    session.check_versions(Moment::BeforeCommit, lookup).await?;
    Ok(true)
}

/// Returns the piece that puts the modes of constraints back after a revision, with its last
/// statement that may have changed them.
fn restore_modes<'h>(
    session: &Session<'h>,
    (node, direction): (Node, Direction),
    modes: &mut ConstraintModes,
) -> Option<Piece<'h>> {
    let number = modes.end_revision()?;
    let statements = session.runner.all_statements(node, direction);
    Some(Piece::Modes {
        node,
        statement: statements[number - 1],
        number,
        restore: session.engine.restore_modes()?,
    })
}

/// Keeps the session's settings that the statements of a revision may change.
async fn keep_session(
    session: &mut Session<'_>,
    node: Node,
    direction: Direction,
) -> Result<(), Failure> {
    check_statements(session, node, direction)?;
    let changes = SessionChanges::of(&session.runner.all_statements(node, direction));
    session.engine.keep_session(&session.link, changes).await
}

/// Refuses statements that the server would misread, and those of sections outside of transactions
/// that may not run there, before anything of their revision is done.
fn check_statements(
    session: &Session<'_>,
    node: Node,
    direction: Direction,
) -> Result<(), Failure> {
    let runner = &session.runner;
    let statements = runner.all_statements(node, direction);
    if let Some(index) = session.engine.find_misread(&statements) {
        let (statement, refusal) = (statements[index], Refusal::PlainBackslash);
        return Err(runner.refused(node, statement, index + 1, refusal));
    }
    let mut number = 0;
    for section in runner.sections(node, direction) {
        for statement in section.statements(runner.dialect) {
            number += 1;
            let refusal = session.engine.refuses(statement.kind(), false);
            if let (false, Some(refusal)) = (section.transaction, refusal) {
                return Err(runner.refused(node, statement, number, refusal));
            }
        }
    }
    Ok(())
}

/// Runs the statements of a revision up to its last section outside of transactions, except those
/// that an earlier run has done; returns the rest, unless another run has continued the revision.
async fn run_sections<'h>(
    session: &mut Session<'h>,
    (node, direction): (Node, Direction),
    before: &Soundness,
    modes: &mut ConstraintModes,
) -> Result<Option<Vec<Piece<'h>>>, Failure> {
    let revision = session.graph()[node].id.as_str();
    let progress = session.progress.as_ref();
    let finished = progress
        .filter(|progress| progress.revision == revision)
        .map_or(0, |progress| progress.done);
    let mut pieces = Vec::new();
    let mut done = 0;
    for section in session.runner.sections(node, direction) {
        let statements: Vec<_> = section.statements(session.runner.dialect).collect();
        let skipped = finished.saturating_sub(done).min(statements.len());
        let (skipped, statements) = statements.split_at(skipped);
        let engine = &session.engine;
        let mut add = |pieces: &mut Vec<Piece<'h>>, statement: FileStatement<'h>, number| {
            let reading = engine.restore_reading(&statement.setting_changes, true);
            pieces.push(Piece::Statement {
                node,
                statement,
                number,
            });
            pieces.extend(reading.map(Piece::Setting));
            let are_back = modes.enter(statement, number);
            let restored = are_back.then(|| engine.restore_modes()).flatten();
            pieces.extend(restored.map(|restore| Piece::Modes {
                node,
                statement,
                number,
                restore,
            }));
        };
        let mut repeated = Vec::new();
        for statement in skipped {
            done += 1;
            match engine.reach(statement.kind()) {
                Reach::Statement => {}
                Reach::Section => repeated.push((*statement, done)),
                Reach::Revision => add(&mut pieces, *statement, done),
            }
        }
        if section.transaction {
            for statement in statements {
                done += 1;
                add(&mut pieces, *statement, done);
            }
        } else if !statements.is_empty() {
            if !pieces.is_empty() {
                pieces::run(session, std::mem::take(&mut pieces)).await?;
                before.check(session).await?;
            }
            done = run_outside(session, (node, direction), &repeated, statements, done).await?;
            modes.end_transaction();
            // The section may have switched them on.
            session.hold_foreign_keys().await?;
            session.begin().await?;
            let set_again = session.engine.suspend_session(&session.link).await?;
            let lookup = lookup_after(session, statements);
            let checked = session.check_versions(Moment::During, lookup).await;
            if matches!(checked, Ok(()) | Err(Failure::RowsMoved { .. }))
                && !is_own(session).await?
            {
                session.ledger.set_unfinished(None);
                return Ok(None);
            }
            checked?;
            pieces.extend(set_again.into_iter().map(Piece::Setting));
        }
    }
    Ok(Some(pieces))
}
