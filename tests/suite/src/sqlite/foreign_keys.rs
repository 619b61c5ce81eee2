//! Tables rebuilt by hand while other tables refer to them.

use alembic_migrate::DatabaseState;
use alembic_migrate::options::TransactionMode;
use alembic_run::Violation;

use super::{File, FileSubject, chain, single};
use crate::answer::{failure, state, text, violations};
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
        &[("child", "parent", 1)],
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
    let mismatch = "CREATE TABLE a (x, z); CREATE TABLE b (y REFERENCES a (x));
                    INSERT INTO b VALUES (1);";
    for upgrade in [
        "UPDATE b SET y = 2; INSERT INTO b VALUES (3);",
        "CREATE UNIQUE INDEX a_x ON a (x); INSERT INTO a (x) VALUES (1);",
        "CREATE UNIQUE INDEX a_x ON a (x);",
        "ALTER TABLE b RENAME TO c; UPDATE c SET y = 4;",
        "ALTER TABLE a RENAME TO d; UPDATE b SET y = 4;",
        "ALTER TABLE b RENAME COLUMN y TO w; UPDATE b SET w = 4;",
        "CREATE UNIQUE INDEX a_part ON a (x) WHERE x > 1; UPDATE b SET y = 4;",
        "DROP TABLE b; UPDATE a SET x = 1;",
    ] {
        check::<S>(mismatch, upgrade, &[]);
    }
}

pub fn every_other_key_is_checked_next_to_one_that_cannot_be_enforced<S: FileSubject>() {
    let mismatch = "CREATE TABLE a (x); CREATE TABLE b (y REFERENCES a (x));
                    INSERT INTO b VALUES (1);";
    // Of another table, and of the same one.
    let other = format!("{FAMILY} {mismatch}");
    let same = format!(
        "{FAMILY} {mismatch} ALTER TABLE child ADD COLUMN a_x REFERENCES a (x);
         UPDATE child SET a_x = 7;"
    );
    for before in [other, same] {
        for (upgrade, expected) in [
            (REBUILD, &[][..]),
            ("UPDATE b SET y = 3;", &[]),
            ("DELETE FROM parent;", &[("child", "parent", 3)]),
            ("DROP TABLE parent;", &[("child", "parent", 3)]),
            (
                "INSERT INTO child (id, parent_id) VALUES (4, 9), (5, NULL);",
                &[("child", "parent", 1)],
            ),
        ] {
            check::<S>(&before, upgrade, expected);
        }
    }
}

pub fn a_new_key_that_cannot_be_enforced_is_refused<S: FileSubject>() {
    let rebuild = REBUILD.replace("id INTEGER PRIMARY KEY", "id INTEGER");
    let unique = "CREATE TABLE p (x, y COLLATE NOCASE); CREATE UNIQUE INDEX p_x ON p (x);
                  CREATE TABLE c (z REFERENCES p (x)); INSERT INTO c VALUES (NULL);";
    for (before, upgrade, expected) in [
        (FAMILY, rebuild.as_str(), "child (parent_id) to parent (id)"),
        (unique, "DROP INDEX p_x; DELETE FROM c;", "c (z) to p (x)"),
        (
            unique,
            "CREATE TABLE d (v REFERENCES p (y)); INSERT INTO d VALUES (1);",
            "d (v) to p (y)",
        ),
        // Unique, but as the column does not compare.
        (
            unique,
            "CREATE UNIQUE INDEX p_y ON p (y COLLATE BINARY);
             CREATE TABLE d (v REFERENCES p (y)); INSERT INTO d VALUES (1);",
            "d (v) to p (y)",
        ),
        (
            unique,
            "CREATE TABLE d (v REFERENCES p); INSERT INTO d VALUES (1);",
            "d (v) to p",
        ),
        (
            unique,
            "CREATE VIEW e AS SELECT * FROM p; CREATE TABLE d (v REFERENCES e (x));
             INSERT INTO d VALUES (1);",
            "d (v) to e (x)",
        ),
        (
            unique,
            "CREATE TABLE d (v, w, FOREIGN KEY (v, w) REFERENCES p (x, y));
             INSERT INTO d VALUES (1, 2);",
            "d (v, w) to p (x, y)",
        ),
    ] {
        let (file, mut connection) = open::<S>("1", before);
        let dump_before = file.dump();
        let error = connection.upgrade(&single(upgrade), "heads").unwrap_err();
        assert_eq!(
            text(&error),
            format!(
                "foreign key mismatch: {expected} cannot be enforced, since the referenced \
                 columns need not be unique, left by revision r1; the database is as it was before"
            ),
            "{upgrade}"
        );
        assert_eq!(file.dump(), dump_before, "{upgrade}");
    }
}

