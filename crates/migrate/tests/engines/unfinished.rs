//! Revisions that are done in part, because a statement outside of transactions failed or nobody
//! knows how it ended.

use std::time::Duration;

use alembic_migrate::{
    DatabaseState, Dialect, Interrupted, Migrations, Purge, RevisionId, RunError,
};

use crate::engine::{DRIVERS, Open, Scratch, Via};
use crate::revisions::chain;

const FIRST: &str = "-- alembic: upgrade\nCREATE TABLE a (x int);\n\
                     -- alembic: downgrade\nDROP TABLE a;";

const LAST: &str = "-- alembic: upgrade\nCREATE TABLE b (x int);\n\
                    -- alembic: downgrade\nDROP TABLE b;";

/// What the second revision does, one statement after the other.
const SECOND: [&str; 4] = [
    "INSERT INTO a VALUES (1)",
    "INSERT INTO a VALUES (2)",
    "INSERT INTO a VALUES (3)",
    "INSERT INTO a VALUES (4)",
];

/// What undoes it.
const BACK: [&str; 2] = ["DELETE FROM a WHERE x > 2", "DELETE FROM a WHERE x < 3"];

/// Those that can run outside of transactions.
fn vias() -> impl Iterator<Item = Via> {
    DRIVERS.into_iter().filter(|via| *via != Via::Connection)
}

/// Three revisions, the second with two statements outside of transactions each way.
fn migrations(via: Via, up: &[&str], back: &[&str]) -> Migrations {
    let second = format!(
        "-- alembic: upgrade\n{};\n-- alembic: upgrade no-transaction\n{};\n\
         -- alembic: upgrade\n{};\n-- alembic: downgrade no-transaction\n{};",
        up[0],
        up[1..up.len() - 1].join(";\n"),
        up[up.len() - 1],
        back.join(";\n"),
    );
    chain(via.dialect(), &[FIRST, &second, LAST]).lock_timeout(Duration::from_millis(50))
}

fn whole(via: Via) -> Migrations {
    migrations(via, &SECOND, &BACK)
}

/// A database in which the third statement has failed.
fn stopped(via: Via) -> Scratch {
    let scratch = Scratch::new(via, "");
    let mut up = SECOND;
    up[2] = "INSERT INTO nowhere VALUES (3)";
    let error = migrations(via, &up, &BACK)
        .upgrade(&mut scratch.open(), "heads")
        .unwrap_err();
    assert_eq!(error.state, partial(&["r1"]), "{via:?}: {error}");
    assert_eq!(found(&scratch), "1 2");
    scratch
}

/// A database in which nobody knows about the third statement.
fn interrupted(via: Via) -> Scratch {
    let scratch = stopped(via);
    scratch.execute("UPDATE alembic_version_progress SET begun = 3");
    scratch
}

/// What is said where these revisions were done by the same run.
fn partial(done: &[&str]) -> DatabaseState {
    let id = |id: &&str| RevisionId::new(*id).unwrap();
    DatabaseState::Partial {
        done: done.iter().map(id).collect(),
        revision: id(&"r2"),
        statements: 2,
        uncertain: false,
    }
}

fn found(scratch: &Scratch) -> String {
    let rows = scratch.rows("SELECT x FROM a ORDER BY x");
    rows.trim().replace('\n', " ")
}

/// What is there after an undisturbed upgrade.
fn undisturbed(via: Via) -> String {
    let scratch = Scratch::new(via, "");
    whole(via).upgrade(&mut scratch.open(), "heads").unwrap();
    scratch.dump()
}

type Command = fn(&Migrations, &mut Open) -> Result<(), RunError>;

const UPGRADE: Command = |migrations, database| migrations.upgrade(database, "heads").map(drop);
const ENSURE: Command = |migrations, database| migrations.ensure(database).map(drop);
const STEP: Command = |migrations, database| migrations.upgrade(database, "+1").map(drop);
const STAY: Command = |migrations, database| migrations.upgrade(database, "r1").map(drop);
const BASE: Command = |migrations, database| migrations.downgrade(database, "base").map(drop);
const REVERT: Command = |migrations, database| migrations.revert(database, "r1").map(drop);

#[test]
fn the_next_run_goes_on() {
    for via in vias() {
        let undisturbed = undisturbed(via);
        for commands in [&[UPGRADE][..], &[ENSURE], &[STEP, STEP]] {
            let scratch = stopped(via);
            for command in commands {
                command(&whole(via), &mut scratch.open()).unwrap();
            }
            assert_eq!(found(&scratch), "1 2 3 4", "{via:?}");
            assert_eq!(scratch.dump(), undisturbed, "{via:?}");
        }
        // What comes after is nobody's business before it has run.
        let scratch = stopped(via);
        let mut up = SECOND;
        up[2] = "INSERT INTO a VALUES (33)";
        UPGRADE(&migrations(via, &up, &BACK), &mut scratch.open()).unwrap();
        assert_eq!(found(&scratch), "1 2 4 33", "{via:?}");
    }
}

