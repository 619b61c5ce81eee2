//! What the versions of SQLite have added to its SQL since the oldest supported one.
//!
//! It is read from tokens: a name is a function where a call of one can stand, and nowhere else.

mod features;
mod version;

use std::ops::Range;

use super::{NewerSql, Rules};
use crate::name::unquote;
use crate::{Dialect, Span, Statement, StatementKind, Token, TokenKind, Tokens};
use features::{BEFORE_EXPRESSIONS, FUNCTIONS, Feature, JOIN_WORDS, JSON_FUNCTIONS, JSON_OPTION};

pub use version::{SqliteVersion, UnsupportedVersion};

pub(super) static RULES: Rules = Rules { find };

fn find(text: &str, statement: &Statement, version: SqliteVersion) -> Vec<NewerSql> {
    let tokens = Tokens::within(text, statement.span, statement.span.start, Dialect::Sqlite);
    let mut reader = Reader {
        text,
        kind: &statement.kind,
        tokens: tokens.without_trivia().collect(),
        open: vec![Bracket::default()],
        found: Vec::new(),
    };
    reader.read();
    let mut found = reader.found;
    found.retain(|newer| newer.since > version);
    found.sort_by_key(|newer| newer.span.start);
    found
}

/// Reads the tokens of a statement.
struct Reader<'a> {
    text: &'a str,
    kind: &'a StatementKind,
    tokens: Vec<Token>,
    /// The brackets around the current token; the first stands for the statement.
    open: Vec<Bracket>,
    found: Vec<NewerSql>,
}

/// A bracket that is not closed yet.
#[derive(Default)]
struct Bracket {
    /// The name of the function that is called with what the bracket holds.
    called: Option<usize>,
    commas: usize,
    /// Whether the current query has a `GROUP BY`.
    is_grouped: bool,
}

