//! The modes of constraints that a revision sets end with it, as they would with a transaction of its
//! own.

use alembic_migrate::options::TransactionMode;
use alembic_suite::{Database, Handle, Subject};

use super::{Connection, Pool, Scratch, TokioPostgres, Via, chain};

const TABLES: &str = r#"
    CREATE TABLE parent (id int PRIMARY KEY);
    CREATE TABLE child (id int CONSTRAINT child_fk REFERENCES parent DEFERRABLE);
    CREATE TABLE late (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
    CREATE SCHEMA "Odd";
    CREATE TABLE "Odd".child (id int CONSTRAINT "a ""fk" REFERENCES parent DEFERRABLE);
    CREATE TABLE line (position int UNIQUE DEFERRABLE);
    INSERT INTO line VALUES (1), (2);
    CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NOT EXISTS (SELECT FROM parent WHERE id = NEW.id) THEN
            RAISE 'no such parent'; END IF; RETURN NULL; END $$;
    CREATE TABLE watched (id int);
    CREATE CONSTRAINT TRIGGER watches AFTER INSERT ON watched DEFERRABLE
        FOR EACH ROW EXECUTE FUNCTION refuses();
    CREATE FUNCTION defers() RETURNS void LANGUAGE sql AS 'SET CONSTRAINTS ALL DEFERRED';
    CREATE PROCEDURE defers_all() LANGUAGE sql AS 'SET CONSTRAINTS ALL DEFERRED';"#;

/// The upgrades of two revisions, and the one that fails.
const ROWS: &[(&str, &str, Option<&str>)] = &[
    // The next revision finds every mode as it was declared.
    (
        "SET CONSTRAINTS ALL DEFERRED;",
        "INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);",
        Some("r2"),
    ),
    (
        "SET CONSTRAINTS child_fk DEFERRED;",
        "INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);",
        Some("r2"),
    ),
    (
        "SET CONSTRAINTS \"Odd\".\"a \"\"fk\" DEFERRED;",
        "INSERT INTO \"Odd\".child VALUES (1); INSERT INTO parent VALUES (1);",
        Some("r2"),
    ),
    (
        "SELECT defers();",
        "INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);",
        Some("r2"),
    ),
    (
        "CALL defers_all();",
        "INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);",
        Some("r2"),
    ),
    (
        "DO $$ BEGIN SET CONSTRAINTS child_fk DEFERRED; END $$;",
        "INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);",
        Some("r2"),
    ),
    (
        "SET CONSTRAINTS ALL DEFERRED;",
        "INSERT INTO watched VALUES (1); INSERT INTO parent VALUES (1);",
        Some("r2"),
    ),
    (
        "SET CONSTRAINTS ALL DEFERRED;",
        "UPDATE line SET position = 2 WHERE position = 1;
         UPDATE line SET position = 1 WHERE position = 2;",
        Some("r2"),
    ),
    (
        "SET CONSTRAINTS ALL IMMEDIATE;",
        "INSERT INTO late VALUES (1); INSERT INTO parent VALUES (1);",
        None,
    ),
    (
        "SET CONSTRAINTS late_id_fkey IMMEDIATE;",
        "INSERT INTO late VALUES (1); INSERT INTO parent VALUES (1);",
        None,
    ),
    // What is deferred is due at the end of the revision.
    (
        "SET CONSTRAINTS child_fk DEFERRED; INSERT INTO child VALUES (1);",
        "INSERT INTO parent VALUES (1);",
        Some("r1"),
    ),
    (
        "SELECT defers(); INSERT INTO child VALUES (1);",
        "INSERT INTO parent VALUES (1);",
        Some("r1"),
    ),
    (
        "SET CONSTRAINTS ALL DEFERRED; INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);",
        "SET CONSTRAINTS ALL DEFERRED; INSERT INTO child VALUES (2); INSERT INTO parent VALUES (2);",
        None,
    ),
    // Constraints that are created later have their own modes, too.
    (
        "SET CONSTRAINTS ALL DEFERRED;",
        "CREATE TABLE more (id int REFERENCES parent DEFERRABLE);
         INSERT INTO more VALUES (1); INSERT INTO parent VALUES (1);",
        Some("r2"),
    ),
    (
        "SET CONSTRAINTS ALL IMMEDIATE;",
        "CREATE TABLE more (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
         INSERT INTO more VALUES (1); INSERT INTO parent VALUES (1);",
        None,
    ),
    (
        "DO $$ BEGIN SET CONSTRAINTS ALL IMMEDIATE; END $$;",
        "CREATE CONSTRAINT TRIGGER later AFTER INSERT ON parent INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION refuses(); INSERT INTO parent VALUES (1);",
        None,
    ),
    (
        "SET CONSTRAINTS child_fk DEFERRED;",
        "ALTER TABLE child ALTER CONSTRAINT child_fk DEFERRABLE INITIALLY DEFERRED;
         INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);",
        None,
    ),
    // A revision's own modes hold in all of it.
    (
        "SET CONSTRAINTS ALL IMMEDIATE;",
        "SET CONSTRAINTS ALL DEFERRED; CREATE TABLE more (id int REFERENCES parent DEFERRABLE);
         INSERT INTO more VALUES (1); INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);",
        None,
    ),
    (
        "SET CONSTRAINTS ALL DEFERRED;",
        "DO $$ BEGIN SET CONSTRAINTS child_fk DEFERRED; END $$; CREATE TABLE more (id int);
         INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);",
        None,
    ),
    // Within a section outside of transactions, they only last as long as a statement.
    (
        "SET CONSTRAINTS ALL DEFERRED; INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);\n\
         -- alembic: upgrade no-transaction\nSET CONSTRAINTS ALL DEFERRED;",
        "INSERT INTO child VALUES (2); INSERT INTO parent VALUES (2);",
        Some("r2"),
    ),
];

#[test]
fn modes_of_constraints_end_with_their_revision() {
    check::<Pool>(true);
    check::<Connection>(false);
    check::<TokioPostgres>(false);
}

/// Runs every row at once, one by one, and in a transaction each.
fn check<S: Subject>(has_second_connection: bool) {
    let mut scratch = Scratch::new(Via::Pool, "");
    for (first, second, fails) in ROWS {
        if first.contains("no-transaction") && !has_second_connection {
            continue;
        }
        let migrations =
            chain(&[first, second].map(|statements| format!("-- alembic: upgrade\n{statements}")));
        let each = migrations.clone().transaction(TransactionMode::Revision);
        let mut left = Vec::new();
        for (migrations, targets) in [
            (&migrations, &["r1", "r2"][..]),
            (&migrations, &["heads"]),
            (&each, &["heads"]),
        ] {
            scratch.refill(TABLES);
            let mut targets = targets.iter();
            let outcome = targets.try_for_each(|target| {
                let upgraded = S::open(&scratch.address()).upgrade(migrations, target);
                upgraded.map(drop)
            });
            let context = format!("{first} {second}");
            match (outcome, fails) {
                (Ok(()), None) => left.push(scratch.dump()),
                (Err(error), Some(revision)) => {
                    let error = error.to_string();
                    let of_revision = format!("revision {revision}");
                    assert!(error.contains(&of_revision), "{context}: {error}");
                }
                (outcome, expected) => panic!("{context}: {outcome:?}, expected {expected:?}"),
            }
        }
        assert!(left.windows(2).all(|pair| pair[0] == pair[1]), "{left:?}");
    }
}
