//! The tokens of SQLite.

use super::scanner::{Scanner, is_space};
use super::{Rules, TokenKind};
use crate::SplitErrorKind;

pub(super) static RULES: Rules = Rules {
    nested_comments: false,
    comments_end_at_return: false,
    inner_byte_order_marks: true,
    read_token,
};

fn read_token(scanner: &mut Scanner<'_>, first: u8) -> Option<TokenKind> {
    match first {
        b'`' => Some(scanner.quoted(first, TokenKind::QuotedName)),
        b'[' => Some(read_bracketed(scanner)),
        b'?' => {
            scanner.skip(1);
            scanner.digits();
            Some(TokenKind::Parameter)
        }
        b'$' | b':' | b'@' | b'#' => Some(parameter(scanner)),
        _ => None,
    }
}

/// Reads a name in brackets, which ends at the first `]`.
fn read_bracketed(scanner: &mut Scanner<'_>) -> TokenKind {
    if scanner.skip_until(|byte| byte == b']') {
        scanner.skip(1);
        TokenKind::QuotedName
    } else {
        TokenKind::Unterminated(SplitErrorKind::UnterminatedIdentifier)
    }
}

/// Reads a parameter, whose name may end in a text in parentheses without spaces, as in Tcl.
fn parameter(scanner: &mut Scanner<'_>) -> TokenKind {
    scanner.skip(1);
    let start = scanner.position();
    scanner.word();
    while scanner.at(b"::") {
        scanner.skip(2);
        scanner.word();
    }
    if scanner.position() > start && scanner.at(b"(") {
        scanner.skip_until(|byte| byte == b')' || is_space(byte));
        if scanner.at(b")") {
            scanner.skip(1);
        }
    }
    TokenKind::Parameter
}
