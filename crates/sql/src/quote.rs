//! Writes names and texts so that SQL reads them back.

use std::fmt::Write;

/// Quotes a name that needs it. Like Alembic, it leaves plain names plain, so that the table's
/// definition comes out byte for byte the same.
#[must_use]
pub fn quote(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        && !name.starts_with(|c: char| c.is_ascii_digit());
    // The dialects' reserved words with an underscore begin with one of these.
    let reserved = !name.contains('_')
        || ["current_", "session_", "system_"]
            .iter()
            .any(|word| name.starts_with(word));
    if plain && !reserved {
        name.to_owned()
    } else {
        enclose(name, '"')
    }
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
