//! One migrator at a time, on PostgreSQL.

use std::collections::BTreeSet;
use std::time::Duration;

use super::fake::{Command, Failing, Fake, Second, content};
use super::revisions::{OUTSIDE, PLAIN, history};
use super::said::{LOCKED, check};
use super::truth::REFUSED;
use crate::TransactionMode::{Revision as PerRevision, Run as PerRun};
use crate::{DatabaseState, FailureKind, Fault, Purge};

const HOLDER: &str = "process 4712 of `shop`, user app at 10.0.0.7, since 2026-01-02 03:04:05 UTC";

#[test]
fn an_upgrade_is_one_transaction_under_a_lock_on_another_connection() {
    let fake = check(
        PLAIN,
        PerRun,
        Fake::postgres(None),
        Command::Upgrade("heads"),
        &format!(
            "find
             {LOCKED}
             find in public
             -> step 1 of 2
             create
             CREATE TABLE a (x)
             CREATE TABLE a2 (x)
             INSERT INTO \"public\".alembic_version (version_num) VALUES ('a')
             -> done
             -> step 2 of 2
             CREATE TABLE b (x)
             UPDATE \"public\".alembic_version SET version_num = 'b' WHERE version_num = 'a'
             -> done
             find in public
             read
             aside SELECT 1
             COMMIT
             -> committed
             aside ROLLBACK
             = b"
        ),
    );
    // Programs of every version ask for this one.
    assert_eq!(fake.keys, BTreeSet::from([7_947_457_831_440_720_771]));
}

#[test]
fn the_lock_is_held_from_the_first_transaction_to_the_last() {
    check(
        PLAIN,
        PerRevision,
        Fake::postgres(Some(&[])),
        Command::Upgrade("heads"),
        &format!(
            "find
             read
             {LOCKED}
             find in public
             read
             -> step 1 of 2
             CREATE TABLE a (x)
             CREATE TABLE a2 (x)
             INSERT INTO \"public\".alembic_version (version_num) VALUES ('a')
             -> done
             find in public
             read
             aside SELECT 1
             COMMIT
             -> committed
             BEGIN
             settings 3000
             find in public
             read
             -> step 2 of 2
             CREATE TABLE b (x)
             UPDATE \"public\".alembic_version SET version_num = 'b' WHERE version_num = 'a'
             -> done
             find in public
             read
             aside SELECT 1
             COMMIT
             -> committed
             aside ROLLBACK
             = b"
        ),
    );
}

#[test]
fn without_a_second_connection_each_transaction_takes_the_lock() {
    let fake = Fake {
        second: Second::Missing,
        ..Fake::postgres(Some(&[]))
    };
    check(
        PLAIN,
        PerRevision,
        fake,
        Command::Upgrade("heads"),
        "find
         read
         aside BEGIN
         BEGIN
         lock
         settings 3000
         find in public
         read
         -> step 1 of 2
         CREATE TABLE a (x)
         CREATE TABLE a2 (x)
         INSERT INTO \"public\".alembic_version (version_num) VALUES ('a')
         -> done
         find in public
         read
         COMMIT
         -> committed
         BEGIN
         lock
         settings 3000
         find in public
         read
         -> step 2 of 2
         CREATE TABLE b (x)
         UPDATE \"public\".alembic_version SET version_num = 'b' WHERE version_num = 'a'
         -> done
         find in public
         read
         COMMIT
         -> committed
         = b",
    );
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
            let Fault::NoSecondConnection { revision, path } = &*error.fault else {
                panic!("{error}");
            };
            assert_eq!((revision.as_str(), path.to_str()), ("b", Some("b.sql")));
            assert_eq!(error.kind(), FailureKind::Migration);
            // Before anything is done, be it that other revisions come first.
            assert_eq!(error.state, DatabaseState::Unchanged);
            assert_eq!(fake.content, content(rows, &[]));
        }
    }
}

