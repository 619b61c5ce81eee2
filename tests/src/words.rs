//! Command lines as a test writes them.

/// Splits a command line at white space, as a shell does; single and double quotes keep words
/// together.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "unterminated quote in {line:?}");
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn quotes_keep_words_together() {
        for (line, expected) in [
            ("", vec![]),
            (
                "revision  -m 'add users'",
                vec!["revision", "-m", "add users"],
            ),
            ("a\"b c\"d ''", vec!["ab cd", ""]),
            ("\"it's\"", vec!["it's"]),
        ] {
            assert_eq!(words(line), expected, "{line:?}");
        }
    }
}
