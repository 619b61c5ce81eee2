//! Text in PostgreSQL's SQL that reads the same whatever a session has set.

use std::fmt::Write;

/// Returns a text as a literal, whether or not backslashes escape in ordinary ones, and whatever the
/// encoding of the client.
pub(super) fn text(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| byte.is_ascii() && byte != b'\\');
    if is_plain {
        return alembic_sql::literal(text);
    }
    let mut quoted = String::from("E'");
    for character in text.chars() {
        match character {
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            ' '..='~' => quoted.push(character),
            _ => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(character));
            }
        }
    }
    quoted.push('\'');
    quoted
}

#[test]
fn literals_read_the_same_in_every_session() {
    for (written, expected) in [
        ("it's", "'it''s'"),
        ("a\\'b", "E'a\\\\''b'"),
        ("schön", "E'sch\\U000000F6n'"),
        ("a\nb\\", "E'a\\U0000000Ab\\\\'"),
    ] {
        assert_eq!(text(written), expected);
    }
}
