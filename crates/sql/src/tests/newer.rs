//! What only newer versions of SQLite understand.

use super::{Postgres, Sqlite};
use crate::{SqlText, SqliteVersion};

/// Returns what is newer than `version`, each with its place and the version that brought it.
fn found(sql: &str, version: &str) -> Vec<String> {
    let version: SqliteVersion = version.parse().unwrap();
    let newer = SqlText::new(sql).newer_sql(Sqlite, version).into_iter();
    let shown = newer.map(|newer| format!("{} {}", newer.since, newer.span.text(sql)));
    shown.collect()
}

/// SQLite 3.35.4 refuses each of these, or what they define when it is used.
#[test]
fn what_the_oldest_version_refuses() {
    for (sql, expected) in [
        ("CREATE TABLE s (a TEXT) STRICT", "3.37 STRICT"),
        (
            "CREATE TABLE s (a INT PRIMARY KEY) WITHOUT ROWID, strict;",
            "3.37 strict",
        ),
        ("SELECT * FROM pragma_table_list", "3.37 pragma_table_list"),
        ("SELECT a -> 1 FROM t", "3.38 ->"),
        ("SELECT a->>'$.b' FROM t", "3.38 ->>"),
        ("SELECT unixepoch ()", "3.38 unixepoch"),
        ("SELECT Format('%d', 1)", "3.38 Format"),
        ("SELECT \"format\"('%d', 1)", "3.38 \"format\""),
        ("SELECT [format]('%d', 1)", "3.38 [format]"),
        ("SELECT json_set(a, '$', 1) FROM t", "3.38 json_set"),
        ("SELECT * FROM json_each('[1]')", "3.38 json_each"),
        ("SELECT 1 FROM t, json_each(t.a) j", "3.38 json_each"),
        ("SELECT 1 FROM t RIGHT JOIN u", "3.39 RIGHT JOIN"),
        (
            "SELECT 1 FROM (t) NATURAL FULL OUTER JOIN u",
            "3.39 FULL OUTER JOIN",
        ),
        (
            "SELECT 1 FROM t JOIN u ON 1 RIGHT OUTER JOIN v",
            "3.39 RIGHT OUTER JOIN",
        ),
        (
            "SELECT a IS DISTINCT FROM b FROM t",
            "3.39 IS DISTINCT FROM",
        ),
        (
            "CREATE TABLE t (a, CHECK (a IS NOT\nDISTINCT FROM 1))",
            "3.39 IS NOT\nDISTINCT FROM",
        ),
        (
            "SELECT (SELECT max(a) FROM t HAVING 1) FROM t GROUP BY b HAVING 1",
            "3.39 HAVING",
        ),
        (
            "SELECT 1 FROM t GROUP BY a UNION SELECT max(a) FROM t HAVING 1",
            "3.39 HAVING",
        ),
        ("SELECT unhex('00')", "3.41 unhex"),
        (
            "SELECT json_error_position(a) FROM t",
            "3.42 json_error_position",
        ),
        ("SELECT octet_length(a) FROM t", "3.43 octet_length"),
        ("SELECT timediff(a, b) FROM t", "3.43 timediff"),
        ("CREATE TABLE t (a CHECK (concat(a) > 'a'))", "3.44 concat"),
        ("CREATE TABLE t (a DEFAULT (concat('a')))", "3.44 concat"),
        ("CREATE TABLE t (a, b AS (concat(a)))", "3.44 concat"),
        ("CREATE INDEX i ON t (concat(a))", "3.44 concat"),
        (
            "CREATE INDEX i ON t (a) WHERE concat(a) = 'a'",
            "3.44 concat",
        ),
        (
            "CREATE VIEW v AS SELECT concat_ws(a, b) FROM t",
            "3.44 concat_ws",
        ),
        (
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO l VALUES (concat(new.a)); END",
            "3.44 concat",
        ),
        ("ALTER TABLE t ADD CHECK (concat(a) > 'a')", "3.44 concat"),
        (
            "ALTER TABLE t ALTER a TYPE TEXT USING concat(a)",
            "3.44 concat",
        ),
        ("UPDATE t SET a = concat(b, 1)", "3.44 concat"),
        ("SELECT 1 FROM t JOIN u ON concat(a) = 1", "3.44 concat"),
        ("SELECT string_agg(a, ',') FROM t", "3.44 string_agg"),
        ("SELECT group_concat(a ORDER BY b) FROM t", "3.44 ORDER BY"),
        (
            "SELECT count(DISTINCT (a) ORDER BY (SELECT 1 ORDER BY 1)) FROM t",
            "3.44 ORDER BY",
        ),
        ("SELECT jsonb('1')", "3.45 jsonb"),
        ("SELECT json_pretty('1')", "3.46 json_pretty"),
        ("SELECT 1_000", "3.46 1_000"),
        ("SELECT .5, 1.5_0", "3.46 1.5_0"),
        ("SELECT 0x1_0", "3.46 0x1_0"),
        (
            "CREATE TRIGGER g BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'a' || old.a); END",
            "3.47 RAISE",
        ),
        ("SELECT iif(a, b) FROM t", "3.48 iif"),
        ("SELECT if(a, b, max(a, b)) FROM t", "3.48 if"),
        ("SELECT iif(a, b, a, (1)) FROM t", "3.49 iif"),
        ("SELECT unistr('1')", "3.50 unistr"),
        ("SELECT 1 WHERE 1 IN jsonb_each('[1]')", "3.51 jsonb_each"),
        ("REINDEX EXPRESSIONS;", "3.53 REINDEX EXPRESSIONS"),
    ] {
        assert_eq!(found(sql, "3.35"), [expected], "{sql}");
        let (since, _) = expected.split_once(' ').unwrap();
        assert_eq!(found(sql, since), [""; 0], "{sql}");
        assert_eq!(found(sql, &format!("{since}.2")), [""; 0], "{sql}");
        let newer = SqlText::new(sql).newer_sql(Postgres, SqliteVersion::OLDEST);
        assert_eq!(newer, [], "{sql}");
    }
}

