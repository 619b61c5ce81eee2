//! What runs do when the database refuses a request, or holds what it should not.

use std::path::PathBuf;

use super::fake::{
    ALONE, Command, Content, FAILINGS, Failing, Fake, OUTSIDE, PLAIN, check, content, history,
};
use crate::run::TransactionMode::{Revision as PerRevision, Run as PerRun};
use crate::run::{DatabaseState, FailureKind, Fault, Purge, TransactionMode};
use crate::{Dialect, Direction, History, RevisionId, SourceFile};

/// What the database holds when a run left this state.
fn described(
    state: &DatabaseState,
    before: &Content,
    history: &History,
    direction: Direction,
) -> Content {
    let graph = history.graph();
    let mut content = before.clone();
    let statements = |id: &RevisionId| -> Vec<String> {
        let file = history.file(graph.node(id.as_str()).unwrap());
        let sections = file.file.sections(direction, Dialect::Sqlite);
        sections
            .flat_map(|section| file.statements(section, Dialect::Sqlite))
            .map(|statement| statement.sql.to_owned())
            .collect()
    };
    let (done, partial) = match state {
        DatabaseState::Unchanged => (&[][..], None),
        DatabaseState::Committed { done, .. } => (&done[..], None),
        DatabaseState::Partial {
            done,
            revision,
            statements,
        } => (&done[..], Some((revision, *statements))),
    };
    for id in done {
        content.executed.extend(statements(id));
        let node = graph.node(id.as_str()).unwrap();
        let rows = match direction {
            Direction::Upgrade => vec![id.as_str().to_owned()],
            Direction::Downgrade => {
                let below = graph[node].down_revisions.iter();
                below.map(|id| id.as_str().to_owned()).collect()
            }
        };
        content.rows = Some(rows);
    }
    if let Some((revision, count)) = partial {
        assert!(count > 0, "{state:?}");
        let statements = statements(revision).into_iter().take(count);
        content.executed.extend(statements);
    }
    content
}

#[test]
fn whichever_request_fails_nothing_stays_open_and_the_state_is_told_truly() {
    for (sources, rows, command) in [
        (PLAIN, None, Command::Upgrade("heads")),
        (PLAIN, Some(&["a"][..]), Command::Upgrade("heads")),
        (PLAIN, Some(&["b"][..]), Command::Upgrade("heads")),
        (PLAIN, Some(&["b"][..]), Command::Downgrade("base")),
        (PLAIN, None, Command::Stamp(&["a"], Purge::No)),
        (PLAIN, Some(&["x"][..]), Command::Stamp(&["a"], Purge::Yes)),
        (PLAIN, None, Command::EnsureVersion),
        (PLAIN, None, Command::Current),
        (OUTSIDE, None, Command::Upgrade("heads")),
        (OUTSIDE, Some(&["a"][..]), Command::Upgrade("heads")),
        (OUTSIDE, Some(&["d"][..]), Command::Downgrade("base")),
        (ALONE, None, Command::Upgrade("heads")),
    ] {
        let history = history(sources);
        for mode in [PerRun, PerRevision] {
            for foreign_keys in [true, false] {
                for failing in FAILINGS {
                    let start = Fake {
                        foreign_keys,
                        ..Fake::new(rows)
                    };
                    check_every_failure(&history, mode, command, &start, failing);
                }
            }
        }
    }
}

fn check_every_failure(
    history: &History,
    mode: TransactionMode,
    command: Command,
    start: &Fake,
    failing: Failing,
) {
    let direction = match command {
        Command::Downgrade(_) => Direction::Downgrade,
        _ => Direction::Upgrade,
    };
    let mut sound = start.clone();
    sound.run(history, mode, command).unwrap();
    for request in 0..sound.asked {
        let mut fake = Fake {
            failing: Some((request, failing)),
            ..start.clone()
        };
        let outcome = fake.run(history, mode, command);
        let context = format!(
            "{mode} {command:?} {failing:?}\n{:#?}\n{outcome:?}",
            fake.log
        );
        let refused = fake
            .log
            .iter()
            .position(|line| line == "-> refused")
            .unwrap();
        let refused = fake.log[refused - 1].clone();

        let kept = matches!(failing, Failing::AlsoRollback) && fake.before.is_some();
        assert_eq!(fake.before.is_some(), kept, "{context}");
        if kept {
            // What closing the connection does.
            fake.undo();
            assert!(
                outcome.as_ref().unwrap_err().rollback.is_some(),
                "{context}"
            );
        } else {
            let lost = refused == "PRAGMA foreign_keys = ON";
            assert_eq!(fake.foreign_keys, start.foreign_keys && !lost, "{context}");
        }
        if refused != "PRAGMA busy_timeout = 5000" {
            assert_eq!(fake.busy_timeout, start.busy_timeout, "{context}");
        }
        match &outcome {
            Ok(rows) => {
                // Nothing depends on this one.
                assert_eq!(refused, "PRAGMA busy_timeout = 5000", "{context}");
                assert_eq!(fake.content, sound.content, "{context}");
                if !matches!(command, Command::Current) {
                    assert_eq!(Some(rows), fake.content.rows.as_ref(), "{context}");
                }
            }
            Err(error) => {
                let told = described(&error.state, &start.content, history, direction);
                assert_eq!(fake.content, told, "{context}");
            }
        }
    }
}

