//! What goes to the database together.
//!
//! A server may be far away, so that each message costs the way there and back; SQLite is here.

use crate::version_table::VersionSql as _;
use std::borrow::Cow;

use super::refusal::Refusal;
use super::session::Session;
use super::{Action, Batch, DatabaseError, DatabaseErrorKind, Fault};
use alembic_history::{Dialect, FileStatement, Node, RowChange};

/// How many bytes of statements go into one message to a server at most, unless one alone has more:
/// the server reads all of them before it executes the first, and shows only the first kilobyte to
/// whoever asks what it does.
const MESSAGE: usize = 16 * 1024;

/// What a command does in a transaction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece<'h, 'r> {
    /// A statement of a revision.
    Statement {
        /// The revision.
        node: Node,
        /// The statement.
        statement: FileStatement<'h>,
        /// Which one of the revision's it is, counted from 1.
        number: usize,
    },
    /// A change to the version table, of exactly one row.
    Row(&'r RowChange),
}

impl<'h> Piece<'h, '_> {
    pub(super) fn of(node: Node, statement: FileStatement<'h>, number: usize) -> Self {
        Self::Statement {
            node,
            statement,
            number,
        }
    }
}

impl<'h> Session<'h> {
    /// Carries out pieces in the transaction that is open; creates the version table, should it be
    /// missing.
    pub(super) async fn run_pieces(&mut self, pieces: &[Piece<'h, '_>]) -> Result<(), Fault> {
        if pieces.is_empty() {
            return Ok(());
        }
        self.provide_version_table().await?;
        let statements = pieces.iter().map(|piece| match piece {
            Piece::Statement { statement, .. } => statement.sql.into(),
            Piece::Row(change) => self.table.change(change, self.runner.dialect).into(),
        });
        let statements: Vec<Cow<'h, str>> = statements.collect();
        let batch = self.execute_all(&statements).await;
        for (piece, changed) in pieces.iter().zip(batch.changed) {
            if let Piece::Row(change) = piece {
                self.count_row(change, changed)?;
            }
        }
        match batch.failed {
            None => Ok(()),
            Some((index, error)) => Err(self.piece_fault(&pieces[index], error)),
        }
    }

    fn piece_fault(&self, piece: &Piece<'h, '_>, error: DatabaseError) -> Fault {
        match *piece {
            Piece::Statement {
                node,
                statement,
                number,
            } => self.runner.statement_fault(node, statement, number, error),
            Piece::Row(_) => Fault::Database {
                action: Action::WriteVersionTable,
                error,
            },
        }
    }

    /// Executes statements up to the first that fails; none of them where one would keep the run
    /// from undoing it.
    pub(super) async fn execute_all(&self, statements: &[Cow<'h, str>]) -> Batch {
        let mut executed = Batch::default();
        let refusal = |sql: &Cow<'h, str>| Refusal::of(sql, self.runner.dialect, self.open);
        let mut refusals = statements.iter().map(refusal).enumerate();
        if let Some((index, refusal)) = refusals.find_map(|(index, found)| Some((index, found?))) {
            executed.failed = Some((index, refusal.into()));
            return executed;
        }
        let mut rest = statements;
        while !rest.is_empty() && executed.failed.is_none() {
            let (message, later) = rest.split_at(message_length(rest, self.runner.dialect));
            let done = executed.changed.len();
            let batch = self.execute_message(message).await;
            executed.changed.extend(batch.changed);
            executed.failed = batch.failed.map(|(index, error)| (done + index, error));
            rest = later;
        }
        executed
    }

    async fn execute_message(&self, statements: &[Cow<'h, str>]) -> Batch {
        if statements.len() > 1
            && let Some(batch) = self.port.batch(statements.to_vec()).await
        {
            return checked(batch, statements.len());
        }
        let mut batch = Batch::default();
        for (index, sql) in statements.iter().enumerate() {
            match self.port.execute(sql.clone()).await {
                Ok(changed) => batch.changed.push(changed),
                Err(error) => {
                    batch.failed = Some((index, error));
                    break;
                }
            }
        }
        batch
    }
}

/// Takes a batch for failed that is told to be executed, and cannot be.
fn checked(batch: Batch, statements: usize) -> Batch {
    let is_sound = match batch.failed {
        None => batch.changed.len() == statements,
        Some((failed, _)) => failed < statements,
    };
    if is_sound {
        return batch;
    }
    let error = DatabaseError {
        kind: DatabaseErrorKind::Other,
        offset: None,
        code: None,
        source: "the driver tells of another number of statements than it was asked for".into(),
    };
    Batch {
        changed: Vec::new(),
        failed: Some((0, error)),
    }
}

/// Returns how many of the statements go into one message, of which there is one at least.
fn message_length(statements: &[Cow<'_, str>], dialect: Dialect) -> usize {
    match dialect {
        Dialect::Sqlite => 1,
        Dialect::Postgres => {
            let mut bytes = 0;
            let fitting = statements.iter().take_while(|sql| {
                bytes += sql.len();
                bytes <= MESSAGE
            });
            fitting.count().max(1)
        }
    }
}
