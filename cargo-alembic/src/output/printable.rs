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
    matches!(
        c,
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Returns a JSON text with the same characters escaped; outside of strings, it has none of them.
pub(crate) fn printable_json(json: &str) -> String {
    let mut printable = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => printable.push(c),
            c if c.is_control() || changes_direction(c) => {
                printable.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => printable.push(c),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        for (text, expected) in [
            ("a\tb\r\nc\n", "a\tb\r\nc\n"),
            ("añb — 名", "añb — 名"),
            ("a\x1b[31mb", "a\\u{1b}[31mb"),
            ("safe\rhidden", "safe\\u{d}hidden"),
            ("a\x07\x7f\u{9b}b", "a\\u{7}\\u{7f}\\u{9b}b"),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
            ("a\u{200f}b\u{61c}", "a\\u{200f}b\\u{61c}"),
        ] {
            assert_eq!(printable(text), expected, "{text:?}");
        }
    }

    /// Programs read the same text.
    #[test]
    fn control_characters_are_escaped_in_json() {
        let text = "añb\t\n\x1b[31m\x07\x7f\u{9b}31m\u{202e}\u{2066}\u{200f}名";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let printable = printable_json(&json);
        let is_harmless = |c: char| c == '\n' || !(c.is_control() || changes_direction(c));
        assert!(printable.chars().all(is_harmless), "{printable:?}");
        assert_eq!(
            serde_json::from_str::<[String; 1]>(&printable).unwrap(),
            [text]
        );
    }
}
