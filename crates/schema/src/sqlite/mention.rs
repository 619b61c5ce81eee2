//! Which columns a text mentions.

use super::catalog::{Object, ObjectKind};
use alembic_sql::{Dialect, Span, Token, TokenKind, Tokens, unquote};

/// Returns whether an expression mentions a column; a name that is the same as a function's or a
/// collation's is no mention.
pub(super) fn mentions(sql: &str, span: Span, column: &str) -> bool {
    columns_in(sql, span).any(|name| name.eq_ignore_ascii_case(column))
}

/// Returns whether an expression qualifies a column with the table's own name.
pub(super) fn qualifies(sql: &str, table: &str) -> bool {
    let tokens: Vec<Token> = significant(sql, Span::new(0, sql.len())).collect();
    tokens.windows(2).any(|pair| {
        is_name(pair[0])
            && pair[1].kind == TokenKind::Symbol(b'.')
            && name(pair[0].span.text(sql)).eq_ignore_ascii_case(table)
    })
}

/// Returns whether a query in an expression reads the table.
pub(super) fn reads(sql: &str, table: &str) -> bool {
    let tokens: Vec<Token> = significant(sql, Span::new(0, sql.len())).collect();
    let is = |index: Option<usize>, words: &[&str]| {
        let token = index.and_then(|index| tokens.get(index));
        token.is_some_and(|token| {
            let text = token.span.text(sql);
            words.iter().any(|word| text.eq_ignore_ascii_case(word))
        })
    };
    let has_query = (0..tokens.len()).any(|index| is(Some(index), &["SELECT"]));
    has_query
        && tokens.iter().enumerate().any(|(index, token)| {
            // The name of a database may stand before it.
            let before = match is(index.checked_sub(1), &["."]) {
                true => index.checked_sub(3),
                false => index.checked_sub(1),
            };
            // Where a dot follows, it qualifies a column.
            is_name(*token)
                && name(token.span.text(sql)).eq_ignore_ascii_case(table)
                && is(before, &["FROM", "JOIN", ","])
                && !is(Some(index + 1), &["."])
        })
}

/// Returns the names in an expression that may be columns, in order.
pub(super) fn columns_in(sql: &str, span: Span) -> impl Iterator<Item = String> {
    let tokens: Vec<Token> = significant(sql, span).collect();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1).map(|next| next.kind);
        let before = index.checked_sub(1).map(|before| tokens[before]);
        let is_other = match next {
            Some(TokenKind::Symbol(b'(')) => token.kind == TokenKind::Word,
            Some(TokenKind::Symbol(b'.')) => true,
            // The `x` of `x'00'`.
            Some(TokenKind::String) => {
                token.kind == TokenKind::Word && tokens[index + 1].span.start == token.span.end
            }
            _ => false,
        };
        let is_collation =
            before.is_some_and(|before| before.span.text(sql).eq_ignore_ascii_case("COLLATE"));
        if is_name(*token) && !is_other && !is_collation {
            found.push(name(token.span.text(sql)));
        }
    }
    found.into_iter()
}

fn significant(sql: &str, span: Span) -> impl Iterator<Item = Token> {
    Tokens::new(sql, Dialect::Sqlite)
        .without_trivia()
        .filter(move |token| span.start <= token.span.start && token.span.end <= span.end)
}

fn is_name(token: Token) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
}

/// Returns a name without its quotes.
pub(super) fn name(part: &str) -> String {
    unquote(part).unwrap_or_else(|| part.to_owned())
}

/// Returns the span of an index's columns, without the parentheses.
pub(super) fn index_parts(sql: &str) -> Span {
    let mut depth = 0_usize;
    let mut start = None;
    for token in Tokens::new(sql, Dialect::Sqlite).without_trivia() {
        match token.span.text(sql) {
            "(" => {
                depth += 1;
                start = start.or(Some(token.span.end));
            }
            ")" => {
                depth -= 1;
                if let (0, Some(start)) = (depth, start) {
                    return Span::new(start, token.span.start);
                }
            }
            _ => {}
        }
    }
    Span::new(sql.len(), sql.len())
}

/// Returns the columns of an index on all rows that has no expression.
pub(super) fn index_columns(sql: &str) -> Option<Vec<String>> {
    let parts = index_parts(sql);
    // The first token after them is the parenthesis.
    let is_partial = significant(sql, Span::new(parts.end, sql.len()))
        .nth(1)
        .is_some();
    let columns = part_starts(sql, parts).map(|(column, is_whole)| is_whole.then_some(column));
    (!is_partial).then(|| columns.collect()).flatten()
}

/// Returns the first token of each part of an index as a name, and whether it is a column: nothing
/// but a collation and an order may follow. A string is a column there.
fn part_starts(sql: &str, parts: Span) -> impl Iterator<Item = (String, bool)> {
    let tokens: Vec<Token> = significant(sql, parts).collect();
    let mut found: Vec<(String, bool)> = Vec::new();
    let mut depth = 0_usize;
    let mut is_start = true;
    for (index, token) in tokens.iter().enumerate() {
        let text = token.span.text(sql);
        if is_start {
            let next = tokens.get(index + 1).map(|next| next.span.text(sql));
            let ends = [",", "COLLATE", "ASC", "DESC"];
            let is_column =
                next.is_none_or(|next| ends.iter().any(|end| next.eq_ignore_ascii_case(end)));
            let is_name = is_name(*token) || token.kind == TokenKind::String;
            found.push((name(text), is_name && is_column));
        }
        match text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_start = depth == 0 && text == ",";
    }
    found.into_iter()
}

/// Returns whether an index, view or trigger mentions a column of the name.
pub(super) fn object_mentions(object: &Object, column: &str) -> bool {
    let sql = object.sql.as_deref().unwrap_or_default();
    let start = match object.kind {
        ObjectKind::Index => {
            let parts = index_parts(sql);
            let mut starts = part_starts(sql, parts);
            if starts.any(|(name, is_column)| is_column && name.eq_ignore_ascii_case(column)) {
                return true;
            }
            // Its name and its table are no columns.
            parts.start
        }
        ObjectKind::Table | ObjectKind::View | ObjectKind::Trigger => 0,
    };
    mentions(sql, Span::new(start, sql.len()), column)
}

/// Returns the columns of `UPDATE OF` in a trigger.
pub(super) fn update_columns(sql: &str) -> Vec<String> {
    let words: Vec<&str> = Tokens::new(sql, Dialect::Sqlite)
        .without_trivia()
        .map(|token| token.span.text(sql))
        .collect();
    let is = |index: usize, word: &str| {
        words
            .get(index)
            .is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    let end = (0..words.len()).find(|index| is(*index, "ON"));
    let start =
        (0..end.unwrap_or_default()).find(|index| is(*index, "UPDATE") && is(index + 1, "OF"));
    match (start, end) {
        (Some(start), Some(end)) => words[start + 2..end]
            .iter()
            .filter(|word| **word != ",")
            .map(|word| name(word))
            .collect(),
        _ => Vec::new(),
    }
}
