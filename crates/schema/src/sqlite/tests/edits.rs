//! Definitions before and after a change: whatever was not asked to change stays, to the byte.

use super::definition_after;

fn check(rows: &[(&str, &str, &str)]) {
    for (table, actions, expected) in rows {
        let table = format!("CREATE TABLE t {table}");
        let found = definition_after(&table, actions);
        let found = found.strip_prefix("CREATE TABLE t ").unwrap_or(&found);
        assert_eq!(found, *expected, "{actions}\n{table}");
    }
}

#[test]
fn columns_are_changed_wherever_they_stand() {
    check(&[
        // The type.
        ("(a INT, b)", "ALTER a TYPE TEXT", "(a TEXT, b)"),
        // The key goes first, wherever it stands.
        (
            "(a INTEGER, b, CONSTRAINT k PRIMARY KEY (a))",
            "ALTER a TYPE TEXT, DROP CONSTRAINT k, ALTER b TYPE INT",
            "(a TEXT, b INT)",
        ),
        (
            "(a INT NOT NULL, b, PRIMARY KEY (a))",
            "ALTER a DROP NOT NULL, DROP PRIMARY KEY",
            "(a INT, b)",
        ),
        (
            "(b, a INT)",
            "ALTER COLUMN a SET DATA TYPE VARCHAR(20)",
            "(b, a VARCHAR(20))",
        ),
        (
            "(a)",
            "ALTER a TYPE DOUBLE PRECISION",
            "(a DOUBLE PRECISION)",
        ),
        (
            "(a -- first\n, b)",
            "ALTER a TYPE TEXT",
            "(a TEXT -- first\n, b)",
        ),
        (
            "(a /* its type: */ VARCHAR (10) /* short */, b)",
            "ALTER a TYPE TEXT",
            "(a /* its type: */ TEXT /* short */, b)",
        ),
        (
            "(\"a\"'INT'DEFAULT 1)",
            "ALTER a TYPE TEXT",
            "(\"a\"TEXT DEFAULT 1)",
        ),
        (
            "(a INT NOT NULL COLLATE NOCASE)",
            "ALTER a TYPE TEXT COLLATE RTRIM",
            "(a TEXT NOT NULL COLLATE RTRIM)",
        ),
        (
            "(a INT NOT NULL)",
            "ALTER a TYPE TEXT COLLATE \"RTRIM\"",
            "(a TEXT COLLATE \"RTRIM\" NOT NULL)",
        ),
        // NOT NULL.
        ("(a INT, b)", "ALTER a SET NOT NULL", "(a INT NOT NULL, b)"),
        ("(b, a)", "ALTER a SET NOT NULL", "(b, a NOT NULL)"),
        (
            "(a INT NULL ON CONFLICT ABORT)",
            "ALTER a SET NOT NULL",
            "(a INT NOT NULL)",
        ),
        (
            "(a \"INT\"DEFAULT 1)",
            "ALTER a SET NOT NULL",
            "(a \"INT\" NOT NULL DEFAULT 1)",
        ),
        (
            "(a INT -- counted\n)",
            "ALTER a SET NOT NULL",
            "(a INT NOT NULL -- counted\n)",
        ),
        ("(a INT NOT NULL, b)", "ALTER a DROP NOT NULL", "(a INT, b)"),
        (
            "(a INT DEFAULT 1 CONSTRAINT x NOT NULL ON CONFLICT FAIL CHECK (a > 0))",
            "ALTER a DROP NOT NULL",
            "(a INT DEFAULT 1 CHECK (a > 0))",
        ),
        (
            "(a INT CHECK (a > 0)NOT NULL DEFAULT 1)",
            "ALTER a DROP NOT NULL",
            "(a INT CHECK (a > 0) DEFAULT 1)",
        ),
        (
            "(a INT -- never\n NOT NULL, b)",
            "ALTER a DROP NOT NULL",
            "(a INT -- never\n , b)",
        ),
        // The default.
        (
            "(a INT, b)",
            "ALTER a SET DEFAULT 7",
            "(a INT DEFAULT 7, b)",
        ),
        (
            "(a INT NOT NULL UNIQUE)",
            "ALTER a SET DEFAULT -7",
            "(a INT NOT NULL DEFAULT -7 UNIQUE)",
        ),
        (
            "(a TEXT DEFAULT 'x' NOT NULL)",
            "ALTER a SET DEFAULT 'y, z'",
            "(a TEXT DEFAULT 'y, z' NOT NULL)",
        ),
        (
            "(a TEXT DEFAULT'x'NOT NULL)",
            "ALTER a SET DEFAULT lower('Y')",
            "(a TEXT DEFAULT (lower('Y'))NOT NULL)",
        ),
        (
            "(a TEXT)",
            "ALTER a SET DEFAULT CURRENT_TIMESTAMP",
            "(a TEXT DEFAULT CURRENT_TIMESTAMP)",
        ),
        (
            "(a TEXT DEFAULT (1 + (2)) -- three\n)",
            "ALTER a DROP DEFAULT",
            "(a TEXT -- three\n)",
        ),
        (
            "(a INT DEFAULT 0x1F, b DEFAULT 1_000)",
            "ALTER b DROP DEFAULT",
            "(a INT DEFAULT 0x1F, b)",
        ),
        (
            "(a INT DEFAULT - 1.5e-3 NOT NULL)",
            "ALTER a DROP DEFAULT",
            "(a INT NOT NULL)",
        ),
    ]);
}

