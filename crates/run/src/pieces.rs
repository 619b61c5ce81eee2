//! Messages of several statements, in the open transaction.
//!
//! A server may be far away, where each message costs a round trip; SQLite has none.

mod group;

use alembic_history::{FileStatement, Node, RowChange};
use alembic_sql::summary;

use crate::action::Action;
use crate::alter::{AlterFault, Numbered, Unaltered};
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::event::{Event, Executed, Lost};
use crate::failure::{Failure, StatementScope};
use crate::notice::NoticeOrigin;
use crate::refused_request::RefusedRequest;
use crate::request::{Batch, Execute};
use crate::session::Session;

pub(crate) use group::group;

/// A piece of a command's work in a transaction.
#[derive(Clone, Debug)]
pub(crate) enum Piece<'h> {
    /// A statement of a revision.
    Statement {
        /// The revision.
        node: Node,
        /// The statement.
        statement: FileStatement<'h>,
        /// Its number among the revision's statements, from 1.
        number: usize,
    },
    /// Statements of a revision that change one table.
    Alter {
        /// The revision.
        node: Node,
        /// The statements.
        statements: Vec<Numbered<'h>>,
    },
    /// A statement that restores settings of the session.
    Setting(Execute<'static>),
    /// A statement that puts the modes of constraints back, and so checks what was deferred.
    Modes {
        /// The revision.
        node: Node,
        /// The statement of the revision that may have changed them.
        statement: FileStatement<'h>,
        /// Its number among the revision's statements, from 1.
        number: usize,
        /// The statement that puts them back.
        restore: Execute<'static>,
    },
    /// A change to the version table, of exactly one row.
    Row(RowChange),
}

/// Carries out pieces; creates the version table if it is missing.
pub(crate) async fn run<'h>(
    session: &mut Session<'h>,
    pieces: Vec<Piece<'h>>,
) -> Result<(), Failure> {
    if pieces.is_empty() {
        return Ok(());
    }
    session.provide_version_table().await?;
    let pieces = group(pieces, |kind| session.engine.alters(kind));
    let refusal = pieces
        .iter()
        .enumerate()
        .find_map(|(index, piece)| match piece {
            Piece::Statement { statement, .. } => Some((
                index,
                session
                    .engine
                    .refuses(statement.kind(), session.link.is_open)?,
            )),
            Piece::Alter { .. } | Piece::Setting(_) | Piece::Modes { .. } | Piece::Row(_) => None,
        });
    if let Some((index, refusal)) = refusal {
        return Err(failure(session, &pieces[index], refusal.into()));
    }
    let is_alter = |piece: &Piece<'_>| matches!(piece, Piece::Alter { .. });
    for pieces in pieces.chunk_by(|piece, next| !is_alter(piece) && !is_alter(next)) {
        match pieces {
            [Piece::Alter { node, statements }] => alter(session, *node, statements).await?,
            pieces => run_plain(session, pieces).await?,
        }
    }
    Ok(())
}

/// Carries out pieces that the database takes as they are.
async fn run_plain<'h>(session: &mut Session<'h>, pieces: &[Piece<'h>]) -> Result<(), Failure> {
    let (table, graph) = (session.table(), session.graph());
    let statements = pieces.iter().filter_map(|piece| match piece {
        Piece::Statement { statement, .. } => Some(session.statement(*statement)),
        Piece::Setting(restore) | Piece::Modes { restore, .. } => Some(restore.clone()),
        Piece::Row(change) => Some(session.engine.change_versions(table, graph, *change)),
        Piece::Alter { .. } => None,
    });
    let statements: Vec<Execute<'h>> = statements.collect();
    let batch = match session.runner.dry_run || session.runner.report_statements {
        true => execute_singly(session, pieces, statements).await,
        false => {
            let origin = |index: usize| pieces.get(index)?.origin(session);
            execute_all(session, statements, origin).await
        }
    };
    for (piece, changed) in pieces.iter().zip(batch.changed) {
        if let Piece::Row(change) = piece {
            session.count_change(*change, changed)?;
        }
    }
    match batch.failed {
        None => Ok(()),
        Some((index, error)) => Err(explain(session, &pieces[index], error).await),
    }
}

