//! The words and brackets of Rust, without what stands in comments and literals.

/// A word or a bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lexeme<'s> {
    /// A name, a keyword, or a number.
    Word(&'s str),
    Open(u8),
    Close(u8),
    Semicolon,
}

/// Reads the words and brackets of a source.
pub(super) struct Lexemes<'s> {
    source: &'s str,
    position: usize,
}

impl<'s> Lexemes<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        let is_script = source.starts_with("#!") && !source.starts_with("#![");
        let position = match is_script {
            true => source.find('\n').unwrap_or(source.len()),
            false => 0,
        };
        Self { source, position }
    }

    /// Returns where the next lexeme begins at the earliest.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Returns the next lexeme, if there is one; nothing at all if the source ends inside of a comment
    /// or a literal.
    #[expect(clippy::option_option, reason = "the end and a fault are two things")]
    pub(super) fn next(&mut self) -> Option<Option<Lexeme<'s>>> {
        let bytes = self.source.as_bytes();
        while let Some(byte) = bytes.get(self.position) {
            let start = self.position;
            self.position += 1;
            match byte {
                b'/' if bytes.get(self.position) == Some(&b'/') => {
                    let rest = &self.source[start..];
                    self.position = start + rest.find('\n').unwrap_or(rest.len());
                }
                b'/' if bytes.get(self.position) == Some(&b'*') => self.skip_comment()?,
                b'"' => self.skip_string()?,
                b'\'' => self.skip_character(),
                b'(' | b'[' | b'{' => return Some(Some(Lexeme::Open(*byte))),
                b')' | b']' | b'}' => return Some(Some(Lexeme::Close(*byte))),
                b';' => return Some(Some(Lexeme::Semicolon)),
                byte if is_word(*byte) => {
                    let rest = &bytes[start..];
                    let length = rest.iter().position(|byte| !is_word(*byte));
                    self.position = start + length.unwrap_or(rest.len());
                    let word = &self.source[start..self.position];
                    if ["r", "br", "cr"].contains(&word) && self.skip_raw_string()? {
                        continue;
                    }
                    return Some(Some(Lexeme::Word(word)));
                }
                _ => {}
            }
        }
        Some(None)
    }

    /// Skips a group whose bracket was read, and returns whether one of the words is in it; nothing, if
    /// it does not end.
    pub(super) fn skip_group(&mut self, open: u8, words: &[&str]) -> Option<bool> {
        let close = match open {
            b'(' => b')',
            b'[' => b']',
            _ => b'}',
        };
        let mut depth = 1;
        let mut is_found = false;
        while depth > 0 {
            match self.next()?? {
                Lexeme::Word(word) => is_found |= words.contains(&word),
                Lexeme::Open(byte) if byte == open => depth += 1,
                Lexeme::Close(byte) if byte == close => depth -= 1,
                Lexeme::Open(_) | Lexeme::Close(_) | Lexeme::Semicolon => {}
            }
        }
        Some(is_found)
    }

    /// Skips a comment of several lines, which may hold others, after its first slash.
    fn skip_comment(&mut self) -> Option<()> {
        let bytes = self.source.as_bytes();
        self.position += 1;
        let mut depth = 1;
        while depth > 0 {
            match bytes.get(self.position..self.position + 2)? {
                b"/*" => depth += 1,
                b"*/" => depth -= 1,
                _ => {
                    self.position += 1;
                    continue;
                }
            }
            self.position += 2;
        }
        Some(())
    }

    /// Skips a string after its first quote.
    fn skip_string(&mut self) -> Option<()> {
        let bytes = self.source.as_bytes();
        loop {
            let byte = *bytes.get(self.position)?;
            self.position += 1;
            match byte {
                b'"' => return Some(()),
                b'\\' => self.position += 1,
                _ => {}
            }
        }
    }

    /// Skips a character after its first quote, unless it is a lifetime.
    fn skip_character(&mut self) {
        let rest = &self.source[self.position..];
        let mut characters = rest.char_indices();
        if rest.starts_with('\\') {
            let end = rest.get(2..).and_then(|rest| rest.find('\''));
            self.position += end.map_or(1, |end| end + 3);
        } else if let Some((quote, '\'')) = characters.nth(1) {
            self.position += quote + 1;
        }
    }

    /// Skips a raw string after its first word, if it is one.
    fn skip_raw_string(&mut self) -> Option<bool> {
        let rest = &self.source[self.position..];
        let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
        let Some(text) = rest[hashes..].strip_prefix('"') else {
            return Some(false);
        };
        let end = format!("\"{}", &rest[..hashes]);
        self.position += hashes + 1 + text.find(&end)? + end.len();
        Some(true)
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || !byte.is_ascii()
}
