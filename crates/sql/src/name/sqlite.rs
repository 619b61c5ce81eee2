//! The names of SQLite.

use super::{Name, Rules, unquote};

pub(super) static RULES: Rules = Rules {
    read_table: Name::read,
    kept,
};

/// Names of any length are kept, and in any case.
fn kept(part: &str) -> String {
    unquote(part).unwrap_or_else(|| part.to_owned())
}
