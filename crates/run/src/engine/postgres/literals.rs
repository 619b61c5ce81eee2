//! Literals that mean something else than the session says.

use alembic_history::FileStatement;
use alembic_sql::{Dialect, TokenKind, Tokens};

const SETTING: &str = "standard_conforming_strings";

/// Returns the first statement, counted from 0, with a literal in which a backslash was meant to be
/// an escape: an earlier statement has switched [`SETTING`] off, but a run reads all of them with it
/// on, as they were split.
pub(super) fn find_misread(statements: &[FileStatement<'_>]) -> Option<usize> {
    let mut is_off = false;
    for (index, statement) in statements.iter().enumerate() {
        match statement.kind().setting() {
            Some(setting) if setting.names(SETTING) => is_off = switches_off(statement.sql),
            Some(_) | None if is_off && has_plain_backslash(statement.sql) => return Some(index),
            Some(_) | None => {}
        }
    }
    None
}

fn tokens(sql: &str) -> impl Iterator<Item = (TokenKind, &str)> {
    let tokens = Tokens::new(sql, Dialect::Postgres).without_trivia();
    tokens.map(|token| (token.kind, token.span.text(sql)))
}

/// Returns whether a statement, which changes the setting, switches it off.
fn switches_off(sql: &str) -> bool {
    let is_query = tokens(sql)
        .next()
        .is_some_and(|(_, word)| word.eq_ignore_ascii_case("select"));
    tokens(sql).any(|(kind, word)| {
        // The last argument of `set_config` is a word.
        let is_value = kind == TokenKind::String || !is_query;
        let word = word.trim_matches('\'');
        let is_off = ["off", "of", "false", "no", "0"];
        is_value && is_off.iter().any(|off| word.eq_ignore_ascii_case(off))
    })
}

fn has_plain_backslash(sql: &str) -> bool {
    tokens(sql).any(|(kind, text)| {
        kind == TokenKind::String && text.starts_with('\'') && text.contains('\\')
    })
}

#[cfg(test)]
mod tests {
    use alembic_sql::SqlText;

    use super::*;

    #[test]
    fn backslashes_are_misread_where_they_were_meant_to_escape() {
        for (sql, expected) in [
            (
                "SET standard_conforming_strings = off; SELECT 'a\\b'",
                Some(1),
            ),
            (
                "set session standard_conforming_strings to 'OFF'; SELECT E'\\n'; SELECT 'a\\b'",
                Some(2),
            ),
            (
                "SELECT set_config('standard_conforming_strings', 'off', false); VALUES ('\\\\')",
                Some(1),
            ),
            (
                "SELECT set_config('standard_conforming_strings', 'on', false); VALUES ('\\\\')",
                None,
            ),
            ("SET standard_conforming_strings = on; SELECT 'a\\b'", None),
            (
                "SET standard_conforming_strings = off; RESET standard_conforming_strings; SELECT '\\'",
                None,
            ),
            (
                "SET standard_conforming_strings = off; SELECT 'a', E'\\n', $$\\$$, \"\\\"",
                None,
            ),
            ("SELECT 'a\\b'; SET standard_conforming_strings = off", None),
        ] {
            let text = SqlText::from(sql.to_owned());
            let statements: Vec<FileStatement<'_>> = text.statements(Dialect::Postgres).collect();
            assert_eq!(find_misread(&statements), expected, "{sql}");
        }
    }
}
