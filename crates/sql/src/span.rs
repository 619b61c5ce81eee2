//! Places in a text: byte ranges, and the line and column that people read.

use std::fmt;
use std::ops::Range;

/// A range of bytes in a source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The offset of the first byte.
    pub start: usize,
    /// The offset after the last byte.
    pub end: usize,
}

impl Span {
    /// Creates the span of the bytes from `start` up to, not including, `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Returns the text that this span covers in `source`.
    ///
    /// # Panics
    ///
    /// When the span was not taken from `source`.
    #[must_use]
    pub fn text(self, source: &str) -> &str {
        &source[self.start..self.end]
    }

    /// Returns this span moved `offset` bytes further, for a text that begins there.
    #[must_use]
    pub const fn shifted(self, offset: usize) -> Self {
        Self {
            start: self.start + offset,
            end: self.end + offset,
        }
    }

    /// Returns the span as a range of bytes.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A line and a column, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// Returns the position of the byte at `offset` in `source`.
    ///
    /// An offset after the end or inside a character counts as the nearest position before it.
    #[must_use]
    pub fn of(source: &str, offset: usize) -> Self {
        let offset = source.floor_char_boundary(offset);
        let before = &source[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        for (source, offset, line, column) in [
            ("", 0, 1, 1),
            ("ab", 1, 1, 2),
            ("ab\ncd", 3, 2, 1),
            ("é\nü!", 5, 2, 2),
            ("ab", 99, 1, 3),
            ("é", 1, 1, 1),
        ] {
            assert_eq!(
                Position::of(source, offset),
                Position { line, column },
                "{source:?} at {offset}"
            );
        }
    }
}
