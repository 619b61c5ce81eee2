//! What runs ask of PostgreSQL, in which order: one migrator at a time, transactions that are begun
//! again, and what stays when the connection is gone.

use std::collections::BTreeSet;
use std::time::Duration;

use super::fake::{Command, Failing, Fake, Second, content};
use super::revisions::{ALONE, INDEX, OUTSIDE, PATH, PLAIN, Source, history};
use super::said::check;
use super::truth::REFUSED;
use crate::RevisionId;
use crate::run::TransactionMode::{Revision as PerRevision, Run as PerRun};
use crate::run::{DatabaseState, FailureKind, Fault, Interrupted, Purge, TransactionMode};

/// How the lock is taken, and a transaction begun under it.
const LOCKED: &str = "aside BEGIN
                      aside lock
                      aside timeouts
                      BEGIN
                      settings 3000";

const HOLDER: &str = "process 4712 of `shop`, user app at 10.0.0.7, since 2026-01-02 03:04:05 UTC";

fn failing(fake: Fake, sources: &[Source], command: Command, request: &str, how: Failing) -> Fake {
    failing_in(PerRun, fake, sources, command, request, how)
}

/// The database of which a request will fail.
fn failing_in(
    mode: TransactionMode,
    fake: Fake,
    sources: &[Source],
    command: Command,
    request: &str,
    how: Failing,
) -> Fake {
    let mut sound = fake.clone();
    sound.run(&history(sources), mode, command).unwrap();
    Fake {
        failing: Some((sound.number_of(request), how)),
        ..fake
    }
}

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
    for (rows, expected) in [(Some(&["a"][..]), "Unchanged"), (None, "Committed")] {
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
            assert!(
                format!("{:?}", error.state).starts_with(expected),
                "{error}"
            );
            let done: &[&str] = if rows.is_none() { &["UPDATE a1"] } else { &[] };
            assert_eq!(fake.content, content(Some(&["a"]), done));
        }
    }
}