#[test]
fn a_lock_that_somebody_else_holds_is_waited_for() {
    let wait = format!(
        "find
         in vain
         aside holder
         -> waiting 1s for {HOLDER}
         in vain
         aside holder
         -> waiting 2s for {HOLDER}
         {LOCKED}
         find in public
         read\n"
    );
    let wait_inside = format!(
        "find
         aside BEGIN
         in vain
         aside holder
         holder
         -> waiting 1s for {HOLDER}
         in vain
         aside holder
         holder
         -> waiting 2s for {HOLDER}
         BEGIN
         lock
         settings 3000
         find in public
         read\n"
    );
    let step = "-> step 1 of 1
                CREATE TABLE b (x)
                UPDATE \"public\".alembic_version SET version_num = 'b' WHERE version_num = 'a'
                -> done
                find in public
                read
                aside SELECT 1
                COMMIT
                -> committed\n";
    let stamped = "find in public\nread\naside SELECT 1\nCOMMIT\n-> committed\n";
    for (meanwhile, command, rest) in [
        (&["b"][..], Command::Upgrade("heads"), "ROLLBACK\n"),
        (&["a"], Command::Upgrade("heads"), step),
        (&["b"], Command::EnsureVersion, "ROLLBACK\n"),
        (&["b"], Command::Stamp(&["b"], Purge::No), stamped),
    ] {
        for (second, wait, end) in [
            (Second::Closed, &wait, "aside ROLLBACK\n= b"),
            (Second::Missing, &wait_inside, "= b"),
        ] {
            let fake = Fake {
                second,
                held_until: Duration::from_millis(2900),
                meanwhile: Some(content(Some(meanwhile), &[])),
                lock_timeout: Duration::from_secs(30),
                ..Fake::postgres(None)
            };
            let rest = match second {
                Second::Missing => rest.replace("aside SELECT 1", ""),
                _ => rest.to_owned(),
            };
            let expected = format!("{wait}{rest}{end}");
            check(PLAIN, PerRun, fake, command, &expected);
        }
    }
}

#[test]
fn who_waits_for_the_lock_tells_so_once_a_second_and_gives_up() {
    for (second, last) in [
        (Second::Closed, "aside ROLLBACK"),
        (Second::Missing, "ROLLBACK"),
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

            let waiting = fake.log.iter().filter_map(|line| {
                let (seconds, _) = line.strip_prefix("-> waiting ")?.split_once('s')?;
                seconds.parse().ok()
            });
            let waiting: Vec<u64> = waiting.collect();
            assert!(waiting.is_sorted_by(|one, next| one < next), "{waiting:?}");
            assert!(waiting.len() as u64 >= seconds / 2, "{waiting:?}");
            let asked = fake
                .log
                .iter()
                .filter(|line| line.ends_with("lock"))
                .count();
            assert!(asked as u64 <= 3 * seconds + 5, "{asked}");
            let requests = fake.requests().into_iter();
            let end = requests.rev().find(|request| !request.ends_with("holder"));
            assert_eq!(end, Some(last));
        }
    }
}

#[test]
fn nothing_is_committed_or_run_outside_of_transactions_when_the_lock_is_lost() {
    let in_part = "revision b is done in part: its first";
    for (before, executed, left) in [
        (
            "COMMIT",
            &[][..],
            "the database is as it was before".to_owned(),
        ),
        (
            "VACUUM b2",
            &["UPDATE b1"],
            format!("{in_part} statement stays, and the next run goes on with statement 2"),
        ),
        (
            "VACUUM b3",
            &["UPDATE b1", "VACUUM b2"],
            format!("{in_part} 2 statements stay, and the next run goes on with statement 3"),
        ),
    ] {
        let up = Command::Upgrade("heads");
        let start = Fake::postgres(Some(&["a"]));
        let mut sound = start.clone();
        sound.run(&history(OUTSIDE), PerRun, up).unwrap();
        let request = sound.number_of(before) - 1;
        assert_eq!(sound.requests()[request], "aside SELECT 1");
        for failing in [REFUSED, Failing::Lost { happened: false }] {
            let mut fake = Fake {
                failing: Some((request, failing)),
                ..start.clone()
            };
            let error = fake.run(&history(OUTSIDE), PerRun, up).unwrap_err();
            assert_eq!(
                error.fault.to_string(),
                match failing {
                    REFUSED => "cannot take the migration lock: refused",
                    _ => "cannot take the migration lock: the connection was lost",
                }
            );
            assert_eq!(error.state.to_string(), left);
            assert_eq!(fake.content.executed, executed);
        }
    }
}

#[test]
fn who_has_lost_the_lock_is_left_to_end_its_transaction() {
    for (times, seconds, retries) in [(1, 30, 1), (2, 30, 2), (usize::MAX, 30, 7), (1, 0, 0)] {
        for second in [Second::Closed, Second::Missing] {
            let mut fake = Fake {
                second,
                at_work: 0..times,
                lock_timeout: Duration::from_secs(seconds),
                ..Fake::postgres(Some(&["a"]))
            };
            let outcome = fake.run(&history(PLAIN), PerRun, Command::Upgrade("heads"));
            let retrying = fake.log.iter().filter(|line| {
                line.starts_with("-> retrying ")
                    && line.ends_with(": another migrator is at work in a transaction")
            });
            assert_eq!(retrying.count(), retries, "{:#?}", fake.log);
            if times == retries {
                assert_eq!(outcome.unwrap(), ["b"]);
                continue;
            }
            let error = outcome.unwrap_err();
            assert_eq!(
                error.to_string(),
                "cannot take the migration lock: another migrator is at work in a transaction; \
                 the database is as it was before"
            );
            assert_eq!(error.kind(), FailureKind::Busy);
            assert_eq!(fake.content, content(Some(&["a"]), &[]));
        }
    }
}
