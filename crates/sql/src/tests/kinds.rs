//! Statements, and how they are run.

use super::{BOTH, POSTGRES, SQLITE, kind};

/// How statements are run.
#[derive(Debug, PartialEq, Eq)]
enum Use {
    TransactionControl,
    SchemaOnly,
    Other,
}

use Use::{Other, SchemaOnly, TransactionControl};

#[test]
fn kinds_are_told_from_the_leading_words() {
    for (dialects, statement, expected) in [
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
            let read = kind(statement, *dialect);
            let found = if read.is_transaction_control() {
                TransactionControl
            } else if read.only_changes_schema() {
                SchemaOnly
            } else {
                Other
            };
            assert_eq!(found, expected, "{dialect}: {statement}");
        }
    }
}

#[test]
fn some_statements_may_commit() {
    for (statement, expected) in [
        ("CALL p()", true),
        ("DO $$ BEGIN COMMIT; END $$", true),
        ("do language plpgsql 'BEGIN Call p(); END'", true),
        ("DO $$ BEGIN PERFORM f(); END $$", false),
        ("INSERT INTO calls VALUES ('commit')", false),
        ("COMMIT", false),
    ] {
        assert_eq!(
            kind(statement, crate::Dialect::Postgres).may_commit(),
            expected,
            "{statement}"
        );
    }
}
