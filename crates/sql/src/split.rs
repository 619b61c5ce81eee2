//! Splits a text into statements.

mod open_statement;
mod postgres;
mod splitter;
mod sqlite;

use crate::cursor::Cursor;
use crate::{Dialect, Span, SplitError, Statement};
use open_statement::Form;

pub(crate) use splitter::split_part;
pub use splitter::splits;

/// The result of splitting a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// The statements in the order of the text; never an empty one.
    pub statements: Vec<Statement>,
    /// The faults of the text in its order. If there are any, `statements` holds only the complete
    /// ones, and must not be run.
    pub errors: Vec<SplitError>,
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
    split_part(sql, Span::new(0, sql.len()), dialect)
}

/// What differs between the dialects; each has a file named after it.
struct Rules {
    /// Whether a `;` in parentheses does not end a statement.
    semicolons_in_parentheses: bool,
    /// Returns whether a symbol begins a command for the database's shell; the flag says whether a
    /// statement could begin there.
    begins_client_command: fn(u8, bool) -> bool,
    /// Returns the form of a statement, which decides where it ends, by its first words.
    read_form: fn(Cursor<'_>) -> Form,
}

fn rules(dialect: Dialect) -> &'static Rules {
    match dialect {
        Dialect::Sqlite => &sqlite::RULES,
        Dialect::Postgres => &postgres::RULES,
    }
}
