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

    /// Adds what is written at the span.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
