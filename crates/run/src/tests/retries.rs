//! Transactions on PostgreSQL that meet a lock, and are begun again.

use std::time::Duration;

use alembic_history::RevisionId;
use alembic_history::TransactionMode::{Revision as PerRevision, Run as PerRun};
use insta::assert_snapshot;

use super::fake::{Command, Failing, Fake, Second, content, converse};
use super::revisions::{ALONE, OUTSIDE, PLAIN, history};
use super::truth::{failing, failing_in};
use crate::{DatabaseState, Failure, FailureKind};

#[test]
fn a_transaction_that_meets_a_lock_is_begun_again() {
    let meet_lock = |mode| {
        let (up, busy) = (Command::Upgrade("heads"), Failing::Busy(1));
        let fake = Fake::postgres(None);
        let fake = failing_in(mode, fake, PLAIN, up, "CREATE TABLE b (x)", busy);
        let (fake, said) = converse(PLAIN, mode, fake, up);
        let executed = [
            "CREATE TABLE a (x)",
            "CREATE TABLE a2 (x)",
            "CREATE TABLE b (x)",
        ];
        assert_eq!(fake.content, content(Some(&["b"]), &executed));
        said
    };
    // The whole command is planned anew.
    assert_snapshot!(meet_lock(PerRun), @"
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
    -> refused
    roll back
    -> retrying 1: refused
    -> pause
    find versions in public
    begin
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
    // What is committed stays.
    assert_snapshot!(meet_lock(PerRevision), @"
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
    -> refused
    roll back
    -> retrying 1: refused
    -> pause
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
fn a_transaction_is_begun_again_as_long_as_the_lock_timeout_allows() {
    // It counts three seconds for each lock, and pauses of 0.1, 0.2, 0.4, ... 3.2 seconds.
    for (seconds, retries) in [(0, 0), (3, 1), (4, 2), (30, 7)] {
        for (mode, second) in [
            (PerRun, Second::Closed),
            (PerRevision, Second::Closed),
            (PerRun, Second::Missing),
            (PerRevision, Second::Missing),
        ] {
            let fake = Fake {
                second,
                ..Fake::postgres(None)
            };
            let (up, busy) = (Command::Upgrade("heads"), Failing::Busy(usize::MAX));
            let fake = failing_in(mode, fake, PLAIN, up, "CREATE TABLE b (x)", busy);
            let mut fake = Fake {
                lock_timeout: Duration::from_secs(seconds),
                ..fake
            };
            let error = fake.run(&history(PLAIN), mode, up).unwrap_err();
            assert_eq!(error.kind(), FailureKind::Busy);
            assert!(
                matches!(error.failure(), Failure::Statement { .. }),
                "{error}"
            );
            let retrying = fake.log.starting_with("-> retrying");
            assert_eq!(retrying.len(), retries, "{:#?}", fake.log);
            let (state, content) = match mode {
                PerRun => (DatabaseState::Unchanged, content(None, &[])),
                PerRevision => (
                    DatabaseState::Committed {
                        ready: Vec::new(),
                        done: vec![RevisionId::new("a").unwrap()],
                        transaction: PerRevision,
                    },
                    content(Some(&["a"]), &["CREATE TABLE a (x)", "CREATE TABLE a2 (x)"]),
                ),
            };
            assert_eq!(*error.state(), state);
            assert_eq!(fake.content, content);
        }
    }
}

#[test]
fn what_runs_outside_of_transactions_is_not_begun_again() {
    let up = Command::Upgrade("heads");
    let fake = failing(
        Fake::postgres(Some(&["a"])),
        OUTSIDE,
        up,
        "VACUUM b3",
        Failing::Busy(1),
    );
    let (fake, said) = converse(OUTSIDE, PerRun, fake, up);
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
    -> step 1 of 3
    UPDATE b1
    create progress
    record upgrade of b: 1 done, 2 begun
    aside check lock
    commit
    -> committed
    find own process
    aside check lock
    VACUUM b2
    record 2 done, 3 begun
    aside check lock
    VACUUM b3
    -> refused
    aside check lock
    record 2 done
    aside release lock
    ! b.sql:9:1: statement 3 of revision b failed: refused; revision b is unfinished: its first 2 statements are done, and the next run continues with statement 3
    ");
    // The next run continues it.
    let next = Fake {
        content: fake.content,
        ..Fake::postgres(None)
    };
    let (_, said) = converse(OUTSIDE, PerRun, next, Command::Upgrade("b"));
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
    read progress
    -> step 1 of 1
    record 2 done, 3 begun
    aside check lock
    commit
    -> committed
    find own process
    aside check lock
    VACUUM b3
    record 3 done
    begin
    set for transaction
    read versions
    UPDATE b4
    update a to b
    drop progress
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
fn a_record_that_cannot_be_taken_back_says_that_a_statement_may_have_taken_effect() {
    let up = Command::Upgrade("heads");
    let busy = Failing::Busy(usize::MAX);
    let mut fake = Fake {
        at_work: 1..usize::MAX,
        ..failing(Fake::postgres(None), ALONE, up, "VACUUM a", busy)
    };
    let error = fake.run(&history(ALONE), PerRun, up).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.sql:6:1: statement 1 of revision a failed: refused; revision a is unfinished: \
         statement 1 may have taken effect"
    );
    assert!(!fake.is_open());
    assert_eq!(fake.log.starting_with("-> retrying"), [""; 0]);
}

#[test]
fn what_is_left_of_an_unfinished_revision_is_begun_again_when_it_meets_a_lock() {
    for mode in [PerRun, PerRevision] {
        for rows in [None, Some(&["a"][..])] {
            let (fake, up) = (Fake::postgres(rows), Command::Upgrade("b"));
            let mut sound = fake.clone();
            sound.run(&history(OUTSIDE), mode, up).unwrap();
            let busy = Failing::Busy(1);
            let mut fake = failing_in(mode, fake, OUTSIDE, up, "UPDATE b4", busy);
            fake.run(&history(OUTSIDE), mode, up).unwrap();
            assert_eq!(fake.content, sound.content);
            let retrying = fake.log.starting_with("-> retrying");
            assert_eq!(retrying.len(), 1, "{:#?}", fake.log);
        }
    }
}

#[test]
fn a_version_table_that_is_locked_is_no_malformed_one() {
    // Before the lock is taken, it is asked for again; afterwards, the transaction is over.
    for (request, times, again, is_ok) in [
        ("find versions", 1, "-> waiting 1s", true),
        ("find versions", usize::MAX, "-> waiting 2s", false),
        ("read versions", 1, "-> waiting 1s", true),
        ("read versions", usize::MAX, "-> waiting 2s", false),
        ("find versions in public", 1, "-> retrying 1: refused", true),
        (
            "find versions in public",
            usize::MAX,
            "-> retrying 1: refused",
            false,
        ),
    ] {
        let up = Command::Upgrade("heads");
        let busy = Failing::Busy(times);
        let mut fake = failing(Fake::postgres(Some(&["a"])), PLAIN, up, request, busy);
        let outcome = fake.run(&history(PLAIN), PerRun, up);
        assert_eq!(outcome.is_ok(), is_ok, "{request}: {:#?}", fake.log);
        let lines = fake.log.lines();
        assert!(lines.iter().any(|line| line == again), "{lines:#?}");
        if let Err(error) = outcome {
            assert_eq!(error.kind(), FailureKind::Busy, "{error}");
            assert_eq!(*error.state(), DatabaseState::Unchanged, "{error}");
        }
    }
}

#[test]
fn what_a_version_table_cannot_be_read_for_is_told_within_a_transaction_too() {
    // The second time it is read.
    let up = Command::Upgrade("heads");
    let start = Fake::postgres(Some(&["a"]));
    let mut sound = start.clone();
    sound.run(&history(PLAIN), PerRun, up).unwrap();
    for request in sound.numbers_of("read versions") {
        let mut fake = Fake {
            failing: Some((request, Failing::Busy(usize::MAX))),
            ..start.clone()
        };
        let error = fake.run(&history(PLAIN), PerRun, up).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot read the version table: refused; the database is as it was before"
        );
    }
}