/// SQLite 3.35.4 understands each of these, or a run carries it out, or no version does.
#[test]
fn what_every_version_understands() {
    for sql in [
        "",
        "SELECT iif(a, b, iif(a, b, c)), max(a, b), likely(1), sign(1) FROM t",
        "SELECT concat, format FROM t; SELECT t.concat FROM concat",
        "INSERT INTO concat (a, format) VALUES (1, 2)",
        "INSERT INTO main.concat (a) VALUES (1)",
        "CREATE TABLE concat (format concat(10), json json(1, 2), UNIQUE (format))",
        "CREATE TABLE IF NOT EXISTS json (a REFERENCES concat (a))",
        "CREATE INDEX format ON concat (a)",
        "CREATE UNIQUE INDEX IF NOT EXISTS i ON format (a)",
        "CREATE VIEW concat (a) AS SELECT 1",
        "CREATE VIRTUAL TABLE f USING json(concat(a), 'STRICT')",
        "WITH concat(a) AS (SELECT 1), format(b) AS MATERIALIZED (SELECT 2) SELECT 1 FROM format",
        "WITH RECURSIVE a AS (SELECT 1), concat(b) AS NOT MATERIALIZED (SELECT 2) SELECT 1",
        "SELECT 'concat(a)', \"RIGHT JOIN\", x'00' -- concat(a) RIGHT JOIN",
        "SELECT CAST(a AS json(1)) FROM t",
        "SELECT a AS json FROM t",
        "SELECT * FROM t AS full JOIN u; SELECT * FROM full JOIN u; SELECT * FROM t, right JOIN u",
        "SELECT * FROM t JOIN u ON a = t.right JOIN v; SELECT * FROM t JOIN u ON a = right JOIN v",
        "SELECT 1 FROM t LEFT OUTER JOIN u NATURAL JOIN v CROSS JOIN w",
        "SELECT a IS b, a IS NOT b, a IS NOT NULL FROM t GROUP BY a HAVING 1",
        "SELECT DISTINCT a FROM t",
        "CREATE TABLE s AS SELECT * FROM (SELECT 1) strict",
        "CREATE TABLE strict (strict TEXT, CHECK (strict), b DEFAULT (1), strict2) WITHOUT ROWID",
        "SELECT a - 1, a > 1, a -- > 1\n - 1 FROM t",
        "SELECT sum(a) OVER (PARTITION BY b ORDER BY a), sum(a) OVER w FROM t WINDOW w AS (ORDER BY b)",
        "SELECT count(*) FILTER (WHERE a) OVER (ORDER BY a) FROM t ORDER BY a",
        "SELECT 1 WHERE EXISTS (SELECT 1 ORDER BY 1) AND a NOT IN (SELECT 1 ORDER BY 1)",
        "SELECT * FROM (SELECT 1 ORDER BY 1) UNION SELECT 1 ORDER BY 1 NULLS LAST",
        "SELECT a_1, 1 _a, 'a_1', 1e10, 0x10 FROM t_1",
        "CREATE TRIGGER g BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'a'), RAISE(IGNORE); END",
        "CREATE TRIGGER g BEFORE DELETE ON t BEGIN SELECT RAISE(FAIL, \"a\"), RAISE(FAIL, a); END",
        "REINDEX; REINDEX t; REINDEX main.expressions",
        "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1 RETURNING a",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL, ALTER a TYPE TEXT, DROP CONSTRAINT c",
        "ALTER TABLE t ADD CONSTRAINT format UNIQUE (a); ALTER TABLE t RENAME CONSTRAINT a TO b",
        "ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD concat TEXT",
        "SELECT sqrt(a), floor(a), median(a) FROM t",
        "PRAGMA table_list; PRAGMA foreign_keys(1)",
        ") concat(",
        "SELECT (",
    ] {
        assert_eq!(found(sql, "3.35"), [""; 0], "{sql}");
    }
}