#[test]
fn a_section_outside_of_transactions_is_recorded_statement_by_statement() {
    let fake = check(
        OUTSIDE,
        PerRun,
        Fake::postgres(Some(&["a"])),
        Command::Upgrade("b"),
        &format!(
            "find
             read
             {LOCKED}
             find in public
             read
             -> step 1 of 1
             UPDATE b1
             create progress
             record upgrade of b: 1 done, 2 begun
             aside SELECT 1
             COMMIT
             -> committed
             aside SELECT 1
             VACUUM b2
             record 2 done, 3 begun
             aside SELECT 1
             VACUUM b3
             record 3 done
             BEGIN
             settings 3000
             find in public
             read
             UPDATE b4
             UPDATE \"public\".alembic_version SET version_num = 'b' WHERE version_num = 'a'
             drop progress
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
    let executed = ["UPDATE b1", "VACUUM b2", "VACUUM b3", "UPDATE b4"];
    assert_eq!(fake.content, content(Some(&["b"]), &executed));
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
fn a_transaction_that_meets_a_lock_is_begun_again() {
    let busy = |mode, times| {
        let fake = Fake::postgres(None);
        let up = Command::Upgrade("heads");
        failing_in(
            mode,
            fake,
            PLAIN,
            up,
            "CREATE TABLE b (x)",
            Failing::Busy(times),
        )
    };
    let (insert, update) = (
        "INSERT INTO \"public\".alembic_version (version_num) VALUES ('a')",
        "UPDATE \"public\".alembic_version SET version_num = 'b' WHERE version_num = 'a'",
    );
    let first = |total| {
        format!(
            "BEGIN
             settings 3000
             find in public
             -> step 1 of {total}
             create
             CREATE TABLE a (x)
             CREATE TABLE a2 (x)
             {insert}
             -> done"
        )
    };
    let whole = format!(
        "{}
         -> step 2 of 2
         CREATE TABLE b (x)",
        first(2)
    );
    let end = format!(
        "{update}
         -> done
         find in public
         read
         aside SELECT 1
         COMMIT
         -> committed
         aside ROLLBACK
         = b"
    );
    let lock = "aside BEGIN\naside lock\naside timeouts";
    let again = "-> refused\nROLLBACK\n-> retrying 1: refused\n-> pause";
    let fake = check(
        PLAIN,
        PerRun,
        busy(PerRun, 1),
        Command::Upgrade("heads"),
        // The whole command is planned anew.
        &format!("find\n{lock}\n{whole}\n{again}\nfind in public\n{whole}\n{end}"),
    );
    let executed = [
        "CREATE TABLE a (x)",
        "CREATE TABLE a2 (x)",
        "CREATE TABLE b (x)",
    ];
    assert_eq!(fake.content, content(Some(&["b"]), &executed));

    let second = "BEGIN
                  settings 3000
                  find in public
                  read
                  -> step 2 of 2
                  CREATE TABLE b (x)";
    let committed = "find in public\nread\naside SELECT 1\nCOMMIT\n-> committed";
    let fake = check(
        PLAIN,
        PerRevision,
        busy(PerRevision, 1),
        Command::Upgrade("heads"),
        &format!(
            "find\n{lock}\n{}\n{committed}\n{second}\n{again}\n{second}\n{end}",
            first(2)
        ),
    );
    assert_eq!(fake.content, content(Some(&["b"]), &executed));
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
            assert!(matches!(*error.fault, Fault::Statement { .. }), "{error}");
            let retrying = fake
                .log
                .iter()
                .filter(|line| line.starts_with("-> retrying"));
            assert_eq!(retrying.count(), retries, "{:#?}", fake.log);
            let (state, content) = match mode {
                PerRun => (DatabaseState::Unchanged, content(None, &[])),
                PerRevision => (
                    DatabaseState::Committed {
                        done: vec![RevisionId::new("a").unwrap()],
                        transaction: PerRevision,
                    },
                    content(Some(&["a"]), &["CREATE TABLE a (x)", "CREATE TABLE a2 (x)"]),
                ),
            };
            assert_eq!(error.state, state);
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
    let fake = check(
        OUTSIDE,
        PerRun,
        fake,
        up,
        &format!(
            "find
             read
             {LOCKED}
             find in public
             read
             -> step 1 of 3
             UPDATE b1
             create progress
             record upgrade of b: 1 done, 2 begun
             aside SELECT 1
             COMMIT
             -> committed
             aside SELECT 1
             VACUUM b2
             record 2 done, 3 begun
             aside SELECT 1
             VACUUM b3
             -> refused
             record 2 done
             aside ROLLBACK
             ! b.sql:9:1: statement 3 of revision b failed: refused; revision b is done in part: \
             its first 2 statements stay, and the next run goes on with statement 3"
        ),
    );
    // The next run goes on with it.
    let next = Fake {
        content: fake.content,
        ..Fake::postgres(None)
    };
    check(
        OUTSIDE,
        PerRun,
        next,
        Command::Upgrade("b"),
        &format!(
            "find
             read
             {LOCKED}
             find in public
             read
             progress
             -> step 1 of 1
             record 2 done, 3 begun
             aside SELECT 1
             COMMIT
             -> committed
             aside SELECT 1
             VACUUM b3
             record 3 done
             BEGIN
             settings 3000
             find in public
             read
             UPDATE b4
             UPDATE \"public\".alembic_version SET version_num = 'b' WHERE version_num = 'a'
             drop progress
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
fn where_nothing_of_a_revision_is_done_nothing_of_it_stays() {
    let up = Command::Upgrade("heads");
    let fake = check(
        ALONE,
        PerRun,
        failing(Fake::postgres(None), ALONE, up, "VACUUM a", REFUSED),
        up,
        &format!(
            "find
             {LOCKED}
             find in public
             -> step 1 of 1
             create
             create progress
             record upgrade of a: 0 done, 1 begun
             aside SELECT 1
             COMMIT
             -> committed
             aside SELECT 1
             VACUUM a
             -> refused
             BEGIN
             settings 3000
             drop progress
             DROP TABLE \"public\".alembic_version
             COMMIT
             aside ROLLBACK
             ! a.sql:6:1: statement 1 of revision a failed: refused; \
             the database is as it was before"
        ),
    );
    assert_eq!(fake.content, content(None, &[]));
}

#[test]
fn what_cannot_be_taken_back_may_have_happened() {
    let up = Command::Upgrade("heads");
    let busy = Failing::Busy(usize::MAX);
    let mut fake = Fake {
        at_work: 1..usize::MAX,
        ..failing(Fake::postgres(None), ALONE, up, "VACUUM a", busy)
    };
    let error = fake.run(&history(ALONE), PerRun, up).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.sql:6:1: statement 1 of revision a failed: refused; revision a is done in part: \
         statement 1 may have happened"
    );
    assert!(!fake.is_open());
    let retrying = fake.log.iter().find(|line| line.starts_with("-> retrying"));
    assert_eq!(retrying, None);
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
            let retrying = fake
                .log
                .iter()
                .filter(|line| line.starts_with("-> retrying"));
            assert_eq!(retrying.count(), 1, "{:#?}", fake.log);
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

#[test]
fn when_the_connection_is_lost_while_committing_nobody_knows_whether_that_happened() {
    for (mode, at, done, committing, happened) in [
        (PerRun, 0, &[][..], &["a", "b"][..], false),
        (PerRun, 0, &[], &["a", "b"], true),
        (PerRevision, 0, &[], &["a"], true),
        (PerRevision, 1, &["a"], &["b"], false),
        (PerRevision, 1, &["a"], &["b"], true),
    ] {
        let start = Fake::postgres(None);
        let (history, up) = (history(PLAIN), Command::Upgrade("heads"));
        let mut sound = start.clone();
        sound.run(&history, mode, up).unwrap();
        let requests = sound.requests();
        let commits = requests
            .iter()
            .enumerate()
            .filter(|(_, sql)| **sql == "COMMIT");
        let (commit, _) = commits.clone().nth(at).unwrap();
        let mut fake = Fake {
            failing: Some((commit, Failing::Lost { happened })),
            ..start
        };
        let error = fake.run(&history, mode, up).unwrap_err();
        let ids = |ids: &[&str]| ids.iter().map(|id| RevisionId::new(*id).unwrap()).collect();
        let state = DatabaseState::Unknown {
            done: ids(done),
            committing: ids(committing),
        };
        assert_eq!(error.state, state);
        assert_eq!(error.kind(), FailureKind::Unreachable);
        let stays = match done {
            [] => String::new(),
            done => format!("these revisions are done and stay: {}; ", done.join(", ")),
        };
        assert_eq!(
            error.to_string(),
            format!(
                "cannot commit: the connection was lost; {stays}the connection was lost while \
                 committing {}, so that either all of it is done, or nothing",
                committing.join(", ")
            )
        );
        let last = if happened { committing } else { done };
        let rows = last.last().map(|id| vec![(*id).to_owned()]);
        assert_eq!(fake.content.rows, rows);
    }
}

#[test]
fn a_search_path_ends_with_the_revision_that_sets_it() {
    let fake = check(
        PATH,
        PerRun,
        Fake::postgres(None),
        Command::Upgrade("heads"),
        &format!(
            "find
             {LOCKED}
             find in public
             -> step 1 of 2
             path
             create
             SET search_path = other
             UPDATE a1
             create progress
             record upgrade of a: 2 done, 3 begun
             aside SELECT 1
             COMMIT
             -> committed
             aside SELECT 1
             VACUUM a2
             record 3 done, 4 begun
             aside SELECT 1
             SET search_path = third
             record 4 done, 5 begun
             aside SELECT 1
             VACUUM a3
             record 5 done
             BEGIN
             settings 3000
             find in public
             read
             UPDATE a4
             path = \"$user\", public
             INSERT INTO \"public\".alembic_version (version_num) VALUES ('a')
             drop progress
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
             UPDATE b1
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
    assert_eq!(fake.path, Fake::postgres(None).path);
}

#[test]
fn a_search_path_ends_with_a_run_that_fails() {
    let up = Command::Upgrade("heads");
    for (request, how) in [
        ("UPDATE a1", REFUSED),
        ("VACUUM a2", REFUSED),
        ("VACUUM a3", REFUSED),
        ("UPDATE a4", REFUSED),
        ("UPDATE a4", Failing::Busy(usize::MAX)),
    ] {
        let mut fake = failing(Fake::postgres(None), PATH, up, request, how);
        fake.run(&history(PATH), PerRun, up).unwrap_err();
        assert_eq!(fake.path, Fake::postgres(None).path, "{request}");
    }
}

#[test]
fn a_run_waits_while_the_server_is_at_work_on_what_was_begun() {
    let up = Command::Upgrade("heads");
    let lost = Failing::Lost { happened: false };
    let mut begun = failing(Fake::postgres(Some(&[])), ALONE, up, "VACUUM a", lost);
    begun.run(&history(ALONE), PerRun, up).unwrap_err();
    let start = |alive: u64, interrupted| Fake {
        content: begun.content.clone(),
        alive_until: Duration::from_secs(alive),
        lock_timeout: Duration::from_secs(5),
        interrupted,
        ..Fake::postgres(None)
    };
    let look = "BEGIN\nsettings 3000\nfind in public\nread\nprogress\nalive\n";
    let fake = check(
        ALONE,
        PerRun,
        Fake {
            lock_timeout: Duration::from_millis(500),
            ..start(1, Interrupted::Refuse)
        },
        up,
        &format!(
            "find
             read
             aside BEGIN
             aside lock
             aside timeouts
             {}-> waiting 0s
             ROLLBACK
             -> pause
             {}ROLLBACK
             -> pause
             {}ROLLBACK
             aside ROLLBACK
             ! statement 1 of revision a was begun at 2026-01-02 03:04:05 UTC and may have happened: \
             VACUUM a (the server is still at work on it); the database is as it was before",
            look.replace("3000", "500"),
            look.replace("3000", "500"),
            look.replace("3000", "500"),
        ),
    );
    assert_eq!(fake.content, begun.content);

    for (alive, interrupted, executed) in [
        (0, Interrupted::Refuse, None),
        (2, Interrupted::Refuse, None),
        (2, Interrupted::Again, Some(1)),
        (2, Interrupted::Skip, Some(0)),
        // Whoever says so cannot have known.
        (9, Interrupted::Again, None),
        (9, Interrupted::Skip, None),
    ] {
        let mut fake = start(alive, interrupted);
        let outcome = fake.run(&history(ALONE), PerRun, up);
        let waiting = fake
            .log
            .iter()
            .filter(|line| line.starts_with("-> waiting"));
        assert_eq!(waiting.count() as u64, alive.min(5), "{:#?}", fake.log);
        match (outcome, executed) {
            (Ok(_), Some(executed)) => {
                assert_eq!(fake.content.executed.len(), executed);
                assert_eq!(fake.content.rows, Some(vec!["a".to_owned()]));
            }
            (Err(error), None) => {
                assert!(matches!(*error.fault, Fault::Interrupted { .. }), "{error}");
                assert_eq!(fake.content, begun.content);
            }
            (outcome, _) => panic!("{outcome:?}\n{:#?}", fake.log),
        }
    }
}

#[test]
fn an_index_that_is_not_valid_is_named_until_it_is_gone() {
    let up = Command::Upgrade("heads");
    let fake = Fake {
        leaves_index: true,
        ..Fake::postgres(Some(&[]))
    };
    let create = "CREATE INDEX CONCURRENTLY i ON t (x)";
    let fake = check(
        INDEX,
        PerRun,
        failing(fake, INDEX, up, create, REFUSED),
        up,
        &format!(
            "find
             read
             {LOCKED}
             find in public
             read
             -> step 1 of 1
             create progress
             record upgrade of a: 0 done, 1 begun
             aside SELECT 1
             COMMIT
             -> committed
             aside SELECT 1
             index i
             {create}
             -> refused
             index i
             BEGIN
             settings 3000
             drop progress
             COMMIT
             aside ROLLBACK
             ! a.sql:6:1: statement 1 of revision a failed: refused; it left an invalid index: \
             public.i; the database is as it was before"
        ),
    );
    let next = || Fake {
        content: fake.content.clone(),
        ..Fake::postgres(None)
    };
    let mut refused = next();
    let error = refused.run(&history(INDEX), PerRun, up).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the index public.i is invalid: it was left unfinished; the database is as it was before"
    );
    assert_eq!(refused.content, fake.content);
    let mut after = next();
    after.content.indexes.clear();
    after.run(&history(INDEX), PerRun, up).unwrap();
    assert_eq!(after.content.executed, [create, "VACUUM t"]);
}

#[test]
fn what_the_catalog_tells_of_a_statement_that_may_have_happened_is_told() {
    let up = Command::Upgrade("heads");
    let create = "CREATE INDEX CONCURRENTLY i ON t (x)";
    for (happened, leaves_index, found) in [
        (true, false, "the index public.i is there, and valid"),
        (
            false,
            true,
            "the index public.i is there, but not valid: drop it with \
             `DROP INDEX CONCURRENTLY public.i`",
        ),
        (false, false, "there is no index i"),
    ] {
        let start = Fake {
            leaves_index,
            ..Fake::postgres(Some(&[]))
        };
        let mut fake = failing(start, INDEX, up, create, Failing::Lost { happened });
        fake.run(&history(INDEX), PerRun, up).unwrap_err();
        let mut next = Fake {
            content: fake.content,
            ..Fake::postgres(None)
        };
        let error = next.run(&history(INDEX), PerRun, up).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "statement 1 of revision a was begun at 2026-01-02 03:04:05 UTC and may have happened: \
                 {create} ({found}); the database is as it was before"
            )
        );
    }
}

#[test]
fn a_version_table_that_is_locked_is_no_malformed_one() {
    // Before the lock is taken, it is asked for again; afterwards, the transaction is over.
    for (request, times, again, is_ok) in [
        ("find", 1, "-> waiting 1s", true),
        ("find", usize::MAX, "-> waiting 2s", false),
        ("read", 1, "-> waiting 1s", true),
        ("read", usize::MAX, "-> waiting 2s", false),
        ("find in public", 1, "-> retrying 1: refused", true),
        (
            "find in public",
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
        assert!(fake.log.iter().any(|line| line == again), "{:#?}", fake.log);
        if let Err(error) = outcome {
            assert_eq!(error.kind(), FailureKind::Busy, "{error}");
            assert_eq!(error.state, DatabaseState::Unchanged, "{error}");
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
    let requests = sound.requests();
    let reads = requests
        .iter()
        .enumerate()
        .filter(|(_, sql)| **sql == "read");
    for (request, _) in reads {
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
