//! Empties the bodies of functions, traits and implementations before sources are parsed: they are most
//! of what a crate has, and hold no table.

mod lexemes;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use lexemes::{Lexeme, Lexemes};

/// The words without which a body neither holds a table nor leads to a file that may hold one.
const TELLING: [&str; 4] = ["automod", "derive", "include", "mod"];

/// What is being read at the level of items.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    /// Nothing says yet what it is.
    Unknown,
    /// Braces hold code.
    Code,
    /// Braces hold items.
    Module,
    /// Braces hold what is read.
    Kept,
}

impl Item {
    /// Returns what an item is by a word of it; the first one that says so decides.
    fn at_word(self, word: &str, kept: &[&str]) -> Self {
        match (self, word) {
            (Self::Code, _) if kept.contains(&word) => Self::Kept,
            (Self::Unknown, "fn" | "impl" | "trait") => Self::Code,
            (Self::Unknown, "mod") => Self::Module,
            (Self::Unknown, "struct" | "enum" | "union" | "use") => Self::Kept,
            (item, _) => item,
        }
    }
}

/// Returns the source with empty bodies in the place of those that are not read; everything else stays
/// in its line and column. Items that mention one of the words in `kept` before their body keep it.
///
/// A text that cannot be followed is returned as it is, for the parser to say what is wrong.
pub(super) fn without_bodies<'s>(source: &'s str, kept: &[&str]) -> Cow<'s, str> {
    match emptied(source, kept) {
        Some(text) if !text.is_empty() => Cow::Owned(text),
        Some(_) | None => Cow::Borrowed(source),
    }
}

/// Returns the source without bodies: empty if it has none, nothing if it cannot be followed.
fn emptied(source: &str, kept: &[&str]) -> Option<String> {
    let mut lexemes = Lexemes::new(source);
    let mut text = String::new();
    let mut copied = 0;
    let mut depth = 0_usize;
    let mut item = Item::Unknown;
    while let Some(lexeme) = lexemes.next()? {
        match lexeme {
            Lexeme::Word(word) => item = item.at_word(word, kept),
            Lexeme::Open(b'{') if item == Item::Module => {
                depth += 1;
                item = Item::Unknown;
            }
            Lexeme::Open(open) => {
                let start = lexemes.position();
                let is_telling = lexemes.skip_group(open, &TELLING)?;
                if open != b'{' {
                    continue;
                }
                let end = lexemes.position() - 1;
                if item == Item::Code && !is_telling {
                    text.push_str(&source[copied..start]);
                    push_blank(&mut text, &source[start..end]);
                    copied = end;
                }
                item = Item::Unknown;
            }
            Lexeme::Close(_) => {
                depth = depth.checked_sub(1)?;
                item = Item::Unknown;
            }
            Lexeme::Semicolon => item = Item::Unknown,
        }
    }
    if copied > 0 {
        text.push_str(&source[copied..]);
    }
    (depth == 0).then_some(text)
}

/// Adds as many lines as a text has, and as many columns as its last one.
fn push_blank(text: &mut String, body: &str) {
    let (lines, last) = body.rsplit_once('\n').map_or(("", body), |(lines, last)| {
        text.push('\n');
        (lines, last)
    });
    let breaks = lines.bytes().filter(|byte| *byte == b'\n');
    text.extend(breaks.map(|_| '\n'));
    text.extend(last.chars().map(|_| ' '));
}
