//! What psql and the sqlite3 shell make of a statement that is fed to them.
//!
//! Both look for the end of a statement by rules of their own, and both take some texts for something
//! else than SQL.

use std::borrow::Cow;
use std::fmt;

use alembic_history::Dialect;
use alembic_sql::{Token, TokenKind, Tokens};

/// Why a shell would not pass a statement on as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Obstacle {
    /// A parameter, for which the sqlite3 shell puts NULL, or what its user has bound.
    Parameter(String),
    /// A line that the sqlite3 shell takes for the end of a statement: `go` or `/` alone.
    Terminator(String),
    /// `BEGIN`, `CASE` and `END` in the definition of a routine, which psql pairs to find its end.
    UnpairedBegin,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(
                f,
                "the statement has the parameter {name}, and nothing to put there"
            ),
            Self::Terminator(line) => write!(
                f,
                "the sqlite3 shell would take the line `{line}` for the end of the statement"
            ),
            Self::UnpairedBegin => f.write_str(
                "psql would not find the end of the statement: it takes each BEGIN and CASE for one \
                 that an END closes",
            ),
        }
    }
}

/// Returns what a shell must read for a statement to reach the database.
///
/// # Errors
///
/// When there is no such text.
pub(crate) fn for_shell(statement: &str, dialect: Dialect) -> Result<Cow<'_, str>, Obstacle> {
    match dialect {
        Dialect::Sqlite => for_sqlite(statement),
        Dialect::Postgres => for_psql(statement),
    }
}

/// Tells whether a statement comes to mean something else when the ends of lines are changed, as
/// some editors and pipes do.
pub(crate) fn needs_line_ends(statement: &str, dialect: Dialect) -> bool {
    statement.contains('\r')
        || Tokens::new(statement, dialect)
            .without_trivia()
            .any(|token| token.span.text(statement).contains('\n'))
}

/// The shell strips one carriage return off the end of each line.
fn for_sqlite(statement: &str) -> Result<Cow<'_, str>, Obstacle> {
    let tokens = Tokens::new(statement, Dialect::Sqlite).without_trivia();
    let tokens: Vec<Token> = tokens.collect();
    for (index, token) in tokens.iter().enumerate() {
        let text = token.span.text(statement);
        if token.kind == TokenKind::Parameter {
            return Err(Obstacle::Parameter(text.to_owned()));
        }
        if text == "/" || text.eq_ignore_ascii_case("go") {
            let start = index
                .checked_sub(1)
                .map_or(0, |index| tokens[index].span.end);
            let next = tokens.get(index + 1);
            let begins = statement[start..token.span.start].contains('\n');
            let ends =
                next.is_some_and(|next| statement[token.span.end..next.span.start].contains('\n'));
            if begins && ends {
                return Err(Obstacle::Terminator(text.to_owned()));
            }
        }
    }
    if statement.contains("\r\n") {
        Ok(statement.replace("\r\n", "\r\r\n").into())
    } else {
        Ok(statement.into())
    }
}

/// psql replaces `:name` by a variable of its own, but only outside of quotes; a space keeps it from
/// that in `array[1:n]`, where alone it can stand.
fn for_psql(statement: &str) -> Result<Cow<'_, str>, Obstacle> {
    check_psql_end(statement)?;
    let mut read = String::new();
    let mut copied = 0;
    let mut tokens = Tokens::new(statement, Dialect::Postgres).without_trivia();
    while let Some(token) = tokens.next() {
        if token.kind != TokenKind::Symbol(b':') {
            continue;
        }
        let end = token.span.end;
        match statement.as_bytes().get(end) {
            // `::`
            Some(b':') => drop(tokens.next()),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'\'' | b'"' | b'{' | 0x80..) => {
                read.push_str(&statement[copied..end]);
                read.push(' ');
                copied = end;
            }
            _ => {}
        }
    }
    if copied == 0 {
        return Ok(statement.into());
    }
    read.push_str(&statement[copied..]);
    Ok(read.into())
}

