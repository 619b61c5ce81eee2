//! Generates the enum of codes.

use std::fmt;

use super::Code;

/// A chapter of docs/diagnostics.md.
#[derive(Debug)]
pub struct CodeChapter {
    /// The title.
    pub title: &'static str,
    /// The codes, each with the text of its doc comment.
    pub codes: &'static [(Code, &'static str)],
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Generates [`Code`] from chapters of codes. The doc comment of a code is its section in
/// docs/diagnostics.md.
macro_rules! codes {
    ($($chapter:literal {
        $($(#[doc = $line:literal])+ $name:ident = $text:literal,)+
    })+) => {
        /// The code of a diagnostic, which is printed in brackets and is a heading in
        /// docs/diagnostics.md.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code {
            $($($(#[doc = $line])+ $name,)+)+
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$($(Self::$name,)+)+];

            /// Returns the text of the code.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$name => $text,)+)+
                }
            }

            /// Returns the chapters of docs/diagnostics.md.
            // Inlined, so that only a program that calls it compiles the texts; build scripts do
            // not.
            #[inline]
            #[must_use]
            pub const fn documentation() -> &'static [CodeChapter] {
                &[$(CodeChapter {
                    title: $chapter,
                    codes: &[$((Self::$name, concat!($($line, "\n"),+)),)+],
                },)+]
            }
        }
    };
}
