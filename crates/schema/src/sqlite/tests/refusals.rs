//! Changes that are refused, and why.

use super::plan_for;
use crate::sqlite::Alteration;

fn check(rows: &[(&[&str], &str, &str)]) {
    for (objects, actions, expected) in rows {
        let found = match plan_for(objects, actions) {
            Ok(planned) => format!("{planned:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, *expected, "{actions}\n{objects:?}");
    }
}

#[test]
fn names_must_be_known_and_new() {
    check(&[
        (&[], "ALTER a SET NOT NULL", "there is no table `t`"),
        (
            &["CREATE VIEW t AS SELECT 1 AS a"],
            "ALTER a SET NOT NULL",
            "`t` is a view",
        ),
        (
            &["CREATE VIRTUAL TABLE t USING fts5(a)"],
            "ALTER a SET NOT NULL",
            "`t` is a virtual table",
        ),
        (
            &["CREATE TABLE t (a)"],
            "ALTER b SET NOT NULL",
            "the table `t` has no column `b`",
        ),
        (
            &["CREATE TABLE t (a)"],
            "ADD COLUMN A INT UNIQUE",
            "the table `t` has a column `A` already",
        ),
        (
            &["CREATE TABLE t (a UNIQUE)"],
            "DROP CONSTRAINT x",
            "the table `t` has no constraint `x`; it has `t_a_key`",
        ),
        (
            &["CREATE TABLE t (a, CONSTRAINT x CHECK (a))"],
            "ADD CONSTRAINT X UNIQUE (a)",
            "the table `t` has a constraint `X` already",
        ),
        (
            &["CREATE TABLE t (a UNIQUE, CONSTRAINT x CHECK (a))"],
            "RENAME CONSTRAINT t_a_key TO x",
            "the table `t` has a constraint `x` already",
        ),
        (
            &["CREATE TABLE t (a CHECK (a > 0), CHECK (a > 0))"],
            "DROP CHECK (a > 0)",
            "the table `t` has several constraints `CHECK (a > 0)`",
        ),
        (
            &["CREATE TABLE t (a UNIQUE UNIQUE, CONSTRAINT x UNIQUE (a))"],
            "DROP UNIQUE (a)",
            "the table `t` has several constraints `UNIQUE (a)`",
        ),
        (
            &["CREATE TABLE t (a)"],
            "ADD CONSTRAINT x EXCLUDE (a WITH =)",
            "SQLite has no such definition: CONSTRAINT x EXCLUDE (a WITH =)",
        ),
        (
            &["CREATE TABLE t (a, b)"],
            "DROP COLUMN a CASCADE",
            "CASCADE drops what nobody names; on SQLite, drop the dependent objects first",
        ),
    ]);
}

#[test]
fn keys_stay_whole() {
    check(&[
        (
            &["CREATE TABLE t (a)"],
            "DROP COLUMN a",
            "`a` is the only column of `t`",
        ),
        (
            &["CREATE TABLE t (a PRIMARY KEY, b)"],
            "ADD PRIMARY KEY (b)",
            "the table `t` has a primary key already",
        ),
        (
            &["CREATE TABLE t (a PRIMARY KEY, b) WITHOUT ROWID"],
            "DROP COLUMN a",
            "the table `t` is WITHOUT ROWID, so it needs its primary key",
        ),
        (
            &["CREATE TABLE t (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID"],
            "DROP COLUMN b",
            "the table `t` is WITHOUT ROWID, so it needs its primary key",
        ),
        (
            &["CREATE TABLE t (a PRIMARY KEY, b) WITHOUT ROWID"],
            "DROP PRIMARY KEY",
            "the table `t` is WITHOUT ROWID, so it needs its primary key",
        ),
        (
            &["CREATE TABLE t (a INT NOT NULL, PRIMARY KEY (A))"],
            "ALTER a DROP NOT NULL",
            "the column `a` is in the primary key of `t`",
        ),
        (
            &["CREATE TABLE t (a INTEGER PRIMARY KEY)"],
            "ALTER a TYPE BIGINT",
            "the column `a` numbers the rows of `t` because its type is INTEGER, and would not as \
             BIGINT",
        ),
    ]);
}

/// What PostgreSQL refuses as well.
#[test]
fn generated_columns_have_no_values_of_their_own() {
    let table = "CREATE TABLE t (a, b AS (a + 1) STORED)";
    let refused = "the column `b` of `t` is generated";
    check(&[
        (&[table], "ALTER b SET DEFAULT 1", refused),
        (&[table], "ALTER b DROP DEFAULT", refused),
        (&[table], "ALTER b TYPE TEXT USING 'x'", refused),
        (
            &[table],
            "DROP COLUMN a",
            "the column `a` is needed by the generated column `b`",
        ),
    ]);
}

#[test]
fn expressions_do_not_read_the_table_itself() {
    let refused = "the expression after USING reads `t` itself, which holds no rows meanwhile";
    check(&[
        (
            &["CREATE TABLE t (a)"],
            "ALTER a TYPE INT USING (SELECT max(a) FROM T)",
            refused,
        ),
        (
            &["CREATE TABLE t (a)"],
            "ALTER a TYPE INT USING (SELECT 1 FROM b, c JOIN main.\"t\" AS d)",
            refused,
        ),
    ]);
}

#[test]
fn foreign_keys_refer_to_keys_of_the_same_collation() {
    for (parent, reference) in [
        ("(x COLLATE NOCASE, UNIQUE (x COLLATE nocase))", "p (x)"),
        (
            "(x COLLATE RTRIM COLLATE NOCASE, UNIQUE (x COLLATE 'NOCASE'))",
            "p (x)",
        ),
        ("(x, UNIQUE (\"x\" COLLATE \"BINARY\"))", "p (x)"),
        // By no names, it is the primary key as it is.
        ("(x, PRIMARY KEY (x COLLATE NOCASE))", "p"),
    ] {
        let parent = format!("CREATE TABLE p {parent}");
        let add = format!("ADD FOREIGN KEY (a) REFERENCES {reference}");
        let planned = plan_for(&["CREATE TABLE t (a)", &parent], &add);
        assert!(
            matches!(planned, Ok(Alteration::Rebuild(_))),
            "{parent}: {planned:?}"
        );
    }
}

#[test]
fn foreign_keys_refer_to_a_key() {
    let no_key = "no primary key and no UNIQUE of `p` is on (x), so no foreign key can refer to it";
    check(&[
        (
            &["CREATE TABLE t (a)"],
            "ADD FOREIGN KEY (a) REFERENCES p",
            "there is no table `p`",
        ),
        (
            &["CREATE TABLE t (a)", "CREATE TABLE p (x UNIQUE)"],
            "ADD FOREIGN KEY (a) REFERENCES p",
            "the table `p` has no primary key to refer to",
        ),
        (
            &["CREATE TABLE t (a)", "CREATE TABLE p (x)"],
            "ADD FOREIGN KEY (a) REFERENCES p (y)",
            "the table `p` has no column `y`",
        ),
        (
            &["CREATE TABLE t (a)", "CREATE TABLE p (x)"],
            "ADD FOREIGN KEY (a) REFERENCES p (x)",
            no_key,
        ),
        (
            &[
                "CREATE TABLE t (a)",
                "CREATE TABLE p (x)",
                "CREATE UNIQUE INDEX i ON p (x) WHERE x > 0",
            ],
            "ADD FOREIGN KEY (a) REFERENCES p (x)",
            no_key,
        ),
        (
            &[
                "CREATE TABLE t (a)",
                "CREATE TABLE p (x)",
                "CREATE UNIQUE INDEX i ON p (lower(x))",
            ],
            "ADD FOREIGN KEY (a) REFERENCES p (x)",
            no_key,
        ),
        // A key that compares in another way than its column.
        (
            &[
                "CREATE TABLE t (a)",
                "CREATE TABLE p (x, UNIQUE (x COLLATE NOCASE))",
            ],
            "ADD FOREIGN KEY (a) REFERENCES p (x)",
            no_key,
        ),
        (
            &[
                "CREATE TABLE t (a)",
                "CREATE TABLE p (x COLLATE NOCASE, PRIMARY KEY (x COLLATE BINARY))",
            ],
            "ADD FOREIGN KEY (a) REFERENCES p (x)",
            no_key,
        ),
        (
            &[
                "CREATE TABLE t (a)",
                "CREATE TABLE p (x)",
                "CREATE UNIQUE INDEX i ON p (x COLLATE RTRIM)",
            ],
            "ADD FOREIGN KEY (a) REFERENCES p (x)",
            no_key,
        ),
        (
            &[
                "CREATE TABLE t (a)",
                "CREATE TABLE p (x, y, PRIMARY KEY (x, y))",
            ],
            "ADD COLUMN b REFERENCES p DEFAULT 1",
            "the foreign key (b) refers to (x, y), which has another number of columns",
        ),
        (
            &["CREATE TABLE t (a, b)"],
            "ADD FOREIGN KEY (a) REFERENCES t (b)",
            "no primary key and no UNIQUE of `t` is on (b), so no foreign key can refer to it",
        ),
    ]);
}

#[test]
fn what_others_need_stays() {
    check(&[
        (
            &[
                "CREATE TABLE t (a, b UNIQUE)",
                "CREATE TABLE c (x REFERENCES T (B))",
            ],
            "DROP COLUMN b",
            "the column `b` is needed by the foreign key `c` (x)",
        ),
        (
            &[
                "CREATE TABLE t (a PRIMARY KEY, b)",
                "CREATE TABLE c (x REFERENCES t)",
            ],
            "DROP PRIMARY KEY",
            "the primary key is needed by the foreign key `c` (x)",
        ),
        (
            &[
                "CREATE TABLE t (a, b UNIQUE)",
                "CREATE TABLE c (x REFERENCES t (b))",
            ],
            "DROP UNIQUE (b)",
            "UNIQUE (b) is needed by the foreign key `c` (x)",
        ),
        // What compares in another way does not replace it.
        (
            &[
                "CREATE TABLE t (a, b UNIQUE, UNIQUE (b COLLATE NOCASE))",
                "CREATE UNIQUE INDEX i ON t (b COLLATE NOCASE)",
                "CREATE TABLE c (x REFERENCES t (b))",
            ],
            "DROP CONSTRAINT t_b_key",
            "UNIQUE (b) is needed by the foreign key `c` (x)",
        ),
        // Of the table itself, as on PostgreSQL.
        (
            &["CREATE TABLE t (a, b UNIQUE, c REFERENCES t (b))"],
            "DROP COLUMN b",
            "the column `b` is needed by the foreign key `t` (c)",
        ),
        (
            &["CREATE TABLE t (a PRIMARY KEY, b, FOREIGN KEY (b) REFERENCES t)"],
            "DROP COLUMN a",
            "the column `a` is needed by the foreign key `t` (b)",
        ),
        (
            &["CREATE TABLE t (a PRIMARY KEY, b REFERENCES t, UNIQUE (a))"],
            "DROP PRIMARY KEY",
            "the primary key is needed by the foreign key `t` (b)",
        ),
        (
            &["CREATE TABLE t (a, b UNIQUE, c REFERENCES t (b))"],
            "DROP CONSTRAINT t_b_key",
            "UNIQUE (b) is needed by the foreign key `t` (c)",
        ),
        (
            &[
                "CREATE TABLE t (a, b UNIQUE, c REFERENCES t (b))",
                "CREATE UNIQUE INDEX i ON t (b) WHERE b > 0",
            ],
            "DROP CONSTRAINT t_b_key",
            "UNIQUE (b) is needed by the foreign key `t` (c)",
        ),
        (
            &[
                "CREATE TABLE t (a, b)",
                "CREATE TRIGGER r AFTER UPDATE OF b ON t BEGIN SELECT 1; END",
            ],
            "DROP COLUMN b",
            "the column `b` is needed by trigger `r`",
        ),
    ]);
}
