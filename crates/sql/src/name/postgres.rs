//! The names of PostgreSQL.

use super::{Name, Rules, unquote};
use crate::cursor::Cursor;

pub(super) static RULES: Rules = Rules { read_table, kept };

/// The length in bytes to which names are cut, unless the server was built otherwise.
const NAME_LENGTH: usize = 63;

/// Reads a table; `ONLY` and `*` may say whether the tables that inherit from it are meant.
fn read_table(words: &mut Cursor<'_>) -> Option<Name> {
    if words.eat("ONLY") && words.eat("(") {
        return Name::read(words).filter(|_| words.eat(")"));
    }
    let name = Name::read(words)?;
    words.eat("*");
    Some(name)
}

fn kept(part: &str) -> String {
    // In UTF-8, other letters are left as they are.
    let mut kept = unquote(part).unwrap_or_else(|| part.to_ascii_lowercase());
    kept.truncate(kept.floor_char_boundary(NAME_LENGTH));
    kept
}