#[test]
fn what_is_done_may_not_change() {
    let first = ["INSERT INTO a VALUES (7)", SECOND[1], SECOND[2], SECOND[3]];
    let second = [SECOND[0], "INSERT INTO a VALUES (7)", SECOND[2], SECOND[3]];
    let between = [SECOND[0], SECOND[2], SECOND[1], SECOND[3]];
    for via in vias() {
        let scratch = stopped(via);
        let before = scratch.dump();
        for up in [&first[..], &second, &between] {
            for command in [UPGRADE, ENSURE, STEP] {
                let error = command(&migrations(via, up, &BACK), &mut scratch.open());
                let error = error.unwrap_err();
                assert_eq!(
                    error.fault.to_string(),
                    "the first 2 statements of revision r2 are done, and were changed since",
                    "{via:?}"
                );
                assert_eq!(scratch.dump(), before, "{via:?}");
            }
        }
    }
}

#[test]
fn nothing_else_is_done_before() {
    for via in vias() {
        let scratch = stopped(via);
        let before = scratch.dump();
        for command in [STAY, BASE, REVERT] {
            let error = command(&whole(via), &mut scratch.open()).unwrap_err();
            assert_eq!(
                error.fault.to_string(),
                "the upgrade of revision r2 is unfinished: 2 of its statements are done",
                "{via:?}"
            );
            assert_eq!(scratch.dump(), before, "{via:?}");
        }
        let mut database = scratch.open();
        assert_eq!(whole(via).current(&mut database).unwrap(), ["r1"]);
        assert_eq!(whole(via).check(&mut database).unwrap().pending.len(), 2);
        assert_eq!(scratch.dump(), before, "{via:?}");
    }
}

#[test]
fn a_stamp_says_what_is_done() {
    for via in vias() {
        for (target, purge, more, expected) in [
            ("r1", Purge::No, 2, "1 1 2 2 3 4"),
            ("r2", Purge::No, 1, "1 2"),
            ("r2", Purge::Yes, 1, "1 2"),
        ] {
            let scratch = stopped(via);
            let mut database = scratch.open();
            whole(via).stamp(&mut database, &[target], purge).unwrap();
            assert!(!scratch.dump().contains("progress"), "{via:?}: {target}");
            let report = whole(via).upgrade(&mut database, "heads").unwrap();
            assert_eq!(report.steps.len(), more, "{via:?}: {target}");
            assert_eq!(found(&scratch), expected, "{via:?}: {target}");
        }
    }
}

#[test]
fn a_statement_that_may_have_happened_is_for_the_user_to_decide() {
    for via in vias() {
        let undisturbed = undisturbed(via);
        let scratch = interrupted(via);
        let before = scratch.dump();
        for command in [UPGRADE, ENSURE, STEP] {
            let error = command(&whole(via), &mut scratch.open()).unwrap_err();
            let message = error.fault.to_string();
            assert!(
                message.starts_with("statement 3 of revision r2 was begun at 2"),
                "{via:?}: {message}"
            );
            let end = " and may have happened: INSERT INTO a VALUES (3)";
            assert!(message.ends_with(end), "{via:?}: {message}");
            assert_eq!(scratch.dump(), before, "{via:?}");
        }
        for (policy, expected) in [
            (Interrupted::Again, "1 2 3 4"),
            (Interrupted::Skip, "1 2 4"),
        ] {
            for command in [UPGRADE, ENSURE] {
                let scratch = interrupted(via);
                command(&whole(via).interrupted(policy), &mut scratch.open()).unwrap();
                assert_eq!(found(&scratch), expected, "{via:?}");
                if policy == Interrupted::Again {
                    assert_eq!(scratch.dump(), undisturbed, "{via:?}");
                }
                assert!(!scratch.dump().contains("progress"), "{via:?}");
            }
        }
        // Again, and it fails once more.
        let mut up = SECOND;
        up[2] = "INSERT INTO nowhere VALUES (3)";
        let again = migrations(via, &up, &BACK).interrupted(Interrupted::Again);
        let error = again.upgrade(&mut scratch.open(), "heads").unwrap_err();
        assert_eq!(error.state, partial(&[]), "{via:?}: {error}");
        UPGRADE(&whole(via), &mut scratch.open()).unwrap();
        assert_eq!(scratch.dump(), undisturbed, "{via:?}");
    }
}

