//! Statements outside of transactions: each takes effect at once, and cannot be undone.

use alembic_history::{Direction, FileStatement, Node};
use alembic_sql::StatementKind;

use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::event::{Event, Executed};
use crate::failure::{Failure, StatementScope};
use crate::ledger::UnfinishedEntry;
use crate::progress::{record, take_back};
use crate::request::Execute;
use crate::session::Session;
use crate::versions::Lookup;

/// Commits, and runs statements outside of transactions; returns how many statements of the
/// revision are then done.
///
/// `repeated` are statements with their numbers, which an earlier run has done and whose settings
/// have ended with it.
pub(crate) async fn run_outside<'h>(
    session: &mut Session<'h>,
    (node, direction): (Node, Direction),
    repeated: &[(FileStatement<'h>, usize)],
    statements: &[FileStatement<'h>],
    mut done: usize,
) -> Result<usize, Failure> {
    // The revision's role may not be allowed what the run has to do here.
    let set_again = session.engine.suspend_session(&session.link).await?;
    session.provide_version_table().await?;
    record(session, node, direction, done, true).await?;
    session.commit().await?;
    // Who is told of it can do without.
    let process = session.engine.find_process(&session.link).await;
    let process = process.ok().flatten();
    if let Err(failure) = prepare(session, (node, process), set_again, repeated).await {
        let known = take_back(session, node, direction, done).await;
        let unfinished = UnfinishedEntry::describe(node, done, !known);
        session.ledger.set_unfinished(unfinished);
        return Err(failure);
    }
    for (index, statement) in statements.iter().enumerate() {
        let recorded = done;
        let sql = statement.sql.to_owned();
        let begun = Event::OutsideStatement { process, sql };
        session.link.report(begun).await;
        let changes = session.engine.count_changes(&session.link).await;
        let changes = changes.ok().flatten();
        let mut outcome = run_alone(session, (node, process), *statement, done + 1).await;
        if outcome.is_ok() {
            outcome = check_index(session, node, *statement, done + 1).await;
            // An invalid index means that the build failed.
            let is_done = !matches!(outcome, Err(Failure::InvalidIndex { .. }));
            done += usize::from(is_done);
        }
        if outcome.is_ok() {
            let more = index + 1 < statements.len();
            outcome = record(session, node, direction, done, more).await;
        }
        if let Err(failure) = outcome {
            let (undone, is_clean) = match &failure {
                Failure::Statement { error, scope, .. } => {
                    let lost = error.kind() == DatabaseErrorKind::ConnectionLost;
                    let (link, changes) = (&session.link, changes.as_deref());
                    let may_be_done = session.engine.may_be_done(link, statement.kind(), changes);
                    // Without an answer, it may be.
                    let in_part = lost || may_be_done.await.unwrap_or(true);
                    (!in_part, scope.leftover().is_empty())
                }
                _ => (true, true),
            };
            // Nothing of the revision follows; its settings could refuse what the run has to record.
            let _ = session.restore_session().await;
            let known = undone && take_back(session, node, direction, done).await;
            let left = UnfinishedEntry {
                node,
                statements: if known { done } else { recorded },
                is_uncertain: !known,
            };
            session.ledger.set_unfinished(match is_clean {
                true => UnfinishedEntry::describe(node, left.statements, left.is_uncertain),
                false => Some(left),
            });
            return Err(failure);
        }
    }
    let unfinished = UnfinishedEntry::describe(node, done, false);
    session.ledger.set_unfinished(unfinished);
    Ok(done)
}

/// Sets what the revision has set so far, in this run or in an earlier one.
async fn prepare<'h>(
    session: &Session<'h>,
    at: (Node, Option<i32>),
    set_again: Vec<Execute<'static>>,
    repeated: &[(FileStatement<'h>, usize)],
) -> Result<(), Failure> {
    for statement in set_again {
        session.link.execute(statement).await?;
    }
    for (statement, number) in repeated {
        run_alone(session, at, *statement, *number).await?;
    }
    Ok(())
}

/// Runs a statement outside of transactions, in this process of the server.
async fn run_alone<'h>(
    session: &Session<'h>,
    (node, process): (Node, Option<i32>),
    statement: FileStatement<'h>,
    number: usize,
) -> Result<(), Failure> {
    session.engine.check_lock(&session.link).await?;
    check_index(session, node, statement, number).await?;
    let Err(error) = execute(session, (node, process), statement).await else {
        return Ok(());
    };
    // The failure is reported, with or without this answer.
    let left = session
        .engine
        .find_leftover(&session.link, statement.kind());
    let scope = StatementScope::Outside {
        leftover: left.await.unwrap_or_default(),
    };
    let runner = &session.runner;
    Err(runner.statement_failure(node, statement, number, error, scope))
}

/// Refuses to continue if an invalid index has the name of the index that a statement builds.
async fn check_index<'h>(
    session: &Session<'h>,
    node: Node,
    statement: FileStatement<'h>,
    number: usize,
) -> Result<(), Failure> {
    let target = session
        .engine
        .find_invalid_target(&session.link, statement.kind());
    match target.await? {
        None => Ok(()),
        Some(index) => Err(Failure::InvalidIndex {
            location: Box::new(session.runner.locate(node, statement, number, None)),
            index,
        }),
    }
}

/// Executes a statement of a revision outside of transactions, unless it is refused.
async fn execute<'h>(
    session: &Session<'h>,
    (node, process): (Node, Option<i32>),
    statement: FileStatement<'h>,
) -> Result<(), DatabaseError> {
    if let Some(refusal) = session
        .engine
        .refuses(statement.kind(), session.link.is_open)
    {
        return Err(refusal.into());
    }
    let watch = process.and_then(|process| session.engine.watch_outside(process, statement.sql));
    let request = session.statement(statement).watched_by(watch);
    let link = &session.link;
    let start = link.now();
    let executed = session.engine.execute_outside(link, request).await;
    let origin = |_| Some(session.runner.origin(node, statement));
    link.report_notices(origin).await;
    executed?;
    if session.runner.report_statements {
        link.report(Event::Executed(Executed {
            sql: statement.sql.to_owned(),
            took: Some(link.now().saturating_sub(start)),
            losses: Vec::new(),
        }))
        .await;
    }
    let changes = &statement.setting_changes;
    match session.engine.restore_reading(changes, link.is_open) {
        None => Ok(()),
        Some(reading) => {
            let restored = link.execute(reading).await;
            restored.map(drop).map_err(|refused| refused.error)
        }
    }
}

/// Returns whether the version table is looked for again after statements outside of transactions: not
/// after those that take most of them, where no other run can have come between.
pub(crate) fn lookup_after(session: &Session<'_>, statements: &[FileStatement<'_>]) -> Lookup {
    let leaves_tables = |statement: &FileStatement<'_>| match statement.kind() {
        StatementKind::Index(_) | StatementKind::Vacuum => true,
        StatementKind::CreateTable(_)
        | StatementKind::AlterTable(_)
        | StatementKind::DropTable(_)
        | StatementKind::View
        | StatementKind::Trigger
        | StatementKind::Rows
        | StatementKind::Attach
        | StatementKind::Detach
        | StatementKind::Setting(_)
        | StatementKind::Transaction(_)
        | StatementKind::Call
        | StatementKind::Block { .. }
        | StatementKind::AddEnumValue(_)
        | StatementKind::Other => false,
    };
    match session.engine.locks_outside() == Some(true) && statements.iter().all(leaves_tables) {
        true => Lookup::Known,
        false => Lookup::Again,
    }
}
