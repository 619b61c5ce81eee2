//! Texts and their statements.

use super::{BOTH, POSTGRES, SQLITE, texts};
use crate::SplitErrorKind::{self, *};
use crate::{Dialect, split};

/// A statement, or an error and the text that it covers.
pub(super) type Expected = Result<&'static str, (SplitErrorKind, &'static str)>;
pub(super) type Row = (&'static [Dialect], &'static str, &'static [Expected]);

/// Texts with their splits: first the statements, then the errors.
pub(super) const ROWS: &[Row] = &[
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
    // Commands of a client.
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
    // Unterminated text.
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

#[test]
fn rows_split_as_expected() {
    for (dialects, sql, expected) in ROWS {
        for dialect in *dialects {
            check(*dialect, sql, expected);
        }
    }
}