impl Reader<'_> {
    fn read(&mut self) {
        // The arguments of a virtual table mean what its module likes.
        if self.is(1, "VIRTUAL") {
            return;
        }
        if self.is(0, "REINDEX") && self.is(1, "EXPRESSIONS") && self.tokens.len() == 2 {
            self.add(0..2, Feature::ReindexExpressions);
        }
        for index in 0..self.tokens.len() {
            match self.tokens[index].kind {
                TokenKind::Symbol(b'(') => {
                    let called = self.called(index);
                    self.open.push(Bracket {
                        called,
                        ..Bracket::default()
                    });
                }
                TokenKind::Symbol(b')') => self.close(index),
                TokenKind::Symbol(b',') => self.innermost().commas += 1,
                TokenKind::Symbol(b'-') => self.read_arrow(index),
                TokenKind::Number => self.read_number(index),
                TokenKind::Word => self.read_word(index),
                _ => {}
            }
        }
    }

    fn word(&self, index: usize) -> &str {
        let token = self.tokens.get(index);
        token.map_or("", |token| token.span.text(self.text))
    }

    fn is(&self, index: usize, word: &str) -> bool {
        self.word(index).eq_ignore_ascii_case(word)
    }

    fn is_any(&self, index: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(index, word))
    }

    fn innermost(&mut self) -> &mut Bracket {
        if self.open.is_empty() {
            self.open.push(Bracket::default());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }

    /// Adds what the tokens in `range` are.
    fn add(&mut self, range: Range<usize>, feature: Feature) {
        let (construct, minor) = feature.described();
        self.add_described(range, construct.to_owned(), minor, None);
    }

    fn add_described(
        &mut self,
        range: Range<usize>,
        construct: String,
        minor: u16,
        option: Option<&'static str>,
    ) {
        let last = self.tokens[range.end - 1].span.end;
        let span = Span::new(self.tokens[range.start].span.start, last);
        self.found.push(NewerSql {
            span,
            construct,
            since: SqliteVersion::new(minor),
            option,
        });
    }

    /// Returns whether an expression, or a table of a query, begins at a token.
    fn begins_expression(&self, index: usize) -> bool {
        let Some(before) = index.checked_sub(1) else {
            return false;
        };
        match self.tokens[before].kind {
            TokenKind::Symbol(symbol) => !matches!(symbol, b'.' | b')' | b';'),
            TokenKind::Word => {
                self.is_any(before, BEFORE_EXPRESSIONS) && !self.names_indexed_table(before)
            }
            _ => false,
        }
    }

    /// Returns whether a token is the `ON` of a `CREATE INDEX`.
    fn names_indexed_table(&self, index: usize) -> bool {
        let is_on = |index: &usize| self.is(*index, "ON");
        matches!(self.kind, StatementKind::Index(_))
            && (0..self.tokens.len()).find(is_on) == Some(index)
    }

    /// Returns the name before a bracket, if it can be the one of a function.
    fn called(&self, bracket: usize) -> Option<usize> {
        let name = bracket.checked_sub(1)?;
        let is_name = matches!(
            self.tokens[name].kind,
            TokenKind::Word | TokenKind::QuotedName
        );
        let is_query = self.is_any(bracket + 1, &["SELECT", "WITH", "VALUES"]);
        (is_name && !is_query && self.begins_expression(name)).then_some(name)
    }

    fn close(&mut self, index: usize) {
        let Some(bracket) = self.open.pop() else {
            return;
        };
        let Some(name) = bracket.called else {
            return;
        };
        let is_table_of_with = self.is(index + 1, "AS")
            && (self.is(index + 2, "(") || self.is_any(index + 2, &["MATERIALIZED", "NOT"]));
        if !is_table_of_with {
            self.read_call(name, bracket.commas + 1);
        }
    }

    /// Reads a call with `arguments`; no function without any is affected by their number.
    fn read_call(&mut self, name: usize, arguments: usize) {
        let written = self.word(name);
        let function = unquote(written).unwrap_or_else(|| written.to_owned());
        let function = function.to_ascii_lowercase();
        let has_name = |(known, _): &&(&str, u16)| *known == function;
        if let Some((_, minor)) = FUNCTIONS.iter().find(has_name) {
            self.add_described(name..name + 1, format!("`{function}()`"), *minor, None);
        } else if JSON_FUNCTIONS.contains(&function.as_str()) {
            let (option, minor) = JSON_OPTION;
            let construct = format!("`{function}()`");
            self.add_described(name..name + 1, construct, minor, Some(option));
        }
        if ["iif", "if"].contains(&function.as_str()) {
            match arguments {
                2 if function == "iif" => self.add(name..name + 1, Feature::ShortIif),
                0..=3 => {}
                _ => self.add(name..name + 1, Feature::LongIif),
            }
        }
    }

    /// Reads a number, of whose digits only those before the first `_` are a token of this kind.
    fn read_number(&mut self, index: usize) {
        let goes_on = self.touch(index, TokenKind::Word) && self.word(index + 1).contains('_');
        if goes_on {
            self.add(index..index + 2, Feature::DigitSeparator);
        }
    }

    /// Returns whether a token of this kind follows without a space.
    fn touch(&self, index: usize, next: TokenKind) -> bool {
        let here = self.tokens.get(index).map(|token| token.span.end);
        let follower = self.tokens.get(index + 1);
        follower.is_some_and(|token| token.kind == next && here == Some(token.span.start))
    }

    /// Reads `->` and `->>`; the tokens apart are another thing, and never valid.
    fn read_arrow(&mut self, index: usize) {
        const CLOSING: TokenKind = TokenKind::Symbol(b'>');
        if self.touch(index, CLOSING) {
            let (end, feature) = match self.touch(index + 1, CLOSING) {
                true => (index + 3, Feature::JsonValueArrow),
                false => (index + 2, Feature::JsonArrow),
            };
            self.add(index..end, feature);
        }
    }

    fn read_word(&mut self, index: usize) {
        match self.word(index).to_ascii_uppercase().as_str() {
            "SELECT" => self.innermost().is_grouped = false,
            "GROUP" => self.innermost().is_grouped = true,
            "HAVING" if !self.innermost().is_grouped => {
                self.add(index..index + 1, Feature::HavingAlone);
            }
            "ORDER" if self.is(index + 1, "BY") && self.innermost().called.is_some() => {
                self.add(index..index + 2, Feature::AggregateOrder);
            }
            "RIGHT" | "FULL" => self.read_join(index),
            "IS" => {
                let distinct = index + 1 + usize::from(self.is(index + 1, "NOT"));
                if self.is(distinct, "DISTINCT") && self.is(distinct + 1, "FROM") {
                    self.add(index..distinct + 2, Feature::IsDistinctFrom);
                }
            }
            "STRICT" => {
                let is_option = self.open.len() == 1
                    && index > 0
                    && self.is_any(index - 1, &[")", ","])
                    && matches!(self.kind, StatementKind::CreateTable(table) if !table.is_filled);
                if is_option {
                    self.add(index..index + 1, Feature::StrictTable);
                }
            }
            "RAISE" => self.read_raise(index),
            "PRAGMA_TABLE_LIST" => self.add(index..index + 1, Feature::TableList),
            _ => {}
        }
    }

    /// Reads a join, unless the word is the name of a table or column.
    fn read_join(&mut self, index: usize) {
        let is_name = index == 0
            || self.begins_expression(index)
            || self.is_any(index - 1, &["AS", ".", ";"]);
        let mut end = index + 1;
        while self.is_any(end, JOIN_WORDS) {
            end += 1;
        }
        if !is_name && self.is(end, "JOIN") {
            let feature = match self.is(index, "RIGHT") {
                true => Feature::RightJoin,
                false => Feature::FullJoin,
            };
            self.add(index..end + 1, feature);
        }
    }

    /// Reads `RAISE (ABORT, message)`, whose message was one string or name.
    fn read_raise(&mut self, index: usize) {
        let has_message = self.is(index + 1, "(") && self.is(index + 3, ",");
        let Some(message) = self.tokens.get(index + 4).filter(|_| has_message) else {
            return;
        };
        let is_one = match message.kind {
            TokenKind::String | TokenKind::Word | TokenKind::QuotedName => self.is(index + 5, ")"),
            _ => false,
        };
        if !is_one {
            self.add(index..index + 1, Feature::RaisedExpression);
        }
    }
}
