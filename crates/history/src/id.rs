//! The names of revisions and branches, kept apart by type.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// How many characters of a revision id Alembic's version table holds, and so the limit for new
/// revisions. A database whose version table is wider may hold longer ones.
pub const MAX_ID_LENGTH: usize = 32;

/// Words of the expression grammar, which no revision or branch may take as its name.
const RESERVED: [&str; 4] = ["head", "heads", "base", "current"];

/// The reason why a text is not a revision id or branch label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidName {
    /// The text is empty.
    Empty,
    /// The text has more than [`MAX_ID_LENGTH`] characters; carries their number.
    TooLong(usize),
    /// The text holds a character that the expression grammar or the file format needs.
    Forbidden(char),
    /// The text is a word of the expression grammar.
    Reserved,
    /// A file of a new revision could not be named after the text on every system: it begins or ends
    /// with a dot, or names a device of Windows.
    NotAFileName,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidName::Empty => f.write_str("a name cannot be empty"),
            InvalidName::TooLong(length) => {
                write!(f, "it has {length} characters, more than {MAX_ID_LENGTH}")
            }
            InvalidName::Forbidden(character) => {
                write!(f, "character {character:?} is not allowed")
            }
            InvalidName::Reserved => f.write_str("this word is reserved for revision expressions"),
            InvalidName::NotAFileName => {
                f.write_str("no file can be named after it on every operating system")
            }
        }
    }
}

impl std::error::Error for InvalidName {}

/// Returns whether a character is not seen where it is printed, or changes what is seen around it.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Refuses a name that is not what it looks like, whatever it names.
pub(crate) fn check_visible(name: &str) -> Result<(), InvalidName> {
    match name.chars().find(|c| is_invisible(*c)) {
        Some(character) => Err(InvalidName::Forbidden(character)),
        None => Ok(()),
    }
}

fn is_forbidden(c: &char) -> bool {
    matches!(c, '@' | '+' | '-' | ':' | ',' | '\'' | '"' | '\\')
        || c.is_whitespace()
        || is_invisible(*c)
}

/// Returns whether a character that a name may hold cannot stand in the name of a file, on Windows if
/// not everywhere.
fn is_forbidden_in_file_names(c: &char) -> bool {
    matches!(c, '/' | '<' | '>' | '|' | '?' | '*')
}

