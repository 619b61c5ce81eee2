use super::*;

fn texts(sql: &str) -> Vec<&str> {
    tokens(sql).map(|token| token.text(sql)).collect()
}

#[test]
fn texts_are_broken_into_tokens() {
    for (sql, expected) in [
        ("", &[][..]),
        (" \t\r\n\x0c", &[]),
        ("SELECT 1;", &["SELECT", "1", ";"]),
        ("a--b;\nc", &["a", "c"]),
        ("a--b;", &["a"]),
        ("a/*;*/b/**/c/*/;*/d", &["a", "b", "c", "d"]),
        ("a/*;", &["a"]),
        ("a/*", &["a", "/", "*"]),
        (
            "'a;''b' \"c\"\"\" `d``;` [e\";]",
            &["'a;''b'", "\"c\"\"\"", "`d``;`", "[e\";]"],
        ),
        ("'a;", &["'a;"]),
        ("[a;", &["[a;"]),
        ("''';'", &["''';'"]),
        ("x'00'", &["x", "'00'"]),
        (
            "? ?12a :b @c #d $e::f(g;h) $ i",
            &["?", "?12", "a", ":b", "@c", "#d", "$e::f(g;h)", "$", "i"],
        ),
        ("a$1 ä:ü", &["a$1", "ä", ":ü"]),
        ("a||b->>'c'", &["a", "|", "|", "b", "-", ">", ">", "'c'"]),
    ] {
        assert_eq!(texts(sql), expected, "{sql}");
    }
}