pub fn a_new_key_that_cannot_be_enforced_is_refused_without_any_row<S: FileSubject>() {
    let before = "CREATE TABLE p (x); CREATE UNIQUE INDEX p_x ON p (x);
                  CREATE TABLE c (z REFERENCES p (x));";
    let old = "CREATE TABLE p (x); CREATE TABLE c (z REFERENCES p (x));";
    let awaited = "CREATE TABLE c (z REFERENCES p (x));";
    for (before, upgrade, expected) in [
        (before, "CREATE TABLE d (v REFERENCES p (x));", None),
        (before, "DROP INDEX p_x;", Some("c (z) to p (x)")),
        (
            before,
            "CREATE TABLE q (y); CREATE TABLE d (v REFERENCES q (y));",
            Some("d (v) to q (y)"),
        ),
        (
            before,
            "DROP INDEX p_x; CREATE UNIQUE INDEX p_again ON p (x);",
            None,
        ),
        (
            old,
            "CREATE TABLE d (v REFERENCES c (z));",
            Some("d (v) to c (z)"),
        ),
        (old, "CREATE TABLE d (v PRIMARY KEY REFERENCES d);", None),
        // What comes later, and is the parent of a key that was there before.
        (awaited, "CREATE TABLE p (x UNIQUE);", None),
        (
            awaited,
            "CREATE TABLE p (id INTEGER PRIMARY KEY, x);",
            Some("c (z) to p (x)"),
        ),
        (
            awaited,
            "CREATE TABLE P (y); CREATE TABLE d (v);",
            Some("c (z) to p (x)"),
        ),
        (
            awaited,
            "CREATE TABLE p (x); CREATE UNIQUE INDEX p_x ON p (x);",
            None,
        ),
        (
            awaited,
            "CREATE VIEW p AS SELECT 1 AS x;",
            Some("c (z) to p (x)"),
        ),
        (
            awaited,
            "CREATE VIRTUAL TABLE p USING fts5 (x);",
            Some("c (z) to p (x)"),
        ),
        (old, "CREATE TABLE IF NOT EXISTS p (x);", None),
        (old, "CREATE TABLE q (x); CREATE VIEW w AS SELECT 1;", None),
    ] {
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            let (_file, mut connection) = open::<S>("1", before);
            let migrations = single(upgrade).transaction(mode);
            let outcome = connection.upgrade(&migrations, "heads");
            let found = outcome.err().map(|error| failure(&error));
            let expected = expected.map(|key| {
                format!(
                    "foreign key mismatch: {key} cannot be enforced, since the referenced columns \
                     need not be unique, left by revision r1"
                )
            });
            assert_eq!(found, expected, "{upgrade}");
        }
    }
}