#[test]
fn the_first_failure_is_told_when_undoing_fails_too() {
    let sound = {
        let mut fake = Fake::new(None);
        fake.run(&history(PLAIN), PerRun, Command::Upgrade("heads"))
            .unwrap();
        fake
    };
    let requests = sound.log.iter().filter(|line| !line.starts_with("->"));
    let requests: Vec<&String> = requests.collect();
    let at = |line: &str| requests.iter().position(|found| *found == line).unwrap();
    let mut fake = Fake {
        failing: Some((at("CREATE TABLE b (x)"), Failing::AlsoRollback)),
        ..Fake::new(None)
    };
    let error = fake
        .run(&history(PLAIN), PerRun, Command::Upgrade("heads"))
        .unwrap_err();
    let Fault::Statement { place, .. } = &*error.fault else {
        panic!("{error:?}");
    };
    assert_eq!(place.revision.as_str(), "b");
    assert_eq!(place.path, PathBuf::from("b.sql"));
    assert_eq!(place.position.line, 6);
    assert_eq!(place.statement, 1);
    assert_eq!(error.state, DatabaseState::Unchanged);
    assert_eq!(error.rollback.unwrap().to_string(), "refused");
}

#[test]
fn a_mismatch_that_is_there_already_is_not_held_against_a_run() {
    let fake = Fake {
        // Settings are three requests, and the rows and the lock are six.
        failing: Some((10, Failing::Mismatch)),
        ..Fake::new(Some(&["c"]))
    };
    let expected = "find
         read
         BEGIN IMMEDIATE
         PRAGMA journal_mode
         find
         read
         dangling
         -> refused
         -> step 1 of 1
         UPDATE d1
         UPDATE d2
         UPDATE alembic_version SET version_num = 'd' WHERE version_num = 'c'
         -> done
         find
         read
         COMMIT
         -> committed
         = d";
    check(OUTSIDE, PerRun, fake, Command::Upgrade("d"), expected);
}

#[test]
fn a_mismatch_that_a_revision_declares_is_its_own_fault() {
    // Of the ten requests before it, one counts before the steps; four make and record the step.
    let mut fake = Fake {
        failing: Some((14, Failing::Mismatch)),
        ..Fake::new(Some(&["c"]))
    };
    let error = fake.run(&history(OUTSIDE), PerRun, Command::Upgrade("d"));
    let error = error.unwrap_err();
    assert!(
        matches!(*error.fault, Fault::ForeignKeyMismatch { .. }),
        "{error}"
    );
    assert_eq!(error.kind(), FailureKind::Migration);
    assert_eq!(fake.content, content(Some(&["c"]), &[]));
}

#[test]
fn locks_are_waited_for_until_the_timeout() {
    // After the settings and the first look at the version table.
    const BEGIN: usize = 5;
    let busy = |request, times| Fake {
        failing: Some((request, Failing::Busy(times))),
        ..Fake::new(None)
    };
    let rest = "PRAGMA journal_mode
                find
                -> step 1 of 1
                create
                CREATE TABLE a (x)
                CREATE TABLE a2 (x)
                INSERT INTO alembic_version (version_num) VALUES ('a')
                -> done
                find
                read
                COMMIT
                -> committed
                = a";
    let waiting = |request: &str, times: u64| -> String {
        let wait = |waited| format!("{request}\n-> refused\n-> waiting {waited}s\n");
        (1..=times).map(wait).collect()
    };
    let begin = "BEGIN IMMEDIATE";
    let lost = "the database is as it was before";
    for (fake, expected) in [
        (
            busy(BEGIN, 2),
            format!("find\n{}{begin}\n{rest}", waiting(begin, 2)),
        ),
        (
            busy(BEGIN, usize::MAX),
            format!(
                "find\n{}{begin}\n-> refused\n! cannot begin a transaction: refused; {lost}",
                waiting(begin, 2)
            ),
        ),
        (
            busy(2, 1),
            format!("{}find\n{begin}\n{rest}", waiting("find", 1)),
        ),
        (
            busy(2, usize::MAX),
            format!(
                "{}find\n-> refused\n! cannot look for the version table: refused; {lost}",
                waiting("find", 2)
            ),
        ),
    ] {
        check(PLAIN, PerRun, fake, Command::Upgrade("a"), &expected);
    }
}