/// Returns the failure of a piece, with the objects that are in its way.
async fn explain<'h>(session: &Session<'h>, piece: &Piece<'h>, error: DatabaseError) -> Failure {
    let Piece::Statement {
        node,
        statement,
        number,
    } = piece
    else {
        return failure(session, piece, error);
    };
    let (engine, link) = (&session.engine, &session.link);
    let obstacles = engine.find_obstacles(link, statement.kind(), &error).await;
    // The failure is reported, with or without this answer.
    let objects = obstacles.unwrap_or_default();
    if objects.is_empty() {
        return failure(session, piece, error);
    }
    let statements = [Numbered {
        statement: *statement,
        number: *number,
    }];
    let fault = AlterFault::Obstacles {
        error: error.to_string(),
        objects,
    };
    let failed = (0, Unaltered::Fault(fault));
    let runner = &session.runner;
    runner.alter_failure(*node, &statements, failed, scope(session))
}

fn scope(session: &Session<'_>) -> StatementScope {
    StatementScope::Transaction {
        is_shared: session.ledger.has_open_steps(),
    }
}

/// Carries out statements that change one table.
async fn alter<'h>(
    session: &Session<'h>,
    node: Node,
    statements: &[Numbered<'h>],
) -> Result<(), Failure> {
    if session.runner.dry_run || session.runner.report_statements {
        for Numbered { statement, .. } in statements {
            let executed = Executed {
                sql: statement.sql.to_owned(),
                took: None,
                losses: find_losses(session, *statement).await,
            };
            session.link.report(Event::Executed(executed)).await;
        }
    }
    let altered = session.engine.alter(&session.link, statements).await;
    altered.map(drop).map_err(|failed| {
        let runner = &session.runner;
        runner.alter_failure(node, statements, failed, scope(session))
    })
}

/// Executes statements one by one, and reports those of revisions.
async fn execute_singly<'h>(
    session: &Session<'h>,
    pieces: &[Piece<'h>],
    statements: Vec<Execute<'h>>,
) -> Batch {
    let mut batch = Batch::default();
    for (index, (piece, execute)) in pieces.iter().zip(statements).enumerate() {
        let own = match piece {
            Piece::Statement { statement, .. } => Some(*statement),
            Piece::Alter { .. } | Piece::Setting(_) | Piece::Modes { .. } | Piece::Row(_) => None,
        };
        let losses = match own {
            Some(statement) => find_losses(session, statement).await,
            None => Vec::new(),
        };
        if let Some(statement) = own {
            let summary = summary(statement.sql, session.runner.dialect);
            let started = Event::StatementStarted { summary };
            session.link.report(started).await;
        }
        let start = session.link.now();
        let executed = session.link.execute(execute).await;
        session.link.report_notices(|_| piece.origin(session)).await;
        match executed {
            Ok(changed) => batch.changed.push(changed),
            Err(refused) => {
                batch.failed = Some((index, refused.error));
                break;
            }
        }
        if let Some(statement) = own {
            let sql = statement.sql.to_owned();
            let took = Some(session.link.now().saturating_sub(start));
            let executed = Executed { sql, took, losses };
            session.link.report(Event::Executed(executed)).await;
        }
    }
    batch
}

/// Finds what a statement destroys, in a dry run.
async fn find_losses(session: &Session<'_>, statement: FileStatement<'_>) -> Vec<Lost> {
    let mut found = Vec::new();
    if !session.runner.dry_run {
        return found;
    }
    for (what, query) in session.engine.losses(statement.kind()) {
        // A statement about what is missing destroys nothing, or fails by itself.
        let rows = session.link.query(query).await.unwrap_or_default();
        let count = rows.first().and_then(|row| row.number(0).ok());
        if let Some(count) = count.filter(|count| *count > 0) {
            found.push(Lost { what, count });
        }
    }
    found
}