pub fn what_does_not_work_is_refused_unless_it_was_there<S: FileSubject>() {
    let before = "CREATE TABLE t (x PRIMARY KEY, y); CREATE TABLE c (z REFERENCES gone (x), w);
                  CREATE VIEW broken AS SELECT missing FROM t;
                  CREATE VIEW v AS SELECT x, y FROM t; CREATE VIEW u AS SELECT x FROM v;
                  CREATE VIEW of_the_application AS SELECT its_own(x) FROM t;
                  CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO c (w) VALUES (NEW.y); END;
                  CREATE TRIGGER iv INSTEAD OF UPDATE ON v
                  BEGIN UPDATE t SET y = NEW.y WHERE x = OLD.x; END;";
    for (upgrade, expected) in [
        ("DROP VIEW broken; ALTER TABLE c RENAME TO d;", None),
        ("CREATE TABLE other (a); DROP VIEW u;", None),
        ("CREATE VIEW mine AS SELECT another(x) FROM t;", None),
        ("CREATE TABLE gone (x PRIMARY KEY);", None),
        (
            "CREATE TABLE d (v REFERENCES later (x));",
            Some("the foreign key d (v) refers to a table later that does not exist"),
        ),
        (
            "CREATE TABLE d (v REFERENCES later (x)); CREATE TABLE later (x UNIQUE);",
            None,
        ),
        (
            "CREATE TABLE d (v REFERENCES t (gone));",
            Some("the foreign key d (v) refers to a column gone of t that does not exist"),
        ),
        (
            "DROP VIEW broken; ALTER TABLE t RENAME TO t_old; CREATE TABLE t (x PRIMARY KEY, y);
             CREATE TABLE d (v REFERENCES t_old (x)); DROP TABLE t_old;",
            Some(
                "the foreign key d (v) refers to a table t_old that does not exist; the view `v` \
                 does not compile: no such table: main.t_old; the view `u` does not compile: no \
                 such table: main.t_old; the trigger `iv` does not compile: no such table: \
                 main.t_old",
            ),
        ),
        (
            "CREATE VIEW w AS SELECT absent FROM t;",
            Some("the view `w` does not compile: no such column: absent"),
        ),
        (
            "DROP TABLE c;",
            Some("the trigger `tr` does not compile: no such table: main.c"),
        ),
        (
            "DROP VIEW v;",
            Some("the view `u` does not compile: no such table: main.v"),
        ),
        (
            "CREATE TRIGGER bad AFTER DELETE ON c BEGIN DELETE FROM nowhere; END;",
            Some("the trigger `bad` does not compile: no such table: main.nowhere"),
        ),
        (
            "DROP TRIGGER tr; DROP TABLE t; CREATE TABLE t (x PRIMARY KEY, y, z);",
            None,
        ),
    ] {
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            let (file, mut connection) = open::<S>("1", before);
            let dump_before = file.dump();
            let migrations = single(upgrade).transaction(mode);
            let outcome = connection.upgrade(&migrations, "heads");
            let found = outcome.err().map(|error| failure(&error));
            assert_eq!(found.as_deref(), expected, "{upgrade}");
            if expected.is_some() {
                assert_eq!(file.dump(), dump_before, "{upgrade}");
            }
        }
    }
}

pub fn rows_are_compared_and_not_counted<S: FileSubject>() {
    let broken = format!("{FAMILY} INSERT INTO child VALUES (8, 80), (9, 90);");
    for upgrade in [
        "DELETE FROM child WHERE id = 9; DELETE FROM parent WHERE id = 2;",
        "INSERT INTO parent (id) VALUES (90); INSERT INTO child VALUES (10, 91);",
        "UPDATE child SET parent_id = 1 WHERE id = 9; UPDATE child SET parent_id = 90 WHERE id = 1;",
        "DELETE FROM child WHERE id = 9; INSERT INTO child VALUES (10, 90);",
    ] {
        check::<S>(&broken, upgrade, &[("child", "parent", 1)]);
    }
    let two = "CREATE TABLE user (name TEXT PRIMARY KEY);
               CREATE TABLE message (id TEXT PRIMARY KEY, sender REFERENCES user,
                   receiver REFERENCES user) WITHOUT ROWID;
               INSERT INTO user VALUES ('a'); INSERT INTO message VALUES ('m', 'a', 'nobody');";
    check::<S>(
        two,
        "UPDATE message SET sender = 'nobody', receiver = 'a';",
        &[("message", "user", 1)],
    );
    // Mended, and broken again.
    check::<S>(
        two,
        "UPDATE message SET receiver = 'no one';",
        &[("message", "user", 1)],
    );
    check::<S>(
        two,
        "INSERT INTO message VALUES ('n', 'x', 'y');",
        &[("message", "user", 2)],
    );
    // Without a primary key, rows are known by what they refer to.
    let anonymous = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p_id REFERENCES p);
                     INSERT INTO c VALUES (7), (7), (8);";
    check::<S>(anonymous, "UPDATE c SET p_id = 8;", &[("c", "p", 2)]);
    check::<S>(
        anonymous,
        "CREATE TABLE d (p_id REFERENCES p, x); INSERT INTO d (p_id) SELECT p_id FROM c ORDER BY 1 DESC;
         DROP TABLE c; ALTER TABLE d RENAME TO c;",
        &[],
    );
}

