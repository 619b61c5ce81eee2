//! Reads a statement token by token, to be compared with keywords and symbols.

use crate::{Dialect, Span, Token, TokenKind, Tokens};

/// A place in a statement, before one of its tokens.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    sql: &'a str,
    span: Span,
    dialect: Dialect,
    tokens: Tokens<'a>,
    next: Option<Token>,
}

impl<'a> Cursor<'a> {
    /// Begins before the first token of a part of `sql`.
    pub(crate) fn new(sql: &'a str, span: Span, dialect: Dialect) -> Self {
        let mut tokens = Tokens::within(sql, span, dialect);
        let next = tokens.next_significant();
        Self {
            sql,
            span,
            dialect,
            tokens,
            next,
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Returns the whole statement.
    pub(crate) fn statement(&self) -> &'a str {
        self.span.text(self.sql)
    }

    /// Returns the kind of the next token.
    pub(crate) fn kind(&self) -> Option<TokenKind> {
        self.next.map(|token| token.kind)
    }

    /// Returns whether the next token is `expected`, in any case.
    pub(crate) fn at(&self, expected: &str) -> bool {
        self.next
            .is_some_and(|token| token.span.text(self.sql).eq_ignore_ascii_case(expected))
    }

    /// Moves past the next token if it is `expected`, and tells whether it was.
    pub(crate) fn eat(&mut self, expected: &str) -> bool {
        let found = self.at(expected);
        if found {
            self.next();
        }
        found
    }

    /// Moves past the next tokens if they are `expected`, and tells whether they were.
    pub(crate) fn eat_all(&mut self, expected: &[&str]) -> bool {
        let mut ahead = self.clone();
        let found = expected.iter().all(|expected| ahead.eat(expected));
        if found {
            *self = ahead;
        }
        found
    }

    /// Moves past the next token if it is one of `expected`, and tells whether it was.
    pub(crate) fn eat_any(&mut self, expected: &[&str]) -> bool {
        expected.iter().any(|expected| self.eat(expected))
    }

    /// Moves past the words that turn up nowhere but between `CREATE` and what is created.
    pub(crate) fn eat_every(&mut self, expected: &[&str]) {
        while self.eat_any(expected) {}
    }
}

impl<'a> Iterator for Cursor<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let token = self.next?;
        self.next = self.tokens.next_significant();
        Some(token.span.text(self.sql))
    }
}
