//! What runs ask of PostgreSQL, in which order.

use std::time::Duration;

use alembic_history::RevisionId;
use alembic_history::TransactionMode::{Revision as PerRevision, Run as PerRun};
use insta::assert_snapshot;

use super::fake::{Command, Failing, Fake, REFUSED, content, converse};
use super::revisions::{ALONE, INDEX, OUTSIDE, PATH, PLAIN, history};
use super::truth::failing;
use crate::{DatabaseState, Failure, FailureKind, Interruption};

#[test]
fn a_section_outside_of_transactions_is_recorded_statement_by_statement() {
    let fake = Fake::postgres(Some(&["a"]));
    let (fake, said) = converse(OUTSIDE, PerRun, fake, Command::Upgrade("b"));
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
    -> step 1 of 1
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
    let executed = ["UPDATE b1", "VACUUM b2", "VACUUM b3", "UPDATE b4"];
    assert_eq!(fake.content, content(Some(&["b"]), &executed));
}

#[test]
fn where_nothing_of_a_revision_is_done_nothing_of_it_stays() {
    let up = Command::Upgrade("heads");
    let fake = failing(Fake::postgres(None), ALONE, up, "VACUUM a", REFUSED);
    let (fake, said) = converse(ALONE, PerRun, fake, up);
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
    -> step 1 of 1
    create versions
    create progress
    record upgrade of a: 0 done, 1 begun
    aside check lock
    commit
    -> committed
    find own process
    aside check lock
    VACUUM a
    -> refused
    aside check lock
    begin
    set for transaction
    drop progress
    drop versions
    commit
    aside release lock
    ! a.sql:6:1: statement 1 of revision a failed: refused; the database is as it was before
    ");
    assert_eq!(fake.content, content(None, &[]));
}

#[test]
fn when_the_connection_is_lost_while_committing_it_is_unknown_whether_that_took_effect() {
    for (mode, at, done, committing, took_effect) in [
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
            .filter(|(_, sql)| **sql == "commit");
        let (commit, _) = commits.clone().nth(at).unwrap();
        let mut fake = Fake {
            failing: Some((commit, Failing::Lost { took_effect })),
            ..start
        };
        let error = fake.run(&history, mode, up).unwrap_err();
        let ids = |ids: &[&str]| ids.iter().map(|id| RevisionId::new(*id).unwrap()).collect();
        let state = DatabaseState::Unknown {
            done: ids(done),
            committing: ids(committing),
            unfinished: None,
        };
        assert_eq!(*error.state(), state);
        assert_eq!(error.kind(), FailureKind::Unreachable);
        let stays = match done {
            [] => String::new(),
            done => format!("these revisions are committed: {}; ", done.join(", ")),
        };
        assert_eq!(
            error.to_string(),
            format!(
                "cannot commit: the connection was lost; {stays}the connection was lost while \
                 committing {}, so either all of it took effect or none of it did",
                committing.join(", ")
            )
        );
        let last = if took_effect { committing } else { done };
        let rows = last.last().map(|id| vec![(*id).to_owned()]);
        assert_eq!(fake.content.rows, rows);
    }
}

