//! Splits SQL text into statements and tells what kind each one is.
//!
//! The splitter reads tokens, not grammar: it knows the quoting and the comments of each
//! dialect and the few constructs in which a `;` does not end a statement. It never guesses;
//! where a text cannot be split, it reports why and where.

mod created;
mod dialect;
mod index;
mod kind;
mod lexer;
mod name;
mod normal;
mod quote;
mod span;
mod splitter;
#[cfg(test)]
mod tests;

use std::fmt;

pub use created::{created_table, renamed_table};
pub use dialect::{Dialect, UnknownDialect};
pub use index::{ConcurrentIndex, Reindexed, concurrent_index};
pub use kind::StatementKind;
pub use kind::{may_commit, sets_for_session};
pub use lexer::{Lexer, Token, TokenKind};
pub use normal::normalized;
pub use quote::{literal, quote};
pub use span::{Position, Span};

/// The number of characters to which [`summary`] cuts a statement.
const SUMMARY_LENGTH: usize = 60;

/// One statement of a split text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Statement {
    /// The bytes from the first to the last token, without the `;` and without the comments
    /// around it; comments between the tokens stay.
    pub span: Span,
}

/// The result of splitting a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// The statements in the order of the text; never an empty one.
    pub statements: Vec<Statement>,
    /// The faults of the text in its order. When there are any, `statements` holds only what was
    /// whole, and must not be run.
    pub errors: Vec<SplitError>,
}

/// A fault that keeps a text from being split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SplitError {
    /// What is wrong.
    pub kind: SplitErrorKind,
    /// The offending text. What is unterminated begins where it was opened and reaches to the end
    /// of the text.
    pub span: Span,
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for SplitError {}

/// The ways in which a text can defy splitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SplitErrorKind {
    /// A string literal without its closing quote.
    UnterminatedString,
    /// A quoted identifier without its closing quote or bracket.
    UnterminatedIdentifier,
    /// A block comment without its `*/`. SQLite would end it with the text, and run nothing of
    /// what it swallowed.
    UnterminatedComment,
    /// A PostgreSQL dollar-quoted string without its closing tag.
    UnterminatedDollarQuote,
    /// The body of an SQLite trigger or of a PostgreSQL `BEGIN ATOMIC` routine without its `END`.
    UnterminatedBody,
    /// A parenthesis that is never closed, so that no later `;` ends the statement; PostgreSQL
    /// only.
    UnclosedParenthesis,
    /// A `COPY ... FROM STDIN`, whose rows only psql could send.
    CopyFromStdin,
    /// A line for psql or the sqlite3 shell, such as `\connect` or `.read`.
    ClientCommand,
    /// A NUL character, which no statement can contain; only the first one is reported.
    NulCharacter,
}

impl fmt::Display for SplitErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnterminatedString => "string literal is never closed",
            Self::UnterminatedIdentifier => "quoted identifier is never closed",
            Self::UnterminatedComment => "block comment is never closed",
            Self::UnterminatedDollarQuote => "dollar-quoted string is never closed",
            Self::UnterminatedBody => "body after `BEGIN` has no closing `; END ;`",
            Self::UnclosedParenthesis => "parenthesis is never closed",
            Self::CopyFromStdin => "`COPY ... FROM STDIN` works in psql only",
            Self::ClientCommand => "command of a database shell is not SQL",
            Self::NulCharacter => "NUL character is not allowed in SQL",
        })
    }
}

/// Splits `sql` into its statements.
///
/// Statements end at `;`, but not at one inside
///
/// - a string, a quoted identifier or a comment of the dialect,
/// - the body of an SQLite `CREATE TRIGGER`, which ends at `; END ;`,
/// - the `BEGIN ATOMIC` body of a PostgreSQL function or procedure, which ends likewise,
/// - parentheses on PostgreSQL, as in `CREATE RULE ... DO (...; ...)`.
///
/// Without errors, every byte outside the statements belongs to whitespace, a comment, a `;` or a
/// byte order mark. PostgreSQL strings are read with `standard_conforming_strings` on. The time
/// taken is linear in the length of the text.
///
/// # Examples
///
/// ```
/// use alembic_sql::{Dialect, SplitErrorKind, split};
///
/// let text = "DELETE FROM a WHERE b = ';'; -- done;\nDROP TABLE a";
/// let split_text = split(text, Dialect::Sqlite);
/// let statements: Vec<&str> = split_text
///     .statements
///     .iter()
///     .map(|statement| statement.span.text(text))
///     .collect();
/// assert_eq!(statements, ["DELETE FROM a WHERE b = ';'", "DROP TABLE a"]);
/// assert!(split_text.errors.is_empty());
///
/// let errors = split("SELECT 'a; SELECT 2;", Dialect::Sqlite).errors;
/// assert_eq!(errors[0].kind, SplitErrorKind::UnterminatedString);
/// assert_eq!(errors[0].span.start, 7);
/// ```
#[must_use]
pub fn split(sql: &str, dialect: Dialect) -> Split {
    splitter::run(sql, dialect)
}

/// Returns one short line that lets people recognise `statement`.
///
/// Comments are left out, every run of whitespace becomes one space, and what is longer than 60
/// characters is cut and ends in `…`.
///
/// # Examples
///
/// ```
/// use alembic_sql::{Dialect, summary};
///
/// let statement = "CREATE TABLE a ( -- all of them\n    id INTEGER\n)";
/// assert_eq!(summary(statement, Dialect::Sqlite), "CREATE TABLE a ( id INTEGER )");
/// ```
#[must_use]
pub fn summary(statement: &str, dialect: Dialect) -> String {
    let mut line = String::new();
    let mut length = 0;
    let mut end = 0;
    for token in Lexer::new(statement, dialect) {
        let gap = if token.span.start == end { "" } else { " " };
        for character in gap.chars().chain(token.span.text(statement).chars()) {
            if character.is_whitespace() || character.is_control() {
                if line.is_empty() || line.ends_with(' ') {
                    continue;
                }
                line.push(' ');
            } else {
                line.push(character);
            }
            length += 1;
            if length > SUMMARY_LENGTH {
                line.pop();
                line.pop();
                line.truncate(line.trim_end().len());
                line.push('…');
                return line;
            }
        }
        end = token.span.end;
    }
    line
}