pub fn rows_dangle_as_sqlite_compares_them<S: FileSubject>() {
    // The second unenforceable key makes the run compare rows by itself.
    for also in [
        "",
        "CREATE TABLE u (x); CREATE TABLE v (y REFERENCES u (x));",
    ] {
        for (schema, values, dangling) in [
            ("TEXT PRIMARY KEY) / INTEGER", "('1') / (1)", 0),
            ("TEXT PRIMARY KEY) / INTEGER", "('01') / (1)", 1),
            (
                "INTEGER PRIMARY KEY) / TEXT",
                "(1) / ('1'), ('01'), ('x')",
                1,
            ),
            ("INTEGER UNIQUE) / TEXT", "(1) / ('1'), ('x'), ('1.0')", 1),
            ("PRIMARY KEY) / TEXT", "(1) / ('1')", 1),
            (
                "TEXT COLLATE NOCASE PRIMARY KEY) / TEXT",
                "('A') / ('a'), ('b')",
                1,
            ),
            (
                "TEXT PRIMARY KEY) / TEXT COLLATE NOCASE",
                "('A') / ('a')",
                1,
            ),
            (
                "BLOB PRIMARY KEY) / TEXT",
                "(x'61') / ('a'), (x'61'), (NULL)",
                1,
            ),
            (
                "REAL UNIQUE) / INTEGER",
                "(1.0), (2.5) / (1), (2.5), (2)",
                1,
            ),
        ] {
            let (id, refers) = schema.split_once(" / ").unwrap();
            let (parents, children) = values.split_once(" / ").unwrap();
            let before = format!(
                "{also} CREATE TABLE \"the parent\" (\"i\"\"d\" {id};
                 CREATE TABLE [the child] (`p,i` {refers} REFERENCES \"THE parent\" ([I\"D]));
                 INSERT INTO \"the parent\" VALUES {parents};"
            );
            let upgrade = format!("INSERT INTO \"the child\" VALUES {children};");
            let expected = [("the child", "THE parent", dangling)];
            let expected = if dangling > 0 { &expected[..] } else { &[] };
            check::<S>(&before, &upgrade, expected);
        }
        let pair = format!(
            "{also} CREATE TABLE p (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID;
             CREATE TABLE c (x, y, FOREIGN KEY (y, x) REFERENCES P);
             INSERT INTO p VALUES (1, 2);"
        );
        check::<S>(
            &pair,
            "INSERT INTO c VALUES (1, 2), (NULL, 7), (7, NULL), (NULL, NULL);",
            &[],
        );
        check::<S>(&pair, "INSERT INTO c VALUES (2, 1);", &[("c", "P", 1)]);
        // A temporary table of the same name is another one.
        let orphans = format!("{also} CREATE TABLE c (x REFERENCES missing (y));");
        check::<S>(
            &orphans,
            "CREATE TEMP TABLE missing (y PRIMARY KEY); INSERT INTO missing VALUES (7);
             CREATE TEMP TABLE c (x); INSERT INTO main.c VALUES (7), (NULL);",
            &[("c", "missing", 1)],
        );
    }
}

pub fn attached_databases_are_checked_too<S: FileSubject>() {
    for also in [
        "",
        "CREATE TABLE more.u (x); CREATE TABLE more.v (y REFERENCES u (x));",
    ] {
        let (_file, mut connection) = open::<S>("0", "");
        let more = file("");
        connection.execute(&format!(
            "ATTACH '{}' AS more; {also}",
            more.path().display()
        ));
        connection.execute(
            "CREATE TABLE more.p (id INTEGER PRIMARY KEY);
             CREATE TABLE more.c (id INTEGER PRIMARY KEY, p_id REFERENCES p);
             INSERT INTO more.c VALUES (1, 8)",
        );
        let insert = single("INSERT INTO more.c VALUES (2, 9);");
        let error = connection.upgrade(&insert, "heads").unwrap_err();
        let violation = Violation {
            table: "more.c".to_owned(),
            parent: "more.p".to_owned(),
            rows: 1,
        };
        assert_eq!(violations(&error), Some(&[violation][..]));
        let update = single("UPDATE more.c SET p_id = p_id;");
        connection.upgrade(&update, "heads").unwrap();
    }
}

pub fn many_rows_that_refer_to_nothing_are_compared<S: FileSubject>() {
    let many = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p_id REFERENCES p);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO c SELECT i, i FROM n;";
    check::<S>(
        many,
        "DELETE FROM c WHERE id = 7; INSERT INTO c VALUES (20001, 7), (20002, 8);",
        &[("c", "p", 2)],
    );
    check::<S>(many, "DELETE FROM c WHERE id % 2 = 0;", &[]);
}
