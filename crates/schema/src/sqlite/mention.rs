//! Which columns a text mentions.

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
