//! Parts of files that diagnostics point to.

use std::ops::Range;

/// A part of a file that a diagnostic points to; the first one is at fault.
///
/// It holds a single line, not the text: a file may be a dump of many megabytes, with many faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    pub(super) path: String,
    pub(super) line: String,
    /// The number of the line, from 1.
    pub(super) number: usize,
    /// The span in the line.
    pub(super) span: Range<usize>,
    pub(super) label: Option<String>,
}

/// The columns around a line: its number, the edge, and the marks where it is cut.
const FRAME: usize = 14;

/// The characters of a span that are marked however narrow a terminal is.
const SHORTEST_SPAN: usize = 4;

/// How many bytes of a line are kept behind the span, which is more than is shown.
const LINE_REST: usize = 1_000;

impl Excerpt {
    /// Returns the part of `text` at `span`, up to the end of its first line, so that an unterminated
    /// literal does not fill the screen.
    pub(crate) fn new(path: impl Into<String>, text: &str, span: Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start);
        let end = text.floor_char_boundary(span.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |before| before + 1);
        let is_line_end = ['\n', '\r'];
        let length = text[start..end].find(is_line_end).unwrap_or(end - start);
        let rest = text[start..].find(is_line_end);
        let line_end = rest.map_or(text.len(), |rest| start + rest);
        let line_end = line_end.min(text.floor_char_boundary(start + length + LINE_REST));
        Self {
            path: path.into(),
            line: text[line_start..line_end].to_owned(),
            number: text[..line_start].matches('\n').count() + 1,
            span: start - line_start..start - line_start + length,
            label: None,
        }
    }

    /// Returns the excerpt with a span that leaves room for what is written at it: a renderer cuts a line
    /// around its span, and never the span.
    pub(super) fn fitted(&self, columns: Option<usize>) -> Self {
        let label = self
            .label
            .as_deref()
            .map_or(0, |label| label.chars().count());
        let Some(columns) = columns else {
            return self.clone();
        };
        let room = columns.saturating_sub(label + FRAME).max(SHORTEST_SPAN);
        let marked = &self.line[self.span.clone()];
        let cut = marked
            .char_indices()
            .nth(room)
            .map_or(marked.len(), |(cut, _)| cut);
        Self {
            span: self.span.start..self.span.start + cut,
            ..self.clone()
        }
    }

    /// Returns the word of `text` at a line and a column in characters, both from 1.
    pub(crate) fn at(path: impl Into<String>, text: &str, line: usize, column: usize) -> Self {
        Self::new(path, text, word_at(text, line, column))
    }

    /// Adds what is written at the span.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

/// Returns the bytes of the word at a line and a column.
fn word_at(text: &str, line: usize, column: usize) -> Range<usize> {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1));
    let start_of_line: usize = before.map(str::len).sum();
    let rest = &text[start_of_line..];
    let mut characters = rest.char_indices();
    let start = characters.nth(column.saturating_sub(1));
    let start = start_of_line + start.map_or(rest.len(), |(offset, _)| offset);
    let is_in_word = |c: char| c.is_alphanumeric() || c == '_';
    let length = text[start..].find(|c| !is_in_word(c));
    let length = length.unwrap_or(text.len() - start);
    start..start + length.max(1).min(text.len() - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_line_and_column() {
        let text = "a\n  é größe: #[x]\r\nend";
        for (line, column, word) in [
            (1, 1, "a"),
            (2, 3, "é"),
            (2, 5, "größe"),
            (2, 12, "#"),
            (3, 1, "end"),
            (3, 4, ""),
            (9, 9, ""),
        ] {
            assert_eq!(&text[word_at(text, line, column)], word, "{line}:{column}");
        }
    }

    #[test]
    fn excerpts_hold_the_line_and_nothing_else() {
        let long = format!("{}{}", "é".repeat(100), "x".repeat(10_000));
        for (text, span, line, number, within) in [
            ("", 0..0, "", 1, 0..0),
            ("one\ntwo\n", 0..3, "one", 1, 0..3),
            ("one\ntwo\n", 4..7, "two", 2, 0..3),
            ("one\r\ntwo three\r\n", 9..14, "two three", 2, 4..9),
            // A span of several lines ends with the first of them.
            ("one\ntwo three\nfour", 8..18, "two three", 2, 4..9),
            ("one\n", 4..4, "", 2, 0..0),
            ("one", 3..3, "one", 1, 3..3),
            ("né", 2..3, "né", 1, 1..3),
            (&long, 200..201, &long[..200 + 1 + LINE_REST], 1, 200..201),
        ] {
            let excerpt = Excerpt::new("a.sql", text, span.clone());
            let found = (excerpt.line.as_str(), excerpt.number, excerpt.span);
            let end = text.floor_char_boundary(span.end);
            assert_eq!(found.0, line, "{span:?}");
            assert_eq!(found.1, number, "{span:?}");
            if text.is_char_boundary(span.start) && end == span.end {
                assert_eq!(found.2, within, "{span:?}");
            }
        }
    }
}
