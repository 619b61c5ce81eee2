//! What keeps a text from being split.

use std::fmt;

use crate::Span;

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
