//! Settings of a connection, which a run changes and restores.

use alembic_migrate::options::{Purge, TransactionMode};

use super::{File, FileSubject, chain, single};
use crate::answer::text;
use crate::subject::open;
use crate::{Database, Handle};

pub fn settings_are_restored<S: FileSubject>() {
    for enforced in ["0", "1"] {
        let file = File::new("CREATE TABLE mine (x); INSERT INTO mine VALUES (1);");
        let mut handle = open::<S>(&file);
        handle.execute(&format!(
            "PRAGMA foreign_keys = {enforced}; PRAGMA busy_timeout = 321"
        ));
        let settings = handle.settings();
        let expected = format!("foreign_keys {enforced}, busy_timeout 321, journal_mode delete");
        assert_eq!(settings, Some(expected));
        for statements in [
            "SELECT 1",
            "PRAGMA foreign_keys = 1; PRAGMA busy_timeout = 7; CREATE TABLE t (x)",
            "PRAGMA foreign_keys = 0; SELECT no_such_column",
            "INSERT OR ROLLBACK INTO mine SELECT abs(-9223372036854775808)",
        ] {
            let migrations = single(statements);
            let _ = handle.upgrade(&migrations, "heads");
            assert_eq!(handle.settings(), settings, "{statements}");
            assert!(handle.is_idle(), "{statements}");
            let _ = handle.stamp(&migrations, &["base"], Purge::Yes);
            assert_eq!(handle.settings(), settings, "{statements}");
        }
    }
}

/// What revisions set for their connection, and what shows it.
const SETTINGS: [(&str, &str); 25] = [
    ("PRAGMA foreign_keys = ON", "* FROM pragma_foreign_keys"),
    ("PRAGMA foreign_keys(OFF)", "* FROM pragma_foreign_keys"),
    ("PRAGMA case_sensitive_like = ON", "'a' LIKE 'A'"),
    (
        "PRAGMA recursive_triggers = ON",
        "* FROM pragma_recursive_triggers",
    ),
    (
        "PRAGMA main.recursive_triggers = 1",
        "* FROM pragma_recursive_triggers",
    ),
    (
        "EXPLAIN PRAGMA recursive_triggers = ON",
        "* FROM pragma_recursive_triggers",
    ),
    (
        "PRAGMA ignore_check_constraints = ON",
        "* FROM pragma_ignore_check_constraints",
    ),
    (
        "PRAGMA writable_schema = ON",
        "* FROM pragma_writable_schema",
    ),
    (
        "PRAGMA legacy_alter_table = ON",
        "* FROM pragma_legacy_alter_table",
    ),
    (
        "PRAGMA defer_foreign_keys = ON",
        "* FROM pragma_defer_foreign_keys",
    ),
    (
        "PRAGMA reverse_unordered_selects = ON",
        "group_concat(x) FROM (SELECT x FROM seen)",
    ),
    ("PRAGMA temp_store = MEMORY", "* FROM pragma_temp_store"),
    ("PRAGMA synchronous = FULL", "* FROM pragma_synchronous"),
    ("PRAGMA cache_size = 77", "* FROM pragma_cache_size"),
    ("PRAGMA cache_spill = OFF", "* FROM pragma_cache_spill"),
    (
        "PRAGMA automatic_index = OFF",
        "* FROM pragma_automatic_index",
    ),
    ("PRAGMA busy_timeout = 7", "* FROM pragma_busy_timeout"),
    (
        "PRAGMA trusted_schema = OFF",
        "* FROM pragma_trusted_schema",
    ),
    ("PRAGMA secure_delete = FAST", "* FROM pragma_secure_delete"),
    (
        "PRAGMA locking_mode = EXCLUSIVE",
        "* FROM pragma_locking_mode",
    ),
    (
        "PRAGMA read_uncommitted = ON",
        "* FROM pragma_read_uncommitted",
    ),
    ("PRAGMA query_only = ON", "* FROM pragma_query_only"),
    (
        "PRAGMA full_column_names = ON; PRAGMA short_column_names = OFF",
        "* FROM pragma_full_column_names, pragma_short_column_names",
    ),
    (
        "ATTACH ':memory:' AS more; CREATE TABLE more.t (x)",
        "count(*) FROM pragma_database_list WHERE name = 'more'",
    ),
    (
        "ATTACH ':memory:' AS \"other one\"; ATTACH ':memory:' AS more; DETACH more",
        "count(*) FROM pragma_database_list WHERE name <> 'temp'",
    ),
];

