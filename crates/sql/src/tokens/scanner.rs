//! Reads a text byte by byte, for tokens.

use super::TokenKind;
use crate::{Span, SplitErrorKind};

/// A position in a text, and the ways to move on from it that several dialects share.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    /// The text up to the end of reading.
    bytes: &'a [u8],
    start: usize,
    position: usize,
}

impl<'a> Scanner<'a> {
    /// Begins at `position` in the part of `sql` at `span`, and ends with it.
    pub(crate) fn new(sql: &'a str, span: Span, position: usize) -> Self {
        Self {
            bytes: &sql.as_bytes()[..span.end],
            start: span.start,
            position,
        }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Moves back to an earlier position.
    pub(crate) fn return_to(&mut self, position: usize) {
        self.position = position;
    }

    pub(crate) fn is_at_start(&self) -> bool {
        self.position == self.start
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.position == self.bytes.len()
    }

    /// Returns the next byte.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    pub(crate) fn at(&self, text: &[u8]) -> bool {
        self.rest().starts_with(text)
    }

    /// Returns the bytes read since `start`.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.position]
    }

    /// Returns the bytes that remain to be read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.position..]
    }

    /// Moves on by `count` bytes, or to the end.
    pub(crate) fn skip(&mut self, count: usize) {
        self.position = self.bytes.len().min(self.position + count);
    }

    /// Moves to the first byte that `stop` accepts, or to the end, and returns whether there is
    /// one.
    pub(crate) fn skip_until(&mut self, stop: impl Fn(u8) -> bool) -> bool {
        let rest = self.rest();
        let found = rest.iter().position(|byte| stop(*byte));
        self.position += found.unwrap_or(rest.len());
        found.is_some()
    }

    /// Moves to the end of the current line and returns where its text ends.
    pub(crate) fn skip_line(&mut self) -> usize {
        let start = self.position;
        self.skip_until(|byte| byte == b'\n');
        start + self.since(start).trim_ascii_end().len()
    }

    /// Reads the text between two `quote`s; a doubled one is part of it.
    pub(crate) fn quoted(&mut self, quote: u8, kind: TokenKind) -> TokenKind {
        self.position += 1;
        while self.skip_until(|byte| byte == quote) {
            self.position += 1;
            if !self.at(&[quote]) {
                return kind;
            }
            self.position += 1;
        }
        TokenKind::Unterminated(if kind == TokenKind::String {
            SplitErrorKind::UnterminatedString
        } else {
            SplitErrorKind::UnterminatedIdentifier
        })
    }

    /// Reads a block comment, and returns whether it is closed.
    pub(crate) fn skip_block_comment(&mut self, nests: bool) -> bool {
        self.position += 2;
        let mut depth = 1;
        while self.skip_until(|byte| matches!(byte, b'*' | b'/')) {
            if self.at(b"*/") {
                self.position += 2;
                depth -= 1;
                if depth == 0 {
                    return true;
                }
            } else if nests && self.at(b"/*") {
                self.position += 2;
                depth += 1;
            } else {
                self.position += 1;
            }
        }
        false
    }

    /// Reads a number as far as needed to find a word or a dollar quote after it.
    pub(crate) fn number(&mut self) {
        self.skip_until(|byte| !matches!(byte, b'0'..=b'9' | b'.'));
        let exponent = match self.rest() {
            [b'e' | b'E', b'0'..=b'9', ..] => 1,
            [b'e' | b'E', b'+' | b'-', b'0'..=b'9', ..] => 2,
            _ => return,
        };
        self.position += exponent;
        self.digits();
    }

    /// Reads digits, if there are any.
    pub(crate) fn digits(&mut self) {
        self.skip_until(|byte| !byte.is_ascii_digit());
    }

    /// Reads white space, if there is any.
    pub(crate) fn skip_spaces(&mut self) {
        self.skip_until(|byte| !is_space(byte));
    }

    /// Reads the characters of an unquoted identifier, if there are any.
    pub(crate) fn word(&mut self) {
        self.skip_until(|byte| !is_word(byte));
    }
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Returns whether `byte` can be part of an unquoted identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'$' | 0x80..)
}
