//! Writes names and texts so that SQL reads them back.

use std::fmt::Write;

use crate::reserved::is_reserved;

/// Quotes a name that needs it on some dialect. Like Alembic, it leaves plain names plain, so that
/// the table's definition comes out byte for byte the same.
///
/// # Examples
///
/// ```
/// use alembic_sql::quote;
///
/// assert_eq!(quote("users"), "users");
/// assert_eq!(quote("order"), "\"order\"");
/// assert_eq!(quote("Users"), "\"Users\"");
/// ```
#[must_use]
pub fn quote(name: &str) -> String {
    match is_plain(name) && !is_reserved(name) {
        true => name.to_owned(),
        false => enclose(name, '"'),
    }
}

/// Returns whether a name means the same with and without quotes, unless it is a reserved word.
pub(crate) fn is_plain(name: &str) -> bool {
    let is_part = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    name.bytes().all(is_part) && name.starts_with(|first: char| !first.is_ascii_digit())
}

/// Writes a text as a literal of SQL.
#[must_use]
pub fn literal(text: &str) -> String {
    enclose(text, '\'')
}

/// Encloses `text` in `mark`, doubling those inside it.
fn enclose(text: &str, mark: char) -> String {
    let mut enclosed = String::with_capacity(text.len() + 2);
    enclosed.push(mark);
    for c in text.chars() {
        if c == mark {
            enclosed.push(mark);
        }
        let _ = enclosed.write_char(c);
    }
    enclosed.push(mark);
    enclosed
}
