//! The scripts of offline SQL: whole ones, and what is refused.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]

use std::path::Path;
use std::time::Duration;

use alembic_history::{Dialect, History, SourceFile, TransactionMode, VersionTable};
use alembic_run::{Runner, ScriptError};

/// Reads revisions, `ID <- PARENTS` and the sections of each.
fn history(dialect: Dialect, revisions: &[(&str, &str)]) -> History {
    let file = |(name, sections): &(&str, &str)| {
        let (id, parents) = name.split_once(" <- ").unwrap_or((name, ""));
        let header = format!("-- Revision {id}\n--\n-- Revision ID: {id}\n-- Revises: {parents}\n");
        SourceFile {
            path: format!("{id}.sql").into(),
            content: Ok(format!("{header}\n{sections}").into_bytes()),
        }
    };
    History::new(revisions.iter().map(file), &[dialect]).unwrap()
}

const USERS: (&str, &str) = (
    "a1",
    "-- alembic: upgrade\n\
     CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL) -- of the shop\n;\n\
     INSERT INTO users VALUES (1, 'a; -- '), -- and\n (2, 'b');\n\n\
     -- alembic: downgrade\nDROP TABLE users;\n",
);

const INDEX: (&str, &str) = (
    "b2 <- a1",
    "-- alembic: upgrade\nUPDATE users SET name = 'c' WHERE id = 2;\n\
     -- alembic: upgrade sqlite no-transaction\nVACUUM;\nANALYZE;\n\
     -- alembic: upgrade postgres no-transaction\n\
     CREATE INDEX CONCURRENTLY by_name ON users (name);\n\
     -- alembic: upgrade\nDELETE FROM users WHERE id = 1;\n\
     -- alembic: downgrade sqlite\n\
     -- alembic: downgrade postgres\n\
     SET search_path = public;\nDROP INDEX by_name;\n",
);

