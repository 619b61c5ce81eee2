//! What revisions of Alembic executed, and what becomes of it.

use alembic_history::Dialect;
use insta::assert_snapshot;

use super::shown;
use crate::{Event, Imported, RecordedRevision, Recording, Weight, import_recorded};

use Dialect::{Postgres, Sqlite};

/// Returns events that are written as SQL: `?` before it makes it a query that somebody looks at, `!` one
/// that runs outside of a transaction; `commit` and `rollback` are what they say.
fn events(texts: &[&str]) -> Vec<Event> {
    let event = |text: &&str| match *text {
        "commit" => Event::Committed,
        "rollback" => Event::RolledBack,
        text => Event::Executed {
            sql: text.trim_start_matches(['?', '!']).to_owned(),
            deliberate: !text.starts_with('?'),
            outside: text.starts_with('!'),
        },
    };
    texts.iter().map(event).collect()
}

fn revision(upgrade: &[&str], downgrade: &[&str]) -> RecordedRevision {
    RecordedRevision {
        id: "a1".to_owned(),
        doc: "create a\n\nRevision ID: a1\nRevises: \nCreate Date: 2026-01-02 03:04:05\n"
            .to_owned(),
        file: "a1_create_a.py".to_owned(),
        upgrade: events(upgrade),
        downgrade: events(downgrade),
        ..RecordedRevision::default()
    }
}

fn recording(dialect: Dialect, revisions: Vec<RecordedRevision>) -> Recording {
    Recording { dialect, revisions }
}

/// Imports one revision of one engine.
fn import_one(dialect: Dialect, upgrade: &[&str], downgrade: &[&str]) -> Imported {
    let revisions = vec![revision(upgrade, downgrade)];
    import_recorded(&[recording(dialect, revisions)], "2026-01-01")
}

/// What is executed, and the upgrade section that comes of it, on PostgreSQL.
#[test]
fn events_become_sections() {
    for (upgrade, expected) in [
        (
            &["CREATE TABLE a (x INT)"][..],
            "\nCREATE TABLE a (x INT);\n",
        ),
        (&["SELECT f()", "?SELECT 1"], "\nSELECT f();\n"),
        (&["?SELECT f()"], "\nSELECT f();\n"),
        (
            &[
                "?SELECT version()",
                "?SELECT pg_catalog.version()",
                "?SHOW x",
            ],
            " empty\n",
        ),
        (
            &["?SELECT setval('s', max(id)) FROM a"],
            "\nSELECT setval('s', max(id)) FROM a;\n",
        ),
        (&["?SELECT x INTO b FROM a"], "\nSELECT x INTO b FROM a;\n"),
        (&["?WITH b AS (SELECT 1) SELECT * FROM b"], " empty\n"),
        (
            &["?WITH b AS (DELETE FROM a RETURNING x) INSERT INTO c SELECT x FROM b"],
            "\nWITH b AS (DELETE FROM a RETURNING x) INSERT INTO c SELECT x FROM b;\n",
        ),
        (
            &[
                "SAVEPOINT a",
                "SELECT 1",
                "SAVEPOINT b",
                "SELECT 2",
                "ROLLBACK TO SAVEPOINT b",
                "RELEASE SAVEPOINT a",
            ],
            "\nSELECT 1;\n",
        ),
        (
            &["SELECT 1", "commit", "SELECT 2", "rollback", "SELECT 3"],
            "\nSELECT 1;\nSELECT 3;\n",
        ),
        (
            &["SELECT 1", "!SELECT 2", "!SELECT 3", "SELECT 4"],
            "\nSELECT 1;\n\n-- alembic: upgrade no-transaction\nSELECT 2;\nSELECT 3;\n\n-- alembic: upgrade\nSELECT 4;\n",
        ),
        (&["BEGIN; SELECT 1; COMMIT;"], "\nSELECT 1;\n"),
        (&["SELECT 1 -- one"], "\nSELECT 1 -- one\n;\n"),
        (&["SELECT 1; -- one"], "\nSELECT 1; -- one\n"),
        (
            &["\nSELECT 'a \n\tb', \n\t2\n\n"],
            "\nSELECT 'a \n\tb',\n    2;\n",
        ),
    ] {
        let imported = import_one(Postgres, upgrade, &["SELECT 0"]);
        let errors = imported.findings_of(Weight::Error);
        assert_eq!(errors.collect::<Vec<_>>(), Vec::<&crate::Finding>::new());
        let sections = format!("-- alembic: upgrade{expected}\n-- alembic: downgrade\nSELECT 0;\n");
        assert_eq!(imported.revisions[0].sections, sections, "{upgrade:?}");
    }
}

#[test]
fn pragmas_that_ask_are_left_out() {
    let pragmas = [
        "?PRAGMA main.table_info(\"a\")",
        "PRAGMA foreign_keys=OFF",
        "PRAGMA user_version = 7",
    ];
    let imported = import_one(Sqlite, &pragmas, &[]);
    assert_snapshot!(shown(&imported));
}