#[test]
fn places_count_from_the_start_of_the_file() {
    let file = "-- x\nSELECT 1; SELECT concat(a), iif(a, 1_0) FROM t RIGHT JOIN u";
    let text = SqlText::within(file.into(), crate::Span::new(5, file.len()));
    let newer = text.newer_sql(Sqlite, SqliteVersion::OLDEST);
    let places = newer.iter().map(|newer| newer.span.text(file));
    assert_eq!(
        places.collect::<Vec<_>>(),
        ["concat", "iif", "1_0", "RIGHT JOIN"]
    );
    assert_eq!(
        newer[1].to_string(),
        "`iif()` with two arguments needs SQLite 3.48"
    );
    let json = SqlText::new("SELECT json(1)").newer_sql(Sqlite, SqliteVersion::OLDEST);
    assert_eq!(
        json[0].to_string(),
        "`json()` needs SQLite 3.38, or an older one that is built with SQLITE_ENABLE_JSON1"
    );
}

#[test]
fn versions_are_those_of_sqlite_3() {
    for (text, expected) in [
        ("3.35", Ok("3.35")),
        ("3.46.1", Ok("3.46")),
        ("3.100", Ok("3.100")),
        (
            "3.34",
            Err("`3.34` is older than 3.35, the oldest supported"),
        ),
        (
            "3.8.11.1",
            Err("`3.8.11.1` is not a version of SQLite, such as 3.35"),
        ),
        ("3", Err("`3` is not a version of SQLite, such as 3.35")),
        ("4.1", Err("`4.1` is not a version of SQLite, such as 3.35")),
        ("3.x", Err("`3.x` is not a version of SQLite, such as 3.35")),
        (
            "3.+40",
            Err("`3.+40` is not a version of SQLite, such as 3.35"),
        ),
        ("", Err("`` is not a version of SQLite, such as 3.35")),
    ] {
        let read = text.parse::<SqliteVersion>();
        let read = read.map(|version| version.to_string());
        let read = read.map_err(|error| error.to_string());
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(read, expected, "{text}");
    }
}