/// Compares a script with a file of `scripts`; `UPDATE_SCRIPTS=1` writes it anew.
fn check(name: &str, script: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let path = folder.join(name);
    if std::env::var_os("UPDATE_SCRIPTS").is_some() {
        std::fs::write(&path, script).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let expected = expected.replace("\r\n", "\n");
    assert!(
        script == expected,
        "tests/scripts/{name} is not what is written, which is:\n{script}"
    );
}

#[test]
fn whole_scripts() {
    let sqlite = history(Dialect::Sqlite, &[USERS, INDEX]);
    let runner = Runner::new(&sqlite, Dialect::Sqlite);
    check(
        "upgrade_sqlite.sql",
        &runner.upgrade_script("heads").unwrap(),
    );
    check("stamp_sqlite.sql", &runner.stamp_script(&["head"]).unwrap());
    check(
        "ensure_version_sqlite.sql",
        &runner.ensure_version_script().unwrap(),
    );
    let postgres = history(Dialect::Postgres, &[USERS, INDEX]);
    let runner = Runner {
        lock_timeout: Duration::from_millis(1500),
        ..Runner::new(&postgres, Dialect::Postgres)
    };
    check(
        "upgrade_postgres.sql",
        &runner.upgrade_script("heads").unwrap(),
    );
    check(
        "downgrade_postgres.sql",
        &runner.downgrade_script("b2:base").unwrap(),
    );
    check(
        "stamp_postgres.sql",
        &runner.stamp_script(&["a1:b2"]).unwrap(),
    );
}

/// Returns the statements that change the version table, and where transactions begin and end.
fn frame(script: &str) -> Vec<&str> {
    let of_interest = |line: &&str| {
        ["BEGIN;", "BEGIN IMMEDIATE;", "COMMIT;"].contains(line)
            || line.starts_with("-- Running")
            || line.starts_with("INSERT INTO alembic_version ")
            || line.starts_with("UPDATE alembic_version ")
            || line.starts_with("DELETE FROM alembic_version ")
    };
    script.lines().filter(of_interest).collect()
}

/// As in a run.
#[test]
fn a_value_of_an_enum_is_committed_before_it_is_used() {
    let files = [
        (
            "a1",
            "-- alembic: upgrade\nALTER TYPE mood ADD VALUE 'glad';\n",
        ),
        ("b2 <- a1", "-- alembic: upgrade\nSELECT 1;\n"),
        ("c3 <- b2", "-- alembic: upgrade\nSELECT 'glad'::mood;\n"),
    ];
    let history = history(Dialect::Postgres, &files);
    let runner = Runner::new(&history, Dialect::Postgres);
    let script = runner.upgrade_script("heads").unwrap();
    let frame: Vec<&str> = frame(&script)
        .into_iter()
        .filter(|line| !line.contains("alembic_version"))
        .collect();
    assert_eq!(
        frame,
        [
            "BEGIN;",
            "-- Running upgrade  -> a1, Revision a1",
            "-- Running upgrade a1 -> b2, Revision b2",
            "COMMIT;",
            "BEGIN;",
            "-- Running upgrade b2 -> c3, Revision c3",
            "COMMIT;",
        ]
    );
}

const BRANCHED: [(&str, &str); 5] = [
    (
        "a1",
        "-- alembic: upgrade\nSELECT 1;\n-- alembic: downgrade\n",
    ),
    (
        "b2 <- a1",
        "-- alembic: upgrade empty\n-- alembic: downgrade\n",
    ),
    (
        "c3 <- a1",
        "-- alembic: upgrade empty\n-- alembic: downgrade\n",
    ),
    (
        "d4 <- b2, c3",
        "-- alembic: upgrade empty\n-- alembic: downgrade\n",
    ),
    ("e5 <- d4", "-- alembic: upgrade empty\n"),
];

#[test]
fn a_script_begins_where_its_range_does() {
    let history = history(Dialect::Sqlite, &BRANCHED[..4]);
    let runner = Runner::new(&history, Dialect::Sqlite);
    let insert = "INSERT INTO alembic_version (version_num) VALUES";
    for range in ["d4", ":", ":head", "base:d4", "base:heads"] {
        let script = runner.upgrade_script(range).unwrap();
        assert!(
            script.starts_with("-- Upgrade from base to d4, on SQLite\n"),
            "{script}"
        );
        assert_eq!(
            frame(&script),
            [
                "BEGIN IMMEDIATE;",
                "-- Running upgrade  -> a1, Revision a1",
                &format!("{insert} ('a1');"),
                "-- Running upgrade a1 -> b2, Revision b2",
                "UPDATE alembic_version SET version_num = 'b2' WHERE version_num = 'a1';",
                "-- Running upgrade a1 -> c3, Revision c3",
                &format!("{insert} ('c3');"),
                "-- Running upgrade b2, c3 -> d4, Revision d4",
                "DELETE FROM alembic_version WHERE version_num = 'b2';",
                "UPDATE alembic_version SET version_num = 'd4' WHERE version_num = 'c3';",
                "COMMIT;",
            ],
            "{range}"
        );
    }
    for (range, start, end) in [
        ("b2:", "b2", "d4"),
        ("c3:d4", "c3", "d4"),
        ("b2:+1", "b2", "d4"),
        ("a1:b2", "a1", "b2"),
        ("a1:head", "a1", "d4"),
    ] {
        let script = runner.upgrade_script(range).unwrap();
        let title = format!("-- Upgrade from {start} to {end}, on SQLite\n");
        assert!(script.starts_with(&title), "{script}");
        let check = format!("(SELECT count(*) = 1 AND max(version_num) IS '{start}' FROM ");
        assert_eq!(script.matches(&check).count(), 1, "{script}");
        let create = "CREATE TABLE IF NOT EXISTS alembic_version (";
        assert!(!script.contains(create), "{script}");
    }
}

#[test]
fn several_rows_are_looked_for() {
    let history = history(Dialect::Sqlite, &BRANCHED[..3]);
    let runner = Runner::new(&history, Dialect::Sqlite);
    let script = runner.downgrade_script("heads:base").unwrap();
    let rows = "(SELECT count(*) = 2 AND count(CASE WHEN version_num IN ('b2', 'c3') THEN 1 END) = 2 \
                FROM alembic_version)";
    assert!(script.contains(rows), "{script}");
    assert!(
        script.contains("\"the database is not at b2, c3\""),
        "{script}"
    );
    assert!(script.contains("-- Running downgrade a1 -> , Revision a1\n"));
}

#[test]
fn nothing_to_do_is_said() {
    let history = history(Dialect::Postgres, &BRANCHED[..4]);
    let runner = Runner::new(&history, Dialect::Postgres);
    let nothing = |script: Result<String, ScriptError>| {
        let script = script.unwrap();
        assert!(
            script.ends_with("\n\n-- There is nothing to do\n"),
            "{script}"
        );
        assert!(
            script
                .lines()
                .all(|line| line.is_empty() || line.starts_with("--"))
        );
    };
    nothing(runner.upgrade_script("d4:head"));
    nothing(runner.downgrade_script("d4:d4"));
    nothing(runner.downgrade_script("base:base"));
    nothing(runner.stamp_script(&["d4:heads"]));
    nothing(runner.stamp_script(&["base"]));
}

#[test]
fn each_revision_can_have_a_transaction() {
    let history = history(Dialect::Postgres, &BRANCHED[..2]);
    let runner = Runner {
        transaction: TransactionMode::Revision,
        ..Runner::new(&history, Dialect::Postgres)
    };
    let script = runner.upgrade_script("heads").unwrap();
    assert_eq!(
        frame(&script),
        [
            "BEGIN;",
            "-- Running upgrade  -> a1, Revision a1",
            "INSERT INTO alembic_version (version_num) VALUES ('a1');",
            "COMMIT;",
            "BEGIN;",
            "-- Running upgrade a1 -> b2, Revision b2",
            "UPDATE alembic_version SET version_num = 'b2' WHERE version_num OPERATOR(pg_catalog.=) 'a1';",
            "COMMIT;",
        ]
    );
    assert_eq!(
        script.matches("the database is not at a1").count(),
        1,
        "{script}"
    );
}

#[test]
fn what_cannot_be_planned_is_refused() {
    type Write = fn(&Runner<'_>, &str) -> Result<String, ScriptError>;
    let upgrade: Write = |runner, range| runner.upgrade_script(range);
    let downgrade: Write = |runner, range| runner.downgrade_script(range);
    let stamp: Write = |runner, range| {
        let ranges: Vec<&str> = range.split(' ').collect();
        runner.stamp_script(&ranges)
    };
    let history = history(Dialect::Sqlite, &BRANCHED);
    let three = self::history(Dialect::Sqlite, &BRANCHED[..3]);
    let whole = Runner::new(&history, Dialect::Sqlite);
    let heads = Runner::new(&three, Dialect::Sqlite);
    for (runner, write, range, expected) in [
        (
            &whole,
            upgrade,
            "+1",
            "'+1' is relative to the revision of a database, which a script does not know",
        ),
        (
            &whole,
            upgrade,
            "-1:e5",
            "'-1' is relative to the revision of a database, which a script does not know",
        ),
        (
            &whole,
            upgrade,
            "current:e5",
            "'current' cannot be used with this command",
        ),
        (
            &whole,
            upgrade,
            "a1:current",
            "'current' cannot be used with this command",
        ),
        (
            &whole,
            upgrade,
            "b2:c3",
            "b2 is not an ancestor of c3 along the same branch",
        ),
        (
            &whole,
            upgrade,
            "e5:a1",
            "e5 is not an ancestor of a1 along the same branch",
        ),
        (
            &whole,
            upgrade,
            "a1:b2:c3",
            "more than one ':' in range 'a1:b2:c3'",
        ),
        (&whole, upgrade, "", "empty revision expression"),
        (
            &whole,
            upgrade,
            "zz",
            "can't locate revision identified by 'zz'",
        ),
        (
            &whole,
            upgrade,
            "d4:+9",
            "'+9' leads past the end of the history",
        ),
        (
            &heads,
            upgrade,
            "head",
            "multiple head revisions are present for 'head': b2, c3",
        ),
        (
            &heads,
            upgrade,
            "head:heads",
            "multiple head revisions are present for 'head': b2, c3",
        ),
        (
            &whole,
            downgrade,
            "-1",
            "'-1' needs a start and an end, as in 'head:base'",
        ),
        (
            &whole,
            downgrade,
            "e5:",
            "'e5:' needs a start and an end, as in 'head:base'",
        ),
        (
            &whole,
            downgrade,
            ":base",
            "':base' needs a start and an end, as in 'head:base'",
        ),
        (
            &whole,
            downgrade,
            "a1:e5",
            "destination e5 is not a valid downgrade target from a1",
        ),
        (
            &whole,
            downgrade,
            "e5:d4",
            "revision e5 is irreversible: it has no downgrade section",
        ),
        (&whole, stamp, "+1", "'+1' cannot be used with this command"),
        (
            &whole,
            stamp,
            "a1:",
            "'a1:' needs a start and an end, as in 'head:base'",
        ),
        (
            &whole,
            stamp,
            "a1:b2 b2:c3",
            "the targets start at different revisions, but a script has one start",
        ),
        (
            &whole,
            stamp,
            "a1 b2",
            "cannot stamp both a1 and b2, which implies it",
        ),
    ] {
        let error = write(runner, range).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{range}: {error}");
    }
    let postgres = Runner::new(&history, Dialect::Postgres);
    let expected = "the revisions are not checked for PostgreSQL: add \"postgres\" to `dialects` in the \
                    configuration of their crate";
    for error in [
        postgres.upgrade_script("heads").unwrap_err(),
        postgres.downgrade_script("e5:base").unwrap_err(),
        postgres.stamp_script(&["heads"]).unwrap_err(),
        postgres.ensure_version_script().unwrap_err(),
    ] {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn statements_that_a_script_would_spoil_are_refused() {
    for (dialect, section, expected) in [
        (
            Dialect::Sqlite,
            "SELECT 1;\nSELECT :name;\n",
            "a1.sql:8:1: statement 2 of revision a1: the statement has the parameter :name, which \
             has no value",
        ),
        (
            Dialect::Sqlite,
            "SELECT 4\n/\n2;\n",
            "a1.sql:7:1: statement 1 of revision a1: the sqlite3 shell would take the line `/` for \
             the end of the statement",
        ),
        (
            Dialect::Sqlite,
            "PRAGMA journal_mode = WAL;\n",
            "a1.sql:7:1: statement 1 of revision a1 failed: journal_mode can only be changed in \
             a no-transaction section, since a failure could not be undone",
        ),
        (
            Dialect::Postgres,
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT a.begin FROM a; END;\n",
            "a1.sql:7:1: statement 1 of revision a1: psql would not find the end of the statement",
        ),
    ] {
        let sections = format!("-- alembic: upgrade\n{section}");
        let history = history(dialect, &[("a1", &sections)]);
        let runner = Runner::new(&history, dialect);
        let error = runner.upgrade_script("head").unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn what_people_wrote_stays_what_it_is() {
    let message = "-- A message;\u{85}DROP TABLE \u{1}x\n--\n-- Revision ID: a1\n-- Revises:\n\n";
    let sql = "INSERT INTO a VALUES ('\t{}%:x\\ $$ \r\n\r\u{301}🦀', X'00', 1) -- end\n;";
    let file = SourceFile {
        path: "a1.sql".into(),
        content: Ok(format!("{message}-- alembic: upgrade\n{sql}\n").into_bytes()),
    };
    let history = History::new([file], Dialect::ALL).unwrap();
    let script = Runner::new(&history, Dialect::Postgres)
        .upgrade_script("head")
        .unwrap();
    let statement = sql.split(" --").next().unwrap();
    assert!(
        script.contains(&format!("\n\n{statement};\n\n")),
        "{script}"
    );
    let line = "\n-- Running upgrade  -> a1, A message; DROP TABLE  x\n\n";
    assert!(script.contains(line), "{script}");
    // The sqlite3 shell strips one carriage return.
    let script = Runner::new(&history, Dialect::Sqlite)
        .upgrade_script("head")
        .unwrap();
    let statement = statement.replace("\r\n", "\r\r\n");
    assert!(
        script.contains(&format!("\n\n{statement};\n\n")),
        "{script}"
    );
    assert!(
        script.contains("\thex('\n\r\r\n') = '0A0D0A'\n"),
        "{script}"
    );
}

#[test]
fn names_of_version_tables_are_quoted() {
    let revision = ("a$alembic$1", "-- alembic: upgrade empty\n");
    for dialect in Dialect::ALL {
        let history = history(*dialect, &[revision]);
        let runner = Runner {
            version_table: VersionTable {
                name: "my \"$alembic$ version's".to_owned(),
                schema: Some("main".to_owned()),
            },
            ..Runner::new(&history, *dialect)
        };
        let script = runner.upgrade_script("head").unwrap();
        let table = "main.\"my \"\"$alembic$ version's\"";
        let create = match dialect {
            Dialect::Sqlite => format!("CREATE TABLE IF NOT EXISTS {table} (\n"),
            Dialect::Postgres => format!("IS NULL THEN\nCREATE TABLE {table} (\n"),
        };
        assert!(script.contains(&create), "{script}");
        let (part, count) = match dialect {
            Dialect::Sqlite => (
                "FROM main.sqlite_master WHERE name = 'my \"$alembic$ version''s_progress'",
                1,
            ),
            Dialect::Postgres => ("$_alembic$;\n", 6),
        };
        assert_eq!(script.matches(part).count(), count, "{script}");
    }
}