/// Makes changes to the version table, each of which must change exactly one row.
pub(crate) async fn change_versions(
    session: &mut Session<'_>,
    changes: &[RowChange],
) -> Result<(), Failure> {
    session.check_ids(changes)?;
    session.provide_version_table().await?;
    let changes = changes.iter().copied().map(Piece::Row);
    run(session, changes.collect()).await
}

fn failure<'h>(session: &Session<'h>, piece: &Piece<'h>, error: DatabaseError) -> Failure {
    match piece {
        Piece::Statement {
            node,
            statement,
            number,
        }
        | Piece::Modes {
            node,
            statement,
            number,
            ..
        } => {
            let runner = &session.runner;
            runner.statement_failure(*node, *statement, *number, error, scope(session))
        }
        Piece::Alter { .. } | Piece::Setting(_) => {
            RefusedRequest::new(Action::KeepSettings, error).into()
        }
        Piece::Row(_) => RefusedRequest::new(Action::WriteVersionTable, error).into(),
    }
}

impl Piece<'_> {
    /// Returns whether a piece is work of the run itself, and runs nothing of a revision.
    pub(crate) fn is_own(&self) -> bool {
        match self {
            // What was deferred runs when the modes are put back.
            Piece::Statement { .. } | Piece::Alter { .. } | Piece::Modes { .. } => false,
            Piece::Setting(_) | Piece::Row(_) => true,
        }
    }

    /// Returns the statement of a file that the server's notices are about; none for what the run
    /// does on its own account.
    fn origin(&self, session: &Session<'_>) -> Option<NoticeOrigin> {
        match self {
            Piece::Statement {
                node, statement, ..
            }
            | Piece::Modes {
                node, statement, ..
            } => Some(session.runner.origin(*node, *statement)),
            Piece::Alter { .. } | Piece::Setting(_) | Piece::Row(_) => None,
        }
    }
}

/// Executes statements up to the first that fails; their notices have these origins.
pub(crate) async fn execute_all<'h>(
    session: &Session<'h>,
    statements: Vec<Execute<'h>>,
    origin: impl Fn(usize) -> Option<NoticeOrigin>,
) -> Batch {
    let mut executed = Batch::default();
    let mut rest = statements.as_slice();
    while !rest.is_empty() && executed.failed.is_none() {
        let (message, later) = rest.split_at(session.engine.message_length(rest));
        let done = executed.changed.len();
        let batch = execute_message(session, message, |index| origin(done + index)).await;
        executed.changed.extend(batch.changed);
        executed.failed = batch.failed.map(|(index, error)| (done + index, error));
        rest = later;
    }
    executed
}

async fn execute_message<'h>(
    session: &Session<'h>,
    statements: &[Execute<'h>],
    origin: impl Fn(usize) -> Option<NoticeOrigin>,
) -> Batch {
    if statements.len() > 1
        && let Some(batch) = session.link.execute_all(statements.to_vec()).await
    {
        session.link.report_notices(origin).await;
        return check_counts(batch, statements.len());
    }
    let mut batch = Batch::default();
    for (index, statement) in statements.iter().enumerate() {
        let executed = session.link.execute(statement.clone()).await;
        session.link.report_notices(|_| origin(index)).await;
        match executed {
            Ok(changed) => batch.changed.push(changed),
            Err(refused) => {
                batch.failed = Some((index, refused.error));
                break;
            }
        }
    }
    batch
}

/// Turns a batch whose counts cannot be right into a failed one.
fn check_counts(batch: Batch, statements: usize) -> Batch {
    let is_sound = match batch.failed {
        None => batch.changed.len() == statements,
        Some((failed, _)) => failed < statements,
    };
    if is_sound {
        return batch;
    }
    let why = "the driver reports a different number of statements than it was given";
    Batch {
        changed: Vec::new(),
        failed: Some((0, DatabaseError::new(DatabaseErrorKind::Other, why))),
    }
}
