//! The forms of defaults that stand without parentheses.

use alembic_sql::{Dialect, TokenKind, Tokens};

/// The words that are values.
const VALUES: [&str; 6] = [
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "FALSE",
    "NULL",
    "TRUE",
];

/// Returns the kinds of the tokens that mean something.
pub(super) fn significant(text: &str, dialect: Dialect) -> Vec<TokenKind> {
    let tokens = Tokens::new(text, dialect).without_trivia();
    tokens.map(|token| token.kind).collect()
}

/// Returns whether a default is a value as it is written.
pub(super) fn is_literal(tokens: &[TokenKind], text: &str) -> bool {
    match tokens {
        [TokenKind::String | TokenKind::Number]
        | [TokenKind::Symbol(b'-' | b'+'), TokenKind::Number] => true,
        [TokenKind::Word] => VALUES.contains(&text.trim().to_ascii_uppercase().as_str()),
        _ => false,
    }
}

/// Returns whether a default is a call and nothing more.
pub(super) fn is_call(tokens: &[TokenKind]) -> bool {
    let [TokenKind::Word, rest @ ..] = tokens else {
        return false;
    };
    let mut rest = rest;
    while let [TokenKind::Symbol(b'.'), TokenKind::Word, after @ ..] = rest {
        rest = after;
    }
    let mut depth = 0_usize;
    for (index, token) in rest.iter().enumerate() {
        match token {
            TokenKind::Symbol(b'(') => depth += 1,
            TokenKind::Symbol(b')') => depth = depth.saturating_sub(1),
            _ if depth == 0 => return false,
            _ => {}
        }
        if depth == 0 {
            return index + 1 == rest.len();
        }
    }
    false
}
