//! The differences between dialects: each dialect has a file with these facts and functions.

use crate::cursor::Cursor;
use crate::name::Name;
use crate::scanner::Scanner;
use crate::splitter::Form;
use crate::{Dialect, StatementKind, TokenKind, postgres, sqlite};

/// The names of a dialect, and how it reads SQL.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The name that revision files and configuration use.
    pub(crate) name: &'static str,
    /// Other accepted names.
    pub(crate) other_names: &'static [&'static str],
    /// The name of the database, as people write it.
    pub(crate) product: &'static str,
    /// Whether block comments nest.
    pub(crate) nested_comments: bool,
    /// Whether a line comment ends at a carriage return, too.
    pub(crate) comments_end_at_return: bool,
    /// Whether a byte-order mark is white space wherever a token may begin, not only at the start.
    pub(crate) inner_byte_order_marks: bool,
    /// Whether a `;` in parentheses does not end a statement.
    pub(crate) semicolons_in_parentheses: bool,
    /// Whether indexes can be built and dropped `CONCURRENTLY`.
    pub(crate) concurrent_indexes: bool,
    /// Reads a token that begins with `first` and is specific to the dialect.
    pub(crate) read_token: fn(&mut Scanner<'_>, u8) -> Option<TokenKind>,
    /// Returns whether a symbol begins a command for the database's shell; the flag says whether a
    /// statement could begin there.
    pub(crate) begins_client_command: fn(u8, bool) -> bool,
    /// Returns the form of a statement, which decides where it ends, by its first words.
    pub(crate) read_form: fn(Cursor<'_>) -> Form,
    /// Reads the table that a statement changes or refers to.
    pub(crate) read_table: fn(&mut Cursor<'_>) -> Option<Name>,
    /// Returns an unquoted name as the database keeps it.
    pub(crate) keep_plain_name: fn(&str) -> String,
    /// Cuts a name to the length that the database keeps.
    pub(crate) cut_name: fn(&mut String),
    /// Reads a statement that is specific to the dialect, from its first word in upper case and the
    /// words after it.
    pub(crate) read_kind: fn(&str, Cursor<'_>) -> Option<StatementKind>,
    /// Returns whether a statement may change the search path.
    pub(crate) may_set_search_path: fn(Cursor<'_>, &StatementKind) -> bool,
}

impl Rules {
    /// Moves to the end of a line comment.
    pub(crate) fn skip_line_comment(&self, scanner: &mut Scanner<'_>) {
        let ends_at_return = self.comments_end_at_return;
        scanner.skip_until(|byte| byte == b'\n' || (ends_at_return && byte == b'\r'));
    }
}

impl Dialect {
    /// Returns how this dialect reads SQL.
    pub(crate) fn rules(self) -> &'static Rules {
        match self {
            Dialect::Sqlite => &sqlite::RULES,
            Dialect::Postgres => &postgres::RULES,
        }
    }
}