/// What SQLite refuses in a transaction.
fn is_outside(setting: &str) -> bool {
    ["synchronous", "temp_store", "ATTACH"]
        .iter()
        .any(|word| setting.contains(word))
}

/// The ways to run revisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Together,
    Each,
    OneByOne,
    /// Each on a connection of its own.
    Apart,
}

pub fn what_a_revision_sets_ends_with_it<S: FileSubject>() {
    for (setting, probe) in SETTINGS {
        for flag in [" no-transaction", ""] {
            // The run's own record is written before such a section ends.
            let is_stuck = setting.contains("query_only") && !flag.is_empty();
            if is_stuck || flag.is_empty() && is_outside(setting) {
                continue;
            }
            let migrations = || {
                chain(&[
                    "-- alembic: upgrade\nCREATE TABLE seen (x, y); INSERT INTO seen (x) VALUES (1), (2);"
                        .to_owned(),
                    format!("-- alembic: upgrade{flag}\n{setting};"),
                    format!("-- alembic: upgrade\nCREATE TABLE probe AS SELECT {probe};"),
                    format!("-- alembic: upgrade no-transaction\nCREATE TABLE aside AS SELECT {probe};"),
                ])
            };
            let dump = |way| {
                let file = File::new("");
                let mut handle = open::<S>(&file);
                match way {
                    Way::Together => drop(handle.upgrade(&migrations(), "heads").unwrap()),
                    Way::Each => {
                        let migrations = migrations().transaction(TransactionMode::Revision);
                        handle.upgrade(&migrations, "heads").unwrap();
                    }
                    Way::OneByOne | Way::Apart => {
                        for revision in ["r1", "r2", "r3", "r4"] {
                            if way == Way::Apart {
                                handle = open::<S>(&file);
                            }
                            handle.upgrade(&migrations(), revision).unwrap();
                        }
                    }
                }
                drop(handle);
                file.dump()
            };
            let apart = dump(Way::Apart);
            for way in [Way::Together, Way::Each, Way::OneByOne] {
                assert_eq!(dump(way), apart, "{way:?}: {setting}");
            }
        }
    }
}

pub fn a_revision_that_fails_leaves_no_settings<S: FileSubject>() {
    for (setting, probe) in SETTINGS {
        for flag in [" no-transaction", ""] {
            if flag.is_empty() && is_outside(setting) {
                continue;
            }
            let file = File::new("CREATE TABLE seen (x); INSERT INTO seen VALUES (1), (2);");
            let probe = |name: &str| format!("CREATE TABLE {name} AS SELECT {probe}");
            let mut handle = open::<S>(&file);
            handle.execute(&probe("before"));
            let migrations = chain(&[format!(
                "-- alembic: upgrade{flag}\n{setting}; SELECT no_such_column;"
            )]);
            handle.upgrade(&migrations, "heads").unwrap_err();
            handle.execute(&probe("after"));
            drop(handle);
            assert_eq!(
                file.rows("SELECT * FROM after"),
                file.rows("SELECT * FROM before"),
                "{flag}: {setting}"
            );
        }
    }
}

pub fn a_revision_goes_on_with_what_it_has_set<S: FileSubject>() {
    for (setting, expected) in [
        ("PRAGMA foreign_keys = ON", "1"),
        ("PRAGMA recursive_triggers = ON", "1"),
        ("ATTACH ':memory:' AS more", "3"),
    ] {
        let file = File::new("");
        let migrations = chain(&[format!(
            "-- alembic: upgrade no-transaction\n{setting}; INSERT INTO later VALUES (1);
             CREATE TABLE seen AS SELECT (SELECT * FROM pragma_foreign_keys)
                 + (SELECT * FROM pragma_recursive_triggers)
                 + 3 * (SELECT count(*) FROM pragma_database_list WHERE name = 'more') AS x;"
        )]);
        let mut handle = open::<S>(&file);
        handle.execute("PRAGMA foreign_keys = OFF");
        handle.upgrade(&migrations, "heads").unwrap_err();
        handle.execute("CREATE TABLE later (x)");
        handle.upgrade(&migrations, "heads").unwrap();
        assert_eq!(
            file.rows("SELECT x FROM seen").trim(),
            expected,
            "{setting}"
        );
    }
}

