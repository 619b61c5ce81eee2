//! Outlines of tables: what is read, where, and what is not.

use crate::{
    ColumnConstraintKind, ColumnOutline, ConstraintOutline, TableConstraintKind, TableOutline,
};

/// Returns an outline as a text: each column as its name, its type and its clauses, each constraint as
/// its kind, and the text of each.
fn outline(sql: &str) -> Option<Vec<String>> {
    let outline = TableOutline::read(sql)?;
    let mut lines = Vec::new();
    for column in &outline.columns {
        let type_name = column.type_span.map_or("", |span| span.text(sql));
        let clauses = column.constraints.iter();
        let clauses: Vec<&str> = clauses.map(|clause| clause.span.text(sql)).collect();
        lines.push(format!("{}|{type_name}|{}", column.name, clauses.join("|")));
    }
    for constraint in &outline.constraints {
        let name = constraint
            .name
            .as_ref()
            .map_or("", |name| name.name.as_str());
        lines.push(format!("+{name}|{}", constraint.span.text(sql)));
    }
    if outline.without_rowid {
        lines.push("WITHOUT ROWID".to_owned());
    }
    if outline.strict {
        lines.push("STRICT".to_owned());
    }
    Some(lines)
}

#[test]
fn columns_and_constraints_are_found() {
    for (sql, expected) in [
        ("CREATE TABLE t (a)", &["a||"][..]),
        (
            "create temp table if not exists x.\"t\" (a int)",
            &["a|int|"],
        ),
        (
            "CREATE TABLE 't' ('a' 'INT', \"b\"\"c\" \"x y\", [d ] [e], `f``g` double precision)",
            &[
                "a|'INT'|",
                "b\"c|\"x y\"|",
                "d |[e]|",
                "f`g|double precision|",
            ],
        ),
        (
            "CREATE TABLE t (a VARCHAR ( 10 , 2 ), b unsigned big int(5)NOT NULL)",
            &["a|VARCHAR ( 10 , 2 )|", "b|unsigned big int(5)|NOT NULL"],
        ),
        // Words that are keywords elsewhere.
        (
            "CREATE TABLE t (generated always, always generated, key key, virtual, stored, rowid, strict, \"check\" CHECK (1))",
            &[
                "generated|always|",
                "always|generated|",
                "key|key|",
                "virtual||",
                "stored||",
                "rowid||",
                "strict||",
                "check||CHECK (1)",
            ],
        ),
        (
            "CREATE TABLE t (a INT generated always AS (1), b AS (2) STORED, c generated always as (3) VIRTUAL NOT NULL)",
            &[
                "a|INT|generated always AS (1)",
                "b||AS (2) STORED",
                "c||generated always as (3) VIRTUAL|NOT NULL",
            ],
        ),
        (
            "CREATE TABLE t (a PRIMARY KEY DESC ON CONFLICT FAIL, b INTEGER PRIMARY KEY ASC AUTOINCREMENT)",
            &[
                "a||PRIMARY KEY DESC ON CONFLICT FAIL",
                "b|INTEGER|PRIMARY KEY ASC AUTOINCREMENT",
            ],
        ),
        (
            "CREATE TABLE t (a CONSTRAINT x NOT NULL ON CONFLICT IGNORE CONSTRAINT y UNIQUE CONSTRAINT z, b NULL ON CONFLICT ABORT)",
            &[
                "a||CONSTRAINT x NOT NULL ON CONFLICT IGNORE|CONSTRAINT y UNIQUE|CONSTRAINT z",
                "b||NULL ON CONFLICT ABORT",
            ],
        ),
        (
            "CREATE TABLE t (a REFERENCES p (x) ON DELETE SET NULL ON UPDATE NO ACTION MATCH FULL NOT DEFERRABLE INITIALLY DEFERRED UNIQUE, b NOT DEFERRABLE)",
            &[
                "a||REFERENCES p (x) ON DELETE SET NULL ON UPDATE NO ACTION MATCH FULL NOT DEFERRABLE INITIALLY DEFERRED|UNIQUE",
                "b||NOT DEFERRABLE",
            ],
        ),
        (
            "CREATE TABLE t (a REFERENCES p NOT NULL, b COLLATE 'NOCASE'CHECK (b))",
            &["a||REFERENCES p|NOT NULL", "b||COLLATE 'NOCASE'|CHECK (b)"],
        ),
        // Defaults.
        (
            "CREATE TABLE t (a DEFAULT -1 NOT NULL, b DEFAULT + 1.5e-3, c DEFAULT .5, d DEFAULT 0x1F, e DEFAULT 1_000, f DEFAULT x'00', g DEFAULT ('(' || \")\"), h DEFAULT word, i DEFAULT \"a, b\", j DEFAULT CURRENT_TIMESTAMP, k DEFAULT 5. UNIQUE)",
            &[
                "a||DEFAULT -1|NOT NULL",
                "b||DEFAULT + 1.5e-3",
                "c||DEFAULT .5",
                "d||DEFAULT 0x1F",
                "e||DEFAULT 1_000",
                "f||DEFAULT x'00'",
                "g||DEFAULT ('(' || \")\")",
                "h||DEFAULT word",
                "i||DEFAULT \"a, b\"",
                "j||DEFAULT CURRENT_TIMESTAMP",
                "k||DEFAULT 5.|UNIQUE",
            ],
        ),
        // Constraints of the table.
        (
            "CREATE TABLE t (a, b, CONSTRAINT x PRIMARY KEY (a COLLATE NOCASE DESC, b) ON CONFLICT FAIL, UNIQUE (b), CHECK (a > 0) ON CONFLICT ABORT, FOREIGN KEY (a, b) REFERENCES p DEFERRABLE)",
            &[
                "a||",
                "b||",
                "+x|CONSTRAINT x PRIMARY KEY (a COLLATE NOCASE DESC, b) ON CONFLICT FAIL",
                "+|UNIQUE (b)",
                "+|CHECK (a > 0) ON CONFLICT ABORT",
                "+|FOREIGN KEY (a, b) REFERENCES p DEFERRABLE",
            ],
        ),
        (
            "CREATE TABLE t (a INTEGER, PRIMARY KEY (a AUTOINCREMENT) UNIQUE (a)CHECK (1) CONSTRAINT x, CONSTRAINT y CHECK (2))",
            &[
                "a|INTEGER|",
                "+|PRIMARY KEY (a AUTOINCREMENT)",
                "+|UNIQUE (a)",
                "+|CHECK (1)",
                "+x|CONSTRAINT x",
                "+y|CONSTRAINT y CHECK (2)",
            ],
        ),
        // Options, and comments wherever a token may stand.
        (
            "CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID, STRICT",
            &["a||PRIMARY KEY", "WITHOUT ROWID", "STRICT"],
        ),
        ("CREATE TABLE t (a) STRICT", &["a||", "STRICT"]),
        (
            "CREATE TABLE t--)\n(/*,*/a/*b*/INT--NOT NULL\nNOT/**/NULL/*)*/,--c\nCHECK/*(*/(a/*)*/>0--)\n)/*x*/)/*y*/WITHOUT--z\nROWID",
            &[
                "a|INT|NOT/**/NULL",
                "+|CHECK/*(*/(a/*)*/>0--)\n)",
                "WITHOUT ROWID",
            ],
        ),
    ] {
        let found = outline(sql);
        let found: Option<Vec<&str>> = found
            .as_ref()
            .map(|lines| lines.iter().map(String::as_str).collect());
        assert_eq!(found.as_deref(), Some(expected), "{sql}");
    }
}

