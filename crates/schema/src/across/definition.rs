//! What the definitions of keys and indexes say, as either engine writes them.

use std::fmt;

use alembic_sql::{Dialect, TokenKind, Tokens, unquote};

use super::lower;

/// What a foreign key refers to, and what becomes of its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Referral {
    /// The table.
    pub table: String,
    /// The columns.
    pub columns: Vec<String>,
    /// What happens to the rows when the one that they refer to is deleted, unless nothing does.
    pub on_delete: Option<String>,
    /// What happens to the rows when the one that they refer to gets another key, unless nothing does.
    pub on_update: Option<String>,
}

impl Referral {
    /// Reads the columns and actions of a foreign key.
    pub(super) fn read(definition: &str, dialect: Dialect) -> Self {
        let words = words(definition, dialect);
        let is = |at: usize, word: &str| words.get(at).is_some_and(|found| found.is(word));
        let mut referral = Self::default();
        let Some(start) = (0..words.len()).find(|at| is(*at, "REFERENCES")) else {
            return referral;
        };
        let mut at = start + 2;
        while is(at, ".") {
            at += 2;
        }
        if is(at, "(") {
            let names = words[at + 1..].iter().take_while(|word| !word.is(")"));
            let names = names.filter(|word| !word.is(","));
            referral.columns = names.map(Word::name).collect();
        }
        for at in at..words.len() {
            let action = || match () {
                () if is(at + 2, "SET") && is(at + 3, "NULL") => Some("SET NULL".to_owned()),
                () if is(at + 2, "SET") => Some("SET DEFAULT".to_owned()),
                () if is(at + 2, "NO") => None,
                () => words.get(at + 2).map(|word| word.text.to_ascii_uppercase()),
            };
            match () {
                () if !is(at, "ON") => {}
                () if is(at + 1, "DELETE") => referral.on_delete = action(),
                () if is(at + 1, "UPDATE") => referral.on_update = action(),
                () => {}
            }
        }
        referral
    }
}

impl fmt::Display for Referral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "REFERENCES {} ({})", self.table, self.columns.join(", "))?;
        for (event, action) in [("DELETE", &self.on_delete), ("UPDATE", &self.on_update)] {
            if let Some(action) = action {
                write!(f, " ON {event} {action}")?;
            }
        }
        Ok(())
    }
}

/// Returns the columns of an index that is one of columns in their usual order, on all rows.
pub(super) fn plain_columns(definition: &str, dialect: Dialect) -> Option<Vec<String>> {
    let words = words(definition, dialect);
    let start = words.iter().position(|word| word.is("("))? + 1;
    let length = words[start..].iter().position(|word| word.is(")"))?;
    let (terms, rest) = (&words[start..start + length], &words[start + length..]);
    if rest.iter().any(|word| word.is("WHERE")) {
        return None;
    }
    let terms = terms.split(|word| word.is(","));
    terms
        .map(|term| match term {
            [name] if name.is_name => Some(name.name()),
            [name, order] if name.is_name && (order.is("ASC") || order.is("DESC")) => {
                Some(name.name())
            }
            _ => None,
        })
        .collect()
}

/// A token of a definition.
struct Word<'t> {
    text: &'t str,
    /// Whether it can be a name.
    is_name: bool,
    /// Whether it stands in quotes, so that it is no keyword.
    is_quoted: bool,
}

impl Word<'_> {
    fn is(&self, keyword: &str) -> bool {
        !self.is_quoted && self.text.eq_ignore_ascii_case(keyword)
    }

    fn name(&self) -> String {
        lower(&unquote(self.text).unwrap_or_else(|| self.text.to_owned()))
    }
}

fn words(definition: &str, dialect: Dialect) -> Vec<Word<'_>> {
    let tokens = Tokens::new(definition, dialect).without_trivia();
    let words = tokens.map(|token| {
        let is_quoted = token.kind == TokenKind::QuotedName;
        Word {
            text: token.span.text(definition),
            is_name: is_quoted || token.kind == TokenKind::Word,
            is_quoted,
        }
    });
    words.collect()
}