/// Looks for the end of a statement as psql does: in the definition of a function or procedure, not
/// between a `BEGIN` and its `END`.
fn check_psql_end(statement: &str) -> Result<(), Obstacle> {
    let mut parentheses = 0_usize;
    let mut open = 0_usize;
    let mut first = Vec::new();
    let mut is_routine = false;
    for token in Tokens::new(statement, Dialect::Postgres).without_trivia() {
        match token.kind {
            TokenKind::Symbol(b'(') => parentheses += 1,
            TokenKind::Symbol(b')') => parentheses = parentheses.saturating_sub(1),
            TokenKind::Symbol(b';') if parentheses == 0 && open == 0 => {
                return Err(Obstacle::UnpairedBegin);
            }
            TokenKind::Word => {
                let word = token.span.text(statement).to_ascii_lowercase();
                if first.len() < 4 {
                    first.push(word.clone());
                    let first: Vec<&str> = first.iter().map(String::as_str).collect();
                    is_routine |= matches!(
                        first[..],
                        ["create", "function" | "procedure"]
                            | ["create", "or", "replace", "function" | "procedure"]
                    );
                }
                if is_routine && parentheses == 0 {
                    match word.as_str() {
                        "begin" => open += 1,
                        "case" if open > 0 => open += 1,
                        "end" => open = open.saturating_sub(1),
                        _ => {}
                    }
                }
            }
            TokenKind::Whitespace
            | TokenKind::Comment
            | TokenKind::ByteOrderMark
            | TokenKind::QuotedName
            | TokenKind::String
            | TokenKind::Number
            | TokenKind::Parameter
            | TokenKind::Symbol(_)
            | TokenKind::Unterminated(_) => {}
        }
    }
    if open == 0 {
        Ok(())
    } else {
        Err(Obstacle::UnpairedBegin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_reach_the_database_through_the_shells() {
        use Dialect::{Postgres, Sqlite};
        for (dialect, statement, expected) in [
            (Sqlite, "SELECT ':a ? $b @c #d', \"?\", [#], `$`", None),
            (
                Sqlite,
                "SELECT 'a\r\nb\rc\r\r\n'",
                Some("SELECT 'a\r\r\nb\rc\r\r\r\n'"),
            ),
            (Sqlite, "SELECT 1\ngo", None),
            (Sqlite, "SELECT '\ngo\n/\n'", None),
            (Sqlite, "SELECT 4 /\n2 AS go,\ngo, a\nFROM b go", None),
            (
                Postgres,
                "SELECT ':a', $$:b$$, E':\\'c', \":d\" -- :e",
                None,
            ),
            (
                Postgres,
                "SELECT a[1:b], c[1 : 2]",
                Some("SELECT a[1: b], c[1 : 2]"),
            ),
            (
                Postgres,
                "SELECT a[b::int:c]::text, d[:'1']",
                Some("SELECT a[b::int: c]::text, d[: '1']"),
            ),
            (Postgres, "SELECT a[:]", None),
            (Postgres, "CALL p(a := 1)", None),
            (Postgres, "SELECT 'a\r\nb'", None),
            (
                Postgres,
                "CREATE FUNCTION f(begin int) RETURNS int LANGUAGE sql AS $$BEGIN$$",
                None,
            ),
            (
                Postgres,
                "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; \
                 SELECT (SELECT begin FROM c); END",
                None,
            ),
            (Postgres, "CREATE TABLE function (begin int)", None),
        ] {
            let read = for_shell(statement, dialect);
            assert_eq!(
                read.as_deref(),
                Ok(expected.unwrap_or(statement)),
                "{statement:?}"
            );
        }
    }

    #[test]
    fn what_a_shell_would_spoil_is_refused() {
        use Dialect::{Postgres, Sqlite};
        let parameter = |name: &str| Obstacle::Parameter(name.to_owned());
        let terminator = |line: &str| Obstacle::Terminator(line.to_owned());
        for (dialect, statement, expected) in [
            (Sqlite, "SELECT ?", parameter("?")),
            (Sqlite, "SELECT 1, :a", parameter(":a")),
            (Sqlite, "SELECT @a", parameter("@a")),
            (Sqlite, "SELECT $a::b(c)", parameter("$a::b(c)")),
            (Sqlite, "#comment\nDROP TABLE a", parameter("#comment")),
            (Sqlite, "SELECT 4\n/\n2", terminator("/")),
            (Sqlite, "SELECT 1 AS\r\n Go -- a\n, 2", terminator("Go")),
            (
                Postgres,
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT a.begin FROM a; END",
                Obstacle::UnpairedBegin,
            ),
            (
                Postgres,
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT a.end FROM a; SELECT 1; END",
                Obstacle::UnpairedBegin,
            ),
            (
                Postgres,
                "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                Obstacle::UnpairedBegin,
            ),
        ] {
            assert_eq!(
                for_shell(statement, dialect),
                Err(expected),
                "{statement:?}"
            );
        }
    }

    #[test]
    fn line_ends_matter_inside_of_tokens() {
        for (statement, expected) in [
            ("SELECT 1,\n2", false),
            ("SELECT 'a\nb'", true),
            ("SELECT 1,\r\n2", true),
        ] {
            assert_eq!(
                needs_line_ends(statement, Dialect::Sqlite),
                expected,
                "{statement:?}"
            );
        }
    }
}
