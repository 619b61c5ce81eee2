//! Reads the names of tables and indexes.

use super::lexer::Cursor;
use crate::Dialect;

/// The length in bytes to which PostgreSQL cuts names, unless it was built otherwise.
const POSTGRES_NAME_LENGTH: usize = 63;

/// A name as it is written, with the names before it that say where it belongs.
pub(super) struct Name<'a> {
    /// The names between the dots, with their quotes; never empty.
    parts: Vec<&'a str>,
}

impl<'a> Name<'a> {
    /// Reads a name; PostgreSQL's `U&"..."`, which hides its characters, is none.
    pub(super) fn read(words: &mut Cursor<'a>) -> Option<Self> {
        let mut parts = Vec::new();
        loop {
            let part = words.next().filter(|part| is_name(part))?;
            if part.eq_ignore_ascii_case("U") && words.at("&") {
                return None;
            }
            parts.push(part);
            if !words.eat(".") {
                return Some(Self { parts });
            }
        }
    }

    /// Reads the table that a statement changes or refers to.
    ///
    /// On PostgreSQL, `ONLY` and `*` may say whether the tables that inherit from it are meant.
    pub(super) fn of_table(words: &mut Cursor<'a>, dialect: Dialect) -> Option<Self> {
        if dialect == Dialect::Sqlite {
            return Self::read(words);
        }
        if words.eat("ONLY") && words.eat("(") {
            return Self::read(words).filter(|_| words.eat(")"));
        }
        let name = Self::read(words)?;
        words.eat("*");
        Some(name)
    }

    /// Returns the last part as the database keeps it, without quotes.
    pub(super) fn kept(&self, dialect: Dialect) -> String {
        let name = self.parts.last().copied().unwrap_or_default();
        let mut kept = unquoted(name, dialect);
        if dialect == Dialect::Postgres {
            kept.truncate(kept.floor_char_boundary(POSTGRES_NAME_LENGTH));
        }
        kept
    }

    /// Returns all parts as they are written, without the space that may stand around the dots.
    pub(super) fn written(&self) -> String {
        self.parts.join(".")
    }
}

/// Tells whether `token` is a word, which may be a keyword, or quoted.
fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| {
        first.is_ascii_alphabetic()
            || !first.is_ascii()
            || matches!(first, '_' | '"' | '`' | '[' | '\'')
    })
}

fn unquoted(name: &str, dialect: Dialect) -> String {
    for (open, close) in [('"', '"'), ('`', '`'), ('[', ']'), ('\'', '\'')] {
        let inner = name
            .strip_prefix(open)
            .and_then(|name| name.strip_suffix(close));
        if let Some(inner) = inner {
            return inner.replace(&format!("{close}{close}"), &close.to_string());
        }
    }
    match dialect {
        Dialect::Sqlite => name.to_owned(),
        // In UTF-8, PostgreSQL leaves other letters as they are.
        Dialect::Postgres => name.to_ascii_lowercase(),
    }
}
