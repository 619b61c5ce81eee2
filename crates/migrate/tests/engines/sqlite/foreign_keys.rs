//! Tables rebuilt by hand while other tables refer to them.

use alembic_migrate::{DatabaseState, RunFault, Violation};
use rusqlite::Connection;

use super::{chain, dump, setting, single};

const FAMILY: &str = "
    CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE child (id INTEGER PRIMARY KEY,
        parent_id INTEGER REFERENCES parent (id) ON DELETE CASCADE);
    INSERT INTO parent VALUES (1, 'a'), (2, 'b');
    INSERT INTO child VALUES (1, 1), (2, 1), (3, 2);
";

/// The rebuild that SQLite's manual prescribes.
const REBUILD: &str = "
    PRAGMA foreign_keys = OFF;
    CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO parent_new SELECT id, name FROM parent;
    DROP TABLE parent;
    ALTER TABLE parent_new RENAME TO parent;
    PRAGMA foreign_keys = ON;
";

fn open(enforced: &str, sql: &str) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF")
        .unwrap();
    connection.execute_batch(sql).unwrap();
    connection
        .pragma_update(None, "foreign_keys", enforced)
        .unwrap();
    connection
}

/// Checks which rows an upgrade refuses to leave behind; none is refused when it succeeds.
#[track_caller]
fn check(before: &str, upgrade: &str, expected: &[(&str, &str, u64)]) {
    for enforced in ["0", "1"] {
        let mut connection = open(enforced, before);
        let dump_before = dump(&connection);
        let outcome = single(upgrade).upgrade(&mut connection, "heads");
        assert_eq!(setting(&connection, "foreign_keys"), enforced);
        let violations = match outcome {
            Ok(_) => Vec::new(),
            Err(error) => {
                assert_eq!(error.state, DatabaseState::Unchanged);
                assert_eq!(dump(&connection), dump_before);
                match *error.fault {
                    RunFault::ForeignKeys { violations, .. } => violations,
                    fault => panic!("{fault}"),
                }
            }
        };
        let violation = |(table, parent, rows): &(&str, &str, u64)| Violation {
            table: (*table).to_owned(),
            parent: (*parent).to_owned(),
            rows: *rows,
        };
        assert_eq!(
            violations,
            expected.iter().map(violation).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_rebuild_keeps_the_rows_that_refer_to_the_table() {
    for enforced in ["0", "1"] {
        for section in ["", " no-transaction"] {
            let mut connection = open(enforced, FAMILY);
            let rebuild = format!("-- alembic: upgrade\n{REBUILD}");
            // Whatever comes before, and even if it switches the enforcement on.
            let first = format!("-- alembic: upgrade{section}\nPRAGMA foreign_keys = ON;");
            chain(&[first, rebuild])
                .upgrade(&mut connection, "heads")
                .unwrap();
            let dump = dump(&connection);
            assert!(dump.contains("child:\n1|1\n2|1\n3|2\n"), "{dump}");
            assert!(dump.contains("name TEXT NOT NULL"), "{dump}");
            assert_eq!(setting(&connection, "foreign_keys"), enforced);
        }
    }
}

#[test]
fn rows_that_would_refer_to_nothing_are_refused() {
    check(FAMILY, REBUILD, &[]);
    let loses = REBUILD.replace("FROM parent;", "FROM parent WHERE id > 1;");
    check(FAMILY, &loses, &[("child", "parent", 2)]);
    check(FAMILY, "DELETE FROM parent;", &[("child", "parent", 3)]);
    check(FAMILY, "DELETE FROM child; DELETE FROM parent;", &[]);
    check(
        FAMILY,
        "INSERT INTO child VALUES (4, 9), (5, NULL);",
        &[("child", "parent", 1)],
    );
    check(FAMILY, "DROP TABLE parent;", &[("child", "parent", 3)]);
    check(FAMILY, "DROP TABLE child; DROP TABLE parent;", &[]);
    // Renamed first, the children follow the old table.
    let renames_first = "
        ALTER TABLE parent RENAME TO parent_old;
        CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        INSERT INTO parent SELECT * FROM parent_old;
        DROP TABLE parent_old;";
    check(FAMILY, renames_first, &[("child", "parent_old", 3)]);
}

#[test]
fn a_section_outside_and_what_precedes_it_are_checked_too() {
    let mut connection = open("1", FAMILY);
    let before = dump(&connection);
    let migrations = chain(&["-- alembic: upgrade\nDELETE FROM parent;\n\
         -- alembic: upgrade no-transaction\nVACUUM;"]);
    let error = migrations.upgrade(&mut connection, "heads").unwrap_err();
    assert!(
        matches!(*error.fault, RunFault::ForeignKeys { .. }),
        "{error}"
    );
    assert_eq!(error.state, DatabaseState::Unchanged);
    assert_eq!(dump(&connection), before);

    let migrations = chain(&["-- alembic: upgrade no-transaction\nDELETE FROM parent;"]);
    let error = migrations.upgrade(&mut connection, "heads").unwrap_err();
    assert!(
        matches!(*error.fault, RunFault::ForeignKeys { .. }),
        "{error}"
    );
    assert!(
        matches!(error.state, DatabaseState::Partial { .. }),
        "{error}"
    );
}

#[test]
fn rows_that_refer_to_nothing_already_are_not_held_against_a_run() {
    let broken = format!("{FAMILY} INSERT INTO child VALUES (8, 80), (9, 90);");
    check(&broken, REBUILD, &[]);
    check(&broken, "DELETE FROM child WHERE id = 9;", &[]);
    check(
        &broken,
        "UPDATE child SET parent_id = 70 WHERE id = 9;",
        &[],
    );
    check(
        &broken,
        "DELETE FROM parent WHERE id = 2;",
        &[("child", "parent", 1)],
    );
    check(
        &broken,
        "ALTER TABLE child RENAME TO kid; DELETE FROM kid WHERE id = 1;",
        &[],
    );
    check(
        &broken,
        "ALTER TABLE child RENAME TO kid; DELETE FROM parent WHERE id = 2;",
        &[("kid", "parent", 1)],
    );
    check(
        &broken,
        "ALTER TABLE parent RENAME TO elder; DELETE FROM child WHERE id = 1;",
        &[],
    );
    check(
        &broken,
        "ALTER TABLE child RENAME TO kid; ALTER TABLE parent RENAME TO elder; UPDATE kid SET id = id;",
        &[],
    );
    let other = format!("{broken} CREATE TABLE pet (parent_id REFERENCES parent (id));");
    // What is mended in one table is no allowance for another.
    check(
        &other,
        "DELETE FROM child WHERE id > 7; INSERT INTO pet VALUES (50);",
        &[("pet", "parent", 1)],
    );
    let spelt = REBUILD
        .replace("parent_new", "child_new")
        .replace(
            "(id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
            "(id, parent_id REFERENCES PARENT (id))",
        )
        .replace("SELECT id, name FROM parent", "SELECT * FROM child")
        .replace("DROP TABLE parent", "DROP TABLE child")
        .replace("RENAME TO parent", "RENAME TO child");
    check(&broken, &spelt, &[]);
}

#[test]
fn a_key_that_can_refer_to_nothing_is_not_held_against_a_run() {
    let mismatch = "CREATE TABLE a (x); CREATE TABLE b (y REFERENCES a (x));
                    INSERT INTO b VALUES (1);";
    check(
        mismatch,
        "UPDATE b SET y = 2; INSERT INTO b VALUES (3);",
        &[],
    );
    check(
        mismatch,
        "CREATE UNIQUE INDEX a_x ON a (x); INSERT INTO a VALUES (1);",
        &[],
    );

    let mut connection = open("1", FAMILY);
    let before = dump(&connection);
    let error = single(&REBUILD.replace("id INTEGER PRIMARY KEY", "id INTEGER"))
        .upgrade(&mut connection, "heads")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "foreign key mismatch - \"child\" referencing \"parent\"; \
         the database is as it was before"
    );
    assert_eq!(dump(&connection), before);
}
