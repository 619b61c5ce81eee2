//! Tables rebuilt by hand while other tables refer to them.

use alembic_migrate::DatabaseState;
use alembic_run::Violation;

use super::{File, FileSubject, chain, single};
use crate::answer::{state, violations};
use crate::comparison::record;
use crate::{Command, Database, Handle};

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

/// Creates a database, whatever its rows refer to, and opens it.
fn open<S: FileSubject>(enforced: &str, sql: &str) -> (File, S::Handle) {
    let file = file(sql);
    let mut handle = S::open(&file.address());
    handle.execute(&format!("PRAGMA foreign_keys = {enforced}"));
    (file, handle)
}

fn file(sql: &str) -> File {
    File::new(&format!("PRAGMA foreign_keys = OFF; {sql}"))
}

/// Checks which rows an upgrade refuses to leave behind; none is refused when it succeeds.
#[track_caller]
fn check<S: FileSubject>(before: &str, upgrade: &str, expected: &[(&str, &str, u64)]) {
    let migrations = single(upgrade);
    for enforced in ["0", "1"] {
        let (file, mut handle) = open::<S>(enforced, before);
        let dump_before = file.dump();
        let record = record::<S>(&mut handle, &migrations, Command::Upgrade("heads"), upgrade);
        if enforced == "1" {
            record.check_reference::<S>(&file, || self::file(before), &migrations);
        }
        let found = match record.outcome {
            Ok(_) => Vec::new(),
            Err(error) => {
                assert_eq!(*state(&error), DatabaseState::Unchanged);
                assert_eq!(file.dump(), dump_before);
                let found = violations(&error).unwrap_or_else(|| panic!("{error}"));
                found.to_vec()
            }
        };
        let violation = |(table, parent, rows): &(&str, &str, u64)| Violation {
            table: (*table).to_owned(),
            parent: (*parent).to_owned(),
            rows: *rows,
        };
        assert_eq!(found, expected.iter().map(violation).collect::<Vec<_>>());
    }
}

pub fn a_rebuild_keeps_the_rows_that_refer_to_the_table<S: FileSubject>() {
    for enforced in ["0", "1"] {
        for section in ["", " no-transaction"] {
            let (file, mut connection) = open::<S>(enforced, FAMILY);
            let settings = connection.settings();
            let rebuild = format!("-- alembic: upgrade\n{REBUILD}");
            // Whatever comes before, and even if it switches the enforcement on.
            let first = format!("-- alembic: upgrade{section}\nPRAGMA foreign_keys = ON;");
            connection
                .upgrade(&chain(&[first, rebuild]), "heads")
                .unwrap();
            let dump = file.dump();
            assert!(dump.contains("child:\n1|1\n2|1\n3|2\n"), "{dump}");
            assert!(dump.contains("name TEXT NOT NULL"), "{dump}");
            assert_eq!(connection.settings(), settings);
        }
    }
}

pub fn rows_that_would_refer_to_nothing_are_refused<S: FileSubject>() {
    check::<S>(FAMILY, REBUILD, &[]);
    let loses = REBUILD.replace("FROM parent;", "FROM parent WHERE id > 1;");
    check::<S>(FAMILY, &loses, &[("child", "parent", 2)]);
    check::<S>(FAMILY, "DELETE FROM parent;", &[("child", "parent", 3)]);
    check::<S>(FAMILY, "DELETE FROM child; DELETE FROM parent;", &[]);
    check::<S>(
        FAMILY,
        "INSERT INTO child VALUES (4, 9), (5, NULL);",
        &[("child", "parent", 1)],
    );
    check::<S>(FAMILY, "DROP TABLE parent;", &[("child", "parent", 3)]);
    check::<S>(FAMILY, "DROP TABLE child; DROP TABLE parent;", &[]);
    // Renamed first, the children follow the old table.
    let renames_first = "
        ALTER TABLE parent RENAME TO parent_old;
        CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        INSERT INTO parent SELECT * FROM parent_old;
        DROP TABLE parent_old;";
    check::<S>(FAMILY, renames_first, &[("child", "parent_old", 3)]);
}

pub fn a_section_outside_and_what_precedes_it_are_checked_too<S: FileSubject>() {
    let (file, mut connection) = open::<S>("1", FAMILY);
    let before = file.dump();
    let migrations = chain(&["-- alembic: upgrade\nDELETE FROM parent;\n\
         -- alembic: upgrade no-transaction\nVACUUM;"]);
    let error = connection.upgrade(&migrations, "heads").unwrap_err();
    assert!(violations(&error).is_some(), "{error}");
    assert_eq!(*state(&error), DatabaseState::Unchanged);
    assert_eq!(file.dump(), before);

    let migrations = chain(&["-- alembic: upgrade no-transaction\nDELETE FROM parent;"]);
    let error = connection.upgrade(&migrations, "heads").unwrap_err();
    assert!(violations(&error).is_some(), "{error}");
    assert!(
        matches!(state(&error), DatabaseState::Unfinished { .. }),
        "{error}"
    );
}

pub fn rows_that_refer_to_nothing_already_are_not_held_against_a_run<S: FileSubject>() {
    let broken = format!("{FAMILY} INSERT INTO child VALUES (8, 80), (9, 90);");
    check::<S>(&broken, REBUILD, &[]);
    check::<S>(&broken, "DELETE FROM child WHERE id = 9;", &[]);
    check::<S>(
        &broken,
        "UPDATE child SET parent_id = 70 WHERE id = 9;",
        &[],
    );
    check::<S>(
        &broken,
        "DELETE FROM parent WHERE id = 2;",
        &[("child", "parent", 1)],
    );
    check::<S>(
        &broken,
        "ALTER TABLE child RENAME TO kid; DELETE FROM kid WHERE id = 1;",
        &[],
    );
    check::<S>(
        &broken,
        "ALTER TABLE child RENAME TO kid; DELETE FROM parent WHERE id = 2;",
        &[("kid", "parent", 1)],
    );
    check::<S>(
        &broken,
        "ALTER TABLE parent RENAME TO elder; DELETE FROM child WHERE id = 1;",
        &[],
    );
    check::<S>(
        &broken,
        "ALTER TABLE child RENAME TO kid; ALTER TABLE parent RENAME TO elder; UPDATE kid SET id = id;",
        &[],
    );
    let other = format!("{broken} CREATE TABLE pet (parent_id REFERENCES parent (id));");
    // What is mended in one table is no allowance for another.
    check::<S>(
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
    check::<S>(&broken, &spelt, &[]);
}

pub fn a_key_that_can_refer_to_nothing_is_not_held_against_a_run<S: FileSubject>() {
    let mismatch = "CREATE TABLE a (x); CREATE TABLE b (y REFERENCES a (x));
                    INSERT INTO b VALUES (1);";
    check::<S>(
        mismatch,
        "UPDATE b SET y = 2; INSERT INTO b VALUES (3);",
        &[],
    );
    check::<S>(
        mismatch,
        "CREATE UNIQUE INDEX a_x ON a (x); INSERT INTO a VALUES (1);",
        &[],
    );

    let (file, mut connection) = open::<S>("1", FAMILY);
    let before = file.dump();
    let error = connection
        .upgrade(
            &single(&REBUILD.replace("id INTEGER PRIMARY KEY", "id INTEGER")),
            "heads",
        )
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "foreign key mismatch - \"child\" referencing \"parent\"; \
         the database is as it was before"
    );
    assert_eq!(file.dump(), before);
}
