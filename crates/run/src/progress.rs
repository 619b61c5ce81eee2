//! The progress of a revision whose sections run outside of transactions.
//!
//! Such a section takes effect at once, while the version table does not show the revision yet. So
//! a row in a separate table next to the version table records how many of its statements are done,
//! and which one was begun. The table exists only as long as a revision is unfinished.

use std::time::Duration;

use alembic_history::{Direction, MAX_ID_LENGTH, Node, Plan, RevisionId};

use crate::action::Action;
use crate::engine::Execution;
use crate::event::Event;
use crate::failure::Failure;
use crate::ledger::UnfinishedEntry;
use crate::link::WAITING_TURN;
use crate::policy::Interruption;
use crate::refused_request::attribute_to;
use crate::report::UnfinishedRevision;
use crate::request::{Execute, Progress, Task, whole_seconds};
use crate::runner::digest_statements;
use crate::session::Session;

/// The consequence of an unfinished revision for the run that finds it.
pub(crate) enum Continuation {
    /// There is no unfinished revision, or the run continues it.
    Continue,
    /// Another run may be about to finish it.
    Wait {
        /// The process of the server that executes its statement, if the server shows it.
        process: Option<i32>,
    },
}

/// Records how many statements of a revision are done, and whether the next one begins.
///
/// Within a transaction, the first record creates the table, or takes the place of that of the revision
/// before, whose row is written there.
pub(crate) async fn record(
    session: &mut Session<'_>,
    node: Node,
    direction: Direction,
    done: usize,
    is_begun: bool,
) -> Result<(), Failure> {
    let revision = &session.graph()[node].id;
    let progress = session.progress.as_ref();
    let is_other = progress.is_some_and(|progress| progress.revision != revision.as_str());
    if is_other && !has_room(revision) {
        forget(session).await?;
    }
    let is_first = session.progress.is_none();
    if is_first && !session.versions.has_progress {
        let create = session.engine.create_progress(session.table(), revision);
        session.link.execute(create).await?;
        session.versions.has_progress = true;
    }
    let progress = session.runner.progress(node, direction, done, is_begun);
    let write = session.engine.write_progress(
        session.table(),
        progress.clone(),
        is_first,
        session.link.is_open,
    );
    // Outside of a transaction, a record that meets a lock changes nothing.
    let prepare = session
        .engine
        .restore_for_work()
        .filter(|_| !session.link.is_open);
    let changed = session
        .link
        .execute_patiently_after(prepare, write.clone())
        .await?;
    if changed != 1 {
        return Err(Failure::RowCount {
            table: session.table().progress().quoted(),
            sql: write.sql.into_owned(),
            changed,
        });
    }
    session.progress = Some(progress);
    Ok(())
}

/// Returns whether a table of progress that was created for another revision has room for this one.
pub(crate) fn has_room(revision: &RevisionId) -> bool {
    revision.length() <= MAX_ID_LENGTH
}

/// Removes the progress of a revision that is finished now, or that a stamp declares finished.
pub(crate) async fn forget(session: &mut Session<'_>) -> Result<(), Failure> {
    if session.versions.has_progress {
        let drop = session.engine.drop_progress(session.table());
        session.link.execute(drop).await?;
        session.versions.has_progress = false;
        session.progress = None;
    }
    Ok(())
}

/// Reads the progress of the unfinished revision, if there is one.
async fn read(session: &Session<'_>) -> Result<Option<Progress>, Failure> {
    if !session.versions.has_progress {
        return Ok(None);
    }
    let read = session
        .engine
        .read_progress(session.table(), session.link.is_open);
    let rows = session.link.query_patiently(read).await?;
    let progress = rows.first().map(Progress::read).transpose();
    Ok(progress.map_err(attribute_to(Action::ReadProgress))?)
}

/// Reads the unfinished revision of an earlier run, once it is known whether there is a record.
pub(crate) async fn read_unfinished(
    session: &Session<'_>,
) -> Result<Option<UnfinishedRevision>, Failure> {
    let progress = read(session).await?;
    Ok(progress.map(|progress| UnfinishedRevision {
        begun: progress.is_begun.then_some(progress.done + 1),
        since: whole_seconds(&progress.since),
        revision: progress.revision,
        direction: progress.direction,
        statements: progress.done,
    }))
}

/// Returns whether the progress is as this run wrote it.
///
/// If only transactions are locked, another run may continue a revision as soon as none of its
/// statements is begun.
pub(crate) async fn is_own(session: &Session<'_>) -> Result<bool, Failure> {
    if session.engine.locks_outside() != Some(false) {
        return Ok(true);
    }
    let found = read(session).await?;
    Ok(match (&found, &session.progress) {
        (Some(found), Some(own)) => {
            found.revision == own.revision
                && found.direction == own.direction
                && found.done == own.done
                && found.is_begun == own.is_begun
        }
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    })
}

