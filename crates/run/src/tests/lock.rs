//! One migrator at a time, on PostgreSQL.

use std::collections::BTreeSet;
use std::time::Duration;

use alembic_history::TransactionMode::{Revision as PerRevision, Run as PerRun};
use insta::{allow_duplicates, assert_snapshot};

use super::fake::{Command, Failing, Fake, REFUSED, Second, content, converse};
use super::revisions::{OUTSIDE, PLAIN, history};
use crate::{DatabaseState, Failure, FailureKind, Purge};

const HOLDER: &str = "process 4712 of `shop`, user app at 10.0.0.7, since 2026-01-02 03:04:05 UTC";

#[test]
fn an_upgrade_is_one_transaction_under_a_lock_on_another_connection() {
    let fake = Fake::postgres(None);
    let (fake, said) = converse(PLAIN, PerRun, fake, Command::Upgrade("heads"));
    assert_snapshot!(said, @"
    find versions
    find transaction
    begin
    enter
    aside begin
    aside try lock
    aside keep lock
    leave
    set for transaction
    find versions in public
    -> step 1 of 2
    create versions
    CREATE TABLE a (x)
    CREATE TABLE a2 (x)
    insert a
    -> done
    -> step 2 of 2
    CREATE TABLE b (x)
    update a to b
    -> done
    find versions in public
    read versions
    aside check lock
    commit
    -> committed
    aside release lock
    = b
    ");
    // Programs of every version ask for this one.
    assert_eq!(fake.keys, BTreeSet::from([7_947_457_831_440_720_771]));
}

#[test]
fn the_lock_is_held_from_the_first_transaction_to_the_last() {
    let fake = Fake::postgres(Some(&[]));
    let (_, said) = converse(PLAIN, PerRevision, fake, Command::Upgrade("heads"));
    assert_snapshot!(said, @"
    find versions
    read versions
    find transaction
    begin
    enter
    aside begin
    aside try lock
    aside keep lock
    leave
    set for transaction
    find versions in public
    read versions
    -> step 1 of 2
    CREATE TABLE a (x)
    CREATE TABLE a2 (x)
    insert a
    -> done
    find versions in public
    read versions
    aside check lock
    commit
    -> committed
    begin
    set for transaction
    find versions in public
    read versions
    -> step 2 of 2
    CREATE TABLE b (x)
    update a to b
    -> done
    find versions in public
    read versions
    aside check lock
    commit
    -> committed
    aside release lock
    = b
    ");
}

#[test]
fn without_a_second_connection_each_transaction_takes_the_lock() {
    let fake = Fake {
        second: Second::Missing,
        ..Fake::postgres(Some(&[]))
    };
    let (_, said) = converse(PLAIN, PerRevision, fake, Command::Upgrade("heads"));
    assert_snapshot!(said, @"
    find versions
    read versions
    find transaction
    begin
    enter
    aside begin
    leave
    try lock
    set for transaction
    find versions in public
    read versions
    -> step 1 of 2
    CREATE TABLE a (x)
    CREATE TABLE a2 (x)
    insert a
    -> done
    find versions in public
    read versions
    commit
    -> committed
    find transaction
    begin
    try lock
    set for transaction
    find versions in public
    read versions
    -> step 2 of 2
    CREATE TABLE b (x)
    update a to b
    -> done
    find versions in public
    read versions
    commit
    -> committed
    = b
    ");
}

#[test]
fn a_transaction_of_the_caller_is_not_taken_over() {
    for (command, action) in [
        (Command::Upgrade("heads"), "take the migration lock"),
        (Command::Describe, "begin a transaction"),
    ] {
        let mut fake = Fake {
            second: Second::Missing,
            is_in_transaction: true,
            ..Fake::postgres(None)
        };
        let error = fake.run(&history(PLAIN), PerRun, command).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "cannot {action}: cannot start a transaction within a transaction; \
                 the database is as it was before"
            )
        );
        assert_eq!(fake.requests(), ["find versions", "find transaction"]);
    }
}

#[test]
fn without_a_second_connection_nothing_is_run_outside_of_transactions() {
    for rows in [Some(&["a"][..]), None] {
        for mode in [PerRun, PerRevision] {
            let mut fake = Fake {
                second: Second::Missing,
                ..Fake::postgres(rows)
            };
            let outcome = fake.run(&history(OUTSIDE), mode, Command::Upgrade("heads"));
            let error = outcome.unwrap_err();
            let Failure::NoSecondConnection { revision, path } = error.failure() else {
                panic!("{error}");
            };
            assert_eq!((revision.as_str(), path.to_str()), ("b", Some("b.sql")));
            assert_eq!(error.kind(), FailureKind::Migration);
            // Before anything is done, even where other revisions come first.
            assert_eq!(*error.state(), DatabaseState::Unchanged);
            assert_eq!(fake.content, content(rows, &[]));
        }
    }
}

#[test]
fn a_lock_that_another_migrator_holds_is_waited_for() {
    let upgrade = Command::Upgrade("heads");
    for (second, is_aside) in [(Second::Closed, true), (Second::Missing, false)] {
        let mut ends = Vec::new();
        for (meanwhile, command) in [
            ("b", upgrade),
            ("a", upgrade),
            ("b", Command::EnsureVersion),
            ("b", Command::Stamp(&["b"], Purge::No)),
        ] {
            let fake = Fake {
                second,
                held_until: Duration::from_millis(2900),
                meanwhile: Some(content(Some(&[meanwhile]), &[])),
                lock_timeout: Duration::from_secs(30),
                ..Fake::postgres(None)
            };
            let (_, said) = converse(PLAIN, PerRun, fake, command);
            let (wait, end) = said.split_once("set for transaction\n").unwrap();
            ends.push(end.replace('\n', ", "));
            if is_aside {
                allow_duplicates!(assert_snapshot!(wait, @"
                find versions
                find transaction
                begin
                enter
                in vain
                roll back
                -> pause
                find transaction
                begin
                enter
                in vain
                roll back
                -> pause
                find transaction
                begin
                enter
                in vain
                roll back
                -> pause
                find transaction
                begin
                enter
                in vain
                roll back
                -> pause
                find transaction
                begin
                enter
                in vain
                roll back
                -> pause
                find transaction
                begin
                enter
                in vain
                roll back
                aside find holder
                -> waiting 1s for process 4712 of `shop`, user app at 10.0.0.7, since 2026-01-02 03:04:05 UTC
                find transaction
                begin
                enter
                in vain
                roll back
                -> pause
                find transaction
                begin
                enter
                in vain
                roll back
                aside find holder
                -> waiting 2s for process 4712 of `shop`, user app at 10.0.0.7, since 2026-01-02 03:04:05 UTC
                find transaction
                begin
                enter
                aside begin
                aside try lock
                aside keep lock
                leave
                "));
            } else {
                allow_duplicates!(assert_snapshot!(wait, @"
                find versions
                find transaction
                begin
                enter
                aside begin
                leave
                try lock
                roll back
                -> pause
                in vain
                aside find holder
                find holder
                -> waiting 1s for process 4712 of `shop`, user app at 10.0.0.7, since 2026-01-02 03:04:05 UTC
                in vain
                aside find holder
                find holder
                -> waiting 2s for process 4712 of `shop`, user app at 10.0.0.7, since 2026-01-02 03:04:05 UTC
                find transaction
                begin
                try lock
                "));
            }
        }
        if is_aside {
            assert_snapshot!(ends.join("\n"), @"
            find versions in public, read versions, roll back, aside release lock, = b
            find versions in public, read versions, -> step 1 of 1, CREATE TABLE b (x), update a to b, -> done, find versions in public, read versions, aside check lock, commit, -> committed, aside release lock, = b
            find versions in public, read versions, roll back, aside release lock, = b
            find versions in public, read versions, find versions in public, read versions, aside check lock, commit, -> committed, aside release lock, = b
            ");
        } else {
            assert_snapshot!(ends.join("\n"), @"
            find versions in public, read versions, roll back, = b
            find versions in public, read versions, -> step 1 of 1, CREATE TABLE b (x), update a to b, -> done, find versions in public, read versions, commit, -> committed, = b
            find versions in public, read versions, roll back, = b
            find versions in public, read versions, find versions in public, read versions, commit, -> committed, = b
            ");
        }
    }
}

#[test]
fn a_run_that_waits_for_the_lock_says_so_once_a_second_and_gives_up() {
    for (second, last) in [
        (Second::Closed, "roll back"),
        (Second::Missing, "roll back"),
    ] {
        for seconds in [0, 1, 10, 60] {
            let mut fake = Fake {
                second,
                held_until: Duration::MAX,
                lock_timeout: Duration::from_secs(seconds),
                ..Fake::postgres(Some(&["a"]))
            };
            let start = fake.content.clone();
            let outcome = fake.run(&history(PLAIN), PerRun, Command::Upgrade("heads"));
            let error = outcome.unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "cannot take the migration lock: after {seconds}.0 seconds another migrator \
                     still holds it: {HOLDER}; the database is as it was before"
                )
            );
            assert_eq!(error.kind(), FailureKind::Busy);
            assert_eq!(fake.content, start);
            assert!(!fake.is_open());

            let lines = fake.log.lines();
            let waiting = lines.iter().filter_map(|line| {
                let (seconds, _) = line.strip_prefix("-> waiting ")?.split_once('s')?;
                seconds.parse().ok()
            });
            let waiting: Vec<u64> = waiting.collect();
            assert!(waiting.is_sorted_by(|one, next| one < next), "{waiting:?}");
            assert!(waiting.len() as u64 >= seconds / 2, "{waiting:?}");
            let asked = lines.iter().filter(|line| line.ends_with("try lock"));
            let asked = asked.count() as u64;
            assert!(asked <= 3 * seconds + 5, "{asked}");
            let requests = fake.requests();
            let mut requests = requests.iter().rev();
            let end = requests.find(|request| !request.ends_with("find holder"));
            assert_eq!(end.map(String::as_str), Some(last));
        }
    }
}

#[test]
fn nothing_is_committed_or_run_outside_of_transactions_when_the_lock_is_lost() {
    let in_part = "revision b is unfinished: its first";
    for (before, executed, left) in [
        (
            "commit",
            &[][..],
            "the database is as it was before".to_owned(),
        ),
        (
            "VACUUM b2",
            &["UPDATE b1"],
            format!("{in_part} statement is done, and statement 2 may have taken effect"),
        ),
        (
            "VACUUM b3",
            &["UPDATE b1", "VACUUM b2"],
            format!("{in_part} 2 statements are done, and statement 3 may have taken effect"),
        ),
    ] {
        let up = Command::Upgrade("heads");
        let start = Fake::postgres(Some(&["a"]));
        let mut sound = start.clone();
        sound.run(&history(OUTSIDE), PerRun, up).unwrap();
        let request = sound.number_of(before) - 1;
        assert_eq!(sound.requests()[request], "aside check lock");
        for failing in [REFUSED, Failing::Lost { took_effect: false }] {
            let mut fake = Fake {
                failing: Some((request, failing)),
                ..start.clone()
            };
            let error = fake.run(&history(OUTSIDE), PerRun, up).unwrap_err();
            assert_eq!(
                error.failure().to_string(),
                match failing {
                    REFUSED => "cannot take the migration lock: refused",
                    _ => "cannot take the migration lock: the connection was lost",
                }
            );
            assert_eq!(error.state().to_string(), left);
            assert_eq!(fake.content.executed, executed);
        }
    }
}

#[test]
fn a_migrator_that_has_lost_the_lock_is_left_to_end_its_transaction() {
    for (times, seconds, retries) in [(1, 30, 1), (2, 30, 2), (usize::MAX, 30, 7), (1, 0, 0)] {
        for second in [Second::Closed, Second::Missing] {
            let mut fake = Fake {
                second,
                at_work: 0..times,
                lock_timeout: Duration::from_secs(seconds),
                ..Fake::postgres(Some(&["a"]))
            };
            let outcome = fake.run(&history(PLAIN), PerRun, Command::Upgrade("heads"));
            let mut retrying = fake.log.starting_with("-> retrying ");
            let why = ": another migrator has a transaction open";
            retrying.retain(|line| line.ends_with(why));
            assert_eq!(retrying.len(), retries, "{:#?}", fake.log);
            if times == retries {
                assert_eq!(outcome.unwrap(), ["b"]);
                continue;
            }
            let error = outcome.unwrap_err();
            assert_eq!(
                error.to_string(),
                "cannot take the migration lock: another migrator has a transaction open; \
                 the database is as it was before"
            );
            assert_eq!(error.kind(), FailureKind::Busy);
            assert_eq!(fake.content, content(Some(&["a"]), &[]));
        }
    }
}
