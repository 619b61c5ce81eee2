//! Edits of a text at spans that were read from it.

use alembic_sql::{Dialect, Span, Token, TokenKind, Tokens};

/// Replacements in one text, all by spans of the text as it was.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(Span, String)>);

impl Edits {
    /// Replaces what is at `span`.
    pub(super) fn replace(&mut self, span: Span, by: impl Into<String>) {
        self.0.push((span, by.into()));
    }

    /// Inserts a text.
    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(Span::new(at, at), text);
    }

    /// Removes what is at `span`, with the white space before it, unless that ends a comment.
    pub(super) fn remove(&mut self, sql: &str, span: Span) {
        let start = start_with_space(sql, span.start);
        self.replace(Span::new(start, span.end), "");
    }

    /// Removes what is at `span`, with the white space after it.
    pub(super) fn remove_first(&mut self, sql: &str, span: Span) {
        let rest = &sql[span.end..];
        let space = rest.len() - rest.trim_start_matches(is_space).len();
        self.replace(Span::new(span.start, span.end + space), "");
    }

    /// Returns the edited text.
    pub(super) fn apply(mut self, sql: &str) -> String {
        self.0.sort_by_key(|(span, _)| (span.start, span.end));
        let mut text = String::with_capacity(sql.len());
        let mut done = 0;
        for (span, by) in self.0 {
            // What was removed before may overlap.
            let start = span.start.max(done);
            text.push_str(&sql[done..start]);
            text.push_str(&by);
            done = span.end.max(start);
        }
        text.push_str(&sql[done..]);
        text
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0C' | '\r')
}

fn start_with_space(sql: &str, end: usize) -> usize {
    let mut before = None;
    for token in Tokens::new(sql, Dialect::Sqlite) {
        if token.span.start >= end {
            break;
        }
        let previous = before.replace(token);
        if token.span.end == end && token.kind == TokenKind::Whitespace {
            let ends_comment = |token: Token| token.kind == TokenKind::Comment;
            return match previous.is_some_and(ends_comment) {
                true => end,
                false => token.span.start,
            };
        }
    }
    end
}
