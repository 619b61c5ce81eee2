//! Names of new revisions and their files.

use std::fmt;

use jiff::Zoned;

/// Returns a new revision id: 12 random hexadecimal digits.
pub(crate) fn random_id() -> Result<String, getrandom::Error> {
    // 48 bits, as in Alembic.
    Ok(format!("{:012x}", getrandom::u64()? >> 16))
}

/// Joins the words of a message into a slug of at most `length` characters.
pub(crate) fn slug(message: &str, length: usize) -> String {
    let words: Vec<String> = message
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let slug = words.join("_");
    match slug.char_indices().nth(length) {
        None => slug,
        Some((end, _)) => {
            let cut = &slug[..end];
            let word = cut.rfind('_').filter(|word| *word > 0);
            cut[..word.unwrap_or(end)].to_owned()
        }
    }
}

/// Why a file template cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplateError {
    /// An unknown token.
    Token(String),
    /// A `{` without a matching `}`.
    Unclosed,
    /// The name is empty, or would point outside of its folder.
    Path(String),
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TemplateError::Token(token) => write!(
                f,
                "unknown token `{{{token}}}`; the known tokens are rev, slug, epoch, year, \
                 month, day, hour, minute and second"
            ),
            TemplateError::Unclosed => f.write_str("`{` without `}`"),
            TemplateError::Path(name) => write!(f, "`{name}` is not a file name"),
        }
    }
}

/// Returns the file name that a template yields, without an extension.
pub(crate) fn file_name(
    template: &str,
    rev: &str,
    slug: &str,
    date: &Zoned,
) -> Result<String, TemplateError> {
    let mut name = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        name.push_str(&rest[..open]);
        let close = rest[open..].find('}').ok_or(TemplateError::Unclosed)? + open;
        match &rest[open + 1..close] {
            // An id may contain path separators.
            "rev" => name.push_str(&rev.replace(['/', '\\'], "_")),
            "slug" => name.push_str(slug),
            "epoch" => name.push_str(&date.timestamp().as_second().to_string()),
            "year" => name.push_str(&format!("{:04}", date.year())),
            "month" => name.push_str(&format!("{:02}", date.month())),
            "day" => name.push_str(&format!("{:02}", date.day())),
            "hour" => name.push_str(&format!("{:02}", date.hour())),
            "minute" => name.push_str(&format!("{:02}", date.minute())),
            "second" => name.push_str(&format!("{:02}", date.second())),
            token => return Err(TemplateError::Token(token.to_owned())),
        }
        rest = &rest[close + 1..];
    }
    name.push_str(rest);
    // A message without words leaves a trailing separator.
    let name = name.trim_end_matches(['_', '-']).to_owned();
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Err(TemplateError::Path(name));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use alembic_history::DEFAULT_FILE_TEMPLATE;

    use super::*;

    #[test]
    fn slugs_are_words_that_fit() {
        for (message, length, expected) in [
            ("Create account table!  (v1)", 40, "create_account_table_v1"),
            ("Add user_id Index", 40, "add_user_id_index"),
            ("Ünïcode straße", 40, "ünïcode_straße"),
            ("one two three", 8, "one_two"),
            ("onetwothree", 4, "onet"),
            ("!?", 40, ""),
        ] {
            assert_eq!(slug(message, length), expected, "{message:?}");
        }
    }

    #[test]
    fn file_names_follow_the_template() {
        let date: Zoned = "2025-01-28T10:05:09+00:00[UTC]".parse().unwrap();
        let name = |template: &str| file_name(template, "a1b2", "add_users", &date);
        assert_eq!(
            name(DEFAULT_FILE_TEMPLATE),
            Ok("20250128_1005_a1b2_add_users".to_owned())
        );
        assert_eq!(name("{epoch}-{rev}"), Ok("1738058709-a1b2".to_owned()));
        assert_eq!(name("{x}"), Err(TemplateError::Token("x".to_owned())));
        assert_eq!(name("{rev"), Err(TemplateError::Unclosed));
        assert_eq!(
            name("../{rev}"),
            Err(TemplateError::Path("../a1b2".to_owned()))
        );
    }

    #[test]
    fn ids_are_twelve_digits() {
        let id = random_id().unwrap();
        assert_eq!(id.len(), 12);
        assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
