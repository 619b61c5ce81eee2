//! The result of splitting a text.

use std::fmt;

use crate::{Dialect, Span, Statement, splitter};

/// The result of splitting a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// The statements in the order of the text; never an empty one.
    pub statements: Vec<Statement>,
    /// The faults of the text in its order. If there are any, `statements` holds only the complete
    /// ones, and must not be run.
    pub errors: Vec<SplitError>,
}

/// A fault that keeps a text from being split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SplitError {
    /// The kind of the fault.
    pub kind: SplitErrorKind,
    /// The offending text. An unterminated one begins where it was opened and reaches to the end of
    /// the text.
    pub span: Span,
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for SplitError {}

/// The kinds of faults that keep a text from being split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SplitErrorKind {
    /// A string literal without its closing quote.
    UnterminatedString,
    /// A quoted identifier without its closing quote or bracket.
    UnterminatedIdentifier,
    /// A block comment without its `*/`. SQLite would end it with the text, and silently skip the
    /// SQL in it.
    UnterminatedComment,
    /// A PostgreSQL dollar-quoted string without its closing tag.
    UnterminatedDollarQuote,
    /// The body of an SQLite trigger or of a PostgreSQL `BEGIN ATOMIC` routine without its `END`.
    UnterminatedBody,
    /// A parenthesis that is never closed, so that no later `;` ends the statement; PostgreSQL
    /// only.
    UnclosedParenthesis,
    /// A `COPY ... FROM STDIN`, whose rows only psql can send.
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
            Self::CopyFromStdin => "`COPY ... FROM STDIN` works only in psql",
            Self::ClientCommand => "command of a database shell is not SQL",
            Self::NulCharacter => "NUL character is not allowed in SQL",
        })
    }
}

/// Splits `sql` into its statements, and reads the kind of each.
///
/// Statements end at `;`, but not at one inside
///
/// - a string, a quoted identifier or a comment of the dialect,
/// - the body of an SQLite `CREATE TRIGGER`, which ends at `; END ;`,
/// - the `BEGIN ATOMIC` body of a PostgreSQL function or procedure, which ends the same way,
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
    splitter::split(sql, Span::new(0, sql.len()), dialect)
}
