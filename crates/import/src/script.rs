//! The SQL of a migration as the sections of a revision: without what only the tool understands, and
//! without the statements that begin and end transactions.

use std::ops::Range;

use alembic_sql::{
    Dialect, IndexAction, Split, Statement, StatementKind, TokenKind, Tokens, TransactionControl,
    split, summary, unquote,
};

use crate::folder::line_at;
use crate::migration::Script;
use crate::{Finding, FindingKind};

/// A part of a script that becomes a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) sql: String,
    pub(crate) outside: bool,
    /// How many statements it has.
    pub(crate) statements: usize,
}

impl Script<'_> {
    /// Returns the pieces of the script: at least one; what was changed goes to `findings`.
    ///
    /// # Errors
    ///
    /// What cannot be read.
    pub(crate) fn pieces(
        &self,
        dialect: Dialect,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<Piece>, Vec<Finding>> {
        let sql = &self.text[self.span.clone()];
        let Split { statements, errors } = split(sql, dialect);
        let errors = errors.into_iter();
        let errors = errors
            .map(|error| self.finding(error.span.start, FindingKind::Unsplittable(error.kind)));
        let errors: Vec<Finding> = errors.chain(self.obstacles(&statements, dialect)).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let controls = statements
            .iter()
            .filter(|one| one.kind.is_transaction_control());
        for one in controls.clone() {
            let statement = summary(one.span.text(sql), dialect);
            findings.push(self.finding(one.span.start, FindingKind::TakenOut { statement }));
        }
        let mut drops: Vec<Range<usize>> = self.markers.clone();
        drops.extend(controls.map(|one| {
            let end = after_semicolon(sql, one.span.end, dialect);
            self.span.start + one.span.start..self.span.start + end
        }));
        drops.sort_by_key(|range| range.start);
        if !self.outside {
            self.report_commits(&statements, findings);
            return Ok(vec![self.piece(
                self.span.clone(),
                &drops,
                &statements,
                false,
            )]);
        }
        let pieces = self
            .divided(&statements)
            .into_iter()
            .map(|(range, outside)| self.piece(range, &drops, &statements, outside));
        let pieces: Vec<Piece> = pieces
            .filter(|piece| !piece.sql.trim().is_empty())
            .collect();
        Ok(joined(pieces))
    }

    /// Returns the first statement that no transaction takes, if there is one.
    pub(crate) fn needs_no_transaction(&self, dialect: Dialect) -> Option<Finding> {
        let sql = &self.text[self.span.clone()];
        let statements = split(sql, dialect).statements;
        let found = statements.into_iter().find(|one| match &one.kind {
            StatementKind::Vacuum => true,
            StatementKind::Index(index) => match index.action {
                IndexAction::Create { .. } | IndexAction::Drop { .. } => index.concurrently,
                IndexAction::Reindex { .. } => index.concurrently,
            },
            _ => false,
        })?;
        let statement = summary(found.span.text(sql), dialect);
        Some(self.finding(found.span.start, FindingKind::FoundOutside { statement }))
    }

    /// Returns a finding at an offset of the script.
    pub(crate) fn finding(&self, offset: usize, kind: FindingKind) -> Finding {
        Finding {
            path: self.path.to_owned(),
            line: Some(line_at(self.text, self.span.start + offset)),
            kind,
        }
    }

    /// Returns the words of the script with their offsets, without comments and literals.
    pub(crate) fn mentions(&self, name: &str, dialect: Dialect) -> Option<usize> {
        let sql = &self.text[self.span.clone()];
        let mut tokens = Tokens::new(sql, dialect);
        let found = tokens.find(|token| match token.kind {
            TokenKind::Word => token.span.text(sql).eq_ignore_ascii_case(name),
            TokenKind::QuotedName => {
                unquote(token.span.text(sql)).is_some_and(|quoted| quoted == name)
            }
            _ => false,
        });
        found.map(|token| token.span.start)
    }

    /// Returns the statements that cannot be taken out: those that undo something.
    fn obstacles(&self, statements: &[Statement], dialect: Dialect) -> Vec<Finding> {
        let sql = &self.text[self.span.clone()];
        let undoing = statements.iter().filter(|one| match &one.kind {
            StatementKind::Transaction(control) => match control {
                // Code of another dialect reads like that, such as `END IF`.
                TransactionControl::Begin | TransactionControl::Commit => {
                    !is_plain(one.span.text(sql), dialect)
                }
                TransactionControl::Savepoint | TransactionControl::Release => false,
                TransactionControl::Rollback
                | TransactionControl::RollbackToSavepoint
                | TransactionControl::Prepare
                | TransactionControl::CommitPrepared
                | TransactionControl::RollbackPrepared => true,
            },
            _ => false,
        });
        let undoing = undoing.map(|one| {
            let statement = summary(one.span.text(sql), dialect);
            self.finding(one.span.start, FindingKind::Transaction { statement })
        });
        undoing.collect()
    }

    /// Reports that a script commits and continues.
    fn report_commits(&self, statements: &[Statement], findings: &mut Vec<Finding>) {
        let is_work = |one: &&Statement| !one.kind.is_transaction_control();
        let last = statements.iter().rfind(is_work);
        let commits = statements
            .iter()
            .find(|one| is_control(one, TransactionControl::Commit));
        if let (Some(last), Some(commit)) = (last, commits)
            && commit.span.start < last.span.start
        {
            findings.push(self.finding(commit.span.start, FindingKind::SeveralTransactions));
        }
    }

    /// Divides a script that runs outside of transactions where it begins and ends one itself; each part
    /// with whether it is outside of one.
    fn divided(&self, statements: &[Statement]) -> Vec<(Range<usize>, bool)> {
        let mut parts = Vec::new();
        let mut start = self.span.start;
        let mut outside = true;
        for one in statements {
            let becomes_outside = match () {
                () if is_control(one, TransactionControl::Begin) => false,
                () if is_control(one, TransactionControl::Commit) => true,
                () => continue,
            };
            let end = self.span.start + one.span.end;
            parts.push((start..end, outside));
            (start, outside) = (end, becomes_outside);
        }
        parts.push((start..self.span.end, outside));
        parts
    }

    fn piece(
        &self,
        range: Range<usize>,
        drops: &[Range<usize>],
        statements: &[Statement],
        outside: bool,
    ) -> Piece {
        let mut sql = String::new();
        let mut position = range.start;
        for drop in drops {
            let drop =
                drop.start.clamp(range.start, range.end)..drop.end.clamp(range.start, range.end);
            if drop.is_empty() || drop.start < position {
                position = position.max(drop.end);
                continue;
            }
            sql.push_str(&self.text[position..drop.start]);
            position = drop.end;
            // The rest of a line that holds nothing else goes, too.
            let line = sql.rfind('\n').map_or(0, |newline| newline + 1);
            let rest = &self.text[position..range.end];
            let end = rest.find('\n').map_or(rest.len(), |newline| newline + 1);
            if sql[line..].trim().is_empty() && rest[..end].trim().is_empty() {
                sql.truncate(line);
                position += end;
            }
        }
        sql.push_str(&self.text[position..range.end]);
        let own = statements.iter().filter(|one| {
            let start = self.span.start + one.span.start;
            range.contains(&start) && !one.kind.is_transaction_control()
        });
        Piece {
            sql: trimmed(&sql),
            outside,
            statements: own.count(),
        }
    }
}

