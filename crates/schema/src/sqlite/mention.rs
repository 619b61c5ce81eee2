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

/// Returns whether the stored text of an index says that it is unique.
pub(super) fn is_unique_index(sql: &str) -> bool {
    sql.get(..13) == Some("CREATE UNIQUE")
}

/// Returns the condition of a partial index.
pub(super) fn index_condition(sql: &str) -> Option<&str> {
    let parts = index_parts(sql);
    // The first token after them is the parenthesis, and the next one is `WHERE`.
    let start = significant(sql, Span::new(parts.end, sql.len())).nth(2)?;
    sql.get(start.span.start..)
}

/// Returns the columns of an index on all rows that has no expression.
pub(super) fn index_columns(sql: &str) -> Option<Vec<KeyPart>> {
    let columns = index_terms(sql).into_iter().map(|term| match term {
        IndexTerm::Column(part) => Some(part),
        IndexTerm::Expression(_) => None,
    });
    match index_condition(sql) {
        None => columns.collect(),
        Some(_) => None,
    }
}

/// A column of a key or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyPart {
    /// The column, without quotes.
    pub(super) column: String,
    /// The collation that it is compared by, where it is not the column's own.
    pub(super) collation: Option<String>,
}

/// What an index sorts by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum IndexTerm {
    /// A column. A string is one here.
    Column(KeyPart),
    /// An expression, with its collation and without its order.
    Expression(String),
}

/// Returns what an index sorts by.
pub(super) fn index_terms(sql: &str) -> Vec<IndexTerm> {
    let tokens: Vec<Token> = significant(sql, index_parts(sql)).collect();
    let mut depth = 0_usize;
    let terms = tokens.split(|token| {
        match token.span.text(sql) {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token.span.text(sql) == ","
    });
    terms.filter_map(|term| index_term(sql, term)).collect()
}

fn index_term(sql: &str, term: &[Token]) -> Option<IndexTerm> {
    let is = |token: &Token, word: &str| token.span.text(sql).eq_ignore_ascii_case(word);
    let term = match term {
        [term @ .., last] if is(last, "ASC") || is(last, "DESC") => term,
        term => term,
    };
    let (first, last) = (term.first()?, term.last()?);
    let is_column = is_name(*first) || first.kind == TokenKind::String;
    let text = |token: &Token| name(token.span.text(sql));
    let collation = match term {
        [_] if is_column => None,
        [_, collate, collation] if is_column && is(collate, "COLLATE") => Some(text(collation)),
        _ => {
            let expression = sql.get(first.span.start..last.span.end)?;
            return Some(IndexTerm::Expression(expression.to_owned()));
        }
    };
    Some(IndexTerm::Column(KeyPart {
        column: text(first),
        collation,
    }))
}

/// Returns whether an index, view or trigger mentions a column of the name.
pub(super) fn object_mentions(object: &Object, column: &str) -> bool {
    let sql = object.sql.as_deref().unwrap_or_default();
    let start = match object.kind {
        ObjectKind::Index => {
            let is_term = |term: IndexTerm| match term {
                IndexTerm::Column(part) => part.column.eq_ignore_ascii_case(column),
                IndexTerm::Expression(_) => false,
            };
            if index_terms(sql).into_iter().any(is_term) {
                return true;
            }
            // Its name and its table are no columns.
            index_parts(sql).start
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
