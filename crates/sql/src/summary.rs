//! Shortens statements to one line for people.

use crate::{Dialect, Tokens};

/// The number of characters to which [`summary`] cuts a statement.
const SUMMARY_LENGTH: usize = 60;

/// Returns one short line that lets people recognise `statement`.
///
/// Comments are left out, every run of whitespace becomes one space, and a line longer than 60
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
    for token in Tokens::new(statement, dialect).without_trivia() {
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
