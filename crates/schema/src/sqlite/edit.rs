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

    /// Inserts an item of a list after the one that ends at `end`. A comment at the end of that line
    /// stays with the item before it, if the new one gets a line of its own.
    pub(super) fn insert_item(&mut self, sql: &str, end: usize, separator: &str, item: &str) {
        let comment = separator.contains('\n').then(|| comment_after(sql, end));
        let Some(comment) = comment.flatten() else {
            return self.insert(end, format!("{separator}{item}"));
        };
        let space = separator.trim_start_matches(',');
        if comment.has_comma {
            self.insert(comment.end, format!("{space}{item},"));
        } else {
            self.insert(end, ",");
            self.insert(comment.end, format!("{space}{item}"));
        }
    }

    /// Removes what is at `span`, with the white space before it, unless a comment needs that to end.
    pub(super) fn remove(&mut self, sql: &str, span: Span) {
        let rest = sql[span.end..].trim_start_matches([' ', '\t', '\r']);
        let start = match rest.starts_with('\n') {
            true => sql[..span.start].trim_end_matches(is_space).len(),
            false => start_with_space(sql, span.start),
        };
        self.replace(Span::new(start, span.end), "");
    }

    /// Removes what is at `span`, with the white space after it.
    pub(super) fn remove_first(&mut self, sql: &str, span: Span) {
        let rest = &sql[span.end..];
        let space = rest.len() - rest.trim_start_matches(is_space).len();
        self.replace(Span::new(span.start, span.end + space), "");
    }

    /// Returns the edited text, with a space where two tokens would become one.
    pub(super) fn apply(mut self, sql: &str) -> String {
        self.0.sort_by_key(|(span, _)| (span.start, span.end));
        let mut text = String::with_capacity(sql.len());
        let mut done = 0;
        for (span, by) in self.0 {
            // What was removed before may overlap.
            let start = span.start.max(done);
            append(&mut text, &sql[done..start]);
            append(&mut text, &by);
            done = span.end.max(start);
        }
        append(&mut text, &sql[done..]);
        text
    }
}

/// Appends a part of a statement.
fn append(text: &mut String, part: &str) {
    if !part.is_empty() && !part.starts_with('\n') && ends_in_line_comment(text) {
        text.push('\n');
    }
    if joins(text.chars().next_back(), part.chars().next()) {
        text.push(' ');
    }
    text.push_str(part);
}

fn ends_in_line_comment(text: &str) -> bool {
    let last = Tokens::new(text, Dialect::Sqlite).last();
    last.is_some_and(|token| {
        token.kind == TokenKind::Comment && token.span.text(text).starts_with("--")
    })
}

/// Returns whether two tokens could become one if the characters at their ends were neighbours.
fn joins(end: Option<char>, start: Option<char>) -> bool {
    let is_in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii();
    let (Some(end), Some(start)) = (end, start) else {
        return false;
    };
    match start {
        // A quote in a string, or the start of a blob.
        '\'' => end == start || is_in_word(end),
        '"' | '`' => end == start,
        '-' | '*' => matches!(end, '-' | '/'),
        _ => is_in_word(end) && is_in_word(start),
    }
}

/// The comment at the end of a line.
struct LineEnd {
    end: usize,
    /// Whether there is a comma before it.
    has_comma: bool,
}

/// Finds the comment that ends the line after an item of a list.
fn comment_after(sql: &str, item_end: usize) -> Option<LineEnd> {
    let (mut has_comma, mut end) = (false, None);
    let tokens = Tokens::new(sql, Dialect::Sqlite);
    for token in tokens.skip_while(|token| token.span.start < item_end) {
        match token.kind {
            TokenKind::Whitespace if token.span.text(sql).contains('\n') => {
                return end.map(|end| LineEnd { end, has_comma });
            }
            TokenKind::Whitespace => {}
            TokenKind::Comment => end = Some(token.span.end),
            TokenKind::Symbol(b',') if !has_comma && end.is_none() => has_comma = true,
            _ => break,
        }
    }
    None
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
