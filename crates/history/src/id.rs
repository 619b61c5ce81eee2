//! The names of revisions and branches, kept apart by type.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The length of the longest revision id, in characters: the limit of Alembic's version table.
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
        }
    }
}

impl std::error::Error for InvalidName {}

fn check(name: &str, limit: Option<usize>) -> Result<(), InvalidName> {
    if name.is_empty() {
        return Err(InvalidName::Empty);
    }
    let forbidden = |c: &char| {
        matches!(c, '@' | '+' | '-' | ':' | ',' | '\'' | '"' | '\\')
            || c.is_whitespace()
            || c.is_control()
    };
    if let Some(character) = name.chars().find(forbidden) {
        return Err(InvalidName::Forbidden(character));
    }
    let length = name.chars().count();
    if limit.is_some_and(|limit| length > limit) {
        return Err(InvalidName::TooLong(length));
    }
    if RESERVED.contains(&name) {
        return Err(InvalidName::Reserved);
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $limit:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Creates the name, if `name` is valid.
            ///
            /// # Errors
            ///
            /// When `name` is empty, too long, a word of the expression grammar, or holds one of
            /// `@ + - : , ' " \`, a white space or a control character.
            pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidName> {
                let name = name.as_ref();
                check(name, $limit)?;
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
    RevisionId, Some(MAX_ID_LENGTH)
}

name! {
    /// The label of a branch, which a revision declares.
    BranchLabel, None
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
            ("heads", Err(InvalidName::Reserved)),
            ("12345678901234567890123456789012", Ok(())),
            (
                "123456789012345678901234567890123",
                Err(InvalidName::TooLong(33)),
            ),
        ] {
            assert_eq!(RevisionId::new(name).map(drop), expected, "{name:?}");
        }
        assert!(BranchLabel::new("a_label_may_be_longer_than_an_id_can_be").is_ok());
    }
}
