//! Makes text from files and databases harmless to a terminal.

/// Returns a text with its control characters escaped, apart from line ends and tabs.
///
/// The characters that reverse the direction of a text count as such, too.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let is_line_end = c == '\n' || c == '\r' && rest.peek() == Some(&'\n');
        if !is_line_end && c != '\t' && (c.is_control() || changes_direction(c)) {
            printable.extend(c.escape_unicode());
        } else {
            printable.push(c);
        }
    }
    printable
}

fn changes_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn control_characters_are_escaped() {
        for (text, expected) in [
            ("a\tb\r\nc\n", "a\tb\r\nc\n"),
            ("añb — 名", "añb — 名"),
            ("a\x1b[31mb", "a\\u{1b}[31mb"),
            ("safe\rhidden", "safe\\u{d}hidden"),
            ("a\x07\x7f\u{9b}b", "a\\u{7}\\u{7f}\\u{9b}b"),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
        ] {
            assert_eq!(printable(text), expected, "{text:?}");
        }
    }
}
