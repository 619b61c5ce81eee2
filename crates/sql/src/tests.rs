use super::SplitErrorKind::{self, *};
use super::*;
use crate::Position;
use Dialect::{Postgres, Sqlite};

const BOTH: &[Dialect] = Dialect::ALL;
const SQLITE: &[Dialect] = &[Sqlite];
const POSTGRES: &[Dialect] = &[Postgres];

/// A statement, or an error and the text that it covers.
type Expected = Result<&'static str, (SplitErrorKind, &'static str)>;
type Row = (&'static [Dialect], &'static str, &'static [Expected]);

/// Texts with what they split into: first the statements, then the errors.
const ROWS: &[Row] = &[
    // Separation.
    (BOTH, "", &[]),
    (BOTH, " ;; ; \r\n;", &[]),
    (BOTH, "-- only; a comment", &[]),
    (BOTH, "/* ; */; -- ;\n/**/", &[]),
    (BOTH, "SELECT 1", &[Ok("SELECT 1")]),
    (BOTH, "a;b;;c", &[Ok("a"), Ok("b"), Ok("c")]),
    (BOTH, "\u{FEFF}\r\n a ;\r\nb\r\n", &[Ok("a"), Ok("b")]),
    (BOTH, "\u{FEFF}", &[]),
    (SQLITE, "a;\u{FEFF}b", &[Ok("a"), Ok("b")]),
    (POSTGRES, "a;\u{FEFF}b", &[Ok("a"), Ok("\u{FEFF}b")]),
    (BOTH, "\u{A0}a; é\u{A0}", &[Ok("\u{A0}a"), Ok("é\u{A0}")]),
    (
        BOTH,
        "SELECT größe FROM \u{8868};x",
        &[Ok("SELECT größe FROM \u{8868}"), Ok("x")],
    ),
    (
        BOTH,
        "/* a */ x /* b */ y /* c */ ; -- d",
        &[Ok("x /* b */ y")],
    ),
    (BOTH, "x -- b;\n y -- c", &[Ok("x -- b;\n y")]),
    (BOTH, "x;--\ny", &[Ok("x"), Ok("y")]),
    (BOTH, "x--", &[Ok("x")]),
    (BOTH, "a - - b; c / * d", &[Ok("a - - b"), Ok("c / * d")]),
    (BOTH, "1---1;\n+2", &[Ok("1---1;\n+2")]),
    (BOTH, "1*/**/2", &[Ok("1*/**/2")]),
    (SQLITE, "a -- x\rb;\nc", &[Ok("a -- x\rb;\nc")]),
    (POSTGRES, "a -- x\rb;\nc", &[Ok("a -- x\rb"), Ok("c")]),
    (
        POSTGRES,
        "a @@ b #- c ?| d->e; f+--;\ng @-/*;*/ h */-- i;\n; \";\"::text[1:2];x",
        &[
            Ok("a @@ b #- c ?| d->e"),
            Ok("f+--;\ng @-/*;*/ h */"),
            Ok("\";\"::text[1:2]"),
            Ok("x"),
        ],
    ),
    // Strings and identifiers.
    (
        BOTH,
        "SELECT ';', '--', '/*', '\"'; x",
        &[Ok("SELECT ';', '--', '/*', '\"'"), Ok("x")],
    ),
    (
        BOTH,
        "'it''s;'; '';''''",
        &[Ok("'it''s;'"), Ok("''"), Ok("''''")],
    ),
    (BOTH, r"'\'; 'a\\'; x", &[Ok(r"'\'"), Ok(r"'a\\'"), Ok("x")]),
    (BOTH, "'a'\n'b;'; c", &[Ok("'a'\n'b;'"), Ok("c")]),
    (
        BOTH,
        "x'00;'; N'a;'; b'1'",
        &[Ok("x'00;'"), Ok("N'a;'"), Ok("b'1'")],
    ),
    (
        BOTH,
        "CREATE TABLE \"a;b\"(c);x",
        &[Ok("CREATE TABLE \"a;b\"(c)"), Ok("x")],
    ),
    (
        BOTH,
        "\"a\"\";--\"; \"'\"; '\"'",
        &[Ok("\"a\"\";--\""), Ok("\"'\""), Ok("'\"'")],
    ),
    (BOTH, "-- it's\nx; /* \" */ y", &[Ok("x"), Ok("y")]),
    (
        SQLITE,
        "`a;``'`; [b;'\"`[]; [--]",
        &[Ok("`a;``'`"), Ok("[b;'\"`[]"), Ok("[--]")],
    ),
    (
        POSTGRES,
        "a[1]; b['x;'::int]; `;c",
        &[Ok("a[1]"), Ok("b['x;'::int]"), Ok("`"), Ok("c")],
    ),
    (POSTGRES, "a[']']; b", &[Ok("a[']']"), Ok("b")]),
    (SQLITE, r"E'\'; x", &[Ok(r"E'\'"), Ok("x")]),
    (
        POSTGRES,
        r"E'\\'';'; E'\';'; e'''\''; x",
        &[Ok(r"E'\\'';'"), Ok(r"E'\';'"), Ok(r"e'''\''"), Ok("x")],
    ),
    (
        POSTGRES,
        r"E'\é;'; typE'\'; x",
        &[Ok(r"E'\é;'"), Ok(r"typE'\'"), Ok("x")],
    ),
    (
        POSTGRES,
        "E'a' -- '\r\n '\\';'; b",
        &[Ok("E'a' -- '\r\n '\\';'"), Ok("b")],
    ),
    (POSTGRES, "E'a' '\\'; b", &[Ok("E'a' '\\'"), Ok("b")]),
    (
        POSTGRES,
        "E'a'\n; '\\'; b",
        &[Ok("E'a'"), Ok("'\\'"), Ok("b")],
    ),
    (
        POSTGRES,
        r#"U&'\0061;\' ; U&"d\0061;" ; B';' ; X';'"#,
        &[
            Ok(r"U&'\0061;\'"),
            Ok(r#"U&"d\0061;""#),
            Ok("B';'"),
            Ok("X';'"),
        ],
    ),
    // Comments that nest.
    (SQLITE, "/* /* */ a; */ b", &[Ok("a"), Ok("*/ b")]),
    (POSTGRES, "/* /* */ a; */ b", &[Ok("b")]),
    (
        POSTGRES,
        "/*/**//***/;*/ a; /*/*/;*/;*/ b",
        &[Ok("a"), Ok("b")],
    ),
    (POSTGRES, "/* ' $$ -- */ a", &[Ok("a")]),
    // Dollars.
    (
        POSTGRES,
        "DO $$ BEGIN; END; $$; x",
        &[Ok("DO $$ BEGIN; END; $$"), Ok("x")],
    ),
    (
        POSTGRES,
        "DO $a$ ' $$;$$ $A$ $b$;$b$ $a$; x",
        &[Ok("DO $a$ ' $$;$$ $A$ $b$;$b$ $a$"), Ok("x")],
    ),
    (
        POSTGRES,
        "$ü_1$;$ü_1$; $$$$; $$$;$$",
        &[Ok("$ü_1$;$ü_1$"), Ok("$$$$"), Ok("$$$;$$")],
    ),
    (POSTGRES, "$a$ $b$a$; x", &[Ok("$a$ $b$a$"), Ok("x")]),
    (
        POSTGRES,
        "a$b$c; d$$; $1; $1$$;$$",
        &[Ok("a$b$c"), Ok("d$$"), Ok("$1"), Ok("$1$$;$$")],
    ),
    (
        POSTGRES,
        "1$$;$$; 1e5$$;$$; 1.5e-3$$;$$; 1e$$; 'a'$$;$$",
        &[
            Ok("1$$;$$"),
            Ok("1e5$$;$$"),
            Ok("1.5e-3$$;$$"),
            Ok("1e$$"),
            Ok("'a'$$;$$"),
        ],
    ),
    (
        POSTGRES,
        "a $ b; $b c; $",
        &[Ok("a $ b"), Ok("$b c"), Ok("$")],
    ),
    (
        POSTGRES,
        "AS$$; x;$$",
        &[Ok("AS$$"), Ok("x"), Err((UnterminatedDollarQuote, "$$"))],
    ),
    (SQLITE, "$$; $a$; x$$", &[Ok("$$"), Ok("$a$"), Ok("x$$")]),
    (
        SQLITE,
        ":a; @b; $c::d; ?1; :e(;')",
        &[Ok(":a"), Ok("@b"), Ok("$c::d"), Ok("?1"), Ok(":e(;')")],
    ),
    (
        SQLITE,
        ":a (';'); :b(c ;d; :(e;f)",
        &[Ok(":a (';')"), Ok(":b(c"), Ok("d"), Ok(":(e"), Ok("f)")],
    ),
    // Bodies on SQLite.
    (
        SQLITE,
        "CREATE TRIGGER t BEGIN SELECT 1; SELECT 'END;'; END; x",
        &[
            Ok("CREATE TRIGGER t BEGIN SELECT 1; SELECT 'END;'; END"),
            Ok("x"),
        ],
    ),
    (
        SQLITE,
        "create temp trigger t begin\r\n select case when 1 then 2 end; end -- c\r\n;x",
        &[
            Ok("create temp trigger t begin\r\n select case when 1 then 2 end; end"),
            Ok("x"),
        ],
    ),
    (
        SQLITE,
        "CREATE TRIGGER IF NOT EXISTS a WHEN CASE NEW.end WHEN 1 THEN 1 END BEGIN UPDATE b \
         SET end = end; /*;*/ END",
        &[Ok(
            "CREATE TRIGGER IF NOT EXISTS a WHEN CASE NEW.end WHEN 1 THEN 1 END BEGIN \
             UPDATE b SET end = end; /*;*/ END",
        )],
    ),
    (
        SQLITE,
        "CREATE TRIGGER begin AFTER DELETE ON begin BEGIN SELECT end FROM end; SELECT \
         \"end\"; END; x",
        &[
            Ok(
                "CREATE TRIGGER begin AFTER DELETE ON begin BEGIN SELECT end FROM end; \
                 SELECT \"end\"; END",
            ),
            Ok("x"),
        ],
    ),
    (
        SQLITE,
        "EXPLAIN CREATE TRIGGER t BEGIN a; END; EXPLAIN QUERY PLAN CREATE TEMPORARY TRIGGER \
         t BEGIN b; END; x",
        &[
            Ok("EXPLAIN CREATE TRIGGER t BEGIN a; END"),
            Ok("EXPLAIN QUERY PLAN CREATE TEMPORARY TRIGGER t BEGIN b; END"),
            Ok("x"),
        ],
    ),
    (
        SQLITE,
        "CREATE /* a */ TRIGGER -- b\n t BEGIN a; end /* c */; x",
        &[Ok("CREATE /* a */ TRIGGER -- b\n t BEGIN a; end"), Ok("x")],
    ),
    (
        SQLITE,
        "CREATE TABLE trigger(begin); BEGIN; SELECT 1; END; CREATE VIEW v AS SELECT end FROM t;",
        &[
            Ok("CREATE TABLE trigger(begin)"),
            Ok("BEGIN"),
            Ok("SELECT 1"),
            Ok("END"),
            Ok("CREATE VIEW v AS SELECT end FROM t"),
        ],
    ),
    (
        SQLITE,
        "CREATE TRIGGER t; x",
        &[Ok("CREATE TRIGGER t"), Ok("x")],
    ),
    (
        SQLITE,
        "a; CREATE TRIGGER t BEGIN b; END c; d",
        &[Ok("a"), Err((UnterminatedBody, "BEGIN b; END c; d"))],
    ),
    (
        SQLITE,
        "CREATE TRIGGER t BEGIN b;",
        &[Err((UnterminatedBody, "BEGIN b;"))],
    ),
    (
        SQLITE,
        "CREATE TRIGGER t BEGIN SELECT CASE 1 END",
        &[Err((UnterminatedBody, "BEGIN SELECT CASE 1 END"))],
    ),
    (SQLITE, "SELECT (1; x)", &[Ok("SELECT (1"), Ok("x)")]),
    // Bodies and parentheses on PostgreSQL.
    (
        POSTGRES,
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN \
         2 END; END; x",
        &[
            Ok(
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN \
                 true THEN 2 END; END",
            ),
            Ok("x"),
        ],
    ),
    (
        POSTGRES,
        "create or replace procedure f(begin int)\nbegin--\natomic end; x",
        &[
            Ok("create or replace procedure f(begin int)\nbegin--\natomic end"),
            Ok("x"),
        ],
    ),
    (
        POSTGRES,
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS end, 2 end, a.case; SELECT 1 AS begin; END",
        &[Ok(
            "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS end, 2 end, a.case; SELECT 1 AS \
             begin; END",
        )],
    ),
    (
        POSTGRES,
        "CREATE FUNCTION end() BEGIN ATOMIC ;; SELECT CASE a WHEN 1 THEN CASE WHEN b THEN ';' END \
         ELSE (SELECT 1 end) END; RETURN end; END /* c */; END; x",
        &[
            Ok(
                "CREATE FUNCTION end() BEGIN ATOMIC ;; SELECT CASE a WHEN 1 THEN CASE WHEN b \
                 THEN ';' END ELSE (SELECT 1 end) END; RETURN end; END",
            ),
            Ok("END"),
            Ok("x"),
        ],
    ),
    (
        POSTGRES,
        "CREATE FUNCTION f(begin atomic) RETURNS TABLE (begin atomic) RETURN 1; x",
        &[
            Ok("CREATE FUNCTION f(begin atomic) RETURNS TABLE (begin atomic) RETURN 1"),
            Ok("x"),
        ],
    ),
    (
        POSTGRES,
        "CREATE FUNCTION f(a text DEFAULT ';') RETURN 1; CREATE FUNCTION begin() AS 'BEGIN \
         ATOMIC;' LANGUAGE sql; x",
        &[
            Ok("CREATE FUNCTION f(a text DEFAULT ';') RETURN 1"),
            Ok("CREATE FUNCTION begin() AS 'BEGIN ATOMIC;' LANGUAGE sql"),
            Ok("x"),
        ],
    ),
    (
        POSTGRES,
        "CREATE FUNCTION f() AS $f$ BEGIN EXECUTE $$;$$; END $f$ LANGUAGE plpgsql; x",
        &[
            Ok("CREATE FUNCTION f() AS $f$ BEGIN EXECUTE $$;$$; END $f$ LANGUAGE plpgsql"),
            Ok("x"),
        ],
    ),
    (
        POSTGRES,
        "CREATE TRIGGER t EXECUTE FUNCTION f(); BEGIN; END; BEGIN ATOMIC; x",
        &[
            Ok("CREATE TRIGGER t EXECUTE FUNCTION f()"),
            Ok("BEGIN"),
            Ok("END"),
            Ok("BEGIN ATOMIC"),
            Ok("x"),
        ],
    ),
    (
        POSTGRES,
        "CREATE FUNCTION f() BEGIN ATOMIC a; b",
        &[Err((UnterminatedBody, "BEGIN ATOMIC a; b"))],
    ),
    (
        POSTGRES,
        "CREATE RULE r DO ALSO (a; b(');)'); c); x",
        &[Ok("CREATE RULE r DO ALSO (a; b(');)'); c)"), Ok("x")],
    ),
    (POSTGRES, "a); b", &[Ok("a)"), Ok("b")]),
    (
        POSTGRES,
        "x; a (b (c); d;",
        &[Ok("x"), Err((UnclosedParenthesis, "(b (c); d;"))],
    ),
    // What only a client understands.
    (
        POSTGRES,
        "COPY t FROM stdin;\n1\t;'\n\\N\tx\n\\.\nx;",
        &[Ok("x"), Err((CopyFromStdin, "COPY t FROM stdin"))],
    ),
    (
        POSTGRES,
        "copy t(a, b) from STDIN with csv;\r\na;\r\n\\.\r\nx; COPY t FROM STDIN; \n'",
        &[
            Ok("x"),
            Err((CopyFromStdin, "copy t(a, b) from STDIN with csv")),
            Err((CopyFromStdin, "COPY t FROM STDIN")),
        ],
    ),
    (
        POSTGRES,
        "COPY t FROM /**/ stdout",
        &[Err((CopyFromStdin, "COPY t FROM /**/ stdout"))],
    ),
    (
        POSTGRES,
        "COPY (SELECT 1 FROM stdin) TO '/f'; COPY t FROM '/f;'; COPY t FROM PROGRAM \
         'stdin'; COPY \"FROM\" TO stdout; x",
        &[
            Ok("COPY (SELECT 1 FROM stdin) TO '/f'"),
            Ok("COPY t FROM '/f;'"),
            Ok("COPY t FROM PROGRAM 'stdin'"),
            Ok("COPY \"FROM\" TO stdout"),
            Ok("x"),
        ],
    ),
    (
        POSTGRES,
        "COPY t FROM '/f' WHERE a IS DISTINCT FROM stdin; COPY t FROM '/f' WHERE stdin IS \
         DISTINCT FROM stdout; COPY stdin FROM '/f'; COPY stdin TO stdin; COPY t FROM 'stdin'; x",
        &[
            Ok("COPY t FROM '/f' WHERE a IS DISTINCT FROM stdin"),
            Ok("COPY t FROM '/f' WHERE stdin IS DISTINCT FROM stdout"),
            Ok("COPY stdin FROM '/f'"),
            Ok("COPY stdin TO stdin"),
            Ok("COPY t FROM 'stdin'"),
            Ok("x"),
        ],
    ),
    (
        POSTGRES,
        "COPY s.from FROM stdin",
        &[Err((CopyFromStdin, "COPY s.from FROM stdin"))],
    ),
    (
        POSTGRES,
        "COPY s.to (a, \"from\") from--\nStdin with (format csv, delimiter ';')",
        &[Err((
            CopyFromStdin,
            "COPY s.to (a, \"from\") from--\nStdin with (format csv, delimiter ';')",
        ))],
    ),
    (
        POSTGRES,
        "COPY BINARY stdin FROM STDIN; 'a\n\\.\nx",
        &[
            Ok("x"),
            Err((CopyFromStdin, "COPY BINARY stdin FROM STDIN")),
        ],
    ),
    (
        POSTGRES,
        "SELECT 1 FROM stdin; x",
        &[Ok("SELECT 1 FROM stdin"), Ok("x")],
    ),
    (
        POSTGRES,
        "\\restrict a'b\r\nx; \\connect \"d\n y\\gexec\nz (\\if '\n);",
        &[
            Ok("x"),
            Ok("y"),
            Ok("z (\\if '\n)"),
            Err((ClientCommand, "\\restrict a'b")),
            Err((ClientCommand, "\\connect \"d")),
            Err((ClientCommand, "\\gexec")),
            Err((ClientCommand, "\\if '")),
        ],
    ),
    (
        SQLITE,
        ".read a'b\nx; .quit",
        &[
            Ok("x"),
            Err((ClientCommand, ".read a'b")),
            Err((ClientCommand, ".quit")),
        ],
    ),
    (SQLITE, "a\n.b; \\x; y", &[Ok("a\n.b"), Ok("\\x"), Ok("y")]),
    // What is never closed.
    (
        BOTH,
        "a; 'b; c''",
        &[Ok("a"), Err((UnterminatedString, "'b; c''"))],
    ),
    (BOTH, "a '", &[Err((UnterminatedString, "'"))]),
    (
        BOTH,
        "a; b \"c;",
        &[Ok("a"), Err((UnterminatedIdentifier, "\"c;"))],
    ),
    (
        BOTH,
        "a; b /* c; '",
        &[Ok("a"), Err((UnterminatedComment, "/* c; '"))],
    ),
    (BOTH, "/*/", &[Err((UnterminatedComment, "/*/"))]),
    (
        POSTGRES,
        "/* /* */",
        &[Err((UnterminatedComment, "/* /* */"))],
    ),
    (SQLITE, "`a", &[Err((UnterminatedIdentifier, "`a"))]),
    (SQLITE, "[a", &[Err((UnterminatedIdentifier, "[a"))]),
    (POSTGRES, r"E'\'", &[Err((UnterminatedString, r"E'\'"))]),
    (POSTGRES, r"E'\", &[Err((UnterminatedString, r"E'\"))]),
    (
        POSTGRES,
        "E'a'\n'b",
        &[Err((UnterminatedString, "E'a'\n'b"))],
    ),
    (
        POSTGRES,
        "a; $x$ $X$",
        &[Ok("a"), Err((UnterminatedDollarQuote, "$x$ $X$"))],
    ),
    (
        BOTH,
        "a\0; '\0",
        &[
            Ok("a\0"),
            Err((NulCharacter, "\0")),
            Err((UnterminatedString, "'\0")),
        ],
    ),
];

fn texts<'a>(sql: &'a str, split: &Split) -> Vec<&'a str> {
    split
        .statements
        .iter()
        .map(|statement| statement.span.text(sql))
        .collect()
}

fn check(dialect: Dialect, sql: &str, expected: &[Expected]) {
    let split = split(sql, dialect);
    let statements = texts(sql, &split).into_iter().map(Ok);
    let errors = split
        .errors
        .iter()
        .map(|error| Err((error.kind, error.span.text(sql))));
    let found: Vec<_> = statements.chain(errors).collect();
    assert_eq!(found, expected, "{dialect}: {sql:?}");
}

/// Checks what holds for every text; also that no span leaves the text or cuts a character.
fn check_invariants(dialect: Dialect, sql: &str) {
    let split = split(sql, dialect);
    let mut end = 0;
    let mut gaps = Vec::new();
    for Statement { span } in &split.statements {
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
        let mut tokens = Lexer::new(gap, dialect).map(|token| token.span.text(gap));
        assert!(
            tokens.all(|token| token == ";"),
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
fn rows_split_as_expected() {
    for (dialects, sql, expected) in ROWS {
        for dialect in *dialects {
            check(*dialect, sql, expected);
        }
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

#[test]
fn kinds_are_told_from_the_leading_words() {
    use StatementKind::{Other, SchemaOnly, TransactionControl};

    for (dialects, statement, kind) in [
        (BOTH, "BEGIN", TransactionControl),
        (BOTH, "begin immediate", TransactionControl),
        (BOTH, "/* a */ COMMIT", TransactionControl),
        (BOTH, "END TRANSACTION", TransactionControl),
        (BOTH, "ROLLBACK TO a", TransactionControl),
        (BOTH, "SAVEPOINT a", TransactionControl),
        (BOTH, "RELEASE a", TransactionControl),
        (
            POSTGRES,
            "BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY",
            TransactionControl,
        ),
        (
            POSTGRES,
            "-- a\nEnd /* b */ work AND CHAIN",
            TransactionControl,
        ),
        (
            POSTGRES,
            "ROLLBACK/**/TO SAVEPOINT \"a\"",
            TransactionControl,
        ),
        (POSTGRES, "ROLLBACK PREPARED 'a'", TransactionControl),
        (
            POSTGRES,
            "prepare/* a */transaction U&'a'",
            TransactionControl,
        ),
        (POSTGRES, "COMMIT PREPARED 'a'", TransactionControl),
        (POSTGRES, "START TRANSACTION", TransactionControl),
        (POSTGRES, "ABORT", TransactionControl),
        (POSTGRES, "PREPARE TRANSACTION 'a'", TransactionControl),
        (POSTGRES, "PREPARE transaction AS SELECT 1", Other),
        (POSTGRES, "PREPARE transaction(int) AS SELECT $1", Other),
        (POSTGRES, "PREPARE a AS SELECT 1", Other),
        (POSTGRES, "DO $$ BEGIN COMMIT; END $$", Other),
        (
            POSTGRES,
            "CREATE FUNCTION begin() RETURNS int BEGIN ATOMIC RETURN 1; END",
            Other,
        ),
        (POSTGRES, "CALL commit()", Other),
        (POSTGRES, "LOCK TABLE begin", Other),
        (SQLITE, "ABORT", Other),
        (BOTH, "SET TRANSACTION READ ONLY", Other),
        (BOTH, "\"BEGIN\"", Other),
        (BOTH, "beginning", Other),
        (BOTH, "EXPLAIN COMMIT", Other),
        (BOTH, "", Other),
        (
            BOTH,
            "CREATE TABLE a (b AS (c), d DEFAULT (CAST(1 AS int)))",
            SchemaOnly,
        ),
        (
            BOTH,
            "create temp table if not exists a.b(c REFERENCES d)",
            SchemaOnly,
        ),
        (BOTH, "CREATE TABLE a AS SELECT 1", Other),
        (BOTH, "CREATE TABLE a.\"as\" (b) AS VALUES (1)", Other),
        (BOTH, "CREATE TABLE \"as\" (\"as\")", SchemaOnly),
        (BOTH, "CREATE UNIQUE INDEX a ON b(c)", SchemaOnly),
        (BOTH, "CREATE VIEW a AS SELECT 1", SchemaOnly),
        (BOTH, "CREATE TEMPORARY VIEW a AS SELECT 1", SchemaOnly),
        (
            BOTH,
            "CREATE TRIGGER a BEGIN DELETE FROM b; END",
            SchemaOnly,
        ),
        (BOTH, "CREATE VIRTUAL TABLE a USING fts5(b)", SchemaOnly),
        (POSTGRES, "CREATE MATERIALIZED VIEW a AS SELECT 1", Other),
        (SQLITE, "ALTER TABLE only ADD b", SchemaOnly),
        (SQLITE, "ALTER TABLE if ADD b REFERENCES c", Other),
        (POSTGRES, "ALTER TABLE ONLY (a.b) ADD c int", SchemaOnly),
        (POSTGRES, "ALTER TABLE a * ADD b int REFERENCES c", Other),
        (BOTH, "DROP INDEX a", SchemaOnly),
        (BOTH, "DROP VIEW IF EXISTS a", SchemaOnly),
        (BOTH, "DROP TRIGGER a", SchemaOnly),
        (BOTH, "DROP TABLE a", Other),
        (BOTH, "ALTER TABLE a ADD b", SchemaOnly),
        (
            BOTH,
            "ALTER TABLE a.\"b c\" ADD COLUMN d TEXT DEFAULT 'REFERENCES'",
            SchemaOnly,
        ),
        (BOTH, "ALTER TABLE a ADD b references c(d)", Other),
        (
            POSTGRES,
            "ALTER TABLE IF EXISTS ONLY a ADD COLUMN b int",
            SchemaOnly,
        ),
        (BOTH, "ALTER TABLE a RENAME COLUMN b TO c", SchemaOnly),
        (BOTH, "ALTER TABLE a RENAME b TO c", SchemaOnly),
        (BOTH, "ALTER TABLE a RENAME TO b", Other),
        (BOTH, "ALTER TABLE a DROP COLUMN b", Other),
        (BOTH, "INSERT INTO a VALUES (1)", Other),
    ] {
        for dialect in dialects {
            assert_eq!(
                StatementKind::of(statement, *dialect),
                kind,
                "{dialect}: {statement}"
            );
        }
    }
}

#[test]
fn summaries_are_one_short_line() {
    let sixty = "é".repeat(60);
    for (statement, expected) in [
        ("", String::new()),
        (" a\r\n\t b -- c\n/* d */ ", "a b".to_owned()),
        ("a/**/b(c)", "a b(c)".to_owned()),
        ("SELECT 'a\n\n\u{1b}b'", "SELECT 'a b'".to_owned()),
        ("SELECT 'a", "SELECT 'a".to_owned()),
        (&sixty, sixty.clone()),
        (&format!("{sixty}é"), format!("{}…", "é".repeat(59))),
        (
            &format!("{} é é", "é".repeat(58)),
            format!("{}…", "é".repeat(58)),
        ),
    ] {
        for dialect in BOTH {
            assert_eq!(
                summary(statement, *dialect),
                expected,
                "{dialect}: {statement:?}"
            );
        }
    }
}

#[test]
fn errors_begin_where_the_fault_was_opened() {
    for (dialects, sql, line, column) in [
        (BOTH, "a;\r\n  é 'b\n;", 2, 5),
        (BOTH, "-- é\n\n\tSELECT /* 1;\n2", 3, 9),
        (BOTH, "'é\n'; \"a\n", 2, 4),
        (SQLITE, "CREATE TRIGGER t\n BEGIN\n SELECT 1;\n", 2, 2),
        (SQLITE, "a;\n  .read b\n", 2, 3),
        (POSTGRES, "SELECT\n  (1, (2);\nSELECT 3;", 2, 3),
        (POSTGRES, "DO $$;$$;\nDO\n  é$$; $a$\n$$", 3, 8),
        (POSTGRES, "a;\n/* b */ COPY t\nFROM stdin;\nc\n", 2, 9),
        (POSTGRES, "a /*\n*/ \\gexec\n", 2, 4),
        (
            POSTGRES,
            "CREATE FUNCTION f()\nBEGIN ATOMIC SELECT 1;",
            2,
            1,
        ),
    ] {
        for dialect in dialects {
            let errors = split(sql, *dialect).errors;
            let found = errors
                .first()
                .map(|error| Position::of(sql, error.span.start));
            assert_eq!(found, Some(Position { line, column }), "{dialect}: {sql:?}");
        }
    }
}

#[test]
fn errors_are_lower_case_fragments() {
    let error = split("'", Sqlite).errors[0];
    assert_eq!(error.to_string(), "string literal is never closed");
}
