//! Finds the statements in the tokens of a text.

use std::cell::Cell;

use super::open_statement::OpenStatement;
use super::{Rules, Split, rules};
use crate::cursor::Cursor;
use crate::{
    Dialect, Span, SplitError, SplitErrorKind, Statement, StatementKind, Token, TokenKind, Tokens,
};

thread_local! {
    static SPLITS: Cell<usize> = const { Cell::new(0) };
}

/// Returns how many texts this thread has split; for tests that expect each text to be split once.
#[doc(hidden)]
#[must_use]
pub fn splits() -> usize {
    SPLITS.get()
}

/// Splits the part of `sql` at `span`; see [`crate::split`].
pub(crate) fn split_part(sql: &str, span: Span, dialect: Dialect) -> Split {
    SPLITS.set(SPLITS.get() + 1);
    let mut splitter = Splitter {
        sql,
        end: span.end,
        dialect,
        rules: rules(dialect),
        tokens: Tokens::within(sql, span, span.start, dialect),
        pending: None,
        known: Vec::new(),
        split: Split::default(),
    };
    splitter.run();
    if let Some(offset) = span.text(sql).find('\0') {
        let nul = Span::new(offset, offset + 1).shifted(span.start);
        splitter.fault(SplitErrorKind::NulCharacter, nul);
    }
    let mut split = splitter.split;
    split.errors.sort_by_key(|error| error.span.start);
    split
}

/// The maximum number of tokens kept of a statement; later ones are read again where they matter.
const KNOWN_TOKENS: usize = 512;

struct Splitter<'a> {
    sql: &'a str,
    /// Where the text to split ends.
    end: usize,
    dialect: Dialect,
    rules: &'static Rules,
    tokens: Tokens<'a>,
    /// The statement being read, from its first token on.
    pending: Option<OpenStatement<'a>>,
    /// Its first tokens, which its kind is read from.
    known: Vec<Token>,
    split: Split,
}

impl Splitter<'_> {
    fn run(&mut self) {
        while let Some(token) = self.tokens.next_significant() {
            match token.kind {
                TokenKind::Unterminated(kind) => {
                    self.pending = None;
                    self.fault(kind, token.span);
                }
                TokenKind::Symbol(b';') => self.semicolon(token),
                TokenKind::Symbol(symbol)
                    if (self.rules.begins_client_command)(symbol, self.pending.is_none()) =>
                {
                    self.client_command(token);
                }
                _ => self.push(token),
            }
        }
        self.finish();
    }

    fn push(&mut self, token: Token) {
        let pending = self.pending.get_or_insert_with(|| {
            self.known.clear();
            let span = Span::new(token.span.start, self.end);
            let known = [token];
            let words = Cursor::new(self.sql, span, &known, self.dialect);
            let form = (self.rules.read_form)(words);
            let counts_parentheses = self.rules.semicolons_in_parentheses;
            OpenStatement::new(self.sql, token.span.start, form, counts_parentheses)
        });
        pending.push(token);
        self.keep(token);
    }

    /// Keeps a token of the statement being read, unless there are many: the first tokens of most
    /// statements are enough.
    fn keep(&mut self, token: Token) {
        if self.known.len() < KNOWN_TOKENS {
            self.known.push(token);
        }
    }

    fn semicolon(&mut self, token: Token) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        if pending.is_whole() {
            if pending.is_followed_by_rows() {
                self.tokens.skip_copy_data();
            }
            self.finish();
        } else {
            pending.push_semicolon();
            self.keep(token);
        }
    }

    /// Skips the line of a command, which psql allows after and within a statement.
    fn client_command(&mut self, token: Token) {
        let end = self.tokens.skip_line();
        self.fault(
            SplitErrorKind::ClientCommand,
            Span::new(token.span.start, end),
        );
        if self.pending.as_ref().is_some_and(OpenStatement::is_whole) {
            self.finish();
        }
    }

    fn finish(&mut self) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        if let Some(error) = pending.fault(self.end) {
            self.split.errors.push(error);
            return;
        }
        let span = pending.span();
        let words = Cursor::new(self.sql, span, &self.known, self.dialect);
        let kind = StatementKind::read(words.clone());
        let setting_changes = kind.setting_changes(words);
        self.split.statements.push(Statement {
            span,
            kind,
            setting_changes,
        });
    }

    fn fault(&mut self, kind: SplitErrorKind, span: Span) {
        self.split.errors.push(SplitError { kind, span });
    }
}
