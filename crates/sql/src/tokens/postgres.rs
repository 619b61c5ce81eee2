//! The tokens of PostgreSQL.

use super::scanner::{Scanner, is_space, is_word};
use super::{Rules, TokenKind};
use crate::SplitErrorKind;

pub(super) static RULES: Rules = Rules {
    nested_comments: true,
    comments_end_at_return: true,
    inner_byte_order_marks: false,
    read_token,
};

fn read_token(scanner: &mut Scanner<'_>, first: u8) -> Option<TokenKind> {
    match first {
        b'$' => Some(dollar(scanner)),
        b'e' | b'E' if scanner.rest().get(1) == Some(&b'\'') => {
            scanner.skip(1);
            Some(escape_string(scanner))
        }
        _ => None,
    }
}

/// Reads an `E'...'` from its quote on, including its continuations.
fn escape_string(scanner: &mut Scanner<'_>) -> TokenKind {
    scanner.skip(1);
    while scanner.skip_until(|byte| matches!(byte, b'\'' | b'\\')) {
        if scanner.at(b"\\") {
            scanner.skip(2);
            continue;
        }
        scanner.skip(1);
        if scanner.at(b"'") {
            scanner.skip(1);
        } else if !skip_continuation(scanner) {
            return TokenKind::String;
        }
    }
    TokenKind::Unterminated(SplitErrorKind::UnterminatedString)
}

/// Skips the blanks up to a quote that continues the string just read.
///
/// They consist of spaces and line comments with at least one line break; without such a quote,
/// nothing is skipped.
fn skip_continuation(scanner: &mut Scanner<'_>) -> bool {
    let end = scanner.position();
    let mut broken = false;
    while let Some(byte) = scanner.peek() {
        match byte {
            b'\'' if broken => {
                scanner.skip(1);
                return true;
            }
            b'-' if scanner.at(b"--") => RULES.skip_line_comment(scanner),
            _ if is_space(byte) => {
                broken |= matches!(byte, b'\n' | b'\r');
                scanner.skip(1);
            }
            _ => break,
        }
    }
    scanner.return_to(end);
    false
}

/// Reads what a `$` begins: a parameter, a dollar-quoted string, or else the symbol alone.
fn dollar(scanner: &mut Scanner<'_>) -> TokenKind {
    let start = scanner.position();
    scanner.skip(1);
    if scanner.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        scanner.digits();
        return TokenKind::Parameter;
    }
    scanner.skip_until(|byte| byte == b'$' || !is_word(byte));
    if !scanner.at(b"$") {
        scanner.return_to(start + 1);
        return TokenKind::Symbol(b'$');
    }
    scanner.skip(1);
    let tag = scanner.since(start);
    while scanner.skip_until(|byte| byte == b'$') {
        if scanner.at(tag) {
            scanner.skip(tag.len());
            return TokenKind::String;
        }
        scanner.skip(1);
    }
    TokenKind::Unterminated(SplitErrorKind::UnterminatedDollarQuote)
}
