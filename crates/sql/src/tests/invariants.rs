//! What holds for every text.

use super::splitting::ROWS;
use super::{BOTH, texts};
use crate::{Dialect, Statement, TokenKind, Tokens, split};

/// Checks the invariants of every text; also that no span leaves the text or cuts a character.
fn check_invariants(dialect: Dialect, sql: &str) {
    let tokens = Tokens::new(sql, dialect).map(|token| token.span.text(sql));
    assert_eq!(tokens.collect::<String>(), sql, "{dialect}");
    let split = split(sql, dialect);
    let mut end = 0;
    let mut gaps = Vec::new();
    for Statement { span, .. } in &split.statements {
        assert!(span.start < span.end, "empty in {dialect}: {sql:?}");
        gaps.push(&sql[end..span.start]);
        end = span.end;
    }
    gaps.push(&sql[end..]);
    for error in &split.errors {
        let _ = error.span.text(sql);
    }
    if !split.errors.is_empty() {
        return;
    }
    for gap in gaps {
        let mut tokens = Tokens::new(gap, dialect).without_trivia();
        assert!(
            tokens.all(|token| token.kind == TokenKind::Symbol(b';')),
            "{gap:?} lost from {dialect}: {sql:?}"
        );
    }
    for statement in texts(sql, &split) {
        check_alone(dialect, statement);
    }
}

/// Checks that `statement` is a statement when split once more.
fn check_alone(dialect: Dialect, statement: &str) {
    let again = split(statement, dialect);
    assert_eq!(texts(statement, &again), [statement], "{dialect}");
    assert_eq!(again.errors, [], "{dialect}: {statement:?}");
}

/// A small deterministic source of random numbers.
struct XorShift(u64);

impl XorShift {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

#[test]
fn every_prefix_of_every_row_keeps_the_invariants() {
    for (_, sql, _) in ROWS {
        // On PostgreSQL a byte order mark is part of a word, except at the start.
        let sql = sql.trim_start_matches('\u{FEFF}');
        for (end, _) in sql.char_indices().chain([(sql.len(), ' ')]) {
            for dialect in BOTH {
                if !sql.contains(";\u{FEFF}") {
                    check_invariants(*dialect, &sql[..end]);
                }
            }
        }
    }
}

#[test]
fn random_texts_keep_the_invariants() {
    const PIECES: &[&str] = &[
        "'",
        "\"",
        "`",
        "[",
        "]",
        "$",
        "$$",
        "$a$",
        "--",
        "/*",
        "*/",
        "/",
        "*",
        "\\",
        ";",
        ";",
        "(",
        ")",
        "\n",
        "\r",
        " ",
        "E",
        "e1",
        "1",
        ".",
        ":",
        "@",
        "U&",
        "é",
        "\u{1F600}",
        "\0",
        "BEGIN ",
        "END",
        " ATOMIC ",
        "CREATE ",
        "TRIGGER ",
        "FUNCTION ",
        "COPY ",
        "FROM ",
        "STDIN",
        "\\.",
        "EXPLAIN ",
    ];
    let mut random = XorShift(0x2545_F491_4F6C_DD1D);
    for _ in 0..20_000 {
        let sql: String = (0..random.below(24)).map(|_| random.pick(PIECES)).collect();
        for dialect in BOTH {
            check_invariants(*dialect, &sql);
        }
    }
    for _ in 0..2_000 {
        let bytes: Vec<u8> = (0..random.below(64))
            .map(|_| u8::try_from(random.below(256)).unwrap())
            .collect();
        for dialect in BOTH {
            check_invariants(*dialect, &String::from_utf8_lossy(&bytes));
        }
    }
}
