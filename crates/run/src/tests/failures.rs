//! Runs on a database that refuses a request, or holds the wrong rows.

use std::path::PathBuf;

use alembic_history::TransactionMode::{Revision as PerRevision, Run as PerRun};
use alembic_history::{Dialect, Direction, History, RevisionId, SourceFile, TransactionMode};
use insta::assert_snapshot;

use super::fake::{Command, Failing, Fake, REFUSED, Second, content, converse};
use super::revisions::{ALONE, INDEX, OUTSIDE, PATH, PLAIN, ROW, Source, TWICE, history};
use super::truth::{Case, after_failure};
use crate::{DatabaseState, Failure, FailureKind, Interruption, Purge};

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
        (both, ROW, None, Command::Upgrade("heads")),
        (both, ROW, Some(&["f"]), Command::Downgrade("base")),
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
    use Interruption::{Again, Refuse, Skip};
    let (lost, took_effect) = (
        Failing::Lost { took_effect: false },
        Failing::Lost { took_effect: true },
    );
    let up = Command::Upgrade("heads");
    for (sources, rows, command, request, failing, interruption) in [
        (OUTSIDE, &["a"][..], up, "VACUUM b2", REFUSED, Refuse),
        (OUTSIDE, &["a"], up, "VACUUM b2", lost, Again),
        (OUTSIDE, &["a"], up, "VACUUM b2", took_effect, Skip),
        (OUTSIDE, &["a"], up, "VACUUM b3", REFUSED, Refuse),
        (OUTSIDE, &["a"], up, "VACUUM b3", lost, Again),
        (OUTSIDE, &["a"], up, "VACUUM b3", took_effect, Skip),
        (OUTSIDE, &["a"], up, "UPDATE b4", REFUSED, Refuse),
        (
            OUTSIDE,
            &["d"],
            Command::Downgrade("base"),
            "VACUUM not_b3",
            took_effect,
            Skip,
        ),
        (ALONE, &[], up, "VACUUM a", lost, Again),
        (ALONE, &[], up, "VACUUM a", took_effect, Skip),
        (TWICE, &[], up, "VACUUM a1", lost, Again),
        (TWICE, &[], up, "VACUUM a1", took_effect, Skip),
        (TWICE, &[], up, "UPDATE a3", REFUSED, Refuse),
        (TWICE, &[], up, "VACUUM a4", took_effect, Skip),
        (TWICE, &[], up, "VACUUM a5", lost, Again),
        (ROW, &[], up, "VACUUM b1", lost, Again),
        (ROW, &[], up, "VACUUM b1", REFUSED, Refuse),
        (ROW, &[], up, "VACUUM c1", took_effect, Skip),
        (ROW, &[], up, "VACUUM c2", lost, Again),
        (
            ROW,
            &["f"],
            Command::Downgrade("base"),
            "VACUUM not_c2",
            took_effect,
            Skip,
        ),
    ] {
        let history = history(sources);
        for dialect in Dialect::ALL {
            let start = Fake::of(*dialect, Some(rows));
            let attempt = |fake: &mut Fake| fake.run(&history, PerRun, command).map(drop);
            let unfinished = Fake {
                interruption,
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
    let Failure::Statement { location, .. } = error.failure() else {
        panic!("{error:?}");
    };
    assert_eq!(location.revision.as_str(), "b");
    assert_eq!(location.path, PathBuf::from("b.sql"));
    assert_eq!(location.position.line, 6);
    assert_eq!(location.statement, 1);
    assert_eq!(*error.state(), DatabaseState::Unchanged);
    assert_eq!(error.rollback_error().unwrap().to_string(), "refused");
}

/// The database before an upgrade, in which counting what refers to nothing finds a mismatch: before
/// the steps, or after them.
fn with_mismatch(sources: &[Source], count: usize) -> Fake {
    let mut sound = Fake::new(Some(&["c"]));
    let start = sound.clone();
    sound
        .run(&history(sources), PerRun, Command::Upgrade("d"))
        .unwrap();
    let counts = sound.numbers_of("find dangling");
    assert_eq!(counts.len(), 2);
    Fake {
        failing: Some((counts[count], Failing::Mismatch)),
        ..start
    }
}

#[test]
fn a_mismatch_that_is_there_already_is_not_held_against_a_run() {
    let fake = with_mismatch(OUTSIDE, 0);
    let (_, said) = converse(OUTSIDE, PerRun, fake, Command::Upgrade("d"));
    assert_snapshot!(said, @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    find dangling
    -> refused
    list foreign keys
    find dangling
    -> refused
    read primary key
    list unique indexes
    list databases
    -> ignoring child (parent_id) to parent
    -> step 1 of 1
    UPDATE d1
    UPDATE d2
    update c to d
    -> done
    find dangling
    -> refused
    list foreign keys
    find dangling
    -> refused
    read primary key
    list unique indexes
    find versions
    read versions
    commit
    -> committed
    = d
    ");
}

#[test]
fn a_mismatch_that_a_revision_declares_is_its_own_fault() {
    // Suspected is who names a table of the key, and nobody else.
    let naming: &[Source] = &[
        ("c", "", "-- alembic: upgrade\nUPDATE c1;\n"),
        ("d", "c", "-- alembic: upgrade\nUPDATE child;\n"),
    ];
    let suspected = RevisionId::new("d").unwrap();
    for (sources, expected) in [(naming, vec![suspected]), (OUTSIDE, vec![])] {
        let mut fake = with_mismatch(sources, 1);
        let error = fake.run(&history(sources), PerRun, Command::Upgrade("d"));
        let error = error.unwrap_err();
        assert!(
            matches!(error.failure(), Failure::ForeignKeyMismatch { suspects, .. }
                if *suspects == expected),
            "{error}"
        );
        assert_eq!(error.kind(), FailureKind::Migration);
        assert_eq!(fake.content, content(Some(&["c"]), &[]));
    }
}

#[test]
fn locks_are_waited_for_until_the_timeout() {
    let mut sound = Fake::new(None);
    sound
        .run(&history(PLAIN), PerRun, Command::Upgrade("a"))
        .unwrap();
    let busy = |request, times| {
        let fake = Fake {
            failing: Some((sound.number_of(request), Failing::Busy(times))),
            ..Fake::new(None)
        };
        let (_, said) = converse(PLAIN, PerRun, fake, Command::Upgrade("a"));
        said
    };
    assert_snapshot!(busy("begin", 2), @"
    find versions
    begin
    -> refused
    -> waiting 1s
    -> pause
    begin
    -> refused
    -> waiting 2s
    -> pause
    begin
    read journal mode
    find versions
    explain check
    list databases
    find databases
    read catalog
    -> step 1 of 1
    create versions
    CREATE TABLE a (x)
    CREATE TABLE a2 (x)
    insert a
    -> done
    explain check
    find databases
    read catalog
    find versions
    read versions
    commit
    -> committed
    = a
    ");
    assert_snapshot!(busy("begin", usize::MAX), @"
    find versions
    begin
    -> refused
    -> waiting 1s
    -> pause
    begin
    -> refused
    -> waiting 2s
    -> pause
    begin
    -> refused
    ! cannot begin a transaction: refused; the database is as it was before
    ");
    assert_snapshot!(busy("find versions", 1), @"
    find versions
    -> refused
    -> waiting 1s
    -> pause
    find versions
    begin
    read journal mode
    find versions
    explain check
    list databases
    find databases
    read catalog
    -> step 1 of 1
    create versions
    CREATE TABLE a (x)
    CREATE TABLE a2 (x)
    insert a
    -> done
    explain check
    find databases
    read catalog
    find versions
    read versions
    commit
    -> committed
    = a
    ");
    assert_snapshot!(busy("find versions", usize::MAX), @"
    find versions
    -> refused
    -> waiting 1s
    -> pause
    find versions
    -> refused
    -> waiting 2s
    -> pause
    find versions
    -> refused
    ! cannot look for the version table: refused; the database is as it was before
    ");
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
        ("commit", true),
    ] {
        let mut fake = Fake {
            failing: Some((sound.number_of(statement), Failing::Busy(2))),
            ..Fake::new(None)
        };
        let outcome = fake.run(&history(OUTSIDE), PerRun, Command::Upgrade("b"));
        assert_eq!(outcome.is_ok(), waits, "{statement}: {outcome:?}");
        let waiting = fake.log.starting_with("-> waiting");
        assert_eq!(waiting.len(), if waits { 2 } else { 0 }, "{statement}");
    }
}

#[test]
fn what_is_refused_outside_does_not_take_back_what_comes_before() {
    let misread = "-- alembic: upgrade no-transaction\nSET standard_conforming_strings = off;\n\
                   VACUUM 'a\\b';\n";
    let sources: &[Source] = &[PLAIN[0], ("b", "a", misread)];
    let mut fake = Fake::postgres(None);
    let error = fake.run(&history(sources), PerRun, Command::Upgrade("heads"));
    assert_snapshot!(error.unwrap_err(), @"b.sql:7:1: statement 2 of revision b failed: standard_conforming_strings is off, but the statements of a revision are read with it on: write E'...' where a backslash is an escape; these revisions are committed: a; everything else is as it was before");
    let executed = ["CREATE TABLE a (x)", "CREATE TABLE a2 (x)"];
    assert_eq!(fake.content, content(Some(&["a"]), &executed));
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
        let error = outcome.err().map(|error| error.failure().to_string());
        if error.is_some() {
            assert_eq!(fake.content, before, "{statement}");
        }
        error
    };
    let fake = || Fake::new(Some(&[]));
    let journal = "a.sql:6:1: statement 1 of revision a failed: journal_mode can only be changed in \
                   a no-transaction section, since a failure could not be undone";
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
             so a failure could not be undone"
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
        assert_eq!(fake.log.text(), "");
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
