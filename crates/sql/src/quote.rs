//! Writes names and texts so that SQL reads them back.

use std::fmt::Write;

/// Quotes a name that needs it. Like Alembic, it leaves plain names plain, so that the table's
/// definition comes out byte for byte the same.
#[must_use]
pub fn quote(name: &str) -> String {
    // The dialects' reserved words with an underscore begin with one of these.
    let reserved = !name.contains('_')
        || ["current_", "session_", "system_"]
            .iter()
            .any(|word| name.starts_with(word));
    if is_plain(name) && !reserved {
        name.to_owned()
    } else {
        enclose(name, '"')
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
