//! Texts, and the tokens that they consist of.

use crate::Dialect::{self, Postgres, Sqlite};
use crate::TokenKind::{
    ByteOrderMark, Comment, Number, Parameter, QuotedName, String, Symbol, Unterminated,
    Whitespace, Word,
};
use crate::{SplitErrorKind, Token, TokenKind, Tokens};

fn texts(sql: &str, tokens: impl Iterator<Item = Token>) -> Vec<&str> {
    tokens.map(|token| token.span.text(sql)).collect()
}

#[test]
fn texts_are_broken_into_tokens() {
    // An unfinished comment is a token, since no statement with one is run.
    for (sql, expected) in [
        ("", &[][..]),
        (" \t\r\n\x0c", &[]),
        ("SELECT 1;", &["SELECT", "1", ";"]),
        ("a--b;\nc", &["a", "c"]),
        ("a--b;", &["a"]),
        ("a/*;*/b/**/c/*/;*/d", &["a", "b", "c", "d"]),
        ("a/*;", &["a", "/*;"]),
        ("a/*", &["a", "/*"]),
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
        let tokens = Tokens::new(sql, Sqlite).without_trivia();
        assert_eq!(texts(sql, tokens), expected, "{sql}");
    }
}

#[test]
fn tokens_are_told_apart() {
    let open = |kind| Unterminated(kind);
    let rows: &[(Dialect, &str, &[TokenKind])] = &[
        (
            Sqlite,
            "\u{FEFF}a \n\t-- b\r\n/* c\n*/",
            &[
                ByteOrderMark,
                Word,
                Whitespace,
                Comment,
                Whitespace,
                Comment,
            ],
        ),
        (
            Postgres,
            "\u{FEFF}a--b\r\u{FEFF}",
            &[ByteOrderMark, Word, Comment, Whitespace, Word],
        ),
        (Sqlite, "a;\u{FEFF}", &[Word, Symbol(b';'), ByteOrderMark]),
        (
            Sqlite,
            "?1:a@b#c $d::e(f)",
            &[
                Parameter, Parameter, Parameter, Parameter, Whitespace, Parameter,
            ],
        ),
        (
            Postgres,
            "$1?:a@#",
            &[
                Parameter,
                Symbol(b'?'),
                Symbol(b':'),
                Word,
                Symbol(b'@'),
                Symbol(b'#'),
            ],
        ),
        (
            Sqlite,
            "'a'\"b\"`c`[d]1.5e-3",
            &[String, QuotedName, QuotedName, QuotedName, Number],
        ),
        (
            Postgres,
            "'a'E'\\''$$b$$\"c\"`[",
            &[
                String,
                String,
                String,
                QuotedName,
                Symbol(b'`'),
                Symbol(b'['),
            ],
        ),
        (Sqlite, "'a", &[open(SplitErrorKind::UnterminatedString)]),
        (
            Sqlite,
            "`a",
            &[open(SplitErrorKind::UnterminatedIdentifier)],
        ),
        (Sqlite, "/*a", &[open(SplitErrorKind::UnterminatedComment)]),
        (
            Postgres,
            "$a$",
            &[open(SplitErrorKind::UnterminatedDollarQuote)],
        ),
    ];
    for (dialect, sql, expected) in rows {
        let kinds: Vec<TokenKind> = Tokens::new(sql, *dialect).map(|token| token.kind).collect();
        assert_eq!(kinds, *expected, "{dialect}: {sql}");
    }
}
