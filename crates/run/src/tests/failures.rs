//! What runs do when the database refuses a request, or holds what it should not.

use std::path::PathBuf;

use super::fake::{Command, Failing, Fake, Second, content};
use super::revisions::{ALONE, INDEX, OUTSIDE, PATH, PLAIN, Source, TWICE, history};
use super::said::check;
use super::truth::{Case, REFUSED, after_failure};
use crate::TransactionMode::{Revision as PerRevision, Run as PerRun};
use crate::{DatabaseState, FailureKind, Fault, Interrupted, Purge};
use alembic_history::TransactionMode;
use alembic_history::{Dialect, Direction, History, SourceFile};

/// Every request of a command fails in turn, in every way.
fn check_command(start: &Fake, history: &History, mode: TransactionMode, command: Command) {
    let direction = match command {
        Command::Downgrade(_) => Direction::Downgrade,
        _ => Direction::Upgrade,
    };
    let attempt = |fake: &mut Fake| {
        let rows = fake.run(history, mode, command)?;
        if !matches!(command, Command::Current) {
            assert_eq!(Some(&rows), fake.content.rows.as_ref(), "{command:?}");
        }
        Ok(())
    };
    let case = Case {
        name: format!("{} {mode} {command:?}", start.dialect),
        history,
        direction,
        start: start.clone(),
        creates: false,
        baseline: None,
        attempt: &attempt,
    };
    case.check();
}

/// The connections that a run can find.
fn connections(dialect: Dialect, sources: &[Source], rows: Option<&[&str]>) -> Vec<Fake> {
    let fake = Fake::of(dialect, rows);
    let leaves = |(_, _, sections): &Source| sections.contains("no-transaction");
    let other = match dialect {
        Dialect::Sqlite => Fake {
            foreign_keys: false,
            ..fake.clone()
        },
        Dialect::Postgres => Fake {
            second: Second::Missing,
            ..fake.clone()
        },
    };
    match sources.iter().any(leaves) {
        true => vec![fake],
        false => vec![fake, other],
    }
}

#[test]
fn whichever_request_fails_the_state_is_told_truly_and_the_next_run_ends_it() {
    let both = Dialect::ALL;
    let postgres = &[Dialect::Postgres][..];
    for (dialects, sources, rows, command) in [
        (both, PLAIN, None, Command::Upgrade("heads")),
        (both, PLAIN, Some(&["a"][..]), Command::Upgrade("heads")),
        (both, PLAIN, Some(&["b"]), Command::Upgrade("heads")),
        (both, PLAIN, Some(&["b"]), Command::Downgrade("base")),
        (both, PLAIN, None, Command::Stamp(&["a"], Purge::No)),
        (
            both,
            PLAIN,
            Some(&["x"]),
            Command::Stamp(&["a"], Purge::Yes),
        ),
        (both, PLAIN, None, Command::EnsureVersion),
        (both, PLAIN, None, Command::Current),
        (both, OUTSIDE, None, Command::Upgrade("heads")),
        (both, OUTSIDE, Some(&["a"]), Command::Upgrade("heads")),
        (both, OUTSIDE, Some(&["d"]), Command::Downgrade("base")),
        (both, ALONE, None, Command::Upgrade("heads")),
        (both, TWICE, None, Command::Upgrade("heads")),
        (postgres, PATH, None, Command::Upgrade("heads")),
        (postgres, INDEX, None, Command::Upgrade("heads")),
    ] {
        let history = history(sources);
        for dialect in dialects {
            for start in connections(*dialect, sources, rows) {
                for mode in [PerRun, PerRevision] {
                    check_command(&start, &history, mode, command);
                }
            }
        }
    }
}

