//! Normalizes SQL texts that differ only in how they are written.

use crate::quote::is_plain;
use crate::{Dialect, Tokens};

/// Returns `statement` as its tokens, one space apart: without comments, without line breaks, and
/// with plain names unquoted.
///
/// Databases keep the text of definitions, and change it here and there: SQLite quotes the name of
/// a table that was renamed. Two definitions with the same tokens become identical this way.
///
/// # Examples
///
/// ```
/// use alembic_sql::{Dialect, normalized};
///
/// let a = normalized("CREATE TABLE \"t\" (a,\n  b -- the second\n)", Dialect::Sqlite);
/// assert_eq!(a, normalized("CREATE TABLE t ( a , b )", Dialect::Sqlite));
/// ```
#[must_use]
pub fn normalized(statement: &str, dialect: Dialect) -> String {
    let tokens = Tokens::new(statement, dialect).without_trivia();
    let tokens: Vec<&str> = tokens
        .map(|token| plain(token.span.text(statement)))
        .collect();
    tokens.join(" ")
}

/// Removes the quotes from a name that means the same without them.
fn plain(token: &str) -> &str {
    let close = match token.as_bytes().first() {
        Some(b'"') => '"',
        Some(b'`') => '`',
        Some(b'[') => ']',
        _ => return token,
    };
    let inner = token[1..].strip_suffix(close);
    inner.filter(|name| is_plain(name)).unwrap_or(token)
}