#[test]
fn statements_wait_for_locks_where_they_hold_none() {
    let mut sound = Fake::new(None);
    sound
        .run(&history(OUTSIDE), PerRun, Command::Upgrade("b"))
        .unwrap();
    let requests = sound.log.iter().filter(|line| !line.starts_with("->"));
    let requests: Vec<String> = requests.cloned().collect();
    for (statement, waits) in [("UPDATE b1", false), ("VACUUM b3", true), ("COMMIT", true)] {
        let at = requests.iter().position(|line| line == statement).unwrap();
        let mut fake = Fake {
            failing: Some((at, Failing::Busy(2))),
            ..Fake::new(None)
        };
        let outcome = fake.run(&history(OUTSIDE), PerRun, Command::Upgrade("b"));
        assert_eq!(outcome.is_ok(), waits, "{statement}: {outcome:?}");
        let waiting = fake
            .log
            .iter()
            .filter(|line| line.starts_with("-> waiting"));
        assert_eq!(waiting.count(), if waits { 2 } else { 0 }, "{statement}");
    }
}

#[test]
fn what_could_not_be_undone_is_refused() {
    let refused = |fake: Fake, statement: &str, transaction: &str| {
        let sections = format!("-- alembic: upgrade {transaction}\n{statement};\n");
        let text = format!("-- a\n-- Revision ID: a\n-- Revises:\n\n{sections}");
        let file = SourceFile {
            path: PathBuf::from("a.sql"),
            content: Ok(text.into_bytes()),
        };
        // Not read with SQLite in mind, so that reading finds nothing.
        let history = History::new([file], &[]).unwrap();
        let mut fake = fake;
        let before = fake.content.clone();
        let outcome = fake.run(&history, PerRun, Command::Upgrade("heads"));
        let error = outcome.err().map(|error| error.fault.to_string());
        if error.is_some() {
            assert_eq!(fake.content, before, "{statement}");
        }
        error
    };
    let fake = || Fake::new(Some(&[]));
    let control = "a.sql:6:1: statement 1 of revision a failed: \
                   transactions are begun and ended by the run itself";
    let journal = "a.sql:6:1: statement 1 of revision a failed: journal_mode can be changed in a \
                   no-transaction section only, since a failure could not be undone";
    for (statement, transaction, expected) in [
        ("COMMIT", "", Some(control)),
        ("rollback /* */", "", Some(control)),
        ("BEGIN", "no-transaction", Some(control)),
        ("PRAGMA journal_mode = OFF", "", Some(journal)),
        ("pragma main . \"Journal_Mode\" (delete)", "", Some(journal)),
        ("PRAGMA journal_mode = WAL", "no-transaction", None),
        ("PRAGMA journal_mode", "", None),
        ("PRAGMA user_version = 3", "", None),
    ] {
        assert_eq!(
            refused(fake(), statement, transaction).as_deref(),
            expected,
            "{statement}"
        );
    }
    let without_journal = Fake {
        journal_mode: "off",
        ..fake()
    };
    assert_eq!(
        refused(without_journal, "CREATE TABLE a (x)", "").as_deref(),
        Some(
            "cannot begin a transaction: the connection's journal_mode is OFF, \
             so that a failure could not be undone"
        )
    );
}

#[test]
fn a_version_table_that_changes_behind_the_back_is_told() {
    let sections = "-- alembic: upgrade\nTRIGGER x;\n";
    let mut fake = Fake::new(Some(&[]));
    let error = fake
        .run(
            &history(&[("a", "", sections)]),
            PerRun,
            Command::Upgrade("a"),
        )
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the version table changed meanwhile: expected a, found a, x; \
         the database is as it was before"
    );
    assert_eq!(fake.content, content(Some(&[]), &[]));
}

#[test]
fn what_is_no_version_table_is_told() {
    for kind in ["view", "temporary table"] {
        let mut fake = Fake {
            kind,
            ..Fake::new(Some(&[]))
        };
        let error = fake
            .run(&history(PLAIN), PerRun, Command::Current)
            .unwrap_err();
        assert_eq!(
            error.fault.to_string(),
            format!("alembic_version is not a version table: it is a {kind}")
        );
    }
}
