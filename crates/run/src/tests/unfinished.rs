//! Revisions with sections outside of transactions that were done in part.

use alembic_history::TransactionMode::Run as PerRun;
use alembic_history::{Dialect, Direction, History, SourceFile};
use insta::assert_snapshot;

use super::fake::{Command, Content, Failing, Fake, REFUSED, content, converse};
use super::revisions::{ALONE, OUTSIDE, PLAIN, Source, history};
use super::truth::after_failure;
use crate::runner::digest_statements;
use crate::{DatabaseState, Failure, Interruption, Purge, Runner};

const UP: Command = Command::Upgrade("b");

/// The connection is lost during a statement that did not take effect.
const LOST: Failing = Failing::Lost { took_effect: false };

/// The database after an upgrade of [`OUTSIDE`] that failed.
fn unfinished(dialect: Dialect, request: &str, failing: Failing) -> Fake {
    let start = Fake::of(dialect, Some(&["a"]));
    let history = history(OUTSIDE);
    after_failure(&start, request, failing, &|fake| {
        fake.run(&history, PerRun, UP).map(drop)
    })
}

/// [`OUTSIDE`] up to its second revision, with other statements in that.
fn with_statements(first: &str, second: &str, third: &str) -> String {
    format!(
        "-- alembic: upgrade\nUPDATE {first};\n-- alembic: upgrade no-transaction\n\
         VACUUM {second};\nVACUUM {third};\n-- alembic: upgrade\nUPDATE b4;\n\
         -- alembic: downgrade no-transaction\nVACUUM not_b3;\n"
    )
}

