//! Recognises the lines that begin a section of a revision file.

use crate::nearest;

/// The beginning of every section heading.
pub(crate) const HEADING: &str = "-- alembic:";

/// Returns whether `line` is a section heading, or resembles one so closely that it must not pass
/// as a comment.
///
/// A misspelt heading that passed as a comment would put a downgrade's SQL into the upgrade.
pub(crate) fn is_heading(line: &str) -> bool {
    let Some(comment) = line.trim_start().strip_prefix("--") else {
        return false;
    };
    if line.starts_with(HEADING) {
        return true;
    }
    let comment = comment.trim_start();
    let end = comment
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(comment.len());
    let (word, rest) = comment.split_at(end);
    if word.eq_ignore_ascii_case("alembic") && rest.trim_start().starts_with(':') {
        return true;
    }
    let next = rest
        .trim_start()
        .trim_start_matches(':')
        .split_whitespace()
        .next();
    next.is_some_and(|next| !nearest(next, ["upgrade", "downgrade"]).is_empty())
        && !nearest(word, ["alembic"]).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_do_not_pass_as_comments() {
        for (line, expected) in [
            ("-- alembic: upgrade", true),
            ("-- alembic: anything at all", true),
            ("--alembic: upgrade", true),
            ("  -- alembic: upgrade", true),
            ("-- Alembic : downgrade", true),
            ("-- alembic downgrade", true),
            ("-- almebic: downgrade", true),
            ("-- alembic: downgarde", true),
            ("-- alembic is what this replaces", false),
            ("-- upgrade the index", false),
            ("-- the alembic: upgrade line ends the header", false),
            ("SELECT 1; -- alembic: upgrade", false),
            ("--", false),
            ("", false),
        ] {
            assert_eq!(is_heading(line), expected, "{line:?}");
        }
    }
}