#[test]
fn what_is_no_list_of_columns_is_not_read() {
    for sql in [
        "",
        "CREATE TABLE",
        "CREATE TABLE t",
        "CREATE TABLE t AS SELECT 1",
        "CREATE TABLE t ()",
        "CREATE TABLE t (a,)",
        "CREATE TABLE t (a",
        "CREATE TABLE t (a)) STRICT",
        "CREATE TABLE t (a) x",
        "CREATE TABLE t (CHECK (1))",
        "CREATE TABLE t (a, CHECK (1), b)",
        "CREATE TABLE t (a b CHECK (1) CHECK)",
        "CREATE TABLE t (a INT, UNIQUE)",
        "CREATE TABLE t (a, FOREIGN KEY (a))",
        "CREATE TABLE t (a, PRIMARY KEY (a + 1))",
        "CREATE TABLE t (1 INT)",
        "CREATE TABLE t (a DEFAULT)",
        "CREATE TABLE t (a 'unterminated)",
        "CREATE VIRTUAL TABLE t USING fts5 (a)",
        "CREATE VIEW t (a) AS SELECT 1",
        "CREATE INDEX i ON t (a)",
        "CREATE TABLE t (a); SELECT 1",
    ] {
        assert_eq!(outline(sql), None, "{sql}");
    }
}

#[test]
fn what_constraints_say_is_read() {
    let column = |definition: &str| {
        let column = ColumnOutline::read(definition).expect("a column");
        column
            .constraints
            .into_iter()
            .next_back()
            .map(|clause| clause.kind)
    };
    let table = |definition: &str| Some(ConstraintOutline::read(definition)?.kind);
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        column("a INTEGER PRIMARY KEY DESC"),
        Some(ColumnConstraintKind::PrimaryKey {
            descending: true,
            autoincrement: false,
        })
    );
    assert!(matches!(
        column("a REFERENCES \"P q\" (\"X\", y)"),
        Some(ColumnConstraintKind::References(reference))
            if reference.table == "P q" && reference.columns == ["X", "y"]
    ));
    for (definition, text) in [
        ("a CHECK ( a > ( 0 ) )", " a > ( 0 ) "),
        ("a AS (b) STORED", "b"),
        ("a DEFAULT (1)", "(1)"),
        ("a DEFAULT 'x'", "'x'"),
    ] {
        let span = match column(definition) {
            Some(
                ColumnConstraintKind::Check { expression: span }
                | ColumnConstraintKind::Generated {
                    expression: span, ..
                }
                | ColumnConstraintKind::Default { value: span },
            ) => span,
            other => panic!("{definition}: {other:?}"),
        };
        assert_eq!(span.text(definition), text, "{definition}");
    }
    assert_eq!(
        table("CONSTRAINT x UNIQUE (a COLLATE NOCASE, \"b c\" DESC) ON CONFLICT FAIL"),
        Some(TableConstraintKind::Unique {
            columns: names(&["a", "b c"]),
            collations: vec![Some("NOCASE".to_owned()), None],
        })
    );
    assert_eq!(
        table("PRIMARY KEY ('a' AUTOINCREMENT)"),
        Some(TableConstraintKind::PrimaryKey {
            columns: names(&["a"]),
            collations: vec![None],
            autoincrement: true,
        })
    );
    for definition in [
        "UNIQUE (a), CHECK (1)",
        "UNIQUE USING INDEX i",
        "EXCLUDE (a WITH =)",
        "FOREIGN KEY (a) REFERENCES",
        "CHECK a > 0",
        "NOT NULL a",
        "PRIMARY KEY (a) INCLUDE (b)",
        "UNIQUE NULLS NOT DISTINCT (a)",
    ] {
        assert_eq!(table(definition), None, "{definition}");
    }
}
