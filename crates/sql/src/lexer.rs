//! Breaks SQL into tokens by the rules of its dialect.

use super::SplitErrorKind;
use crate::{Dialect, Span};

/// The kinds of tokens that matter for splitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A keyword or an unquoted identifier.
    Word,
    /// One ASCII character that belongs to no longer token.
    Symbol(u8),
    /// A literal, a quoted identifier or a parameter.
    Other,
    /// Something that is not closed before the end of the text, to which its token reaches.
    Unterminated(SplitErrorKind),
}

/// A token and its place.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// Reads the tokens of a text; whitespace and comments are none.
#[derive(Clone, Debug)]
pub struct Lexer<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    position: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(sql: &'a str, dialect: Dialect) -> Self {
        Self {
            bytes: sql.as_bytes(),
            dialect,
            position: 0,
        }
    }

    /// Moves to the end of the current line and returns where its text ends.
    pub(super) fn skip_line(&mut self) -> usize {
        let start = self.position;
        self.skip_until(|byte| byte == b'\n');
        start + self.bytes[start..self.position].trim_ascii_end().len()
    }

    /// Skips the rows that follow the line of a `COPY ... FROM STDIN`, and the `\.` behind them.
    pub(super) fn skip_copy_data(&mut self) {
        self.skip_line();
        while self.position < self.bytes.len() {
            self.position += 1;
            let start = self.position;
            let end = self.skip_line();
            if self.bytes.get(start..end) == Some(br"\.") {
                break;
            }
        }
    }

    fn at(&self, text: &[u8]) -> bool {
        self.bytes[self.position..].starts_with(text)
    }

    /// Moves to the first byte that `stop` accepts, or to the end, and tells whether there is one.
    fn skip_until(&mut self, stop: impl Fn(u8) -> bool) -> bool {
        let rest = &self.bytes[self.position..];
        let found = rest.iter().position(|byte| stop(*byte));
        self.position += found.unwrap_or(rest.len());
        found.is_some()
    }

    fn skip_line_comment(&mut self) {
        let postgres = self.dialect == Dialect::Postgres;
        self.skip_until(|byte| byte == b'\n' || (postgres && byte == b'\r'));
    }

    /// Skips a block comment, nested on PostgreSQL only, and tells whether it is closed.
    fn skip_block_comment(&mut self) -> bool {
        self.position += 2;
        let mut depth = 1;
        while self.skip_until(|byte| matches!(byte, b'*' | b'/')) {
            if self.at(b"*/") {
                self.position += 2;
                depth -= 1;
                if depth == 0 {
                    return true;
                }
            } else if self.dialect == Dialect::Postgres && self.at(b"/*") {
                self.position += 2;
                depth += 1;
            } else {
                self.position += 1;
            }
        }
        false
    }

    /// Reads what stands between two `quote`s, of which doubled ones are part.
    fn quoted(&mut self, quote: u8, unterminated: SplitErrorKind) -> TokenKind {
        self.position += 1;
        while self.skip_until(|byte| byte == quote) {
            self.position += 1;
            if !self.at(&[quote]) {
                return TokenKind::Other;
            }
            self.position += 1;
        }
        TokenKind::Unterminated(unterminated)
    }

    /// Reads an SQLite identifier in brackets, which ends at the first `]`.
    fn bracketed(&mut self) -> TokenKind {
        if self.skip_until(|byte| byte == b']') {
            self.position += 1;
            TokenKind::Other
        } else {
            TokenKind::Unterminated(SplitErrorKind::UnterminatedIdentifier)
        }
    }

    /// Reads a PostgreSQL `E'...'` from its quote on, including its continuations.
    fn escape_string(&mut self) -> TokenKind {
        self.position += 1;
        while self.skip_until(|byte| matches!(byte, b'\'' | b'\\')) {
            if self.at(b"\\") {
                self.position = self.bytes.len().min(self.position + 2);
                continue;
            }
            self.position += 1;
            if self.at(b"'") {
                self.position += 1;
            } else if !self.skip_continuation() {
                return TokenKind::Other;
            }
        }
        TokenKind::Unterminated(SplitErrorKind::UnterminatedString)
    }

    /// Skips the blanks up to a quote that continues the string just read.
    ///
    /// They consist of spaces and line comments with at least one line break; without such a
    /// quote, nothing is skipped.
    fn skip_continuation(&mut self) -> bool {
        let end = self.position;
        let mut broken = false;
        while let Some(&byte) = self.bytes.get(self.position) {
            match byte {
                b'\'' if broken => {
                    self.position += 1;
                    return true;
                }
                b'-' if self.at(b"--") => self.skip_line_comment(),
                _ if is_space(byte) => {
                    broken |= matches!(byte, b'\n' | b'\r');
                    self.position += 1;
                }
                _ => break,
            }
        }
        self.position = end;
        false
    }

    /// Reads what a `$` begins on PostgreSQL: a dollar-quoted string, or else one token.
    fn dollar(&mut self) -> TokenKind {
        let start = self.position;
        self.position += 1;
        if self
            .bytes
            .get(self.position)
            .is_some_and(u8::is_ascii_digit)
        {
            self.skip_until(|byte| !byte.is_ascii_digit());
            return TokenKind::Other;
        }
        self.skip_until(|byte| byte == b'$' || !is_word(byte));
        if !self.at(b"$") {
            self.position = start + 1;
            return TokenKind::Symbol(b'$');
        }
        self.position += 1;
        let tag = &self.bytes[start..self.position];
        while self.skip_until(|byte| byte == b'$') {
            if self.at(tag) {
                self.position += tag.len();
                return TokenKind::Other;
            }
            self.position += 1;
        }
        TokenKind::Unterminated(SplitErrorKind::UnterminatedDollarQuote)
    }

    /// Reads an SQLite parameter, whose name may end in a text in parentheses without spaces.
    fn parameter(&mut self) -> TokenKind {
        self.position += 1;
        let start = self.position;
        self.skip_until(|byte| !is_word(byte));
        while self.at(b"::") {
            self.position += 2;
            self.skip_until(|byte| !is_word(byte));
        }
        if self.position > start && self.at(b"(") {
            self.skip_until(|byte| byte == b')' || is_space(byte));
            if self.at(b")") {
                self.position += 1;
            }
        }
        TokenKind::Other
    }

    /// Reads a number as far as needed to tell where a word or a dollar quote behind it begins.
    fn number(&mut self) -> TokenKind {
        self.skip_until(|byte| !matches!(byte, b'0'..=b'9' | b'.'));
        let exponent = match self.bytes[self.position..] {
            [b'e' | b'E', b'0'..=b'9', ..] => 1,
            [b'e' | b'E', b'+' | b'-', b'0'..=b'9', ..] => 2,
            _ => return TokenKind::Other,
        };
        self.position += exponent;
        self.skip_until(|byte| !byte.is_ascii_digit());
        TokenKind::Other
    }

    fn word(&mut self) -> TokenKind {
        let start = self.position;
        self.skip_until(|byte| !is_word(byte));
        let is_escape_prefix = self.dialect == Dialect::Postgres
            && matches!(self.bytes[start..self.position], [b'e' | b'E']);
        if is_escape_prefix && self.at(b"'") {
            self.escape_string()
        } else {
            TokenKind::Word
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        use Dialect::{Postgres, Sqlite};
        use SplitErrorKind::{UnterminatedComment, UnterminatedIdentifier, UnterminatedString};

        loop {
            let start = self.position;
            let first = *self.bytes.get(start)?;
            let kind = match (first, self.dialect) {
                (byte, _) if is_space(byte) => {
                    self.position += 1;
                    continue;
                }
                (b'-', _) if self.at(b"--") => {
                    self.skip_line_comment();
                    continue;
                }
                (b'/', _) if self.at(b"/*") => {
                    if self.skip_block_comment() {
                        continue;
                    }
                    TokenKind::Unterminated(UnterminatedComment)
                }
                // A byte order mark; SQLite allows one wherever a token may begin.
                (0xEF, dialect)
                    if self.at("\u{FEFF}".as_bytes()) && (start == 0 || dialect == Sqlite) =>
                {
                    self.position += "\u{FEFF}".len();
                    continue;
                }
                (b'\'', _) => self.quoted(first, UnterminatedString),
                (b'"', _) | (b'`', Sqlite) => self.quoted(first, UnterminatedIdentifier),
                (b'[', Sqlite) => self.bracketed(),
                (b'$' | b':' | b'@', Sqlite) => self.parameter(),
                (b'$', Postgres) => self.dollar(),
                (b'0'..=b'9', _) => self.number(),
                (byte, _) if is_word(byte) => self.word(),
                _ => {
                    self.position += 1;
                    TokenKind::Symbol(first)
                }
            };
            return Some(Token {
                kind,
                span: Span::new(start, self.position),
            });
        }
    }
}