/// Returns whether Windows takes files of this name, whatever their ending, for a device.
fn is_device(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let numbered = |device: &str| {
        let number = name.strip_prefix(device);
        number.is_some_and(|number| number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(name.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

fn check(name: &str) -> Result<(), InvalidName> {
    if name.is_empty() {
        return Err(InvalidName::Empty);
    }
    if let Some(character) = name.chars().find(is_forbidden) {
        return Err(InvalidName::Forbidden(character));
    }
    if RESERVED.contains(&name) {
        return Err(InvalidName::Reserved);
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Creates the name, if `name` is valid.
            ///
            /// # Errors
            ///
            /// When `name` is empty, a word of the expression grammar, or holds one of
            /// `@ + - : , ' " \`, a white space or an invisible character.
            pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidName> {
                let name = name.as_ref();
                check(name)?;
                Ok(Self(name.into()))
            }

            /// Returns the name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// The id of a revision, which its header declares and the version table holds.
    ///
    /// ```
    /// use alembic_history::{InvalidName, RevisionId};
    ///
    /// assert_eq!(RevisionId::new("001_add_documents").unwrap().as_str(), "001_add_documents");
    /// assert_eq!(RevisionId::new("a-b"), Err(InvalidName::Forbidden('-')));
    /// ```
    RevisionId
}

name! {
    /// The label of a branch, which a revision declares.
    BranchLabel
}

impl RevisionId {
    /// Creates the id of a new revision, which any version table can hold and any file system.
    ///
    /// # Errors
    ///
    /// As [`RevisionId::new`], and when `name` has more than [`MAX_ID_LENGTH`] characters, or cannot
    /// be a part of a file's name on Linux, macOS and Windows.
    pub fn for_new_revision(name: impl AsRef<str>) -> Result<Self, InvalidName> {
        let id = Self::new(name)?;
        if let Some(character) = id.0.chars().find(is_forbidden_in_file_names) {
            return Err(InvalidName::Forbidden(character));
        }
        let device = id.0.split_once('.').map_or(id.as_str(), |(stem, _)| stem);
        if id.0.starts_with('.') || id.0.ends_with('.') || is_device(device) {
            return Err(InvalidName::NotAFileName);
        }
        match id.length() {
            0..=MAX_ID_LENGTH => Ok(id),
            length => Err(InvalidName::TooLong(length)),
        }
    }

    /// Returns an id for a new revision that reads as much as possible like `name`, if there is one.
    ///
    /// ```
    /// use alembic_history::RevisionId;
    ///
    /// assert_eq!(RevisionId::like("add-users/2").unwrap().as_str(), "add_users_2");
    /// assert_eq!(RevisionId::like("--"), None);
    /// ```
    #[must_use]
    pub fn like(name: &str) -> Option<Self> {
        let is_allowed = |c: char| !is_forbidden(&c) && !is_forbidden_in_file_names(&c);
        let words = name.split(|c| !is_allowed(c));
        let words = words.filter(|word| !word.trim_matches('.').is_empty());
        let name = words.collect::<Vec<_>>().join("_");
        let cut: String = name.trim_matches('.').chars().take(MAX_ID_LENGTH).collect();
        match cut.trim_end_matches(['.', '_']) {
            "" => None,
            id => Self::for_new_revision(id)
                .or_else(|_| Self::for_new_revision(format!("r_{id}")))
                .ok(),
        }
    }

    /// Returns the length in characters, as databases count them.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }
}

/// Returns ids as one text, with `separator` between them.
#[must_use]
pub fn join(ids: &[RevisionId], separator: &str) -> String {
    let ids: Vec<&str> = ids.iter().map(RevisionId::as_str).collect();
    ids.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_grammar_needs_are_refused() {
        for (name, expected) in [
            ("001_add_documents", Ok(())),
            ("überarbeitet.2", Ok(())),
            ("", Err(InvalidName::Empty)),
            ("a-b", Err(InvalidName::Forbidden('-'))),
            ("a b", Err(InvalidName::Forbidden(' '))),
            ("a@b", Err(InvalidName::Forbidden('@'))),
            ("a+b", Err(InvalidName::Forbidden('+'))),
            ("a:b", Err(InvalidName::Forbidden(':'))),
            ("a,b", Err(InvalidName::Forbidden(','))),
            ("a'b", Err(InvalidName::Forbidden('\''))),
            ("a\u{0}b", Err(InvalidName::Forbidden('\u{0}'))),
            ("a\u{1b}[31m", Err(InvalidName::Forbidden('\u{1b}'))),
            ("a\u{9b}b", Err(InvalidName::Forbidden('\u{9b}'))),
            ("a\u{202e}b", Err(InvalidName::Forbidden('\u{202e}'))),
            ("a\u{2066}b", Err(InvalidName::Forbidden('\u{2066}'))),
            ("a\u{200b}b", Err(InvalidName::Forbidden('\u{200b}'))),
            ("\u{feff}ab", Err(InvalidName::Forbidden('\u{feff}'))),
            ("a\u{3164}", Err(InvalidName::Forbidden('\u{3164}'))),
            ("名前", Ok(())),
            ("heads", Err(InvalidName::Reserved)),
        ] {
            assert_eq!(RevisionId::new(name).map(drop), expected, "{name:?}");
            assert_eq!(BranchLabel::new(name).map(drop), expected, "{name:?}");
        }
    }

    #[test]
    fn new_ids_fit_into_any_version_table() {
        for (length, expected) in [(32, Ok(())), (33, Err(InvalidName::TooLong(33)))] {
            let name = "ü".repeat(length);
            assert_eq!(RevisionId::for_new_revision(&name).map(drop), expected);
            assert!(RevisionId::new(&name).is_ok());
        }
    }

    /// Each with the id that is offered instead.
    #[test]
    fn new_ids_fit_into_the_names_of_files() {
        let slash = Err(InvalidName::Forbidden('/'));
        let not_a_file = Err(InvalidName::NotAFileName);
        let long = "a".repeat(40);
        for (name, expected, like) in [
            ("v1.0", Ok(()), Some("v1.0")),
            ("名前", Ok(()), Some("名前")),
            ("console", Ok(()), Some("console")),
            ("com10", Ok(()), Some("com10")),
            ("a/b", slash, Some("a_b")),
            ("a/../b", slash, Some("a_b")),
            ("/etc/passwd", slash, Some("etc_passwd")),
            ("a*b?", Err(InvalidName::Forbidden('*')), Some("a_b")),
            ("<a>|b", Err(InvalidName::Forbidden('<')), Some("a_b")),
            ("a\\b", Err(InvalidName::Forbidden('\\')), Some("a_b")),
            ("a:b", Err(InvalidName::Forbidden(':')), Some("a_b")),
            (
                "add users",
                Err(InvalidName::Forbidden(' ')),
                Some("add_users"),
            ),
            (".hidden", not_a_file, Some("hidden")),
            ("..", not_a_file, None),
            ("a.", not_a_file, Some("a")),
            ("CON", not_a_file, Some("r_CON")),
            ("nul.2", not_a_file, Some("r_nul.2")),
            ("lpt1", not_a_file, Some("r_lpt1")),
            ("head", Err(InvalidName::Reserved), Some("r_head")),
            ("", Err(InvalidName::Empty), None),
            ("@", Err(InvalidName::Forbidden('@')), None),
            (&long, Err(InvalidName::TooLong(40)), Some(&long[..32])),
        ] {
            let found = RevisionId::for_new_revision(name).map(drop);
            assert_eq!(found, expected, "{name:?}");
            let offered = RevisionId::like(name);
            assert_eq!(offered.as_ref().map(RevisionId::as_str), like, "{name:?}");
        }
        for name in ["a/b", "..", "CON", "a*b"] {
            assert!(
                RevisionId::new(name).is_ok(),
                "an existing database may hold {name}"
            );
        }
    }
}