#[test]
fn columns_are_added_and_dropped() {
    check(&[
        (
            "(a)",
            "ADD COLUMN b INT NOT NULL UNIQUE",
            "(a, b INT NOT NULL UNIQUE)",
        ),
        (
            "(a, CHECK (a > 0))",
            "ADD b INT CHECK (b > 0)",
            "(a, b INT CHECK (b > 0), CHECK (a > 0))",
        ),
        (
            "(\n  a INT, -- first\n  b INT -- last\n)",
            "ADD c INT UNIQUE",
            "(\n  a INT, -- first\n  b INT, -- last\n  c INT UNIQUE\n)",
        ),
        (
            "(\n  a INT,\n  b INT /* last */ -- one\n  -- and all\n)",
            "ADD c INT UNIQUE",
            "(\n  a INT,\n  b INT, /* last */ -- one\n  c INT UNIQUE\n  -- and all\n)",
        ),
        (
            "(\n  a INT,\n  b INT, -- last\n  CHECK (a > 0)\n)",
            "ADD c INT UNIQUE",
            "(\n  a INT,\n  b INT, -- last\n  c INT UNIQUE,\n  CHECK (a > 0)\n)",
        ),
        (
            "(\n  a INT,\n  b INT, /* of the check */ CHECK (a > 0)\n)",
            "ADD c INT UNIQUE",
            "(\n  a INT,\n  b INT,\n  c INT UNIQUE, /* of the check */ CHECK (a > 0)\n)",
        ),
        (
            "(\n  a INT,\n  b INT, -- last\n  c INT UNIQUE\n  -- and all\n)",
            "DROP COLUMN c",
            "(\n  a INT,\n  b INT -- last\n  -- and all\n)",
        ),
        (
            "(a INT,b INT)",
            "ADD c INT DEFAULT (1 + 1), ADD d INT DEFAULT (2 + 2)",
            "(a INT,b INT, c INT DEFAULT (1 + 1), d INT DEFAULT (2 + 2))",
        ),
        (
            "(a INT UNIQUE, b INT, c INT)",
            "DROP COLUMN a",
            "(b INT, c INT)",
        ),
        (
            "(\n  a INT UNIQUE, -- first\n  b INT\n)",
            "DROP COLUMN a",
            "(\n  -- first\n  b INT\n)",
        ),
        (
            "(b INT, a INT UNIQUE, c INT)",
            "DROP COLUMN a",
            "(b INT, c INT)",
        ),
        (
            "(b INT, a INT UNIQUE -- last\n)",
            "DROP COLUMN a",
            "(b INT -- last\n)",
        ),
        (
            "(a INT UNIQUE, b INT CHECK (b > a) NOT NULL, UNIQUE (a, b), CHECK (a > 0), CHECK (b > 0))",
            "DROP COLUMN a",
            "(b INT NOT NULL, CHECK (b > 0))",
        ),
        (
            "(a INT UNIQUE, b INT, c INT)",
            "DROP COLUMN a, DROP COLUMN b",
            "(c INT)",
        ),
        (
            "(a INT, b INT, CHECK (a > 0))",
            "DROP COLUMN a, DROP COLUMN b, ADD COLUMN c INT, ADD CHECK (c > 0)",
            "(c INT, CHECK (c > 0))",
        ),
        (
            "(b INT, -- first\n  a INT, UNIQUE (a), CHECK (b > 0))",
            "DROP COLUMN a",
            "(b INT -- first\n  , CHECK (b > 0))",
        ),
        (
            "(b INT, -- first\n  a INT, CHECK (b > 0), UNIQUE (a))",
            "DROP COLUMN a",
            "(b INT, -- first\n  CHECK (b > 0))",
        ),
        (
            "(b INT,-- first\n  a\n, FOREIGN KEY (a) REFERENCES t (b))",
            "DROP COLUMN a",
            "(b INT-- first\n)",
        ),
        (
            "(a INT UNIQUE, b INT)",
            "DROP COLUMN a, ADD COLUMN a TEXT UNIQUE",
            "(b INT, a TEXT UNIQUE)",
        ),
    ]);
}