pub fn a_database_cannot_be_attached_in_a_transaction<S: FileSubject>() {
    let file = File::new("");
    let migrations = single("ATTACH ':memory:' AS more;");
    let error = open::<S>(&file).upgrade(&migrations, "heads").unwrap_err();
    assert_eq!(
        text(&error),
        "r1.sql:6:1: statement 1 of revision r1 failed: a database can only be attached in a \
         no-transaction section, since it could not be detached before the end of the transaction; \
         the database is as it was before"
    );
}

/// WAL is stored in the file, and may be what a revision is for; every other mode is the
/// connection's.
pub fn a_journal_mode_stays_if_the_file_keeps_it<S: FileSubject>() {
    for (before, sets, after) in [
        ("delete", "MEMORY", "delete"),
        ("delete", "TRUNCATE", "delete"),
        ("delete", "PERSIST", "delete"),
        ("delete", "OFF", "delete"),
        ("delete", "WAL", "wal"),
        ("memory", "TRUNCATE", "memory"),
        ("memory", "WAL", "wal"),
        ("truncate", "DELETE", "truncate"),
        ("wal", "DELETE", "delete"),
        ("wal", "MEMORY", "delete"),
        ("wal", "WAL", "wal"),
    ] {
        let sets = format!("-- alembic: upgrade no-transaction\nPRAGMA journal_mode = {sets};");
        let fails =
            "-- alembic: upgrade\nUPDATE data SET x = x + 10; INSERT INTO data VALUES (NULL);";
        for (sections, ends) in [
            (
                [sets.as_str(), "-- alembic: upgrade\nCREATE TABLE more (x);"],
                true,
            ),
            ([sets.as_str(), fails], false),
            ([&format!("{sets} SELECT no_such_column;"), ""], false),
        ] {
            let sections = sections.iter().filter(|section| !section.is_empty());
            let sections: Vec<String> = sections.map(ToString::to_string).collect();
            let data = "CREATE TABLE data (x NOT NULL); INSERT INTO data VALUES (1), (2), (3);";
            let file = File::new(data);
            let mut handle = open::<S>(&file);
            handle.execute(&format!("PRAGMA journal_mode = {before}"));
            let outcome = handle.upgrade(&chain(&sections), "heads");
            assert_eq!(outcome.is_ok(), ends, "{before}: {sections:?}");
            let settings = handle.settings().unwrap();
            assert!(
                settings.ends_with(&format!("journal_mode {after}")),
                "{before}: {sections:?}: {settings}"
            );
            drop(handle);
            assert_eq!(file.rows("SELECT sum(x) FROM data"), "6\n", "{sections:?}");
        }
    }
}

/// A pragma without a name is for all databases of the connection, and the attached ones are the user's.
pub fn an_attached_database_keeps_its_journal_mode<S: FileSubject>() {
    for (before, sets) in [("delete", "WAL"), ("wal", "DELETE"), ("wal", "MEMORY")] {
        for (then, ends) in [
            ("CREATE TABLE more (x)", true),
            ("SELECT no_such_column", false),
        ] {
            let (file, aside) = (File::new(""), File::new("CREATE TABLE data (x)"));
            let mut handle = open::<S>(&file);
            handle.execute(&format!(
                "ATTACH '{}' AS \"As ide\"; PRAGMA \"As ide\".journal_mode = {before}",
                aside.address()
            ));
            let migrations = chain(&[format!(
                "-- alembic: upgrade no-transaction\nPRAGMA journal_mode = {sets}; {then};"
            )]);
            let outcome = handle.upgrade(&migrations, "heads");
            assert_eq!(outcome.is_ok(), ends, "{before}, {sets}, {then}");
            drop(handle);
            let mode: String = aside
                .open()
                .pragma_query_value(None, "journal_mode", |row| row.get(0))
                .unwrap();
            assert_eq!(mode, before, "{sets}, {then}");
        }
    }
}

pub fn a_connection_that_keeps_no_journal_is_refused<S: FileSubject>() {
    let file = File::new("CREATE TABLE data (x NOT NULL); INSERT INTO data VALUES (1), (2), (3);");
    let migrations = single("UPDATE data SET x = x + 10; INSERT INTO data VALUES (NULL);");
    let mut handle = open::<S>(&file);
    handle.execute("PRAGMA journal_mode = OFF");
    let error = handle.upgrade(&migrations, "heads").unwrap_err();
    assert_eq!(
        text(&error),
        "cannot begin a transaction: the connection's journal_mode is OFF, so a failure could not \
         be undone; the database is as it was before"
    );
    assert_eq!(file.rows("SELECT sum(x) FROM data"), "6\n");
}
