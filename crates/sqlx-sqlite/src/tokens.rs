//! The tokens of a statement, as SQLite reads them.
//!
//! What they mean is for SQLite to say. This only tells what a `;`, a `?` or a `:` stands for: a
//! token of its own, or a part of a comment, a literal or a name.

/// The place of a token; an operator of two characters counts as two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Token {
    pub(crate) fn text(self, sql: &str) -> &str {
        &sql[self.start..self.end]
    }

    pub(crate) fn is_parameter(self, sql: &str) -> bool {
        self.text(sql).starts_with(['?', ':', '@', '#', '$'])
    }
}

/// Returns the tokens of a text; blanks and comments are none.
pub(crate) fn tokens(sql: &str) -> impl Iterator<Item = Token> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            let length = match first {
                ' ' | '\t' | '\n' | '\x0c' | '\r' => None,
                '-' if rest.starts_with("--") => None,
                '/' if rest.starts_with("/*") && rest.len() > 2 => None,
                _ => Some(token(rest, first)),
            };
            let start = sql.len() - rest.len();
            rest = &rest[length.unwrap_or_else(|| gap(rest, first))..];
            if let Some(length) = length {
                let end = start + length;
                return Some(Token { start, end });
            }
        }
    })
}

/// Returns the length of the blank or the comment that a text begins with.
fn gap(text: &str, first: char) -> usize {
    let end = match first {
        '-' => text.find('\n'),
        '/' => text[2..].find("*/").map(|at| at + 4),
        _ => Some(first.len_utf8()),
    };
    end.unwrap_or(text.len())
}

/// Returns the length of the token that a text begins with.
fn token(text: &str, first: char) -> usize {
    match first {
        '\'' | '"' | '`' => quoted(text, first),
        '[' => text.find(']').map_or(text.len(), |at| at + 1),
        '?' => 1 + run(&text[1..], |character| character.is_ascii_digit()),
        ':' | '@' | '#' | '$' => parameter(text),
        _ if is_part_of_name(first) => run(text, is_part_of_name),
        _ => first.len_utf8(),
    }
}

/// A doubled quote is a part of what is quoted.
fn quoted(text: &str, quote: char) -> usize {
    let mut end = 1;
    loop {
        match text[end..].find(quote) {
            None => return text.len(),
            Some(at) => end += at + 1,
        }
        if !text[end..].starts_with(quote) {
            return end;
        }
        end += 1;
    }
}

/// A name may have parts, and end in a text in parentheses without blanks, as in Tcl.
fn parameter(text: &str) -> usize {
    let mut end = 1;
    loop {
        end += run(&text[end..], is_part_of_name);
        if !text[end..].starts_with("::") {
            break;
        }
        end += 2;
    }
    if end > 1 && text[end..].starts_with('(') {
        end += run(&text[end..], |character| {
            character != ')' && !character.is_ascii_whitespace()
        });
        if text[end..].starts_with(')') {
            end += 1;
        }
    }
    end
}

fn is_part_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$' | '\u{80}'..)
}

/// Returns the length of the characters that a text begins with and `belongs` accepts.
fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|character| !belongs(character))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