#[test]
fn constraints_are_added_dropped_and_renamed() {
    check(&[
        (
            "(a INT)",
            "ADD CONSTRAINT x UNIQUE (a)",
            "(a INT, CONSTRAINT x UNIQUE (a))",
        ),
        (
            "(a INT) STRICT",
            "ADD CHECK (a > 0 -- no zero\n)",
            "(a INT, CHECK (a > 0 -- no zero\n)) STRICT",
        ),
        (
            "(\n  a INT,\n  b INT -- last\n)",
            "ADD PRIMARY KEY (a, b)",
            "(\n  a INT,\n  b INT, -- last\n  PRIMARY KEY (a, b)\n)",
        ),
        (
            "(a INT, CONSTRAINT x UNIQUE (a))",
            "DROP CONSTRAINT x",
            "(a INT)",
        ),
        (
            "(a INT, CONSTRAINT x UNIQUE (a), CHECK (a > 0))",
            "DROP CONSTRAINT x",
            "(a INT, CHECK (a > 0))",
        ),
        (
            "(a INT, CONSTRAINT x UNIQUE (a) CHECK (a > 0))",
            "DROP CONSTRAINT x",
            "(a INT, CHECK (a > 0))",
        ),
        (
            "(a INT, CHECK (a > 0) CONSTRAINT x UNIQUE (a) CHECK (a < 9))",
            "DROP CONSTRAINT x",
            "(a INT, CHECK (a > 0) CHECK (a < 9))",
        ),
        (
            "(a INT UNIQUE, b INT, CHECK (a > 0) CHECK (a < 9) CHECK (b > 0))",
            "DROP COLUMN a",
            "(b INT, CHECK (b > 0))",
        ),
        (
            "(a INT CONSTRAINT x CHECK (a > 0)UNIQUE NOT NULL)",
            "DROP CONSTRAINT x",
            "(a INT UNIQUE NOT NULL)",
        ),
        (
            "(a INT NOT NULL CONSTRAINT x CHECK(a > 0)UNIQUE)",
            "DROP CONSTRAINT x",
            "(a INT NOT NULL UNIQUE)",
        ),
        ("(a INT UNIQUE)", "DROP UNIQUE (a)", "(a INT)"),
        // The other one has a name to say.
        (
            "(a INT UNIQUE, CONSTRAINT x UNIQUE (a))",
            "DROP UNIQUE (a)",
            "(a INT, CONSTRAINT x UNIQUE (a))",
        ),
        (
            "(a INT UNIQUE, CONSTRAINT t_a_key CHECK (a > 0))",
            "DROP CONSTRAINT t_a_key",
            "(a INT UNIQUE)",
        ),
        ("(a INT UNIQUE)", "DROP CONSTRAINT t_a_key", "(a INT)"),
        ("(a INT CHECK ( a>0 ))", "DROP CHECK (A > 0)", "(a INT)"),
        (
            "(a INT REFERENCES p ON DELETE CASCADE NOT NULL)",
            "DROP FOREIGN KEY (a)",
            "(a INT NOT NULL)",
        ),
        (
            "(a INT PRIMARY KEY AUTOINCREMENT, b)",
            "DROP PRIMARY KEY",
            "(a INT, b)",
        ),
        (
            "(a INT CONSTRAINT x UNIQUE)",
            "RENAME CONSTRAINT x TO \"y z\"",
            "(a INT CONSTRAINT \"y z\" UNIQUE)",
        ),
        (
            "(a INT CONSTRAINT\"x\"UNIQUE)",
            "RENAME CONSTRAINT x TO y",
            "(a INT CONSTRAINT y UNIQUE)",
        ),
        (
            "(a INT UNIQUE, CHECK (a > 0))",
            "RENAME CONSTRAINT t_a_check TO y",
            "(a INT UNIQUE, CONSTRAINT y CHECK (a > 0))",
        ),
    ]);
}