/// Reads the tokens of a statement as texts, to be compared with keywords and symbols.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    sql: &'a str,
    lexer: Lexer<'a>,
    next: Option<Token>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(sql: &'a str, dialect: Dialect) -> Self {
        let mut lexer = Lexer::new(sql, dialect);
        let next = lexer.next();
        Self { sql, lexer, next }
    }

    /// Tells whether the next token is `expected`, in any case.
    pub(super) fn at(&self, expected: &str) -> bool {
        self.next
            .is_some_and(|token| token.span.text(self.sql).eq_ignore_ascii_case(expected))
    }

    /// Moves behind the next token if it is `expected`, and tells whether it was.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let found = self.at(expected);
        if found {
            self.next();
        }
        found
    }

    /// Moves behind the next tokens if they are `expected`, and tells whether they were.
    pub(super) fn eat_all(&mut self, expected: &[&str]) -> bool {
        let mut ahead = self.clone();
        let found = expected.iter().all(|expected| ahead.eat(expected));
        if found {
            *self = ahead;
        }
        found
    }

    /// Moves behind the next token if it is one of `expected`, and tells whether it was.
    pub(super) fn eat_any(&mut self, expected: &[&str]) -> bool {
        expected.iter().any(|expected| self.eat(expected))
    }
}

impl<'a> Iterator for Cursor<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let token = self.next?;
        self.next = self.lexer.next();
        Some(token.span.text(self.sql))
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Tells whether `byte` can be part of an unquoted identifier.
fn is_word(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'$' | 0x80..)
}
