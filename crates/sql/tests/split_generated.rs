//! Joins random statements, and expects the splitter to find them again, byte for byte.
//!
//! The statements are nonsense to a database, but no part of them ends one: every `;` stands where
//! the dialect does not see it, and every quote, comment and parenthesis is closed.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]

use alembic_sql::Dialect::{self, Postgres, Sqlite};
use alembic_sql::split;

/// The number of texts for each dialect.
const TEXTS: usize = 4_000;

/// What may stand between two tokens.
const GAPS: &[&str] = &[
    " ",
    " ",
    "\n",
    "\r\n",
    "\t\x0c",
    " -- ;'\n",
    "--\n",
    " --$$ \\ /*\r\n",
    "/*;\"*/",
    "/**/",
    " /* ' -- */ ",
    "/***;***/",
];
const POSTGRES_GAPS: &[&str] = &["/* /* ; */ ' */", "/*/*/**/*/;*/", "-- '\r"];

/// Tokens, and runs of tokens, that do not end a statement.
const PIECES: &[&str] = &[
    "SELECT",
    "FROM",
    "stdin",
    "COPY",
    "BEGIN",
    "end",
    "End",
    "case",
    "trigger",
    "function",
    "E",
    "a$b$c",
    "größe",
    "\u{1F600}",
    "\"a;b\"",
    "\"a\"\";\"",
    "\"--\"",
    "\"END\"",
    "'c;'",
    "''''",
    "'it''s;'",
    "'--'",
    "'/*'",
    "'END;'",
    "'\n;\n'",
    "x'3b'",
    "N';'",
    "(a)",
    "1.5e3",
    ".5",
    "*",
    "/",
    "+",
    "- 1",
    "||",
    "->",
    "->>",
    "<>",
    "!=",
    "~",
    "%",
    ",",
    ".",
];
const SQLITE_PIECES: &[&str] = &[
    r"'\'", r"E'\'", r"\", "[x;y]", "['\"`]", "[--]", "`y;```", "`'`", ":end", "@a", "?1", "$v$",
    "$$", "$a::b(;)", "(", ")", "atomic", "=",
];
// A string behind `E'...'` and a line end goes on with its rules, but not behind a cast.
const POSTGRES_PIECES: &[&str] = &[
    r"E'\';'::text",
    r"e'\\'::text",
    "E'a' -- '\n'\\';'::text",
    "'a'\n';'",
    r"U&'\003b;'",
    r#"U&"d\0061;""#,
    "B'01'",
    r"('\')",
    "$$;$$",
    "$$'$$",
    "$a$;$$\"$A$$a$",
    "$ü_1$;/*$ü_1$",
    "$q$\n\\connect;$q$",
    "$1",
    "$1$$;$$",
    "1$$;$$",
    "d$$",
    "$ b",
    "a[1:2]",
    "a['];']",
    "'{;}'::int[]",
    "@@",
    "@>",
    "#- 1",
    "?|",
    "`",
    "(x;y)",
    "(';)',$$;)$$/*)*/)",
];

/// What begins a statement whose form means nothing to the splitter, or not for long.
const STARTS: &[&str] = &[
    "SELECT",
    "CREATE TABLE",
    "CREATE VIEW begin AS",
    "'a;'",
    "(b)",
    "\"COPY\"",
    "\"CREATE\" TRIGGER",
    "END",
    "é",
];
const SQLITE_STARTS: &[&str] = &["[.x;]", "COPY t FROM stdin", "CREATE FUNCTION f", "$$"];
const POSTGRES_STARTS: &[&str] = &[
    "COPY t FROM '/stdin' WHERE",
    "COPY stdin (stdin) TO stdout",
    "COPY (SELECT 1 FROM stdin) TO stdin",
    "COPY s.from FROM PROGRAM 'stdin'",
    "CREATE TRIGGER t",
    "CREATE FUNCTION f() RETURN",
    "BEGIN",
    "DO $$;$$",
    "`",
];

const TRIGGERS: &[&str] = &[
    "CREATE TRIGGER t AFTER INSERT ON a",
    "create temp trigger if not exists begin update of end on [a;b]",
    "CREATE /* TABLE */ TEMPORARY -- ;\n TRIGGER \"x;\" INSTEAD OF DELETE ON end WHEN case end",
    "EXPLAIN QUERY PLAN CREATE TRIGGER `t;` BEFORE DELETE ON begin FOR EACH ROW",
];
const ROUTINES: &[&str] = &[
    "CREATE FUNCTION f() RETURNS int",
    "CREATE FUNCTION f(begin atomic) RETURNS TABLE (begin atomic)",
    "create or replace function begin(atomic text DEFAULT ';', begin int) returns begin",
    "CREATE PROCEDURE \"BEGIN ATOMIC;\"(INOUT a int) SET b TO begin",
    "CREATE /* ; */ OR -- ;\n REPLACE PROCEDURE s.end(numeric(1, 2)) LANGUAGE sql",
];

/// What may stand between dollars: anything but their tag.
const QUOTED: &[&str] = &[
    ";",
    "'",
    "\"",
    "$",
    "$$",
    "$y$",
    "--",
    "/*",
    "*/",
    "(",
    ")",
    "\\",
    "\n\\connect x\n",
    " BEGIN ATOMIC ",
    " END; ",
    "\nCOPY t FROM stdin;\n",
    "é",
];

struct Generator {
    dialect: Dialect,
    state: u64,
}

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % limit as u64).unwrap()
    }

    fn pick(&mut self, choices: &[&'static str]) -> &'static str {
        choices[self.below(choices.len())]
    }

    /// Picks from what both dialects know and what the one in question adds to it.
    fn pick_of(
        &mut self,
        both: &[&'static str],
        sqlite: &[&'static str],
        postgres: &[&'static str],
    ) -> &'static str {
        let own = match self.dialect {
            Sqlite => sqlite,
            Postgres => postgres,
        };
        let index = self.below(both.len() + own.len());
        both.get(index).unwrap_or_else(|| &own[index - both.len()])
    }

    fn gap(&mut self) -> &'static str {
        self.pick_of(GAPS, &[], POSTGRES_GAPS)
    }

    /// Appends a gap, or none.
    fn space(&mut self, text: &mut String) {
        if self.below(2) == 0 {
            *text += self.gap();
        }
    }

    fn word(&mut self, text: &mut String, word: &str) {
        *text += self.gap();
        *text += word;
    }

    fn pieces(&mut self, text: &mut String) {
        for _ in 0..self.below(9) {
            let piece = self.pick_of(PIECES, SQLITE_PIECES, POSTGRES_PIECES);
            self.word(text, piece);
        }
    }

    /// Appends some statements that stand inside another one, each with its `;`.
    fn inner(&mut self, text: &mut String) {
        for _ in 0..=self.below(3) {
            let start = self.pick(&["SELECT", "insert into end", "UPDATE begin", "WITH x"]);
            self.word(text, start);
            self.pieces(text);
            self.space(text);
            text.push(';');
        }
    }

    fn plain(&mut self) -> String {
        let mut text = self
            .pick_of(STARTS, SQLITE_STARTS, POSTGRES_STARTS)
            .to_owned();
        self.pieces(&mut text);
        text
    }

    fn trigger(&mut self) -> String {
        let mut text = self.pick(TRIGGERS).to_owned();
        self.word(&mut text, "Begin");
        self.inner(&mut text);
        self.word(&mut text, "enD");
        text
    }

    fn routine(&mut self) -> String {
        let mut text = self.pick(ROUTINES).to_owned();
        self.word(&mut text, "Begin");
        self.word(&mut text, "Atomic");
        if self.below(4) > 0 {
            self.inner(&mut text);
        }
        self.word(&mut text, "enD");
        text
    }

    fn rule(&mut self) -> String {
        let mut text = "CREATE RULE r AS ON DELETE TO t DO ALSO (".to_owned();
        self.inner(&mut text);
        self.space(&mut text);
        text.push(')');
        text
    }

    fn dollars(&mut self) -> String {
        let start = self.pick(&["DO", "CREATE FUNCTION f() LANGUAGE plpgsql AS", "SELECT"]);
        let tag = self.pick(&["$x$", "$ö_1$", "$_$"]);
        let mut text = start.to_owned();
        self.word(&mut text, tag);
        for _ in 0..self.below(9) {
            text += self.pick(QUOTED);
        }
        text += tag;
        text
    }

    fn statement(&mut self) -> String {
        match (self.dialect, self.below(6)) {
            (Sqlite, 0..=2) => self.trigger(),
            (Postgres, 0) => self.routine(),
            (Postgres, 1) => self.rule(),
            (Postgres, 2) => self.dollars(),
            _ => self.plain(),
        }
    }

    /// Returns a text and the statements that it consists of.
    fn text(&mut self) -> (String, Vec<String>) {
        let mut text = self.pick(&["", "", "\u{FEFF}"]).to_owned();
        let mut statements = Vec::new();
        for _ in 0..self.below(7) {
            self.space(&mut text);
            if self.below(4) == 0 {
                text.push(';');
                self.space(&mut text);
            }
            let statement = self.statement();
            text += &statement;
            statements.push(statement);
            self.space(&mut text);
            text.push(';');
        }
        if self.below(2) == 0 && text.ends_with(';') {
            text.pop();
        }
        self.space(&mut text);
        (text, statements)
    }
}

#[test]
fn statements_are_found_again() {
    for dialect in Dialect::ALL.iter().copied() {
        let mut generator = Generator {
            dialect,
            state: 0x9E37_79B9_7F4A_7C15,
        };
        for _ in 0..TEXTS {
            let (text, statements) = generator.text();
            let found = split(&text, dialect);
            assert_eq!(found.errors, [], "{dialect}: {text:?}");
            let found: Vec<&str> = found
                .statements
                .iter()
                .map(|statement| statement.span.text(&text))
                .collect();
            assert_eq!(found, statements, "{dialect}: {text:?}");
        }
    }
}

/// What is cut off anywhere is never taken for more statements than it was.
#[test]
fn texts_that_are_cut_off_begin_alike() {
    for dialect in Dialect::ALL.iter().copied() {
        let mut generator = Generator {
            dialect,
            state: 0x2545_F491_4F6C_DD1D,
        };
        for _ in 0..TEXTS {
            let (text, statements) = generator.text();
            let cut = &text[..text.floor_char_boundary(generator.below(text.len() + 1))];
            let found = split(cut, dialect);
            assert!(
                found.statements.len() + found.errors.len() <= statements.len() + 1,
                "{dialect}: {cut:?}"
            );
            let whole = found
                .statements
                .split_last()
                .map_or(&[][..], |(_, whole)| whole);
            for (statement, expected) in whole.iter().zip(&statements) {
                assert_eq!(statement.span.text(cut), expected, "{dialect}: {cut:?}");
            }
        }
    }
}