/// What functions that read rows, raise or do nothing are reported as.
#[test]
fn findings_say_what_recording_cannot_know() {
    let mut raising = revision(&["SELECT 1"], &["DROP TABLE half"]);
    raising.raised = Some("NotImplementedError: no".to_owned());
    let revisions = vec![
        revision(
            &["?SELECT x FROM a", "DELETE FROM a"],
            &["?SELECT x FROM a"],
        ),
        RecordedRevision {
            id: "b2".to_owned(),
            file: "b2.py".to_owned(),
            parents: vec!["a1".to_owned()],
            ..raising
        },
        RecordedRevision {
            id: "c3".to_owned(),
            file: "c3.py".to_owned(),
            parents: vec!["a1".to_owned()],
            ..revision(&["?SELECT a FROM pg_catalog.pg_class"], &[])
        },
        RecordedRevision {
            id: "d4".to_owned(),
            file: "B2.py".to_owned(),
            parents: vec!["b2".to_owned(), "c3".to_owned()],
            labels: vec!["shop".to_owned()],
            depends_on: vec!["a1".to_owned(), "audit".to_owned()],
            doc: "merge\n\nMore.\n".to_owned(),
            ..RecordedRevision::default()
        },
    ];
    let imported = import_recorded(&[recording(Postgres, revisions)], "2026-01-01");
    let last = imported.revisions.last().unwrap();
    assert_snapshot!(format!(
        "{}\n{}\n{}",
        shown(&imported),
        last.file_stem(),
        last.render()
    ));
}

/// What two engines do alike is written once.
#[test]
fn engines_share_what_they_do_alike() {
    for (sqlite, postgres, expected) in [
        (
            &["A", "B"][..],
            &["A", "B"][..],
            "-- alembic: upgrade\nA;\nB;\n",
        ),
        (
            &["A", "B", "C"],
            &["X", "B"],
            "-- alembic: upgrade sqlite\nA;\n\n-- alembic: upgrade postgres\nX;\n\n-- alembic: upgrade\nB;\n\n\
             -- alembic: upgrade sqlite\nC;\n",
        ),
        (
            &[],
            &["X"],
            "-- alembic: upgrade sqlite empty\n\n-- alembic: upgrade postgres\nX;\n",
        ),
        (
            &["A"],
            &["!A"],
            "-- alembic: upgrade sqlite\nA;\n\n-- alembic: upgrade postgres no-transaction\nA;\n",
        ),
    ] {
        let sqlite = recording(Sqlite, vec![revision(sqlite, &["D"])]);
        let mut raising = revision(postgres, &[]);
        raising.raised = Some("no".to_owned());
        let postgres = recording(Postgres, vec![raising]);
        let imported = import_recorded(&[sqlite, postgres], "2026-01-01");
        let down = "\n-- alembic: downgrade postgres irreversible: its downgrade fails\n\n\
                    -- alembic: downgrade sqlite\nD;\n";
        assert_eq!(imported.revisions[0].sections, format!("{expected}{down}"));
    }
}

/// What a recording can hold that no revision file can.
#[test]
fn what_cannot_be_written() {
    let id = |id: &str| RecordedRevision {
        id: id.to_owned(),
        ..revision(&["SELECT 1"], &[])
    };
    let label = |label: &str| RecordedRevision {
        labels: vec![label.to_owned()],
        ..revision(&["SELECT 1"], &[])
    };
    let doc = |doc: &str| RecordedRevision {
        doc: doc.to_owned(),
        ..revision(&["SELECT 1"], &[])
    };
    let unwritten = RecordedRevision {
        upgrade: vec![Event::Unwritten {
            sql: "SELECT ?".to_owned(),
            why: "it is a list".to_owned(),
        }],
        ..revision(&[], &[])
    };
    for (revision, expected) in [
        (id("a-1"), "no revision can be named after version \"a-1\""),
        (
            label("a b"),
            "no revision can be named after version \"a b\"",
        ),
        (
            doc("-- x\nalembic: upgrade"),
            "the header has no `Revision ID`",
        ),
        (
            unwritten,
            "`SELECT ?` cannot be written with its parameters: it is a list",
        ),
        (
            revision(&["SELECT 'x"], &[]),
            "string literal is never closed",
        ),
        (
            revision(&["SELECT 1; ROLLBACK"], &[]),
            "`ROLLBACK` cannot be taken out",
        ),
        (
            revision(&["SELECT '\n-- alembic: upgrade\n'"], &[]),
            "string literal is never closed",
        ),
    ] {
        let imported = import_recorded(&[recording(Postgres, vec![revision])], "2026-01-01");
        let errors = imported.findings_of(Weight::Error).map(ToString::to_string);
        let errors = errors.collect::<Vec<_>>().join("\n");
        assert!(errors.contains(expected), "{expected}: {errors}");
    }
}
