//! Reads the names of tables, columns and indexes.

mod postgres;
mod sqlite;

use crate::cursor::Cursor;
use crate::{Dialect, TokenKind};

/// The name of an object, with its qualifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    written: String,
    qualifier: Option<String>,
    kept: String,
}

impl Name {
    /// Reads a name; PostgreSQL's `U&"..."`, which escapes its characters, is not read.
    pub(crate) fn read(words: &mut Cursor<'_>) -> Option<Self> {
        let rules = rules(words.dialect());
        let mut written = String::new();
        let mut qualifier = None;
        loop {
            let part = read_part(words)?;
            written.push_str(part);
            let kept = (rules.kept)(part);
            if !words.eat(".") {
                return Some(Self {
                    written,
                    qualifier,
                    kept,
                });
            }
            written.push('.');
            qualifier = Some(kept);
        }
    }

    /// Reads the table that a statement changes or refers to.
    pub(crate) fn read_table(words: &mut Cursor<'_>) -> Option<Self> {
        (rules(words.dialect()).read_table)(words)
    }

    /// Returns all parts as the statement writes them: with their quotes, and without space around
    /// the dots.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Returns the part before the last as the database keeps it: a schema, or a database.
    #[must_use]
    pub fn qualifier(&self) -> Option<&str> {
        self.qualifier.as_deref()
    }

    /// Returns the last part as the database keeps it: without quotes, and on PostgreSQL in lower
    /// case unless it is quoted, and cut to 63 bytes.
    #[must_use]
    pub fn kept(&self) -> &str {
        &self.kept
    }
}

/// Reads a word, which may be a keyword, or a quoted name.
fn read_part<'a>(words: &mut Cursor<'a>) -> Option<&'a str> {
    match words.kind()? {
        TokenKind::Word => {
            let part = words.next()?;
            let is_hidden = part.eq_ignore_ascii_case("U") && words.at("&");
            (!is_hidden).then_some(part)
        }
        // SQLite reads a string as a name where only a name is possible.
        TokenKind::QuotedName | TokenKind::String => words.next(),
        TokenKind::Whitespace
        | TokenKind::Comment
        | TokenKind::ByteOrderMark
        | TokenKind::Number
        | TokenKind::Parameter
        | TokenKind::Symbol(_)
        | TokenKind::Unterminated(_) => None,
    }
}

/// Returns the text between quotes of any kind, if the part of a name is quoted.
#[must_use]
pub fn unquote(part: &str) -> Option<String> {
    let pairs = [('"', '"'), ('`', '`'), ('[', ']'), ('\'', '\'')];
    pairs.into_iter().find_map(|(open, close)| {
        let inner = part.strip_prefix(open)?.strip_suffix(close)?;
        Some(inner.replace(&format!("{close}{close}"), &close.to_string()))
    })
}

/// What differs between the dialects; each has a file named after it.
struct Rules {
    /// Reads the table that a statement changes or refers to.
    read_table: fn(&mut Cursor<'_>) -> Option<Name>,
    /// Returns a part of a name as the database keeps it.
    kept: fn(&str) -> String,
}

fn rules(dialect: Dialect) -> &'static Rules {
    match dialect {
        Dialect::Sqlite => &sqlite::RULES,
        Dialect::Postgres => &postgres::RULES,
    }
}