fn is_control(statement: &Statement, control: TransactionControl) -> bool {
    statement.kind == StatementKind::Transaction(control)
}

/// Returns whether a statement that begins or ends a transaction says nothing else.
fn is_plain(sql: &str, dialect: Dialect) -> bool {
    const WORDS: [&str; 23] = [
        "AND",
        "BEGIN",
        "CHAIN",
        "COMMIT",
        "COMMITTED",
        "DEFERRABLE",
        "DEFERRED",
        "END",
        "EXCLUSIVE",
        "IMMEDIATE",
        "ISOLATION",
        "LEVEL",
        "NO",
        "NOT",
        "ONLY",
        "READ",
        "REPEATABLE",
        "SERIALIZABLE",
        "START",
        "TRANSACTION",
        "UNCOMMITTED",
        "WORK",
        "WRITE",
    ];
    let mut tokens = Tokens::new(sql, dialect).without_trivia();
    tokens.all(|token| match token.kind {
        TokenKind::Word => {
            let word = token.span.text(sql);
            let mut known = WORDS.iter();
            known.any(|known| word.eq_ignore_ascii_case(known))
        }
        kind => kind == TokenKind::Symbol(b','),
    })
}

/// Returns the offset after the semicolon that ends a statement.
fn after_semicolon(sql: &str, end: usize, dialect: Dialect) -> usize {
    let mut rest = Tokens::new(&sql[end..], dialect).without_trivia();
    match rest.next() {
        Some(token) if token.kind == TokenKind::Symbol(b';') => end + token.span.end,
        _ => end,
    }
}

/// Joins pieces of one kind that follow each other, and those without statements with their neighbours.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match joined.last_mut() {
            Some(last)
                if last.outside == piece.outside
                    || last.statements == 0
                    || piece.statements == 0 =>
            {
                if last.statements == 0 {
                    last.outside = piece.outside;
                }
                last.sql = format!("{}{}", last.sql, piece.sql);
                last.statements += piece.statements;
            }
            _ => joined.push(piece),
        }
    }
    if joined.is_empty() {
        joined.push(Piece {
            sql: String::new(),
            outside: true,
            statements: 0,
        });
    }
    joined
}

/// Removes blank lines at the ends, and ends the text with the end of its last line.
fn trimmed(sql: &str) -> String {
    let sql = sql.trim();
    match sql.is_empty() {
        true => String::new(),
        false => format!("{sql}\n"),
    }
}