#[test]
fn so_it_is_when_a_run_goes_on_with_an_unfinished_revision() {
    use Interrupted::{Again, Refuse, Skip};
    let (lost, happened) = (
        Failing::Lost { happened: false },
        Failing::Lost { happened: true },
    );
    let up = Command::Upgrade("heads");
    for (sources, rows, command, request, failing, interrupted) in [
        (OUTSIDE, &["a"][..], up, "VACUUM b2", REFUSED, Refuse),
        (OUTSIDE, &["a"], up, "VACUUM b2", lost, Again),
        (OUTSIDE, &["a"], up, "VACUUM b2", happened, Skip),
        (OUTSIDE, &["a"], up, "VACUUM b3", REFUSED, Refuse),
        (OUTSIDE, &["a"], up, "VACUUM b3", lost, Again),
        (OUTSIDE, &["a"], up, "VACUUM b3", happened, Skip),
        (OUTSIDE, &["a"], up, "UPDATE b4", REFUSED, Refuse),
        (
            OUTSIDE,
            &["d"],
            Command::Downgrade("base"),
            "VACUUM not_b3",
            happened,
            Skip,
        ),
        (ALONE, &[], up, "VACUUM a", lost, Again),
        (ALONE, &[], up, "VACUUM a", happened, Skip),
        (TWICE, &[], up, "VACUUM a1", lost, Again),
        (TWICE, &[], up, "VACUUM a1", happened, Skip),
        (TWICE, &[], up, "UPDATE a3", REFUSED, Refuse),
        (TWICE, &[], up, "VACUUM a4", happened, Skip),
        (TWICE, &[], up, "VACUUM a5", lost, Again),
    ] {
        let history = history(sources);
        for dialect in Dialect::ALL {
            let start = Fake::of(*dialect, Some(rows));
            let attempt = |fake: &mut Fake| fake.run(&history, PerRun, command).map(drop);
            let unfinished = Fake {
                interrupted,
                ..after_failure(&start, request, failing, &attempt)
            };
            check_command(&unfinished, &history, PerRun, command);
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
    let mut fake = Fake {
        failing: Some((sound.number_of("CREATE TABLE b (x)"), Failing::AlsoRollback)),
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
        let wait = |waited| format!("{request}\n-> refused\n-> waiting {waited}s\n-> pause\n");
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
    for (statement, waits) in [
        ("UPDATE b1", false),
        ("VACUUM b3", true),
        ("record 2 done, 3 begun", true),
        ("COMMIT", true),
    ] {
        let mut fake = Fake {
            failing: Some((sound.number_of(statement), Failing::Busy(2))),
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
    let refused = |mut fake: Fake, statement: &str, transaction: &str| {
        let sections = format!("-- alembic: upgrade {transaction}\n{statement};\n");
        let text = format!("-- a\n-- Revision ID: a\n-- Revises:\n\n{sections}");
        let file = SourceFile {
            path: PathBuf::from("a.sql"),
            content: Ok(text.into_bytes()),
        };
        let history = History::new([file], &[Dialect::Sqlite]).unwrap();
        let before = fake.content.clone();
        let outcome = fake.run(&history, PerRun, Command::Upgrade("heads"));
        let error = outcome.err().map(|error| error.fault.to_string());
        if error.is_some() {
            assert_eq!(fake.content, before, "{statement}");
        }
        error
    };
    let fake = || Fake::new(Some(&[]));
    let journal = "a.sql:6:1: statement 1 of revision a failed: journal_mode can be changed in a \
                   no-transaction section only, since a failure could not be undone";
    for (statement, transaction, expected) in [
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
fn revisions_that_were_not_checked_for_the_database_are_refused_before_anything_is_asked() {
    // Reading finds that it would end the transaction only where it is asked to look.
    let text = "-- a\n-- Revision ID: a\n-- Revises:\n\n-- alembic: upgrade\nCOMMIT;\n";
    let file = SourceFile {
        path: PathBuf::from("a.sql"),
        content: Ok(text.as_bytes().to_vec()),
    };
    let history = History::new([file], &[]).unwrap();
    for (dialect, product) in [
        (Dialect::Sqlite, "SQLite"),
        (Dialect::Postgres, "PostgreSQL"),
    ] {
        let mut fake = Fake::of(dialect, None);
        let error = fake
            .run(&history, PerRun, Command::Upgrade("heads"))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the revisions are not checked for {product}: add \"{dialect}\" to `dialects` in the \
                 configuration of their crate; the database is as it was before"
            )
        );
        assert!(fake.log.is_empty(), "{:?}", fake.log);
    }
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