/// Reads the unfinished revision, if there is one, and decides whether `plan` continues it.
///
/// `waited` is how long the run has waited for it already.
pub(crate) async fn resume(
    session: &mut Session<'_>,
    plan: &Plan,
    waited: Duration,
) -> Result<Continuation, Failure> {
    session.progress = read(session).await?;
    let Some(progress) = session.progress.clone() else {
        return Ok(Continuation::Continue);
    };
    let graph = session.graph();
    let next = plan.steps.first().map(|step| step.revision);
    let node = next.filter(|node| graph[*node].id.as_str() == progress.revision);
    let node = node.filter(|_| plan.direction.to_string() == progress.direction);
    let policy = session.runner.interruption;
    let execution = match progress.is_begun {
        true => {
            let find = session
                .engine
                .find_execution(&session.link, &progress, policy);
            find.await?
        }
        false => Execution::Over,
    };
    let process = match execution {
        Execution::Process(process) => Some(process),
        Execution::Over | Execution::Possible => None,
    };
    if execution != Execution::Over && waited < session.runner.lock_timeout {
        return Ok(Continuation::Wait { process });
    }
    let Some(node) = node else {
        return Err(Failure::Unfinished {
            revision: progress.revision,
            direction: progress.direction,
            statements: progress.done,
        });
    };
    let statements = session.runner.all_statements(node, plan.direction);
    let done = statements.get(..progress.done);
    if done.is_none_or(|done| digest_statements(done) != progress.digest) {
        return Err(Failure::ChangedMeanwhile {
            revision: graph[node].id.clone(),
            path: session.runner.history.file(node).path.clone(),
            statements: progress.done,
        });
    }
    // The progress stays as it is until the first commit.
    let unfinished = UnfinishedEntry::describe(node, progress.done, progress.is_begun);
    if let (true, Some(statement)) = (progress.is_begun, statements.get(progress.done)) {
        let policy = match execution {
            Execution::Process(_) | Execution::Possible => Interruption::Refuse,
            Execution::Over => policy,
        };
        let probe = match (policy, process) {
            (Interruption::Again, _) | (_, Some(_)) => None,
            (Interruption::Refuse | Interruption::Skip, None) => {
                let probe = session.engine.probe(&session.link, statement.kind());
                // The interruption is reported, with or without this answer.
                probe.await.ok().flatten()
            }
        };
        let has_not = probe.as_ref().and_then(|probe| probe.took_effect) == Some(false);
        match policy {
            Interruption::Again => {}
            Interruption::Skip if !has_not => {
                record(session, node, plan.direction, progress.done + 1, false).await?;
            }
            Interruption::Skip | Interruption::Refuse => {
                let number = progress.done + 1;
                let unfinished = UnfinishedEntry::describe(node, progress.done, !has_not);
                session.ledger.set_unfinished(unfinished);
                return Err(Failure::Interrupted {
                    location: Box::new(session.runner.locate(node, *statement, number, None)),
                    direction: plan.direction,
                    since: whole_seconds(&progress.since),
                    process,
                    found: probe.map(|probe| probe.text),
                    has_not,
                });
            }
        }
    }
    session.ledger.set_unfinished(unfinished);
    Ok(Continuation::Continue)
}

/// Records that the next statement is not begun, since it did not take effect, and returns whether
/// that could be recorded: otherwise, the next run reports that it may have taken effect.
///
/// If no statement of the revision is done, its progress is removed. Nothing is written once the
/// lock is lost: another run may have continued the revision.
pub(crate) async fn take_back(
    session: &mut Session<'_>,
    node: Node,
    direction: Direction,
    done: usize,
) -> bool {
    if session.engine.check_lock(&session.link).await.is_err() {
        return false;
    }
    if done > 0 {
        return record(session, node, direction, done, false).await.is_ok();
    }
    let forgotten = forget_revision(session).await.is_ok();
    if !forgotten {
        // The failure of the statement is the one to report.
        let _ = session.rollback().await;
    }
    forgotten
}

/// Removes the progress, and the version table if only the progress needed it.
async fn forget_revision(session: &mut Session<'_>) -> Result<(), Failure> {
    session.begin().await?;
    forget(session).await?;
    session.drop_own_version_table().await?;
    let commit = Execute::new(Task::Commit, "COMMIT");
    session.link.execute(commit).await?;
    session.link.is_open = false;
    Ok(())
}

/// Waits briefly for a run that may be about to finish a revision, in this process of the server;
/// `reported` is when the wait was last reported.
pub(crate) async fn wait(
    session: &mut Session<'_>,
    process: Option<i32>,
    waited: Duration,
    reported: &mut Option<Duration>,
) -> Result<(), Failure> {
    if reported.is_none_or(|reported| waited >= reported + WAITING_TURN) {
        *reported = Some(waited);
        session
            .link
            .report(Event::Unfinished { waited, process })
            .await;
    }
    session.rollback().await?;
    session.link.pause(WAITING_TURN / 4).await;
    Ok(())
}