#[test]
fn a_search_path_ends_with_the_revision_that_sets_it() {
    let fake = Fake::postgres(None);
    let (fake, said) = converse(PATH, PerRun, fake, Command::Upgrade("heads"));
    assert_snapshot!(said, @r#"
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
    read settings
    create versions
    SET search_path = other
    UPDATE a1
    read settings
    restore search_path to "$user", public
    create progress
    record upgrade of a: 2 done, 3 begun
    aside check lock
    commit
    -> committed
    find own process
    restore search_path to other
    aside check lock
    VACUUM a2
    restore for work
    record 3 done, 4 begun
    aside check lock
    SET search_path = third
    restore for work
    record 4 done, 5 begun
    aside check lock
    VACUUM a3
    restore for work
    record 5 done
    begin
    set for transaction
    read settings
    restore search_path to "$user", public
    find versions in public
    read versions
    restore search_path to third
    UPDATE a4
    restore search_path to "$user", public
    insert a
    drop progress
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
    UPDATE b1
    update a to b
    -> done
    find versions in public
    read versions
    aside check lock
    commit
    -> committed
    aside release lock
    = b
    "#);
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
    let lost = Failing::Lost { took_effect: false };
    let mut begun = failing(Fake::postgres(Some(&[])), ALONE, up, "VACUUM a", lost);
    begun.run(&history(ALONE), PerRun, up).unwrap_err();
    let start = |alive: u64, interruption| Fake {
        content: begun.content.clone(),
        alive_until: Duration::from_secs(alive),
        lock_timeout: Duration::from_secs(5),
        interruption,
        ..Fake::postgres(None)
    };
    let fake = Fake {
        lock_timeout: Duration::from_millis(500),
        ..start(1, Interruption::Refuse)
    };
    let (fake, said) = converse(ALONE, PerRun, fake, up);
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
    find process
    -> waiting 0s for a statement
    roll back
    -> pause
    begin
    set for transaction
    find versions in public
    read versions
    read progress
    find process
    roll back
    -> pause
    begin
    set for transaction
    find versions in public
    read versions
    read progress
    find process
    roll back
    aside release lock
    ! statement 1 of revision a was begun at 2026-01-02 03:04:05 UTC and may still be running in process 4711 of the server: VACUUM a; revision a is unfinished: statement 1 may have taken effect
    ");
    assert_eq!(fake.content, begun.content);

    for (alive, interruption, executed) in [
        (0, Interruption::Refuse, None),
        (2, Interruption::Refuse, None),
        (2, Interruption::Again, Some(1)),
        (2, Interruption::Skip, Some(0)),
        // Whoever says so cannot have known.
        (9, Interruption::Again, None),
        (9, Interruption::Skip, None),
    ] {
        let mut fake = start(alive, interruption);
        let outcome = fake.run(&history(ALONE), PerRun, up);
        let waiting = fake.log.starting_with("-> waiting");
        assert_eq!(waiting.len() as u64, alive.min(5), "{:#?}", fake.log);
        match (outcome, executed) {
            (Ok(_), Some(executed)) => {
                assert_eq!(fake.content.executed.len(), executed);
                assert_eq!(fake.content.rows, Some(vec!["a".to_owned()]));
            }
            (Err(error), None) => {
                assert!(
                    matches!(error.failure(), Failure::Interrupted { .. }),
                    "{error}"
                );
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
    let fake = failing(fake, INDEX, up, create, REFUSED);
    let (fake, said) = converse(INDEX, PerRun, fake, up);
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
    -> step 1 of 1
    create progress
    record upgrade of a: 0 done, 1 begun
    aside check lock
    commit
    -> committed
    find own process
    aside check lock
    find index i
    CREATE INDEX CONCURRENTLY i ON t (x)
    -> refused
    find index i
    aside check lock
    begin
    set for transaction
    drop progress
    commit
    aside release lock
    ! a.sql:6:1: statement 1 of revision a failed: refused; it left an invalid index: public.i; nothing else of revision a is kept, and the next run starts it again
    ");
    let next = || Fake {
        content: fake.content.clone(),
        ..Fake::postgres(None)
    };
    let mut refused = next();
    let error = refused.run(&history(INDEX), PerRun, up).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the index public.i is invalid: it was only partly built or dropped; the database is as it was before"
    );
    assert_eq!(refused.content, fake.content);
    let mut after = next();
    after.content.indexes.clear();
    after.run(&history(INDEX), PerRun, up).unwrap();
    assert_eq!(after.content.executed, [create, "VACUUM t"]);
}

#[test]
fn the_catalog_is_asked_about_a_statement_that_may_have_taken_effect() {
    let up = Command::Upgrade("heads");
    let create = "CREATE INDEX CONCURRENTLY i ON t (x)";
    for (took_effect, leaves_index, told, found) in [
        (
            true,
            false,
            "may have taken effect",
            "the index public.i exists and is valid",
        ),
        (
            false,
            true,
            "did not take effect",
            "the index public.i exists, but is invalid: drop it with \
             `DROP INDEX CONCURRENTLY public.i`",
        ),
        (false, false, "did not take effect", "there is no index i"),
    ] {
        let start = Fake {
            leaves_index,
            ..Fake::postgres(Some(&[]))
        };
        let mut fake = failing(start, INDEX, up, create, Failing::Lost { took_effect });
        fake.run(&history(INDEX), PerRun, up).unwrap_err();
        let state = match took_effect {
            true => "revision a is unfinished: statement 1 may have taken effect",
            false => "the database is as it was before",
        };
        // It is not taken for done where it is seen not to be.
        for interruption in [Interruption::Refuse, Interruption::Skip] {
            let mut next = Fake {
                content: fake.content.clone(),
                interruption,
                ..Fake::postgres(None)
            };
            let outcome = next.run(&history(INDEX), PerRun, up);
            if took_effect && interruption == Interruption::Skip {
                assert_eq!(outcome.unwrap(), ["a"]);
                continue;
            }
            assert_eq!(
                outcome.unwrap_err().to_string(),
                format!(
                    "statement 1 of revision a was begun at 2026-01-02 03:04:05 UTC and {told}: \
                     {create} ({found}); {state}"
                )
            );
            assert_eq!(next.content, fake.content);
        }
    }
}

#[test]
fn what_a_revision_does_in_a_transaction_is_one_message() {
    let long = format!("INSERT INTO a VALUES ('{}');\n", "x".repeat(10_000));
    let long: &str = format!("-- alembic: upgrade\n{}", long.repeat(3)).leak();
    let wide = [("a", "", long)];
    for (sources, target, expected) in [
        // With its statements, the row of each.
        (PLAIN, "heads", &[3, 2][..]),
        (OUTSIDE, "c", &[2, 2, 2]),
        // Where a revision sets the search path, that is restored before its row is written, and
        // for what is recorded in between.
        (PATH, "a", &[2, 2, 2, 2, 4]),
        // A long one is several; what is alone needs no batch.
        (&wide, "heads", &[2]),
    ] {
        let history = history(sources);
        let up = Command::Upgrade(target);
        let mut fake = Fake::postgres(None);
        let done = fake.run(&history, PerRun, up).unwrap();
        assert_eq!(fake.batched, expected, "{sources:?}");

        // A driver that knows no batches is asked for the same, statement by statement.
        let mut single = Fake::postgres(None);
        single.batches = false;
        assert_eq!(single.run(&history, PerRun, up).unwrap(), done);
        let lines = fake.log.lines().into_iter();
        // This one makes sense only in the message of another.
        let lines = lines.filter(|line| line != "restore for work");
        assert_eq!(single.log.lines(), lines.collect::<Vec<_>>());
        assert_eq!(single.batched, [0; 0]);
    }
}

#[test]
fn a_driver_that_miscounts_a_batch_is_not_believed() {
    let mut fake = Fake::postgres(None);
    fake.miscounts = true;
    let outcome = fake.run(&history(PLAIN), PerRun, Command::Upgrade("heads"));
    let error = outcome.unwrap_err();
    assert_eq!(
        error.failure().to_string(),
        "a.sql:6:1: statement 1 of revision a failed: \
         the driver reports a different number of statements than it was given"
    );
    assert_eq!(*error.state(), DatabaseState::Unchanged);
    assert_eq!(fake.content, content(None, &[]));
}