#[test]
fn a_run_goes_on_with_the_statement_that_failed() {
    let fake = unfinished(Dialect::Sqlite, "VACUUM b3", REFUSED);
    let (fake, said) = converse(OUTSIDE, PerRun, fake, UP);
    assert_snapshot!(said, @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    read progress
    find dangling
    list databases
    -> step 1 of 1
    record 2 done, 3 begun
    commit
    -> committed
    VACUUM b3
    record 3 done
    begin
    read journal mode
    find versions
    read versions
    read progress
    UPDATE b4
    update a to b
    drop progress
    -> done
    find dangling
    find versions
    read versions
    commit
    -> committed
    = b
    ");
    let executed = ["UPDATE b1", "VACUUM b2", "VACUUM b3", "UPDATE b4"];
    assert_eq!(fake.content, content(Some(&["b"]), &executed));

    // Once the section is done, the rest is one transaction.
    let fake = unfinished(Dialect::Sqlite, "UPDATE b4", REFUSED);
    let (_, said) = converse(OUTSIDE, PerRun, fake, UP);
    assert_snapshot!(said, @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    read progress
    find dangling
    list databases
    -> step 1 of 1
    UPDATE b4
    update a to b
    drop progress
    -> done
    find dangling
    find versions
    read versions
    commit
    -> committed
    = b
    ");
}

#[test]
fn the_caller_decides_about_a_statement_that_may_have_taken_effect() {
    let decide = |interruption| {
        let fake = Fake {
            interruption,
            ..unfinished(Dialect::Sqlite, "VACUUM b2", LOST)
        };
        let (fake, said) = converse(OUTSIDE, PerRun, fake, UP);
        assert_eq!(fake.content.progress, None);
        said
    };
    assert_snapshot!(decide(Interruption::Again), @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    read progress
    find dangling
    list databases
    -> step 1 of 1
    record 1 done, 2 begun
    commit
    -> committed
    VACUUM b2
    record 2 done, 3 begun
    VACUUM b3
    record 3 done
    begin
    read journal mode
    find versions
    read versions
    read progress
    UPDATE b4
    update a to b
    drop progress
    -> done
    find dangling
    find versions
    read versions
    commit
    -> committed
    = b
    ");
    assert_snapshot!(decide(Interruption::Skip), @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    read progress
    record 2 done
    find dangling
    list databases
    -> step 1 of 1
    record 2 done, 3 begun
    commit
    -> committed
    VACUUM b3
    record 3 done
    begin
    read journal mode
    find versions
    read versions
    read progress
    UPDATE b4
    update a to b
    drop progress
    -> done
    find dangling
    find versions
    read versions
    commit
    -> committed
    = b
    ");
}

#[test]
fn on_sqlite_a_run_waits_for_who_may_be_at_work() {
    // No one can know whether the other program is still running.
    let start = unfinished(Dialect::Sqlite, "VACUUM b2", LOST);
    let mut fake = start.clone();
    let error = fake.run(&history(OUTSIDE), PerRun, UP).unwrap_err();
    assert_eq!(
        error.to_string(),
        "statement 2 of revision b was begun at 2026-01-02 03:04:05 UTC and may have taken effect: \
         VACUUM b2; revision b is unfinished: its first statement is done, and statement 2 may \
         have taken effect"
    );
    let waiting = fake.log.starting_with("-> waiting");
    let told = [0, 1, 2].map(|waited| format!("-> waiting {waited}s for a statement"));
    assert_eq!(waiting, told);
    assert_eq!(fake.content, start.content);

    let finished = ["UPDATE b1", "VACUUM b2", "VACUUM b3", "UPDATE b4"];
    let mut fake = Fake {
        meanwhile: Some(content(Some(&["b"]), &finished)),
        ..start
    };
    let rows = fake.run(&history(OUTSIDE), PerRun, UP).unwrap();
    assert_eq!(rows, ["b"]);
    assert_eq!(fake.content, content(Some(&["b"]), &finished));
}

#[test]
fn statements_that_are_done_must_stay_as_they_are() {
    for (failed, first, second, third, is_same) in [
        // The one that failed can be mended, and so can those after it.
        ("VACUUM b3", "b1", "b2", "other", true),
        ("VACUUM b2", "b1", "other", "other", true),
        ("VACUUM b2", "other", "b2", "b3", false),
        ("VACUUM b3", "other", "b2", "b3", false),
        ("VACUUM b3", "b1", "other", "b3", false),
        ("UPDATE b4", "b1", "b2", "other", false),
    ] {
        for dialect in Dialect::ALL {
            let start = unfinished(*dialect, failed, REFUSED);
            let sections = with_statements(first, second, third);
            let changed: &[Source] = &[OUTSIDE[0], ("b", "a", sections.leak())];
            let mut fake = start.clone();
            let outcome = fake.run(&history(changed), PerRun, UP);
            match outcome {
                Ok(_) => assert!(is_same, "{failed}: {first} {second} {third}"),
                Err(error) => {
                    assert!(!is_same, "{error}");
                    let Failure::ChangedMeanwhile { revision, path, .. } = error.failure() else {
                        panic!("{error}");
                    };
                    assert_eq!((revision.as_str(), path.to_str()), ("b", Some("b.sql")));
                    assert_eq!(*error.state(), DatabaseState::Unchanged);
                    assert_eq!(fake.content, start.content);
                }
            }
        }
    }
}

#[test]
fn line_endings_of_statements_that_are_done_may_change() {
    let digest = |text: &str| {
        let file = SourceFile {
            path: "a.sql".into(),
            content: Ok(text.as_bytes().to_vec()),
        };
        let history = History::new([file], &[Dialect::Sqlite]).unwrap();
        let node = history.graph().nodes().next().unwrap();
        let runner = Runner::new(&history, Dialect::Sqlite);
        digest_statements(&runner.all_statements(node, Direction::Upgrade))
    };
    let file = |sql: &str| {
        format!(
            "-- a\n-- Revision ID: a\n-- Revises:\n\n-- alembic: upgrade no-transaction\n{sql}\n"
        )
    };
    for sql in [
        "VACUUM;",
        "UPDATE t\n  SET x = 1;\nVACUUM;",
        "UPDATE t SET x = 'two\nlines';\n\n-- and a comment\nVACUUM",
    ] {
        let text = file(sql);
        let windows = text.replace('\n', "\r\n");
        assert_eq!(digest(&windows), digest(&text), "{sql}");
        assert_eq!(
            digest(&format!("\u{feff}{windows}")),
            digest(&text),
            "{sql}"
        );
    }
    let two_lines = digest(&file("UPDATE t SET x = 'two\nlines';"));
    for other in ["two lines", "two\n\nlines", "two\rlines", "twolines"] {
        let sql = format!("UPDATE t SET x = '{other}';");
        assert_ne!(digest(&file(&sql)), two_lines, "{sql:?}");
    }
}

#[test]
fn a_revision_must_be_finished_first_or_declared_to_be() {
    let message = "the upgrade of revision b is unfinished: 2 of its statements are done; \
                   the database is as it was before";
    for dialect in Dialect::ALL {
        let start = unfinished(*dialect, "VACUUM b3", REFUSED);
        let stamped = |rows: &[&str]| Content {
            rows: Some(rows.iter().map(|row| (*row).to_owned()).collect()),
            progress: None,
            ..start.content.clone()
        };
        for (command, expected) in [
            (Command::Downgrade("base"), None),
            (Command::Upgrade("a"), None),
            (Command::Current, Some(start.content.clone())),
            (Command::EnsureVersion, Some(start.content.clone())),
            (Command::Stamp(&["a"], Purge::No), Some(stamped(&["a"]))),
            (Command::Stamp(&["b"], Purge::No), Some(stamped(&["b"]))),
            (Command::Stamp(&["b"], Purge::Yes), Some(stamped(&["b"]))),
        ] {
            let mut fake = start.clone();
            let outcome = fake.run(&history(OUTSIDE), PerRun, command);
            match (outcome, expected) {
                (Ok(_), Some(expected)) => assert_eq!(fake.content, expected, "{command:?}"),
                (Err(error), None) => {
                    assert_eq!(error.to_string(), message, "{command:?}");
                    assert_eq!(fake.content, start.content, "{command:?}");
                }
                (outcome, _) => panic!("{command:?}: {outcome:?}"),
            }
        }
    }
}

#[test]
fn a_record_that_is_lost_is_missed() {
    for dialect in Dialect::ALL {
        let sections = "-- alembic: upgrade no-transaction\nVACUUM a1;\nDELETE FROM progress;\n\
                        VACUUM a3;\n";
        let mut fake = Fake::of(*dialect, Some(&[]));
        let history = history(&[("a", "", sections)]);
        let error = fake
            .run(&history, PerRun, Command::Upgrade("a"))
            .unwrap_err();
        assert!(
            matches!(error.failure(), Failure::RowCount { .. }),
            "{error}"
        );
        assert_eq!(fake.content.executed, ["VACUUM a1"]);
    }
}

#[test]
fn a_version_table_stays_only_with_what_it_tells() {
    for dialect in Dialect::ALL {
        for (sources, rows, after) in [
            (ALONE, None, None),
            (ALONE, Some(&[][..]), Some(&[][..])),
            // Created for the revision before.
            (
                &[
                    PLAIN[0],
                    ("b", "a", "-- alembic: upgrade no-transaction\nVACUUM a;\n"),
                ],
                None,
                Some(&["a"]),
            ),
        ] {
            let history = history(sources);
            let start = Fake::of(*dialect, rows);
            let attempt = |fake: &mut Fake| {
                let outcome = fake.run(&history, PerRun, Command::Upgrade("heads"));
                outcome.map(drop)
            };
            let failed = after_failure(&start, "VACUUM a", REFUSED, &attempt);
            let expected = content(after, &[]);
            assert_eq!(failed.content.rows, expected.rows);
            assert_eq!(failed.content.progress, None);
        }
    }
}