#[test]
fn a_downgrade_goes_on_as_an_upgrade_does() {
    for via in vias() {
        let scratch = Scratch::new(via, "");
        let mut database = scratch.open();
        whole(via).upgrade(&mut database, "r2").unwrap();
        let fails = ["DELETE FROM a WHERE x > 2", "DELETE FROM nowhere"];
        let error = BASE(&migrations(via, &SECOND, &fails), &mut database).unwrap_err();
        assert_eq!(
            error.state.to_string(),
            "revision r2 is done in part: its first statement stays, \
             and the next run goes on with statement 2",
            "{via:?}"
        );
        assert_eq!(found(&scratch), "1 2");
        let before = scratch.dump();
        for command in [UPGRADE, ENSURE, STEP] {
            let error = command(&whole(via), &mut database).unwrap_err();
            assert_eq!(
                error.fault.to_string(),
                "the downgrade of revision r2 is unfinished: 1 of its statements is done",
                "{via:?}"
            );
            assert_eq!(scratch.dump(), before, "{via:?}");
        }
        whole(via).downgrade(&mut database, "-1").unwrap();
        assert_eq!(found(&scratch), "");
        assert!(!scratch.dump().contains("progress"), "{via:?}");
        UPGRADE(&whole(via), &mut database).unwrap();
        assert_eq!(found(&scratch), "1 2 3 4");
    }
}

/// A statement that fails can have done something all the same, where no transaction undoes it.
#[test]
fn what_fails_after_it_has_done_something_may_have_happened() {
    let commits = "INSERT INTO a VALUES (1); COMMIT; PERFORM 1 / 0;";
    let procedure = format!("CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN {commits} END $$");
    let guard = "CREATE TRIGGER t BEFORE INSERT ON a WHEN NEW.x = 2 \
                 BEGIN SELECT RAISE(FAIL, 'no'); END";
    let rows = "INSERT INTO a VALUES (1), (2)".to_owned();
    for via in vias() {
        let cases = match via.dialect() {
            Dialect::Sqlite => [
                (guard.to_owned(), rows.clone()),
                (
                    "CREATE UNIQUE INDEX i ON a (x)".to_owned(),
                    "INSERT OR FAIL INTO a VALUES (1), (1)".to_owned(),
                ),
            ],
            Dialect::Postgres => [
                (procedure.clone(), "CALL p()".to_owned()),
                (
                    "SELECT 1".to_owned(),
                    format!("DO $$ BEGIN {commits} END $$"),
                ),
            ],
        };
        for (before, statement) in cases {
            let first = format!("-- alembic: upgrade\nCREATE TABLE a (x int);\n{before};");
            let second = format!("-- alembic: upgrade no-transaction\n{statement};");
            let migrations = chain(via.dialect(), &[&first, &second]);
            let migrations = migrations.lock_timeout(Duration::from_millis(50));
            let scratch = Scratch::new(via, "");
            let mut database = scratch.open();
            let error = migrations.upgrade(&mut database, "heads").unwrap_err();
            assert_eq!(
                error.state.to_string(),
                "these revisions are done and stay: r1; revision r2 is done in part: \
                 statement 1 may have happened",
                "{via:?}: {error}"
            );
            assert_eq!(found(&scratch), "1", "{via:?}, {statement}");
            for _ in 0..2 {
                let error = migrations.upgrade(&mut database, "heads").unwrap_err();
                let message = error.to_string();
                assert!(
                    message.contains(" may have happened: "),
                    "{via:?}: {message}"
                );
            }
            let done = migrations.interrupted(Interrupted::Skip);
            done.upgrade(&mut database, "heads").unwrap();
            assert_eq!(done.current(&mut database).unwrap(), ["r2"]);
            assert_eq!(found(&scratch), "1", "{via:?}, {statement}");
        }
    }
}

#[test]
fn what_is_unfinished_is_told() {
    for via in vias() {
        let migrations = whole(via);
        for (scratch, begun) in [(stopped(via), None), (interrupted(via), Some(3))] {
            let mut database = scratch.open();
            let found = migrations.unfinished(&mut database).unwrap().unwrap();
            assert_eq!(
                (found.revision.as_str(), found.direction.as_str()),
                ("r2", "upgrade")
            );
            assert_eq!((found.statements, found.begun), (2, begun));
            assert_eq!(found.since.len(), "2026-01-02 03:04:05".len());
            let how = match begun {
                None => format!("it stopped behind statement 2 at {} UTC", found.since),
                Some(_) => format!(
                    "statement 3 was begun at {} UTC and may have happened",
                    found.since
                ),
            };
            assert_eq!(
                found.to_string(),
                format!("the upgrade of revision r2 is unfinished: {how}")
            );
            let again = migrations.clone().interrupted(Interrupted::Again);
            again.upgrade(&mut database, "heads").unwrap();
            assert_eq!(migrations.unfinished(&mut database).unwrap(), None);
        }
        let empty = Scratch::new(via, "");
        assert_eq!(migrations.unfinished(&mut empty.open()).unwrap(), None);
    }
}
