//! Names of new revisions and their files.

use std::fmt;
use std::path::Path;

use alembic_history::is_revision_file;
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
    /// A template of Python's Alembic; carries its translation.
    Alembic(String),
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
            TemplateError::Alembic(translation) => write!(
                f,
                "it is written for Python's Alembic; here it is \"{translation}\""
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
    if let Some(translation) = from_alembic(template) {
        return Err(TemplateError::Alembic(translation));
    }
    let mut name = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        name.push_str(&rest[..open]);
        let close = rest[open..].find('}').ok_or(TemplateError::Unclosed)? + open;
        match &rest[open + 1..close] {
            "rev" => name.push_str(rev),
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
    // `a.rows.sql` would hold rows for tests of the revision `a`.
    let is_revision = is_revision_file(Path::new(&format!("{name}.sql")));
    let name = match name.rsplit_once('.') {
        Some((stem, ending)) if !is_revision && !stem.is_empty() => format!("{stem}_{ending}"),
        _ => name,
    };
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Err(TemplateError::Path(name));
    }
    Ok(name)
}

/// Translates a template of Python's Alembic, such as `%(year)d_%(month).2d_%(rev)s`, where `%` may be
/// doubled as in an ini file.
fn from_alembic(template: &str) -> Option<String> {
    let mut translation = String::new();
    let mut rest = template;
    let mut found = false;
    while let Some(start) = rest.find("%(") {
        let before = &rest[..start];
        translation.push_str(before.strip_suffix('%').unwrap_or(before));
        let (token, after) = rest[start + 2..].split_once(')')?;
        // The format: a width or precision, and a letter.
        let format = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        rest = format.strip_prefix(['s', 'd'])?;
        translation.push_str(&format!("{{{token}}}"));
        found = true;
    }
    translation.push_str(rest);
    found.then_some(translation)
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
        let alembic = |template: &str| Err(TemplateError::Alembic(template.to_owned()));
        for (template, translation) in [
            ("%(rev)s_%(slug)s", "{rev}_{slug}"),
            (
                "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d-%%(rev)s_%%(slug)s",
                "{year}_{month}_{day}_{hour}{minute}-{rev}_{slug}",
            ),
            ("%(epoch)10d", "{epoch}"),
        ] {
            assert_eq!(name(template), alembic(translation), "{template}");
        }
        assert_eq!(name("100%_{rev}"), Ok("100%_a1b2".to_owned()));
        assert_eq!(name("{rev"), Err(TemplateError::Unclosed));
        assert_eq!(
            name("../{rev}"),
            Err(TemplateError::Path("../a1b2".to_owned()))
        );
    }

    /// Every name that is given is the name of a revision file.
    #[test]
    fn names_of_ids_are_names_of_revision_files() {
        let date: Zoned = "2025-01-28T10:05:09+00:00[UTC]".parse().unwrap();
        for (rev, expected) in [
            ("v1.0", "v1.0"),
            ("a.rows", "a_rows"),
            ("a.ROWS", "a_ROWS"),
            ("a.rows.rows", "a.rows_rows"),
            ("rows", "rows"),
            ("a.sql", "a.sql"),
        ] {
            let name = file_name("{rev}_{slug}", rev, "", &date).unwrap();
            assert_eq!(name, expected);
            assert!(
                is_revision_file(Path::new(&format!("{name}.sql"))),
                "{name}"
            );
        }
        let hidden = file_name("{rev}", ".rows", "", &date);
        assert_eq!(hidden, Err(TemplateError::Path(".rows".to_owned())));
    }

    #[test]
    fn ids_are_twelve_digits() {
        let id = random_id().unwrap();
        assert_eq!(id.len(), 12);
        assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
