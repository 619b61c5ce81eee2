//! Reads a statement token by token, to compare the tokens with keywords and symbols.

use crate::{Dialect, Span, Token, TokenKind, Tokens};

/// A place in a statement, before one of its tokens.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    sql: &'a str,
    span: Span,
    /// The next tokens that were read before.
    known: &'a [Token],
    /// The tokens after `known`.
    rest: Tokens<'a>,
    next: Option<Token>,
    /// The end of the token before `next`.
    passed: usize,
}

impl<'a> Cursor<'a> {
    /// Begins before the first token of a part of `sql`, of which the first tokens are `known`.
    pub(crate) fn new(sql: &'a str, span: Span, known: &'a [Token], dialect: Dialect) -> Self {
        let position = known.last().map_or(span.start, |last| last.span.end);
        let mut cursor = Self {
            sql,
            span,
            known,
            rest: Tokens::within(sql, span, position, dialect),
            next: None,
            passed: span.start,
        };
        cursor.advance();
        cursor
    }

    /// Begins before the first token of `sql`.
    pub(crate) fn of(sql: &'a str, dialect: Dialect) -> Self {
        Self::new(sql, Span::new(0, sql.len()), &[], dialect)
    }

    fn advance(&mut self) {
        if let Some(passed) = self.next {
            self.passed = passed.span.end;
        }
        self.next = match self.known.split_first() {
            Some((next, known)) => {
                self.known = known;
                Some(*next)
            }
            None => self.rest.next_significant(),
        };
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.rest.dialect()
    }

    /// Returns the whole statement.
    pub(crate) fn statement(&self) -> &'a str {
        self.span.text(self.sql)
    }

    /// Returns where the next token begins, or the end of the statement.
    pub(crate) fn start(&self) -> usize {
        self.next.map_or(self.span.end, |token| token.span.start)
    }

    /// Returns the span from `start` to the end of the last token that was passed.
    pub(crate) fn span_since(&self, start: usize) -> Span {
        Span::new(start, self.passed.max(start))
    }

    /// Returns the text from `start` to the end of the last token that was passed.
    pub(crate) fn text_since(&self, start: usize) -> &'a str {
        self.span_since(start).text(self.sql)
    }

    /// Returns the kind of the next token.
    pub(crate) fn kind(&self) -> Option<TokenKind> {
        self.next.map(|token| token.kind)
    }

    /// Moves past the next token and returns it as a keyword.
    pub(crate) fn next_keyword(&mut self) -> Keyword {
        Keyword::new(self.next().unwrap_or_default())
    }

    /// Returns whether the next token is `expected`, in any case.
    pub(crate) fn at(&self, expected: &str) -> bool {
        self.next
            .is_some_and(|token| token.span.text(self.sql).eq_ignore_ascii_case(expected))
    }

    /// Moves past the next token if it is `expected`, and returns whether it was.
    pub(crate) fn eat(&mut self, expected: &str) -> bool {
        let found = self.at(expected);
        if found {
            self.advance();
        }
        found
    }

    /// Moves past the brackets that begin at the next token, and returns whether it was one that has
    /// an end.
    pub(crate) fn skip_brackets(&mut self) -> bool {
        let mut depth = 0_usize;
        for word in self.by_ref() {
            match word {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return word == ")";
            }
        }
        false
    }

    /// Moves past the next tokens if they are `expected`, and returns whether they were.
    pub(crate) fn eat_all(&mut self, expected: &[&str]) -> bool {
        if !expected.first().is_some_and(|first| self.at(first)) {
            return false;
        }
        let mut ahead = self.clone();
        let found = expected.iter().all(|expected| ahead.eat(expected));
        if found {
            *self = ahead;
        }
        found
    }

    /// Moves past the next token if it is one of `expected`, and returns whether it was.
    pub(crate) fn eat_any(&mut self, expected: &[&str]) -> bool {
        expected.iter().any(|expected| self.eat(expected))
    }
}

impl<'a> Iterator for Cursor<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let token = self.next?;
        self.advance();
        Some(token.span.text(self.sql))
    }
}

/// A word in upper case, for matching.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyword {
    bytes: [u8; Keyword::LENGTH],
    length: usize,
}

impl Keyword {
    /// The maximum number of bytes of a keyword.
    const LENGTH: usize = 16;

    /// Creates the keyword of a token; a token longer than any keyword becomes the empty one.
    fn new(token: &str) -> Self {
        let mut bytes = [0; Self::LENGTH];
        let length = match bytes.get_mut(..token.len()) {
            Some(start) => {
                start.copy_from_slice(token.as_bytes());
                token.len()
            }
            None => 0,
        };
        bytes.make_ascii_uppercase();
        Self { bytes, length }
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}
