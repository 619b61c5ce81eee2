//! A seeded source of choices, and texts with random space between their tokens.

/// A source of choices that a seed determines.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..8 {
            random.below(2);
        }
        random
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 8) % limit as u64).unwrap()
    }

    /// Returns true in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            let other = self.below(index + 1);
            items.swap(index, other);
        }
    }
}

/// Stands for a space inside a token.
const INNER: char = '\u{E000}';

/// Keeps the spaces of a token from being replaced.
pub(crate) fn token(text: &str) -> String {
    text.replace(' ', &INNER.to_string())
}

/// Replaces each space of a text by a random gap: white space, a comment, or nothing where the
/// tokens stay apart without it.
pub(crate) fn dress(random: &mut Random, plain: &str) -> String {
    let is_wild = random.chance(60);
    let mut text = String::new();
    let mut rest = plain.char_indices().peekable();
    while let Some((index, c)) = rest.next() {
        match c {
            ' ' => {
                let next = rest.peek().map_or(' ', |(_, next)| *next);
                // SQLite takes a comment between a type and this word for a part of the type.
                let is_wild = is_wild && !plain[index..].starts_with(" GENERATED");
                let before = text.chars().next_back().unwrap_or(' ');
                let gap = match is_wild {
                    true => random.pick(&[
                        " ",
                        " ",
                        " ",
                        "",
                        "",
                        "\n",
                        "\n  ",
                        "\t",
                        "/* , ) */",
                        " -- ' ( x\n",
                        " /**/ ",
                        "\r\n",
                        "-- y\n  ",
                    ]),
                    false => " ",
                };
                let is_needed = gap.is_empty() && !apart(before, next);
                let joins = matches!(
                    (before, gap.chars().next()),
                    ('-', Some('-')) | ('/', Some('/'))
                );
                text.push_str(if is_needed || joins { " " } else { gap });
            }
            INNER => text.push(' '),
            c => text.push(c),
        }
    }
    text
}

/// Returns whether two tokens that end and begin with these are two without space between them.
fn apart(before: char, next: char) -> bool {
    let is_quote = |c| matches!(c, '"' | '\'' | '`' | '[' | ']');
    let is_symbol = |c| matches!(c, '(' | ')' | ',');
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || !c.is_ascii();
    is_symbol(before)
        || is_symbol(next)
        || is_quote(before) && is_word(next)
        || is_word(before) && !matches!(before, 'x' | 'X') && is_quote(next)
}
